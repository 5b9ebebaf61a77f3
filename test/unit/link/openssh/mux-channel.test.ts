import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProblemError } from '../../../../src/contract/client.ts'
import type { MuxChannel } from '../../../../src/engine/link/openssh/mux-channel.ts'
import { MuxForward } from '../../../../src/engine/link/openssh/mux-forward.ts'
import { Incoming } from '../../../../src/engine/link/openssh/mux-incoming.ts'
import { MuxProcess } from '../../../../src/engine/link/openssh/mux-process.ts'
import { problem } from '../../../../src/engine/problems.ts'
import { ask, bytes, data, errors, kind, message, proxied, type Server, session } from './stand-in-master.ts'

/** Against a stand-in for the master; see there. The real one is in `test/peers/openssh-commands.test.ts`. */

const kib = 1024
const peer = 40
const lost = () => problem('link-lost', { host: 'gpu', reason: 'It ended without a word' })
const tick = () => new Promise((resolve) => setImmediate(resolve))

/** Data as the server hears it, for so many bytes. */
async function uploaded(server: Server, length: number, channel = peer): Promise<Buffer> {
	const parts: Buffer[] = []
	for (let came = 0; came < length; came += parts.at(-1)?.length ?? 0) {
		const one = await server.take(kind.data, channel)
		expect(one.readUInt32BE(5)).toBe(one.length - 9)
		parts.push(one.subarray(9))
	}
	return Buffer.concat(parts)
}

describe('out', () => {
	test('no more than the window, in messages no longer than is taken, and the rest when it is granted', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer, 100, 30)
		const wanted = Buffer.from(Array.from({ length: 250 }, (_, index) => index))
		let told = false
		channel.stdin.write(wanted, () => {
			told = true
		})
		channel.stdin.write('')
		channel.stdin.end()
		await server.settled(id, peer)
		expect(server.heard.map((one) => one.length - 9)).toEqual([30, 30, 30, 10])
		expect(told).toBe(false)
		server.say(message(kind.window, id, 0), message(kind.window, id, 1), message(kind.window, id, 1000))
		await server.take(kind.eof, peer)
		expect(told).toBe(true)
		expect(await uploaded(server, 250)).toEqual(wanted)
		expect(server.heard).toEqual([])
	})

	test.each([0, 1])(
		'a server that takes messages of %i bytes is served, and holds up nobody',
		async (packet) => {
			const { mux, server } = await proxied()
			const { channel } = await session(mux, server, peer, 10_000, packet)
			channel.stdin.end(Buffer.alloc(10_000, 7))
			expect(await uploaded(server, 10_000)).toEqual(Buffer.alloc(10_000, 7))
		},
	)

	test('an endless window is not all filled at once while nothing is taken', async () => {
		const { mux, server } = await proxied(false)
		const { channel } = await session(mux, server, peer, 0xffffffff)
		const other = await session(mux, server, peer + 1, 0xffffffff)
		server.socket.pause()
		const piece = Buffer.alloc(256 * kib)
		const pieces = 64
		let taken = 0
		for (let index = 0; index < pieces; index++) channel.stdin.write(piece, () => void taken++)
		for (let count = 0; count < 20; count++) await tick()
		expect(taken).toBeLessThan(8)
		// It is heard all the same: its turn comes before all of the other's.
		other.channel.stdin.write('me too')
		server.socket.resume()
		expect(String(await uploaded(server, 6, peer + 1))).toBe('me too')
		expect(taken).toBeLessThan(pieces / 2)
		expect(await uploaded(server, piece.length * pieces)).toHaveLength(piece.length * pieces)
		await vi.waitFor(() => expect(taken).toBe(pieces))
	})

	test.each<[string, (channel: MuxChannel, server: Server, id: number) => void]>([
		['it is closed here', (channel) => channel.close()],
		['the server closes it', (_, server, id) => server.say(message(kind.close, id))],
		['the connection is lost', (channel) => channel.lose()],
		['the command reads no more', (_, server, id) => server.say(ask(id, 'eow@openssh.com', false))],
		['the reader gives up', (channel) => channel.stdin.destroy()],
	])('every write is told when %s', async (_name, end) => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer, 10)
		const told = Promise.all(
			['longer than the window', 'waiting', ''].map(
				(text) => new Promise((done) => channel.stdin.write(text, done)),
			),
		)
		end(channel, server, id)
		for (const error of await told) expect(error).toBeInstanceOf(Error)
		const late = await new Promise((done) => channel.stdin.write('late', done))
		expect(late).toBeInstanceOf(Error)
	})

	test('a request too long for an ssh is not sent', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		expect(await channel.request('exec', Buffer.alloc(256 * kib))).toBe(false)
		await server.settled(id, peer)
		expect(server.heard).toEqual([])
	})

	test('requests and their answers, in their order; an answer too many is nobody’s', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const answers = Promise.all(['pty-req', 'shell', 'x'].map((name) => channel.request(name)))
		for (const _ of [1, 2, 3]) await server.take(kind.request, peer)
		server.say(...[kind.success, kind.failure, kind.success, kind.success].map((one) => message(one, id)))
		expect(await answers).toEqual([true, false, true])
		const next = channel.request('y')
		await server.take(kind.request, peer)
		server.say(message(kind.failure, id))
		expect(await next).toBe(false)
	})
})

describe('in', () => {
	test('output, errors, exit and end; nothing after the end', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		const both = Promise.all([buffer(process.stdout), buffer(process.stderr)])
		const none = Buffer.alloc(0)
		server.say(data(id, none), errors(id, none), data(id, Buffer.from('out')), data(id, none))
		server.say(errors(id, Buffer.from('err')), message(kind.eof, id), message(kind.eof, id))
		server.say(data(id, Buffer.from('late')), errors(id, Buffer.from('late')))
		server.say(ask(id, 'exit-status', false, bytes(0xffffffff)), message(kind.close, id))
		expect((await both).map(String)).toEqual(['out', 'err'])
		expect(await process.exit).toEqual({ code: 0xffffffff, signal: null })
		await server.take(kind.close, peer)
	})

	test.each([
		['SIGKILL', 'KILL'],
		['', ''],
		['x'.repeat(100_000), 'x'.repeat(40)],
	])('the end by a signal', async (name, signal) => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		process.stdout.resume()
		server.say(ask(id, 'exit-signal', false, bytes(name, Buffer.from([0]), '', '')), message(kind.close, id))
		expect(await process.exit).toEqual({ code: null, signal })
	})

	test('closed without an exit, nothing is known of the command', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		server.say(data(id, Buffer.from('never read')), message(kind.close, id))
		await expect(process.exit).rejects.toMatchObject({ problem: { code: 'link-lost' } })
	})

	test('what was not read when it closed is still there', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		const wanted = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index * 7))
		for (let at = 0; at < wanted.length; at += 9999) server.say(data(id, wanted.subarray(at, at + 9999)))
		server.say(ask(id, 'exit-status', false, bytes(0)), message(kind.close, id))
		await channel.closed
		expect((await buffer(process.stdout)).equals(wanted)).toBe(true)
		expect(await process.exit).toEqual({ code: 0, signal: null })
	})

	test('errors that somebody read and then dropped do not keep the exit', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		process.stdout.resume()
		process.stderr.resume().destroy()
		await once(process.stderr, 'close')
		server.say(errors(id, Buffer.from('x')), ask(id, 'exit-status', false, bytes(0)), message(kind.close, id))
		expect(await process.exit).toEqual({ code: 0, signal: null })
	})

	test('output that nobody reads is asked for up to a bound, and again once its reader has dropped it', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		let window = 256 * kib
		let came = 0
		/** Sends until the window is used up, or so much has come. */
		const fill = async (most: number) => {
			while (window > 0 && came < most) {
				const length = Math.min(window, 32 * kib)
				server.say(data(id, Buffer.alloc(length)))
				window -= length
				came += length
				await server.settled(id, peer)
				while (server.count(kind.window) > 0) window += (await server.take(kind.window, peer)).readUInt32BE(5)
			}
		}
		await fill(5120 * kib)
		expect(came).toBeGreaterThanOrEqual(1024 * kib)
		expect(came).toBeLessThanOrEqual(3.1 * 1024 * kib)
		channel.stdout.destroy()
		window += (await server.take(kind.window, peer)).readUInt32BE(5)
		await fill(5120 * kib)
		expect(came).toBe(5120 * kib)
	})

	test('what comes byte by byte is read as it comes, with few grants', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer)
		let read = 0
		channel.stdout.on('data', (part: Buffer) => {
			read += part.length
		})
		for (let count = 0; count < 200; count++) {
			server.say(data(id, Buffer.from('x')))
			await server.settled(id, peer)
		}
		await vi.waitFor(() => expect(read).toBe(200))
		expect(server.count(kind.window)).toBeLessThan(20)
	})
})

describe('what lies unread', () => {
	test('byte by byte, it is kept in few pieces, and none of them keeps what it came in', async () => {
		const incoming = new Incoming(() => {})
		const total = 100_000
		let source = Buffer.alloc(0)
		for (let count = 0; count < total; count++) {
			if (count % 100 === 0) source = Buffer.alloc(64 * kib, count / 100)
			incoming.arrive(source.subarray(0, 1))
			if (count === 10) incoming.read(0)
		}
		expect(incoming.unread).toBe(total)
		incoming.finish()
		const pieces: Buffer[] = []
		incoming.on('data', (piece: Buffer) => pieces.push(piece))
		await once(incoming, 'end')
		const whole = Buffer.concat(pieces)
		expect(whole).toHaveLength(total)
		for (let count = 0; count < total; count += 100) expect(whole[count]).toBe((count / 100) & 255)
		expect(pieces.length).toBeLessThan(50)
		expect(incoming.unread).toBe(0)
	})

	test('one that is asked for is no window onto what it came in either', async () => {
		const incoming = new Incoming(() => {})
		const came = once(incoming, 'data')
		await tick()
		const source = Buffer.alloc(64 * kib)
		incoming.arrive(source.subarray(0, 1))
		expect((await came)[0].buffer).not.toBe(source.buffer)
	})

	test('dropped, it counts no more', () => {
		let asked = 0
		const incoming = new Incoming(() => void asked++)
		incoming.arrive(Buffer.alloc(100))
		incoming.read(0)
		expect(incoming.readableLength).toBe(100)
		incoming.arrive(Buffer.alloc(50))
		expect(incoming.unread).toBe(150)
		incoming.destroy()
		incoming.arrive(Buffer.alloc(100))
		incoming.finish()
		expect([incoming.unread, asked]).toEqual([0, 2])
	})
})

describe('its end', () => {
	test('after its close not a word is said', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer, 10)
		const other = await session(mux, server, peer + 1)
		channel.stdin.write('longer than the window')
		const asked = channel.request('exec')
		channel.close()
		channel.close()
		channel.stdin.end('more')
		channel.tell('window-change', Buffer.alloc(0))
		expect(await channel.request('shell')).toBe(false)
		await server.take(kind.close, peer)
		server.heard.splice(0)
		server.say(message(kind.window, id, 1000), ask(id, 'x', true), message(kind.success, id))
		for (const _ of Array(8)) server.say(data(id, Buffer.alloc(32 * kib)))
		await server.settled(other.id, peer + 1)
		expect(server.heard).toEqual([])
		expect(channel.isClosed).toBe(false)
		expect(await asked).toBe(true)
		server.say(message(kind.close, id), ask(id, 'x', true), message(kind.close, id))
		await channel.closed
		await server.settled(other.id, peer + 1)
		expect(server.heard).toEqual([])
	})

	test('a server that never answers to it is waited for 5 s', async () => {
		const { mux, server } = await proxied()
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
		onTestFinished(() => void vi.useRealTimers())
		const { channel } = await session(mux, server, peer)
		const process = new MuxProcess(channel, lost)
		const asked = channel.request('x')
		process.close()
		await expect(process.exit).rejects.toMatchObject({ problem: { code: 'operation-cancelled' } })
		await vi.advanceTimersByTimeAsync(4999)
		expect(channel.isClosed).toBe(false)
		await vi.advanceTimersByTimeAsync(1)
		await channel.closed
		expect(await asked).toBe(false)
		expect(vi.getTimerCount()).toBe(0)
	})
})

describe('a forward', () => {
	test('its end is not told before all was sent, also where the other side ended first', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, peer, 10)
		const forward = new MuxForward(channel)
		forward.resume()
		server.say(message(kind.eof, id))
		await once(forward, 'end')
		forward.end(Buffer.alloc(100, 1))
		await server.settled(id, peer)
		expect(server.count(kind.close)).toBe(0)
		server.say(message(kind.window, id, 1000))
		expect(await uploaded(server, 100)).toEqual(Buffer.alloc(100, 1))
		await server.take(kind.eof, peer)
		await server.take(kind.close, peer)
		server.say(message(kind.close, id))
		await channel.closed
	})

	test('lost in the middle of a write, it ends with the reason', async () => {
		const { mux, server } = await proxied()
		const { channel } = await session(mux, server, peer, 10)
		const forward = new MuxForward(channel)
		const failed = once(forward, 'error')
		const written = new Promise((told) => forward.write(Buffer.alloc(100), told))
		const ended = new Promise((told) => forward.end(told))
		forward.lose(lost())
		expect((await failed)[0]).toBeInstanceOf(ProblemError)
		expect(await written).toBeInstanceOf(Error)
		expect(await ended).toBeInstanceOf(Error)
		await channel.closed
	})
})
