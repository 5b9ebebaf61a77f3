import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** The faulty line of the tests, with plain TCP on both sides. */

async function echo(): Promise<{ host: string; port: number; sockets: Set<Socket> }> {
	const sockets = new Set<Socket>()
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		socket.on('close', () => sockets.delete(socket))
		socket.pipe(socket)
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	const address = server.address()
	if (address === null || typeof address === 'string') throw new Error('no port')
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => server.close(done))
	})
	return { host: '127.0.0.1', port: address.port, sockets }
}

async function line(delayMs = 0): Promise<FaultProxy & { server: Awaited<ReturnType<typeof echo>> }> {
	const server = await echo()
	const proxy = await startFaultProxy(server, delayMs)
	onTestFinished(() => proxy.stop())
	return Object.defineProperties({ server } as never, Object.getOwnPropertyDescriptors(proxy))
}

/** A connection that remembers what came and how it ended. */
class Caller {
	readonly socket: Socket
	heard = ''
	over: string | null = null
	readonly #waiting = new Set<() => void>()

	constructor(port: number) {
		this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
		onTestFinished(() => void this.socket.destroy())
		this.socket.on('data', (data: Buffer) => {
			this.heard += data.toString('latin1')
			this.#look()
		})
		this.socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? 'error'))
		this.socket.on('end', () => this.#end('end'))
		this.socket.on('close', () => this.#end('close'))
	}

	#end(how: string): void {
		this.over ??= how
		this.#look()
	}

	#look(): void {
		for (const look of [...this.#waiting]) look()
	}

	say(text: string): void {
		this.socket.write(text)
	}

	until(wanted: (caller: Caller) => boolean): Promise<void> {
		return new Promise((done) => {
			const look = () => {
				if (!wanted(this)) return
				this.#waiting.delete(look)
				done()
			}
			this.#waiting.add(look)
			look()
		})
	}

	/** What was asked is answered. */
	async asks(text: string): Promise<void> {
		const before = this.heard.length
		this.say(text)
		await this.until(({ heard }) => heard.length >= before + text.length)
		expect(this.heard.slice(before)).toBe(text)
	}
}

const soon = (ms: number) => new Promise((done) => setTimeout(done, ms))

describe('a faulty line', () => {
	test('carries every byte and the end of both directions', async () => {
		const proxy = await line()
		const caller = new Caller(proxy.port)
		const sent = 'abcdefgh'.repeat(400_000)
		caller.say(sent)
		caller.socket.end()
		await caller.until(({ over }) => over !== null)
		expect(caller.over).toBe('end')
		expect(caller.heard === sent).toBe(true)
		expect([proxy.passed('up'), proxy.passed('down')]).toEqual([sent.length, sent.length])
		expect(proxy.accepted()).toBe(1)
	})

	test('delays, and keeps the order when the delay changes', async () => {
		const proxy = await line(600)
		const caller = new Caller(proxy.port)
		const start = performance.now()
		caller.say('1')
		// By then it is on its way, also where this process gets little of the machine.
		await soon(200)
		proxy.delayMs = 0
		caller.say('2')
		await caller.until(({ heard }) => heard.length === 2)
		expect(caller.heard).toBe('12')
		expect(performance.now() - start).toBeGreaterThan(590)
	})

	test('stalls old and new connections, and hands on later what was held', async () => {
		const proxy = await line()
		const old = new Caller(proxy.port)
		await old.asks('before')
		proxy.stall()
		const fresh = new Caller(proxy.port)
		await once(fresh.socket, 'connect')
		old.say('held')
		fresh.say('held too')
		await soon(50)
		expect([old.heard, old.over, fresh.heard, fresh.over]).toEqual(['before', null, '', null])
		proxy.resume()
		await old.until(({ heard }) => heard === 'beforeheld')
		await fresh.until(({ heard }) => heard === 'held too')
	})

	test.each(['up', 'down'] as const)('with only %s dead, the other way works', async (direction) => {
		const proxy = await line()
		const caller = new Caller(proxy.port)
		await caller.asks('before')
		proxy.stall(direction)
		const [server] = proxy.server.sockets
		server?.write('told')
		caller.say('asked')
		await soon(50)
		expect(proxy.passed('up')).toBe(direction === 'up' ? 6 : 11)
		expect(caller.heard).toBe(direction === 'up' ? 'beforetold' : 'before')
		proxy.resume()
		await caller.until(({ heard }) => heard.length === 15)
	})

	test('tells a reset from an end, on both sides', async () => {
		const proxy = await line()
		for (const [fault, seen] of [
			['reset', 'ECONNRESET'],
			['cut', 'end'],
		] as const) {
			const caller = new Caller(proxy.port)
			await caller.asks('x')
			const [server] = proxy.server.sockets
			if (!server) throw new Error('nobody came')
			const told = new Promise((done) => {
				server.once('error', (error: NodeJS.ErrnoException) => done(error.code))
				server.once('end', () => done('end'))
			})
			proxy[fault]()
			await caller.until(({ over }) => over !== null)
			expect([caller.over, await told]).toEqual([seen, seen])
			caller.socket.destroy()
			await new Caller(proxy.port).asks('again')
			proxy.cut()
		}
	})

	test('refuses, and listens again on the same port; what is open goes on', async () => {
		const proxy = await line()
		const { port } = proxy
		const open = new Caller(port)
		await open.asks('x')
		await proxy.refuse()
		const refused = new Caller(port)
		await refused.until(({ over }) => over !== null)
		expect(refused.over).toBe('ECONNREFUSED')
		await open.asks('y')
		await proxy.listen()
		expect(proxy.port).toBe(port)
		await new Caller(port).asks('again')
	})

	test.each([0, 1, 7, 100_000])('acts after %d bytes, to the byte', async (bytes) => {
		const proxy = await line()
		const caller = new Caller(proxy.port)
		proxy.after('down', bytes, () => proxy.stall('down'))
		caller.say('z'.repeat(200_000))
		await caller.until(({ heard }) => heard.length >= bytes)
		await soon(30)
		expect(caller.heard.length).toBe(bytes)
		proxy.resume()
		await caller.until(({ heard }) => heard.length === 200_000)
	})

	test('slow: keeps the rate, and little in between', async () => {
		const proxy = await line()
		proxy.bytesPerSecond = 1_000_000
		const caller = new Caller(proxy.port)
		const start = performance.now()
		caller.say('s'.repeat(300_000))
		await caller.until(({ heard }) => heard.length === 300_000)
		const took = performance.now() - start
		expect(took).toBeGreaterThan(250)
		expect(took).toBeLessThan(3000)
	})

	test('stop leaves nothing, whatever the line does', async () => {
		const server = await echo()
		const proxy = await startFaultProxy(server, 5)
		const callers = Array.from({ length: 5 }, () => new Caller(proxy.port))
		for (const caller of callers) await caller.asks('x')
		expect(proxy.connections()).toBe(5)
		proxy.stall()
		proxy.bytesPerSecond = 10
		for (const caller of callers) caller.say('y'.repeat(100_000))
		await soon(20)
		await proxy.stop()
		expect(proxy.connections()).toBe(0)
		for (const caller of callers) await caller.until(({ over }) => over !== null)
		const refused = new Caller(proxy.port)
		await refused.until(({ over }) => over !== null)
		expect(refused.over).toBe('ECONNREFUSED')
		expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(
			1,
		)
	})
})
