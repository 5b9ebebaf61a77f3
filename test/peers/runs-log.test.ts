import { appendFile, mkdir, open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogChunk } from '../../src/contract/commands.ts'
import { followLog, readLog } from '../../src/engine/runs/log.ts'
import { newRunId } from '../../src/engine/runs/runs.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, until, whenEnded } from './run-home.ts'

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome()
})
afterEach(async () => await at.dispose())

const never = new AbortController().signal

async function read(id: string, from = 0, most = 1_048_576) {
	return await readLog(localLink(at.home), id, from, most)
}

describe('reading a log', () => {
	test('piece by piece, characters whole, to its end', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, `printf 'größe 😀 \\377 end\\n'`)
		await whenEnded(link, run.id)
		let text = ''
		let next = 0
		const size = (await read(run.id)).size
		while (next < size) {
			const piece = await read(run.id, next, 5)
			expect(piece.end).toBeGreaterThan(next)
			text += piece.text
			next = piece.end
		}
		expect(text).toBe('größe 😀 ? end\n')
		expect(await read(run.id, size)).toEqual({ text: '', end: size, size })
		expect(await read(run.id, 0, 3)).toEqual({ text: 'gr', end: 2, size })
	})

	test('one that is not there', async () => {
		await expect(read(newRunId('nt', 0))).rejects.toMatchObject({ problem: { code: 'run-unknown' } })
		await expect(read('../../etc/passwd')).rejects.toMatchObject({ problem: { code: 'run-unknown' } })
	})

	test('its last line: without colours, the last turn of a progress bar, at most 400 bytes', async () => {
		const link = localLink(at.home)
		const bar = await at.start(
			link,
			`printf 'loading\\n 10%%|#    | 1/10\\r 20%%|##   | \\033[1;32m2/10\\033[0m\\033]0;title\\007\\r\\n\\n'`,
		)
		const long = await at.start(link, `printf 'ä%.0s' $(seq 1000)`)
		expect((await whenEnded(link, bar.id)).lastLine).toBe('20%|##   | 2/10')
		expect((await whenEnded(link, long.id)).lastLine).toBe('ä'.repeat(200))
	})
})

describe('following a log', () => {
	test('10 MB come whole and in order, then its end', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'awk \'BEGIN { for (i = 0; i < 700000; i++) print "line größe " i }\'')
		let next = 0
		let last = ''
		let ended = false
		let behind = 0
		await followLog(
			link,
			run.id,
			0,
			async (chunk) => {
				expect(chunk.from).toBe(next)
				// Back-pressure: the next one waits for this.
				expect(++behind).toBe(1)
				await new Promise((done) => setImmediate(done))
				behind--
				next += Buffer.byteLength(chunk.text)
				last = (last + chunk.text).slice(-100)
				ended = chunk.ended
			},
			never,
		)
		expect(ended).toBe(true)
		expect(next).toBe((await whenEnded(link, run.id)).logBytes)
		expect(last).toMatch(/line größe 699999\n$/)
	})

	test('what comes is told while it runs, from the asked byte on', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'echo one; until [ -e go ]; do sleep 0.05; done; echo two')
		await until(async () => (await read(run.id)).size === 4)
		const chunks: LogChunk[] = []
		const follow = followLog(link, run.id, 2, (chunk) => void chunks.push(chunk), never)
		await until(() => chunks.map((chunk) => chunk.text).join('') === 'e\n')
		await writeFile(join(at.folder, 'go'), '')
		await follow
		expect(chunks.map((chunk) => chunk.text).join('')).toBe('e\ntwo\n')
		expect(chunks.at(-1)?.ended).toBe(true)
		expect(chunks.slice(0, -1).some((chunk) => chunk.ended)).toBe(false)
	})

	test('of a run that has ended already', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'printf "no line break"')
		await whenEnded(link, run.id)
		const chunks: LogChunk[] = []
		await followLog(link, run.id, 0, (chunk) => void chunks.push(chunk), never)
		expect(chunks.map((chunk) => chunk.text).join('')).toBe('no line break')
		expect(chunks.at(-1)?.ended).toBe(true)
	})

	test('stops when asked to, fails when the link goes; leaves nothing behind either way', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'echo up; sleep 600')
		const ender = new AbortController()
		let heard = 0
		const hear = () => void heard++
		const stopped = followLog(link, run.id, 0, hear, ender.signal)
		const lost = followLog(link, run.id, 0, hear, never).catch((error: unknown) => error)
		await until(() => heard >= 2)
		ender.abort()
		await stopped
		link.drop()
		expect(await lost).toMatchObject({ problem: { code: 'link-lost' } })
		await until(() => !at.living().some(({ command }) => /tail|read -r s/.test(command)))
		expect(await at.fifos()).toEqual([])
	})

	test('a listener that fails ends it', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'echo up; sleep 600')
		const broken = () => {
			throw new Error('no room')
		}
		await expect(followLog(link, run.id, 0, broken, never)).rejects.toThrow('no room')
	})

	test('what was added after the end comes too', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'echo one')
		const ended = await whenEnded(link, run.id)
		await appendFile(join(at.home, '.hawser/runs', run.id, 'log'), 'later\n')
		const chunks: LogChunk[] = []
		await followLog(link, run.id, ended.logBytes, (chunk) => void chunks.push(chunk), never)
		expect(chunks.map((chunk) => chunk.text).join('')).toBe('later\n')
	})
})

describe('following a log for eyes', () => {
	const pace = { perSecond: 200_000, burst: 50_000, tail: 10_000 }
	const line = (number: number) => `line größe ${String(number).padStart(8, '0')}\n`
	const lineBytes = Buffer.byteLength(line(0))

	/** Follows to the end, and holds each chunk against what the log has there. */
	async function skimmed(link: ReturnType<typeof localLink>, id: string) {
		let next = 0
		let told = 0
		let skips = 0
		let last = ''
		await followLog(
			link,
			id,
			0,
			async ({ from, text, ended }) => {
				await new Promise((done) => setImmediate(done))
				expect(from).toBeGreaterThanOrEqual(next)
				if (from > next) skips++
				// Whatever was left out, what comes stands where it is said to.
				const whole = /^line.*\n/m.exec(text.slice(text.indexOf('\n') + 1))?.[0]
				if (whole) {
					const number = Number(/\d+/.exec(whole)?.[0])
					expect(from + Buffer.byteLength(text.slice(0, text.indexOf(whole)))).toBe(number * lineBytes)
				}
				next = from + Buffer.byteLength(text)
				told += Buffer.byteLength(text)
				if (ended || text !== '') last = (last + text).slice(-200)
			},
			never,
			pace,
		)
		return { next, told, skips, last }
	}

	test('leaves out what comes faster than it is read, never the end', async () => {
		const link = localLink(at.home)
		const run = await at.start(
			link,
			`awk 'BEGIN { for (i = 0; i < 400000; i++) printf "line größe %08d\\n", i }'`,
		)
		const { next, told, skips, last } = await skimmed(link, run.id)
		const { logBytes } = await whenEnded(link, run.id)
		expect(logBytes).toBe(400_000 * lineBytes)
		expect(next).toBe(logBytes)
		expect(last).toMatch(/line größe 00399999\n$/)
		expect(skips).toBeGreaterThan(0)
		expect(told).toBeLessThan(logBytes / 2)
	})

	test('leaves out nothing of a log that can be read', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, `for i in 0 1 2 3 4; do printf 'line größe %08d\\n' $i; sleep 0.1; done`)
		expect(await skimmed(link, run.id)).toMatchObject({ next: 5 * lineBytes, told: 5 * lineBytes, skips: 0 })
	})
})

describe('a log of 1 GB', () => {
	const size = 1024 ** 3
	const sparse = async () => {
		const id = newRunId('nt', 0)
		const folder = join(at.home, '.hawser/runs', id)
		await mkdir(folder, { recursive: true })
		const file = await open(join(folder, 'log'), 'w')
		await file.write('the end\n', size - 8)
		await file.close()
		return { id, folder }
	}

	test('its end is read and followed without what comes before', async () => {
		const { id, folder } = await sparse()
		expect(await read(id, size - 8)).toEqual({ text: 'the end\n', end: size, size })
		expect((await read(id, size - 65_536, 65_536)).text.length).toBe(65_536)
		const before = process.memoryUsage().rss
		const ender = new AbortController()
		const chunks: LogChunk[] = []
		const follow = followLog(
			localLink(at.home),
			id,
			size - 8,
			(chunk) => void chunks.push(chunk),
			ender.signal,
		)
		await until(() => chunks.length > 0)
		await appendFile(join(folder, 'log'), 'more\n')
		await until(() => chunks.map((chunk) => chunk.text).join('') === 'the end\nmore\n')
		ender.abort()
		await follow
		expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
	})

	test('one that is cut short is read as empty there', async () => {
		const { id, folder } = await sparse()
		await truncate(join(folder, 'log'), 3)
		expect(await read(id, size - 8)).toEqual({ text: '', end: size - 8, size: 3 })
	})
})
