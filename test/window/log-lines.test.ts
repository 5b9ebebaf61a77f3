import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
	appendLog,
	asHit,
	byteLength,
	emptyLog,
	joinLogs,
	type LogLines,
	mostLines,
	partialLine,
	shorten,
	shownText,
} from '../../renderer/log-lines.ts'
import { classesOf, plainStyle, restyle } from '../../renderer/log-style.ts'

const logOf = (...chunks: string[]) => chunks.reduce(appendLog, emptyLog)
const partsOf = (log: LogLines) =>
	[...log.blocks.flatMap(({ parts }) => parts), ...log.line].map(({ look, text }) => [look, text])
const bytesOf = (log: LogLines) =>
	log.blocks.reduce((sum, block) => sum + block.bytes, 0) + log.lineBytes + byteLength(log.held)

describe('a log', () => {
	test.each([
		['plain lines', ['one\ntwo\n'], 'one\ntwo\n'],
		['a line in two chunks', ['on', 'e\ntwo'], 'one\ntwo'],
		['colours', ['\u001b[1;32mgood\u001b[0m\n'], 'good\n'],
		['an escape cut by a chunk', ['a\u001b[3', '1mb'], 'ab'],
		['a lone escape at the end', ['a\u001b', '[0mb'], 'ab'],
		['a title set by the terminal', ['\u001b]0;title\u0007text'], 'text'],
		['what a terminal is told beside', ['\u001bPq#0\u001b\\text\u001b_x\u001b\\'], 'text'],
		['a progress bar', ['10 %\r20 %\r30 %'], '30 %'],
		['a progress bar over chunks', ['10 %\r', '20 %\n', 'done'], '20 %\ndone'],
		['a progress bar that waits', ['10 %\r\u001b[K'], '10 %'],
		['line ends of another system', ['one\r', '\ntwo\r\n'], 'one\ntwo\n'],
		['bells and nulls', ['a\u0007\u0000b'], 'ab'],
		['tabs', ['a\tb'], 'a\tb'],
		['other letters', ['Ünïcode — 日本\n'], 'Ünïcode — 日本\n'],
	])('shows %s', (_, chunks, expected) => {
		expect(shownText(logOf(...chunks))).toBe(expected)
	})

	const escapes = [
		'\u001b[0m',
		'\u001b[1;31m',
		'\u001b[38;5;200m',
		'\u001b[38;2;1;2;3m',
		'\u001b[2K',
		'\u001b[?25l',
	]
	const more = ['\u001b]8;;http://x\u0007', '\u001b]0;t\u001b\\', '\u001b(B', '\u001b7', '\u0007', '\u0000']
	const piece = fc.constantFrom(
		'a',
		'loss 0.5',
		'ä',
		'日',
		'😀',
		' ',
		'\t',
		'\n',
		'\n',
		'\r',
		...escapes,
		...more,
	)
	const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
	/** Said another way: without escapes and control characters, each line what came after its last return. */
	const stripped = (whole: string) =>
		whole
			.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g, '')
			.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
			.split('\n')
			.map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
			.join('\n')

	test('is its text, whatever the escapes, and every byte is accounted for', () => {
		fc.assert(
			fc.property(text, (whole) => {
				const log = logOf(whole)
				expect(shownText(log)).toBe(stripped(whole))
				expect(bytesOf(log)).toBe(Buffer.byteLength(whole))
			}),
			{ numRuns: 500 },
		)
	})

	test('is the same in however many pieces it comes', () => {
		fc.assert(
			fc.property(text, fc.array(fc.nat(200), { maxLength: 5 }), (whole, cuts) => {
				const letters = Array.from(whole)
				const at = [0, ...cuts.map((cut) => Math.min(cut, letters.length)), letters.length].sort(
					(a, b) => a - b,
				)
				const chunks = at.slice(1).map((end, index) => letters.slice(at[index], end).join(''))
				const log = logOf(...chunks)
				expect(partsOf(log)).toEqual(partsOf(logOf(whole)))
				expect(bytesOf(log)).toBe(Buffer.byteLength(whole))
			}),
			{ numRuns: 500 },
		)
	})

	test('an escape that never ends is not waited for', () => {
		const long = `\u001b]0;${'x'.repeat(10_000)}`
		expect(logOf(long).held).toBe('')
		expect(shownText(logOf(long, 'y\n'))).toContain('xy\n')
	})

	test('a line that never ends takes no more than it may', () => {
		let log = emptyLog
		const piece = 'x'.repeat(50_000)
		for (let turn = 0; turn < 100; turn++) log = shorten(appendLog(log, piece), 'first').log
		expect(shownText(log).length).toBeLessThan(1_600_000)
		expect(Math.max(...log.blocks.map(({ parts }) => parts[0]?.text.length ?? 0))).toBeLessThan(70_000)
	})

	test('keeps only so many lines, at the end that one looks at, and says how many bytes are gone', () => {
		const lines = (from: number, count: number) =>
			Array.from({ length: count }, (_, line) => `line ${from + line}\n`).join('')
		const whole = appendLog(emptyLog, lines(0, 7000))
		const newest = shorten(whole, 'first')
		const shown = shownText(newest.log)
		expect(shown.split('\n').length).toBeLessThanOrEqual(mostLines + 1)
		expect(shown.split('\n').length).toBeGreaterThan(mostLines - 500)
		expect(shown.endsWith('line 6999\n')).toBe(true)
		expect(newest.bytes).toBe(shownText(whole).length - shown.length)
		const oldest = shorten(appendLog(whole, 'unfinished'), 'last')
		expect(shownText(oldest.log)).toMatch(/^line 0\n.*\n$/s)
		expect(oldest.bytes).toBe(shownText(whole).length + 10 - shownText(oldest.log).length)
	})

	test('what was before is put before it, and what is drawn already keeps its name', () => {
		const after = appendLog(emptyLog, 'c\nd')
		const joined = joinLogs(appendLog(emptyLog, 'a\nb\n'), after)
		expect(shownText(joined)).toBe('a\nb\nc\nd')
		expect(joined.blocks.at(-1)).toBe(after.blocks[0])
		expect(new Set(joined.blocks.map(({ id }) => id)).size).toBe(joined.blocks.length)
		expect(shownText(appendLog(joined, 'e\nf'))).toBe('a\nb\nc\nde\nf')
	})

	test('a hit is a block of its own, which nothing is added to', () => {
		const hit = appendLog(asHit(appendLog(emptyLog, 'found')), ' more\nnext\n')
		expect(hit.blocks.map(({ parts, hit }) => [parts.map(({ text }) => text).join(''), hit])).toEqual([
			['found', true],
			[' more\nnext\n', false],
		])
	})

	test('read from its middle begins with a whole line', () => {
		expect(partialLine('half\nwhole\n')).toBe('half\n')
		expect(partialLine('no end')).toBe('')
	})
})

describe('the colours of a log', () => {
	const look = (...sgr: string[]) => classesOf(sgr.reduce(restyle, plainStyle))
	test.each([
		[['31'], 'ansi-1'],
		[['1;32'], 'ansi-2 ansi-bold'],
		[['93', '4'], 'ansi-11 ansi-underline'],
		[['4:3'], 'ansi-underline'],
		[['4', '4:0'], ''],
		[['41'], 'ansi-on-1'],
		[['104;37'], 'ansi-7 ansi-on-4'],
		[['2'], 'ansi-faint'],
		[['3;9'], 'ansi-italic ansi-strike'],
		[['31;1', ''], ''],
		[['31;1', '0'], ''],
		[['31', '39'], ''],
		[['1', '22'], ''],
		[['7'], 'ansi-on-7'],
		[['31;7'], 'ansi-on-1'],
		[['38;5;9'], 'ansi-9'],
		[['38;5;196'], 'ansi-9'],
		[['38;5;22'], 'ansi-2'],
		[['38;5;240'], 'ansi-8'],
		[['38:5:21'], 'ansi-12'],
		[['38;2;255;128;0'], 'ansi-11'],
		[['38:2::0:100:0'], 'ansi-2'],
		[['38:2:0:100:0'], 'ansi-2'],
		[['48;2;0;0;120;1'], 'ansi-on-4 ansi-bold'],
		[['58;5;196;1'], 'ansi-bold'],
		[['38;5;999'], ''],
		[['38'], ''],
		[['38;5'], ''],
		[['77;1'], 'ansi-bold'],
	])('of %j are %j', (sgr, expected) => {
		expect(look(...sgr)).toBe(expected)
	})

	test('go on over lines and chunks; others than SGR change nothing', () => {
		const log = logOf('a\u001b[31mb\nc', '\u001b[>4;2md\u001b[1K\u001b[0me')
		expect(partsOf(log).filter(([, text]) => text !== '')).toEqual([
			['', 'a'],
			['ansi-1', 'b\n'],
			['ansi-1', 'cd'],
			['', 'e'],
		])
	})

	test('whatever is asked for, only known classes come out', () => {
		fc.assert(
			fc.property(fc.array(fc.stringMatching(/^[\d;:]{0,20}$/), { maxLength: 4 }), (sgr) => {
				expect(look(...sgr)).toMatch(
					/^(?:ansi-(?:1[0-5]|\d|on-[0-7]|bold|faint|italic|underline|strike)(?: (?!$)|$))*$/,
				)
			}),
			{ numRuns: 1000 },
		)
	})
})
