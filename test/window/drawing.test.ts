import { describe, expect, test } from 'vitest'
import { lineOf } from '../../renderer/line.ts'
import { appendLog, emptyLog, type LogLines, mostLines, withoutFirstLine } from '../../renderer/log-lines.ts'
import { age, ago, bytes, duration, mainMetric, metricChange, metricValue } from '../../renderer/words.ts'
import type { Rung, WorkstationState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { builtIn, hours, minutes, noRungs, now, rungs, seconds, workstation } from './pieces.ts'
import { states } from './states.ts'

const shown = (log: LogLines) => log.blocks.map((block) => block.text).join('') + log.tail.join('\n')

describe('a log', () => {
	const read = (...chunks: string[]) => shown(chunks.reduce(appendLog, emptyLog(false)))

	test.each([
		['plain lines', ['one\ntwo\n'], 'one\ntwo\n'],
		['a line in two chunks', ['on', 'e\ntwo'], 'one\ntwo'],
		['colours', ['\u001b[1;32mgood\u001b[0m\n'], 'good\n'],
		['an escape cut by a chunk', ['a\u001b[3', '1mb'], 'ab'],
		['a lone escape at the end', ['a\u001b', '[0mb'], 'ab'],
		['a title set by the terminal', ['\u001b]0;title\u0007text'], 'text'],
		['a progress bar', ['10 %\r20 %\r30 %'], '30 %'],
		['a progress bar over chunks', ['10 %\r', '20 %\n', 'done'], '20 %\ndone'],
		['line ends of another system', ['one\r', '\ntwo\r\n'], 'one\ntwo\n'],
		['bells and nulls', ['a\u0007\u0000b'], 'ab'],
		['other letters', ['Ünïcode — 日本\n'], 'Ünïcode — 日本\n'],
	])('shows %s', (_, chunks, expected) => {
		expect(read(...chunks)).toBe(expected)
	})

	test('keeps only the newest lines, and says that earlier ones are gone', () => {
		let log = emptyLog(false)
		for (let line = 0; line < 7000; line++) log = appendLog(log, `line ${line}\n`)
		const lines = shown(log).split('\n')
		expect(lines.length).toBeLessThanOrEqual(mostLines)
		expect(lines.length).toBeGreaterThan(mostLines - 500)
		expect(lines.at(-2)).toBe('line 6999')
		expect(log.cut).toBe(true)
	})

	test('read from its middle begins with a whole line', () => {
		expect(withoutFirstLine('half\nwhole\n')).toBe('whole\n')
		expect(withoutFirstLine('no end')).toBe('no end')
	})
})

describe('the line', () => {
	const draw = (of: WorkstationState) => {
		const { stops, ropes } = lineOf(of, 'This laptop', now)
		return { verdicts: stops.map(({ verdict }) => verdict).join(' '), ropes: ropes.join(' ') }
	}
	const only = (state: { workstations: Record<string, WorkstationState> }) => {
		const [found] = Object.values(state.workstations)
		if (!found) throw new Error('no workstation')
		return found
	}
	const silent = problem('port-silent', { host: 'lab', port: 22, seconds: 15 })
	const failing = (change: Partial<Rung> = {}): Partial<Rung> => ({
		verdict: 'failing',
		finding: 'none',
		problem: silent,
		...change,
	})

	test.each<[string, WorkstationState, string, string]>([
		['holds', workstation(), 'ok ok ok ok ok', 'ok ok ok ok'],
		['passes a ZeroTier that is not used', builtIn(), 'ok unused ok ok ok', 'ok ok ok ok'],
		[
			'breaks at ZeroTier',
			only(states['down-zerotier']()),
			'ok failing unknown unknown unknown',
			'ok broken unknown unknown',
		],
		['breaks at SSH', only(states['down-port']()), 'ok ok failing unknown unknown', 'ok ok broken unknown'],
		['asks', only(states.asking()), 'ok ok asking unknown unknown', 'ok ok unknown unknown'],
		[
			'shows no green behind a lost link, whatever was found before',
			workstation({ link: { status: 'lost', problem: silent, since: now, nextTryAt: now } }),
			'ok ok failing unknown unknown',
			'ok ok broken unknown',
		],
		[
			'is tried for the first time',
			workstation({ link: { status: 'dialling', since: now, attempt: 1 }, rungs: noRungs() }),
			'unknown unknown trying unknown unknown',
			'unknown unknown unknown unknown',
		],
		[
			'is off',
			workstation({ wanted: false, link: { status: 'off' } }),
			'ok ok unknown unknown unknown',
			'ok unknown unknown unknown',
		],
		[
			'has no GPU but all else',
			workstation({ rungs: rungs({ gpu: failing() }) }),
			'ok ok ok ok failing',
			'ok ok ok ok',
		],
		[
			'lacks disk',
			workstation({ rungs: rungs({ disk: failing() }) }),
			'ok ok ok failing ok',
			'ok ok ok broken',
		],
		[
			'was never probed',
			workstation({ rungs: [] }),
			'unknown unknown unknown unknown unknown',
			'unknown unknown unknown unknown',
		],
	])('%s', (_, of, verdicts, ropes) => {
		expect(draw(of)).toEqual({ verdicts, ropes })
	})

	test('says the age of what lies behind a break', () => {
		const { stops } = lineOf(only(states['down-port']()), 'This laptop', now)
		expect(stops.map(({ note }) => note)).toEqual(['en0', 'online', 'silent', '3 min ago', '3 min ago'])
	})
})

describe('words', () => {
	test.each([
		[0, '0 s'],
		[-seconds(5), '0 s'],
		[seconds(59.9), '59 s'],
		[minutes(12), '12 min'],
		[hours(4) + minutes(12), '4 h 12 min'],
		[hours(5), '5 h'],
		[hours(76), '3 d 4 h'],
	])('a duration of %s ms', (span, expected) => {
		expect(duration(span)).toBe(expected)
	})

	test.each([
		[seconds(2), '2 s ago'],
		[minutes(41), '41 min ago'],
		[hours(3), '3 h ago'],
		[hours(26), 'yesterday'],
		[hours(100), 'on 19 Nov'],
		[-minutes(3), 'now'],
		[seconds(0.4), 'now'],
	])('an age of %s ms', (span, expected) => {
		expect(ago(now - span, now)).toBe(expected)
	})

	test('an age alone is as short as can be', () => {
		expect(age(now - minutes(8), now)).toBe('8 min')
	})

	test.each([
		[0.812, '0.812'],
		[-0.014, '−0.014'],
		[0.000_123_4, '0.00012'],
		[1440, '1,440'],
		[12_345.678, '12,345.7'],
		[0, '0'],
	])('a metric of %s', (value, expected) => {
		expect(metricValue(value)).toBe(expected)
	})

	test('a change has a sign, and none is said', () => {
		expect([0.21, -0.014, 0].map(metricChange)).toEqual(['+0.210', '−0.014', '±0'])
	})

	test('MASE stands for the others', () => {
		expect(mainMetric({ windows: 3, mase: 1 })).toBe('mase')
		expect(mainMetric({ loss: 3 })).toBe('loss')
		expect(mainMetric({})).toBeNull()
	})

	test('sizes have their unit', () => {
		expect([812, 18_204, 5_000_000].map(bytes)).toEqual(['812 B', '17.8 KiB', '4.8 MiB'])
	})
})
