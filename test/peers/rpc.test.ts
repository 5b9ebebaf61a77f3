import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, ProblemError } from '../../src/contract/client.ts'
import { type MeteredChannel, mostBacklog, mostFromFace } from '../../src/engine/rpc/channel.ts'
import { attachOrHost } from '../../src/engine/rpc/host.ts'
import { withLock } from '../../src/engine/rpc/lock.ts'
import { channelPair } from '../../src/engine/rpc/memory.ts'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import { claimSocket, connectSocket, type Listening, socketPath } from '../../src/engine/rpc/socket.ts'
import { FakeEngine } from '../unit/rpc/fake-engine.ts'

let folder: string
const disposers: (() => unknown)[] = []

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser rpc '))
})
afterEach(async () => {
	for (const dispose of disposers.splice(0).reverse()) await dispose()
	await rm(folder, { recursive: true, force: true })
})

const processFile = fileURLToPath(new URL('./rpc-process.ts', import.meta.url))

class Process {
	readonly child: ChildProcessWithoutNullStreams
	readonly exited: Promise<number | null>
	#text = ''

	constructor(dataFolder: string) {
		this.child = spawn(process.execPath, [processFile, dataFolder])
		this.child.stdout.on('data', (data: Buffer) => {
			this.#text += data.toString()
		})
		this.child.stderr.on('data', (data: Buffer) => {
			this.#text += data.toString()
		})
		this.exited = new Promise((resolve) => this.child.on('close', resolve))
		disposers.push(() => this.child.kill('SIGKILL'))
	}

	get lines(): string[] {
		return this.#text.split('\n').slice(0, -1)
	}

	async says(line: string): Promise<void> {
		await vi.waitFor(() => expect(this.lines).toContain(line), { timeout: 20_000 })
	}
}

describe('one engine per data folder', () => {
	test('of processes that start at once one hosts, the others attach to it and see its changes', async () => {
		const processes = Array.from({ length: 4 }, () => new Process(folder))
		await vi.waitFor(() => expect(processes.every(({ lines }) => lines.length >= 2)).toBe(true), {
			timeout: 30_000,
		})
		const hosts = processes.filter(({ lines }) => lines[0] === 'hosted')
		expect(processes.map(({ lines }) => lines[0]).sort()).toEqual([
			'attached',
			'attached',
			'attached',
			'hosted',
		])
		for (const { lines } of processes) expect(lines[1]).toBe(`engine of ${hosts[0]?.child.pid}`)

		const own = await attachOrHost(folder, () => Promise.reject(new Error('must attach')))
		disposers.push(() => own.close())
		expect(own.hosted).toBe(false)
		await own.client.call('pause', { until: 7 })
		for (const each of processes) await each.says('paused 7')
	})

	test('the socket of a killed process is taken over, by exactly one', async () => {
		const first = new Process(folder)
		await first.says('hosted')
		first.child.kill('SIGKILL')
		await first.exited
		expect(lstatSync(socketPath(folder)).isSocket()).toBe(true)

		const others = Array.from({ length: 3 }, () => new Process(folder))
		await vi.waitFor(() => expect(others.every(({ lines }) => lines.length >= 2)).toBe(true), {
			timeout: 30_000,
		})
		expect(others.map(({ lines }) => lines[0]).sort()).toEqual(['attached', 'attached', 'hosted'])
	})

	test('a host that ends cleanly leaves nothing, tells its faces, and the next one hosts', async () => {
		const first = new Process(folder)
		await first.says('hosted')
		const second = new Process(folder)
		await second.says('attached')
		first.child.stdin.end()
		expect(await first.exited).toBe(0)
		await second.says('gone')
		expect(existsSync(socketPath(folder))).toBe(false)
		expect(existsSync(`${socketPath(folder)}.lock`)).toBe(false)
		const third = new Process(folder)
		await third.says('hosted')
	})

	test('the place is kept until the engine is gone: who comes meanwhile hosts only after', async () => {
		const engine = new FakeEngine()
		let release: () => void = () => {}
		engine.dispose = () =>
			new Promise((resolve) => {
				release = () => {
					engine.disposed = true
					resolve()
				}
			})
		const first = await attachOrHost(folder, async () => engine)
		const closing = first.close()
		const second = attachOrHost(folder, async () => {
			expect(engine.disposed).toBe(true)
			return new FakeEngine()
		})
		await new Promise((resolve) => setTimeout(resolve, 200))
		release()
		await closing
		const attachment = await second
		disposers.push(() => attachment.close())
		expect(attachment.hosted).toBe(true)
	})

	test('an engine that cannot be made gives the place back', async () => {
		await expect(attachOrHost(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
		const attachment = await attachOrHost(folder, async () => new FakeEngine())
		disposers.push(() => attachment.close())
		expect(attachment.hosted).toBe(true)
	})

	test('the host knows when the commands of other processes are answered', async () => {
		const running = Promise.withResolvers<Record<string, never>>()
		const engine = new FakeEngine({ cancelRun: () => running.promise })
		const host = await attachOrHost(folder, async () => engine)
		disposers.push(() => host.close())
		const attached = await attachOrHost(folder, () => Promise.reject(new Error('must attach')))
		disposers.push(() => attached.close())
		await host.othersAnswered()
		const call = attached.client.call('cancelRun', { run: 'r1' })
		await vi.waitFor(() => expect(engine.asked.map(({ name }) => name)).toContain('cancelRun'))
		let answered = false
		const all = host.othersAnswered().then(() => {
			answered = true
		})
		await host.client.call('ready', {}).catch(() => {})
		expect(answered).toBe(false)
		running.resolve({})
		await call
		await all
	})

	test('another face of an attached process goes through to the engine', async () => {
		const engine = new FakeEngine({ claimNotice: () => ({ first: true }) })
		const host = await attachOrHost(folder, async () => engine)
		disposers.push(() => host.close())
		const attached = await attachOrHost(folder, () => Promise.reject(new Error('must attach')))
		disposers.push(() => attached.close())
		const [own, other] = channelPair()
		attached.serveFace(other)
		const client = createClient(own)
		expect(await client.call('claimNotice', { notice: 'n' })).toEqual({ first: true })
		await vi.waitFor(() => expect(host.otherFaces()).toBe(2))
		own.close()
		await vi.waitFor(() => expect(host.otherFaces()).toBe(1))
	})
})

describe('the socket', () => {
	const claim = async (onChannel: (channel: MeteredChannel) => void): Promise<Listening> => {
		const listening = await claimSocket(socketPath(folder), onChannel)
		if (!listening) throw new Error('taken')
		disposers.push(() => listening.close())
		return listening
	}
	const connect = async () => {
		const channel = await connectSocket(socketPath(folder))
		if (!channel) throw new Error('nobody there')
		disposers.push(() => channel.close())
		return channel
	}

	test('only its owner can use it, and its folder', async () => {
		const home = join(folder, 'new', 'home')
		const listening = await claimSocket(socketPath(home), () => {})
		disposers.push(() => listening?.close())
		expect((await stat(socketPath(home))).mode & 0o777).toBe(0o600)
		expect((await stat(home)).mode & 0o777).toBe(0o700)
	})

	test('a folder that others can write to is refused', async () => {
		const open = join(folder, 'open')
		await mkdir(open)
		await chmod(open, 0o777)
		await expect(claimSocket(socketPath(open), () => {})).rejects.toMatchObject({
			problem: { code: 'engine-unreachable' },
		})
	})

	test('a file that is no socket is neither spoken to nor removed', async () => {
		await writeFile(socketPath(folder), 'mine')
		await expect(claimSocket(socketPath(folder), () => {})).rejects.toBeInstanceOf(ProblemError)
		expect((await stat(socketPath(folder))).isFile()).toBe(true)
	})

	test('a path too long for a socket goes to a private folder, the same for every process', async () => {
		const long = join(folder, 'é'.repeat(60))
		await mkdir(long)
		const path = socketPath(long, folder)
		expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100)
		expect(path.startsWith(folder)).toBe(true)
		expect(socketPath(long, folder)).toBe(path)
		expect(socketPath(`${long}2`, folder)).not.toBe(path)
		const listening = await claimSocket(path, () => {})
		disposers.push(() => listening?.close())
		expect(listening).not.toBeNull()
	})

	test('carries text of any kind and size up to its bound, in order', async () => {
		const heard: unknown[] = []
		await claim((channel) => {
			channel.onMessage((message) => {
				heard.push(message)
				channel.post(message)
			})
		})
		const channel = await connect()
		const back: unknown[] = []
		channel.onMessage((message) => back.push(message))
		const messages = ['a\nb', '𝄞 ü \u0000 \u2028', { deep: [null, 'x'.repeat(mostFromFace - 100)] }, 7]
		for (const message of messages) channel.post(message)
		await vi.waitFor(() => expect(back).toEqual(messages))
		expect(heard).toEqual(messages)
	})

	test.each([
		['a message over the bound', `"${'x'.repeat(mostFromFace + 1)}"\n`],
		['endless text without a line', 'x'.repeat(mostFromFace + 2)],
		['what is no JSON', 'GET / HTTP/1.1\r\n'],
	])('%s ends the connection, and only that one', async (_what, text) => {
		const engine = new FakeEngine({ claimNotice: () => ({ first: true }) })
		await claim((channel) => void serveEngine(engine, channel))
		const raw = createConnection(socketPath(folder))
		disposers.push(() => raw.destroy())
		raw.on('error', () => {})
		const closed = new Promise((resolve) => raw.on('close', resolve))
		raw.write(text)
		await closed
		const client = createClient(await connect())
		expect(await client.call('claimNotice', { notice: 'n' })).toEqual({ first: true })
	})

	test('a peer that reads nothing is dropped once the backlog is over its bound', async () => {
		let served: MeteredChannel | null = null
		await claim((channel) => {
			served = channel
		})
		const channel = await connect()
		channel.pause()
		await vi.waitFor(() => expect(served).not.toBeNull())
		const own = served as unknown as MeteredChannel
		let gone = false
		own.onClose(() => {
			gone = true
		})
		const piece = 'x'.repeat(1024 * 1024)
		let posted = 0
		while (!gone && posted < (4 * mostBacklog) / piece.length) {
			own.post(piece)
			posted += 1
			await new Promise((resolve) => setImmediate(resolve))
		}
		expect(gone).toBe(true)
	})

	test('many changes for a face that does not read become one', async () => {
		const engine = new FakeEngine()
		await claim((channel) => void serveEngine(engine, channel))
		const channel = await connect()
		const client = createClient(channel)
		const lines: string[] = []
		client.watch((state) => lines.push(state.summary.line))
		await vi.waitFor(() => expect(lines).toHaveLength(1))
		channel.pause()
		for (let count = 0; count < 200; count++) {
			engine.say(`${count} ${'x'.repeat(100_000)}`)
			await new Promise((resolve) => setImmediate(resolve))
		}
		channel.resume()
		await vi.waitFor(() => expect(lines.at(-1)).toMatch(/^199 /))
		expect(lines.length).toBeLessThan(100)
	})

	test('a listener that says nothing is not taken for dead', async () => {
		const sockets: Socket[] = []
		const server = createServer((socket) => sockets.push(socket))
		await new Promise<void>((resolve) => server.listen(socketPath(folder), resolve))
		disposers.push(() => {
			for (const socket of sockets) socket.destroy()
			server.close()
		})
		expect(await claimSocket(socketPath(folder), () => {})).toBeNull()
		expect(server.address()).toBe(socketPath(folder))
	})
})

describe('the lock', () => {
	test('one at a time, also after a holder was killed', async () => {
		const file = join(folder, 'lock')
		const gone = spawn(process.execPath, ['-e', ''])
		await new Promise((resolve) => gone.on('close', resolve))
		await writeFile(file, String(gone.pid))
		let inside = 0
		let most = 0
		await Promise.all(
			Array.from({ length: 8 }, () =>
				withLock(file, async () => {
					inside += 1
					most = Math.max(most, inside)
					await new Promise((resolve) => setTimeout(resolve, 5))
					inside -= 1
				}),
			),
		)
		expect(most).toBe(1)
		expect(existsSync(file)).toBe(false)
	})

	test('is given back when the work throws', async () => {
		const file = join(folder, 'lock')
		await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
		expect(await withLock(file, async () => 1)).toBe(1)
	})
})
