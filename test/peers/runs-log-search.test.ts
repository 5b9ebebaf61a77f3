import { execFileSync } from 'node:child_process'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LogSearch, searchLog } from '../../src/engine/runs/log-search.ts'
import { newRunId } from '../../src/engine/runs/runs.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome } from './run-home.ts'

let at: RunHome
const id = newRunId('nt', 0)
beforeEach(async () => {
	at = await makeRunHome()
	await mkdir(join(at.home, '.hawser/runs', id), { recursive: true })
})
afterEach(async () => await at.dispose())

const logFile = () => join(at.home, '.hawser/runs', id, 'log')
const wrote = async (text: string | Uint8Array) => await writeFile(logFile(), text)

async function search(wish: string | LogSearch, env: Record<string, string> = {}, seconds?: number) {
	return await searchLog(
		localLink(at.home, env),
		id,
		typeof wish === 'string' ? { text: wish } : wish,
		seconds,
	)
}
const linesOf = async (wish: string | LogSearch) => (await search(wish)).hits.map(({ line }) => line)

/** Every awk of this machine, as a program named `awk`. What workstations have: mawk, gawk, BusyBox's, macOS's. */
const awks = ['mawk', 'gawk', 'original-awk', 'busybox'].filter((name) => {
	try {
		execFileSync('sh', ['-c', `command -v ${name}`])
		return true
	} catch {
		return false
	}
})

describe('searching a log', () => {
	test('gives the number, the byte and the text of every line that holds it', async () => {
		await wrote('größe 1\nloss 0.5\n\nLoss 0.25\nthe end of loss')
		expect(await search('loss')).toEqual({
			hits: [
				{ line: 2, offset: 10, text: 'loss 0.5' },
				{ line: 4, offset: 20, text: 'Loss 0.25' },
				{ line: 5, offset: 30, text: 'the end of loss' },
			],
			next: null,
		})
		expect(await linesOf({ text: 'Loss', exact: true })).toEqual([4])
		expect(await linesOf('GRößE')).toEqual([1])
		expect(await search('nowhere')).toEqual({ hits: [], next: null })
	})

	test.each([
		'-e',
		'--help',
		'.*',
		'a[b',
		'$HOME',
		'`id`',
		'$(id)',
		"it's",
		'"q"',
		'\\',
		'\\n',
		'%s',
		'&',
		'*',
		'日本',
		' ',
	])('takes %s for what it is', async (text) => {
		await wrote(`before\nsome ${text} here\nafter\n`)
		const { hits } = await search(text)
		expect(hits).toEqual([{ line: 2, offset: 7, text: `some ${text} here` }])
	})

	test('finds what is shown: through colours, behind tabs, in every turn of a progress bar', async () => {
		await wrote(
			'e\u001b[1mpo\u001b[0mch 3\n10 %|#\r20 %|##\u001b[K\r\n\u001b]0;title\u0007step\t\t7\n\u0000nul\n',
		)
		expect((await search('epoch 3')).hits).toEqual([{ line: 1, offset: 0, text: 'epoch 3' }])
		expect((await search('10 %')).hits[0]?.text).toBe('10 %|# 20 %|## ')
		expect((await search('step 7')).hits[0]).toMatchObject({ line: 3, text: 'step 7' })
		expect((await search('step\t7')).hits[0]).toMatchObject({ line: 3, text: 'step 7' })
		expect(await search('title')).toEqual({ hits: [], next: null })
		expect((await search('nul')).hits[0]).toMatchObject({ line: 4, text: ' nul' })
	})

	test('cuts a long line about what was found, and no character in two', async () => {
		await wrote(`${'ä'.repeat(300)}x\n${'ä'.repeat(5000)}here${'ö'.repeat(5000)}\n`)
		const [first, second] = (await search({ text: 'ä', most: 2 })).hits
		expect(first?.text).toBe('ä'.repeat(200))
		expect(second?.text).toBe('ä'.repeat(200))
		const [hit] = (await search('here')).hits
		expect(hit).toMatchObject({ line: 2, offset: 602 })
		expect(hit?.text).toBe(`${'ä'.repeat(50)}here${'ö'.repeat(148)}`)
	})

	test('over more than one window: numbers and bytes go on, also of the line that two windows share', async () => {
		const window = 16 * 1024 * 1024
		const filler = `${'x'.repeat(99)}\n`
		const shared = Math.floor(window / filler.length)
		const withNeedles = async (...needles: number[]) => {
			const line = (at: number) => (needles.includes(at) ? `${'-'.repeat(93)}needle\n` : filler)
			await wrote(Array.from({ length: 2.2 * shared }, (_, at) => line(at)).join(''))
			return needles.map((at) => ({ line: at + 1, offset: at * filler.length }))
		}
		expect(shared * filler.length).toBeLessThan(window)
		expect((shared + 1) * filler.length).toBeGreaterThan(window)
		const several = await withNeedles(3, shared, shared + 1, 2 * shared + 7)
		expect((await search('needle')).hits).toMatchObject(several)
		expect((await search({ text: 'needle', from: 800 })).hits).toMatchObject(several.slice(1))
		// Also where all of the first window is passed over.
		const one = await withNeedles(shared)
		expect((await search('needle')).hits).toMatchObject(one)
	})

	test('gives so many at once, and says where to go on; a later line keeps its number', async () => {
		await wrote(Array.from({ length: 25 }, (_, line) => `line ${line + 1}\n`).join(''))
		const found: number[] = []
		let from: number | null = 0
		for (let turn = 0; from !== null && turn < 10; turn++) {
			const { hits, next } = await search({ text: 'line', most: 10, from })
			expect(hits.length).toBeLessThanOrEqual(10)
			found.push(...hits.map(({ line }) => line))
			from = next
		}
		expect(found).toEqual(Array.from({ length: 25 }, (_, line) => line + 1))
		expect(await search({ text: 'line', from: 1_000_000 })).toEqual({ hits: [], next: null })
	})

	test('bytes that are no text are shown, not interpreted', async () => {
		await wrote(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a, 0xc3]))
		expect((await search('b')).hits).toEqual([{ line: 1, offset: 0, text: 'a\ufffd\ufffdb' }])
	})

	test('a run that is not there', async () => {
		await expect(searchLog(localLink(at.home), newRunId('nt', 1), { text: 'x' })).rejects.toMatchObject({
			problem: { code: 'run-unknown' },
		})
	})

	test('finds what a search through the whole text finds, wherever it begins', async () => {
		const line = fc.string({ unit: fc.constantFrom('a', 'b', 'A', ' ', '.', '-', '\\', 'é'), maxLength: 12 })
		await fc.assert(
			fc.asyncProperty(
				fc.array(line, { maxLength: 12 }),
				fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '\\', 'é'), minLength: 1, maxLength: 3 }),
				fc.nat(12),
				async (lines, text, start) => {
					await wrote(lines.join('\n'))
					const offsets = lines.map((_, index) =>
						Buffer.byteLength(
							lines
								.slice(0, index)
								.map((one) => `${one}\n`)
								.join(''),
						),
					)
					const from = offsets[start] ?? 0
					const expected = lines.flatMap((one, index) => {
						const offset = offsets[index] ?? 0
						const has = one.toLowerCase().includes(text) && offset >= from
						return has ? [{ line: index + 1, offset, text: one }] : []
					})
					expect((await search({ text, from })).hits).toEqual(expected)
				},
			),
			{ numRuns: 40 },
		)
	})

	test.each(awks)('works with %s', async (name) => {
		await at.program(
			'awk',
			name === 'busybox' ? '#!/bin/sh\nexec busybox awk "$@"\n' : `#!/bin/sh\nexec ${name} "$@"\n`,
		)
		const env = { PATH: `${await at.path()}:${process.env.PATH}` }
		const lines = Array.from(
			{ length: 3000 },
			(_, line) => `\u001b[3${line % 8}mStep\u001b[0m\t${line + 1} größe \u0000\n`,
		)
		await wrote(lines.join(''))
		expect(await search('step 2999 GRößE', env)).toEqual({
			hits: [
				{ line: 2999, offset: Buffer.byteLength(lines.slice(0, 2998).join('')), text: 'Step 2999 größe  ' },
			],
			next: null,
		})
	})

	test('works where grep knows less', async () => {
		await wrote('one\n-x two\nthree\n')
		await at.program('grep', '#!/bin/sh\necho "grep: unknown option" >&2\nexit 2\n')
		expect((await search('-X TWO', { PATH: await at.path() })).hits).toEqual([
			{ line: 2, offset: 4, text: '-x two' },
		])
	})
})

describe('a log of 1 GB', () => {
	/** One hole but for two lines: lines without an end are the hardest. */
	const size = 1024 ** 3
	const middle = 700_000_000

	test('is searched piece by piece within its time, and goes on from there', async () => {
		const file = await open(logFile(), 'w')
		await file.write('\nthe needle\n', middle)
		await file.write('\nits last needle', size - 16)
		await file.close()
		const found: number[] = []
		let from: number | null = 0
		for (let turn = 0; from !== null && turn < 80; turn++) {
			// No time at all: one window each.
			const { hits, next } = await search({ text: 'needle', from }, {}, turn < 3 ? 0 : undefined)
			if (turn === 0) expect({ hits, next }).toEqual({ hits: [], next: expect.any(Number) })
			if (next !== null) expect(next).toBeGreaterThan(from)
			found.push(...hits.map(({ offset }) => offset))
			from = next
		}
		expect(found).toEqual([middle + 1, size - 15])
	})

	test('is searched in little memory, though a line of it is as long', async () => {
		const file = await open(logFile(), 'w')
		await file.truncate(size)
		await file.close()
		// Of one process: a program that held a line whole would need more.
		const link = localLink(at.home)
		const limited = {
			...link,
			exec: async (command: string, signal?: AbortSignal) =>
				await link.exec(`ulimit -v 300000; ${command}`, signal),
		}
		expect((await searchLog(limited, id, { text: 'needle' }, 0)).next).toBeGreaterThan(16_000_000)
	})
})
