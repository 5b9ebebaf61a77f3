import { afterAll, describe, expect, test } from 'vitest'
import type { Link } from '../../src/engine/link/link.ts'
import type { FaultProxy } from './fault-proxy.ts'
import { echoPort, type FaultBed, faultBed, keepalive, pour, statusesOf, within } from './link-faults-bed.ts'
import { codeOf, result, until } from './linked.ts'
import { sshdMissing } from './sshd.ts'

/** Every fault of a line at every moment of a link: what a person sees, how soon, and that it comes back. */

interface Fault {
	name: string
	start(proxy: FaultProxy): void
	/** What ends it, for one that lasts. */
	end(proxy: FaultProxy): unknown
	/** It strikes only after so many more bytes to the server. */
	after?: number
}

const nothing = () => {}
const resume = (proxy: FaultProxy) => proxy.resume()
const stall: Fault = { name: 'stall', start: (proxy) => proxy.stall(), end: resume }
const reset: Fault = { name: 'reset', start: (proxy) => proxy.reset(), end: nothing }
const close: Fault = { name: 'close', start: (proxy) => proxy.cut(), end: nothing }
const faults: Fault[] = [
	stall,
	{ name: 'up dead', start: (proxy) => proxy.stall('up'), end: resume },
	{ name: 'down dead', start: (proxy) => proxy.stall('down'), end: resume },
	reset,
	close,
	{
		name: 'refuse',
		start: (proxy) => {
			void proxy.refuse()
			proxy.reset()
		},
		end: (proxy) => proxy.listen(),
	},
]
/** While it is dialled, where it strikes is counted in bytes anyway. */
const dropping = [stall, reset, close].map((fault) => ({
	...fault,
	name: `333 B, ${fault.name}`,
	after: 333,
}))

/** What rides on the link when it goes; each must be told. */
type Rider = (link: Link, proxy: FaultProxy) => Promise<Promise<string>[]>

const commandEnds = async (link: Link, command: string) => {
	const remote = await link.exec(command)
	return { remote, end: codeOf(remote.exit) }
}
const passed = (proxy: FaultProxy, direction: 'up' | 'down', bytes: number) =>
	new Promise<void>((done) => proxy.after(direction, bytes, done))

const riders: Record<string, Rider> = {
	idle: async () => [],
	'while a command runs': async (link) => [(await commandEnds(link, 'sleep 100')).end],
	'while a log is followed': async (link, proxy) => {
		const { remote, end } = await commandEnds(link, 'while :; do echo "loss 0.1"; sleep 0.02; done')
		remote.stdout.resume()
		await passed(proxy, 'down', 1000)
		return [end]
	},
	'during a big upload': async (link, proxy) => {
		const { remote, end } = await commandEnds(link, 'cat >/dev/null')
		pour(remote.stdin)
		await passed(proxy, 'up', 3_000_000)
		return [end]
	},
	'during a big download': async (link, proxy) => {
		const { remote, end } = await commandEnds(link, 'cat /dev/zero')
		remote.stdout.resume()
		await passed(proxy, 'down', 3_000_000)
		return [end]
	},
	'while a forward carries': async (link) => {
		const stream = await link.forward('127.0.0.1', await echoPort())
		const end = new Promise<string>((done) => stream.once('close', () => done('link-lost')))
		stream.write('hello')
		await new Promise((done) => stream.once('data', done))
		return [end]
	},
}

/** Where in a dial it strikes. */
const stages: Record<
	string,
	{ arm(link: Link, proxy: FaultProxy, strike: () => void): void; before: string[] }
> = {
	'before the banner': {
		arm: (_link, proxy, strike) => proxy.after('down', 0, strike),
		before: ['dialling', 'host-key'],
	},
	'in the key exchange': {
		arm: (_link, proxy, strike) => proxy.after('down', 200, strike),
		before: ['dialling', 'host-key'],
	},
	'in the login': {
		arm: (link, _proxy, strike) => void until(link, ({ status }) => status === 'login').then(strike),
		before: ['dialling', 'host-key', 'login'],
	},
}

/** By moment and fault: how long until it was found, and from the fault's end until a command had worked, ms. */
const measured = new Map<string, Map<string, string>>()
afterAll(() => {
	const names = [...faults, ...dropping].map(({ name }) => name)
	const rows = [...measured].map(([moment, cells]) => [moment, ...names.map((name) => cells.get(name) ?? '')])
	const table = [['ms: found / usable again', ...names], ...rows]
	const lines = table.map((row) => row.map((cell, index) => cell.padEnd(index === 0 ? 26 : 13)).join(''))
	const { intervalMs, count } = keepalive
	console.log(`Asked every ${intervalMs} ms, lost after ${count} without an answer:\n${lines.join('\n')}`)
})

const whole = ['dialling', 'host-key', 'login', 'up']
const limitMs = 10_000

/** One link that meets one fault: lost in words, what rode on it is told, and it is back after the fault's end. */
class Endurance {
	readonly link: Link
	readonly seen: string[]
	readonly #proxy: FaultProxy
	readonly #fault: Fault
	#struckAt = performance.now()

	constructor(bed: FaultBed, fault: Fault) {
		this.link = bed.link()
		this.seen = statusesOf(this.link)
		this.#proxy = bed.proxy
		this.#fault = fault
	}

	readonly strike = (): void => {
		const now = () => {
			this.#struckAt = performance.now()
			this.#fault.start(this.#proxy)
		}
		if (this.#fault.after === undefined) now()
		else this.#proxy.after('up', this.#fault.after, now)
	}

	async endure(moment: string, riding: Promise<string>[]): Promise<void> {
		const { link } = this
		const lost = await within(
			limitMs,
			'to be lost',
			until(link, ({ status }) => status === 'lost'),
		)
		const found = performance.now() - this.#struckAt
		if (lost.status !== 'lost') throw new Error(lost.status)
		expect(lost.problem.needsPerson).toBe(false)
		expect(lost.problem.meaning).not.toMatch(/undefined|unknown|\[object/)
		const ended = performance.now()
		await this.#fault.end(this.#proxy)
		for (const end of riding) expect(await within(limitMs, 'what rides on it to end', end)).toBe('link-lost')
		await link.whenUp(limitMs)
		const echo = link.exec('echo again').then(result)
		expect(await within(limitMs, 'a command', echo)).toMatchObject({ code: 0, stdout: 'again\n' })
		const cells = measured.get(moment) ?? new Map<string, string>()
		measured.set(moment, cells)
		cells.set(this.#fault.name, `${Math.round(found)} / ${Math.round(performance.now() - ended)}`)
		await link.dispose()
		await nothingOpen(this.#proxy)
	}
}

/** The old connections are gone from both sides of the line too. */
async function nothingOpen(proxy: FaultProxy): Promise<void> {
	const start = performance.now()
	while (proxy.connections() > 0) {
		if (performance.now() - start > limitMs) throw new Error(`${proxy.connections()} connections are open`)
		await new Promise((done) => setTimeout(done, 5))
	}
}

describe.skipIf(sshdMissing)(`a fault${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test.each(Object.entries(stages))('%s', async (moment, { arm, before }) => {
		const bed = await faultBed(3)
		for (const fault of faults) {
			const one = new Endurance(bed, fault)
			arm(one.link, bed.proxy, one.strike)
			one.link.connect()
			await one.endure(moment, [])
			expect(one.seen, `${fault.name} ${moment}`).toEqual([...before, 'lost', ...whole, 'off'])
		}
	})

	test('a port that is closed from the first', async () => {
		const bed = await faultBed(3)
		await bed.proxy.refuse()
		const refuse = { name: 'refuse', start: nothing, end: (proxy: FaultProxy) => proxy.listen() }
		const one = new Endurance(bed, refuse)
		one.link.connect()
		await one.endure('before the connection', [])
		expect(one.seen).toEqual(['dialling', 'lost', ...whole, 'off'])
	})

	test.each(Object.entries(riders))('%s', async (moment, ride) => {
		const bed = await faultBed(3)
		for (const fault of [...faults, ...dropping]) {
			const one = new Endurance(bed, fault)
			one.link.connect()
			await until(one.link, (state) => state.status === 'up' && state.latencyMs !== null)
			const riding = await ride(one.link, bed.proxy)
			one.strike()
			await one.endure(moment, riding)
			expect(one.seen, `${fault.name} ${moment}`).toEqual([...whole, 'lost', ...whole, 'off'])
		}
	})
})
