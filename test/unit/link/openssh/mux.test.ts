import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ChannelRefused, Mux } from '../../../../src/engine/link/openssh/mux.ts'
import type { MuxChannel } from '../../../../src/engine/link/openssh/mux-channel.ts'
import {
	ask,
	bytes,
	data,
	errors,
	frame,
	granted,
	hello,
	kind,
	listen,
	message,
	proxied,
	session,
} from './stand-in-master.ts'

/** Against a stand-in for the master; see there. The real one is in `test/peers/openssh-commands.test.ts`. */

const nothing = Buffer.alloc(0)
const itself = (channel: MuxChannel) => channel
const tick = () => new Promise((resolve) => setImmediate(resolve))

/** Node's own, which is not offered unless asked for. */
function collectGarbage(): void {
	setFlagsFromString('--expose-gc')
	runInNewContext('gc')()
}

async function pieces(socket: Socket, what: Buffer): Promise<void> {
	for (const byte of what) {
		socket.write(Buffer.from([byte]))
		await tick()
	}
}

describe('asking a master to share its connection', () => {
	test('what it says may come byte by byte', async () => {
		let asked = nothing
		const path = await listen((socket) => {
			socket.on('data', (arrived) => {
				asked = Buffer.concat([asked, arrived])
			})
			void pieces(socket, Buffer.concat([hello, granted]))
		})
		const mux = await Mux.connect(path, true, 5000)
		onTestFinished(() => mux.close())
		await vi.waitFor(() =>
			expect(asked.toString('hex')).toBe('000000080000000100000004' + '000000081000000f00000000'),
		)
	})

	test('and what follows may come at once', async () => {
		const extended = bytes(8 + 10, 1, 4, 'name', Buffer.from([0, 0]))
		const path = await listen((socket) => {
			const global = frame(Buffer.from([80, 0, 0, 0, 0, 0]))
			const unreadable = bytes(0)
			socket.write(Buffer.concat([extended, granted, global, unreadable]))
		})
		const mux = await Mux.connect(path, true, 5000)
		onTestFinished(() => mux.close())
		expect(await mux.gone).toMatch(/cut off/)
	})

	test.each<[string, Buffer]>([
		['another version', bytes(8, 1, 5)],
		['no greeting', granted],
		['a greeting twice', Buffer.concat([hello, hello, granted])],
		['a refusal (MUX_S_FAILURE)', Buffer.concat([hello, bytes(12, 0x80000003, 0, 0)])],
		['garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
		['a frame of nothing', Buffer.concat([hello, bytes(0)])],
		['a frame of one byte', Buffer.concat([hello, bytes(1), Buffer.from([1])])],
		['a frame of 4 GiB', bytes(0xffffffff, 1, 4)],
	])('it says %s: told, and hung up', async (_name, said) => {
		let closed: Promise<unknown> = Promise.resolve()
		const path = await listen((socket) => {
			closed = once(socket, 'close')
			socket.resume().write(said)
		})
		await expect(Mux.connect(path, true, 5000)).rejects.toThrow('ssh does not share its connection')
		await closed
	})

	test('it says nothing', async () => {
		let closed: Promise<unknown> = Promise.resolve()
		const path = await listen((socket) => {
			closed = once(socket.resume(), 'close')
		})
		await expect(Mux.connect(path, true, 50)).rejects.toThrow('ssh does not share its connection')
		await closed
	})

	test.each([0, 1, 5, 12, 20])('it hangs up after %i bytes', async (length) => {
		const path = await listen((socket) => {
			socket.resume().end(Buffer.concat([hello, granted]).subarray(0, length))
		})
		await expect(Mux.connect(path, true, 5000)).rejects.toThrow('ssh has hung up')
	})

	test('nobody is there', async () => {
		await expect(Mux.connect('/nonexistent/s', true, 5000)).rejects.toThrow('ssh has hung up')
	})
})

describe('what breaks the protocol ends the connection, with its reason', () => {
	test.each<[string, Buffer, RegExp]>([
		['a frame of nothing', bytes(0), /cut off/],
		['a frame of one byte', Buffer.concat([bytes(1), Buffer.from([0])]), /cut off/],
		['a frame of 4 GiB', bytes(0xffffffff), /too long/],
		['a frame of more than 256 KiB', bytes(256 * 1024 + 1), /too long/],
		['a message cut off', frame(Buffer.from([kind.data, 0, 0])), /cut off/],
		['data longer than its message', frame(message(kind.data, 0, 5, Buffer.from('abc'))), /cut off/],
		['an exit cut off', frame(ask(0, 'exit-status', false, Buffer.from([0]))), /cut off/],
		['data beyond the window', frame(data(0, Buffer.alloc(100_000))), /more came/],
		['errors beyond the window', frame(errors(0, Buffer.alloc(100_000))), /more came/],
		['data before the channel is open', frame(data(1, Buffer.from('x'))), /before it was open/],
	])('%s', async (_name, said, reason) => {
		const { mux, server } = await proxied()
		const { channel } = await session(mux, server, 40)
		const second = mux.open('session', nothing, itself)
		await server.take(kind.open)
		const asked = channel.request('shell')
		// Nobody reads. Enough of it to be beyond any window, where it is data.
		server.socket.write(Buffer.concat(Array(/more came/.test(String(reason)) ? 20 : 1).fill(said)))
		expect(await mux.gone).toMatch(reason)
		mux.end()
		expect(await asked).toBe(false)
		await expect(second).rejects.toThrow('ended')
		await expect(mux.open('session', nothing, itself)).rejects.toThrow('ended')
		await channel.closed
		expect(channel.exit).toBeNull()
	})

	test('what throws while it is told of data ends that connection, not this process', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, 40)
		channel.stdout.on('data', () => {
			throw new Error('no such thing')
		})
		await tick()
		server.say(data(id, Buffer.from('x')))
		expect(await mux.gone).toMatch(/no such thing/)
	})

	test('a server that asks and asks, and takes in no answer', async () => {
		const { mux, server } = await proxied()
		const { id } = await session(mux, server, 40)
		server.socket.pause()
		const flood = Buffer.concat(Array(4000).fill(frame(ask(id, 'x', true))))
		let isGone = false
		void mux.gone.then(() => {
			isGone = true
		})
		while (!isGone)
			if (!server.socket.write(flood)) await Promise.race([once(server.socket, 'drain'), mux.gone])
		expect(await mux.gone).toBe('The server takes nothing in')
	})
})

describe('the end of the master', () => {
	test.each(['between frames', 'in the middle of one'])('%s', async (when) => {
		const { mux, server } = await proxied()
		const { channel } = await session(mux, server, 40, 0)
		const written = new Promise((told) => channel.stdin.write('x', told))
		const asked = channel.request('exec')
		const opening = mux.open('session', nothing, itself)
		await server.take(kind.open)
		server.socket.end(when === 'between frames' ? nothing : bytes(100, 0))
		expect(await mux.gone).toBeNull()
		mux.end()
		expect(await asked).toBe(false)
		expect(await written).toMatchObject({ code: 'EPIPE' })
		await expect(opening).rejects.toThrow('ended')
		await channel.closed
	})

	test('ended twice, and used after its end', async () => {
		const { mux, server } = await proxied()
		const { channel } = await session(mux, server, 40)
		mux.close()
		mux.close()
		mux.end()
		channel.close()
		channel.lose()
		channel.tell('window-change', nothing)
		expect(await channel.request('x')).toBe(false)
		const late = await new Promise((told) => channel.stdin.write('x', told))
		expect(late).toBeInstanceOf(Error)
	})
})

describe('channels', () => {
	test('what is said to numbers that nobody has is passed over', async () => {
		const { mux, server } = await proxied()
		const { id, channel } = await session(mux, server, 40)
		for (const stranger of [id + 1, 0xffffffff]) {
			server.say(
				data(stranger, Buffer.from('x')),
				errors(stranger, Buffer.from('x')),
				message(kind.window, stranger, 100),
				message(kind.opened, stranger, 1, 1, 1),
				message(kind.refused, stranger, 1, 'no', 'en'),
				ask(stranger, 'exit-status', true, bytes(1)),
				message(kind.success, stranger),
				message(kind.eof, stranger),
				message(kind.close, stranger),
			)
		}
		// And to one that is open what only one that is being opened is told.
		server.say(message(kind.opened, id, 9, 9, 9), message(kind.refused, id, 1, 'no', 'en'))
		await server.settled(id, 40)
		expect(server.heard).toEqual([])
		expect(channel.isClosed).toBe(false)
	})

	test('the server’s questions get an answer, and the rest of them none', async () => {
		const { mux, server } = await proxied()
		const { id } = await session(mux, server, 40)
		server.say(
			ask(id, 'keepalive@openssh.com', true),
			ask(id, 'nobody-knows', false),
			ask(id, 'exit-status', true, bytes(3)),
		)
		await server.settled(id, 40)
		expect(server.heard.map((one) => one.toString('hex'))).toEqual(['6400000028', '6400000028'])
	})

	test.each([
		[1, 'no sessions', 'administratively prohibited: no sessions'],
		[2, '', 'connect failed'],
		[77, 'x', 'unknown reason: x'],
		[4, 'x'.repeat(200_000), `resource shortage: ${'x'.repeat(381)}`],
	])('refused with %i', async (code, words, told) => {
		const { mux, server } = await proxied()
		const opening = mux.open('session', nothing, itself)
		const [, ...wish] = await server.take(kind.open)
		expect(Buffer.from(wish).toString('latin1')).toMatch(/session/)
		server.say(message(kind.refused, 0, code, words, ''))
		const error = await opening.catch((thrown: unknown) => thrown)
		expect(error).toBeInstanceOf(ChannelRefused)
		expect((error as Error).message).toBe(told)
	})

	test('answers in another order find whom they are for', async () => {
		const { mux, server } = await proxied()
		const [first, second] = [1, 2].map(() => mux.open('session', nothing, itself))
		for (const _ of [1, 2]) await server.take(kind.open)
		server.say(message(kind.opened, 1, 51, 0, 1000), data(1, Buffer.from('two')))
		server.say(message(kind.opened, 0, 50, 0, 1000), data(0, Buffer.from('one')))
		const [one, two] = [await first, await second]
		expect(String((await once(two?.stdout as never, 'data'))[0])).toBe('two')
		expect(String((await once(one?.stdout as never, 'data'))[0])).toBe('one')
	})

	test('a thousand, opened and closed by either side, leave nothing behind', async () => {
		const { mux, server } = await proxied()
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval'] })
		onTestFinished(() => void vi.useRealTimers())
		const last = 1000
		const channels: WeakRef<MuxChannel>[] = []
		for (let peer = 0; peer < last; peer++) {
			const { id, channel } = await session(mux, server, peer)
			if (peer % 2 === 0) channel.close()
			else server.say(message(kind.close, id))
			await server.take(kind.close, peer)
			if (peer % 2 === 0) server.say(message(kind.close, id))
			await channel.closed
			channels.push(new WeakRef(channel))
		}
		expect(vi.getTimerCount()).toBe(0)
		expect(server.heard).toEqual([])
		// One that is still known would answer, and one that is being opened would end it all.
		for (let id = 0; id < last; id++) server.say(ask(id, 'are-you-there', true))
		const { id } = await session(mux, server, last)
		await server.settled(id, last)
		expect(server.heard).toEqual([])
		collectGarbage()
		expect(channels.filter((one) => one.deref()).length).toBeLessThan(10)
	})
})
