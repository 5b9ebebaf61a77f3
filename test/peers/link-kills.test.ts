import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Link } from '../../src/engine/link/link.ts'
import { belongings, echoPort, type FaultBed, faultBed, pour, within } from './link-faults-bed.ts'
import { codeOf, result, until } from './linked.ts'
import { sshdMissing } from './sshd.ts'

/** Killed at random, many times in a row: up again each time, and nothing is left over. */

const rounds = Math.max(200, Number(process.env.HAWSER_KILL_ROUNDS ?? 200))
const seed = Number(process.env.HAWSER_KILL_SEED ?? Date.now() % 2 ** 31)
const limitMs = 20_000

const kills: Record<string, (bed: FaultBed, link: Link) => Promise<void>> = {
	'connection killed': async ({ sshd }) => void (await sshd.stopConnections()),
	reset: async ({ proxy }) => proxy.reset(),
	closed: async ({ proxy }) => proxy.cut(),
	'stalled and resumed': async ({ proxy }, link) => {
		proxy.stall()
		await until(link, ({ status }) => status !== 'up')
		proxy.resume()
	},
	'one way dead': async ({ proxy }, link) => {
		proxy.stall('down')
		await until(link, ({ status }) => status !== 'up')
		proxy.resume()
	},
	'server restarted': async ({ sshd }) => {
		await sshd.stopServer()
		await sshd.listen()
	},
}
const loads = ['nothing', 'a command', 'an upload', 'a download', 'a forward'] as const

/** Puts something on the link; gives how it ends. */
async function load(
	link: Link,
	what: (typeof loads)[number],
	port: number,
): Promise<{ end: Promise<string> }> {
	if (what === 'nothing') return { end: Promise.resolve('link-lost') }
	if (what === 'a forward') {
		const stream = await link.forward('127.0.0.1', port)
		stream.resume()
		pour(stream)
		return { end: new Promise((done) => stream.once('close', () => done('link-lost'))) }
	}
	const commands = { 'a command': 'sleep 100', 'an upload': 'cat >/dev/null', 'a download': 'cat /dev/zero' }
	const remote = await link.exec(commands[what])
	remote.stdout.resume()
	if (what === 'an upload') pour(remote.stdin)
	return { end: codeOf(remote.exit) }
}

/** What is in use after everything that can be freed was freed, MB. */
async function heapMb(): Promise<number> {
	setFlagsFromString('--expose-gc')
	const collect = runInNewContext('gc') as () => void
	for (let turn = 0; turn < 3; turn++) {
		collect()
		await new Promise((done) => setTimeout(done, 20))
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage()
	return (heapUsed + arrayBuffers) / 1e6
}

/** Settles once `now()` is no more than `most` in anything. */
async function backTo(most: Awaited<ReturnType<typeof belongings>>): Promise<void> {
	const start = performance.now()
	for (;;) {
		const now = await belongings()
		const left = Object.entries(now).filter(([name, count]) => count > most[name as keyof typeof most])
		if (left.length === 0) return
		if (performance.now() - start > limitMs)
			throw new Error(`left over: ${JSON.stringify(now)}, was ${JSON.stringify(most)}`)
		await new Promise((done) => setTimeout(done, 20))
	}
}

describe.skipIf(sshdMissing)(`a link${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test(`killed ${rounds} times in a row`, { timeout: 60_000 + rounds * 5000 }, async () => {
		console.log(`${rounds} kills, HAWSER_KILL_SEED=${seed}`)
		const bed = await faultBed(1)
		const port = await echoPort()
		const bare = await belongings()
		const link = bed.link()
		link.connect()
		await link.whenUp(limitMs)
		const plan = fc.sample(
			fc.record({
				kill: fc.constantFrom(...Object.keys(kills)),
				what: fc.constantFrom(...loads),
				waitMs: fc.nat(40),
			}),
			{ seed, numRuns: rounds },
		)
		const warm = Math.min(20, Math.floor(rounds / 3))
		let heapThen = 0
		let filesThen = 0
		for (const [round, { kill, what, waitMs }] of plan.entries()) {
			const name = `round ${round}: ${kill} under ${what}, seed ${seed}`
			if (round === warm) {
				heapThen = await heapMb()
				filesThen = (await belongings()).files
			}
			const { end } = await load(link, what, port)
			await new Promise((done) => setTimeout(done, waitMs))
			const lost = until(link, ({ status }) => status === 'lost')
			await within(limitMs, name, kills[kill]?.(bed, link) ?? Promise.reject(new Error(kill)))
			await within(limitMs, `${name}: to be lost`, lost)
			expect(await within(limitMs, `${name}: to end`, end), name).toBe('link-lost')
			await link.whenUp(limitMs)
			expect(await within(limitMs, name, link.exec('echo up').then(result)), name).toMatchObject({
				code: 0,
				stdout: 'up\n',
			})
		}
		const heap = await heapMb()
		const { files } = await belongings()
		console.log(
			`heap ${heapThen.toFixed(1)} → ${heap.toFixed(1)} MB and open files ${filesThen} → ${files} over ${rounds - warm} kills`,
		)
		expect(heap).toBeLessThan(heapThen + 6)
		expect(files).toBeLessThan(filesThen + 5)
		await link.dispose()
		await within(limitMs, 'the line to be empty', empty(bed))
		await backTo(bare)
	})
})

async function empty({ proxy }: FaultBed): Promise<void> {
	while (proxy.connections() > 0) await new Promise((done) => setTimeout(done, 5))
}
