import { once } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProblemError } from '../../../../src/contract/client.ts'
import type { Problem } from '../../../../src/contract/problem.ts'
import { OpensshConnection } from '../../../../src/engine/link/openssh/connection.ts'
import type { Master } from '../../../../src/engine/link/openssh/master.ts'
import type { Settings } from '../../../../src/engine/link/settings.ts'
import { bytes, data, frame, kind, message, sharing } from './stand-in-master.ts'

/** Over a stand-in for the master; see there. The real one is in `test/peers/openssh-commands.test.ts`. */

const peer = 40

/** Its process is played too: it lives until it is stopped. The heartbeat's own session is open by then. */
async function up() {
	const { path, accepted } = await sharing()
	const told = { lost: [] as Problem[], stopped: 0 }
	const master = {
		gone: new Promise<null>(() => {}),
		lines: ['debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1'],
		stop: async () => void told.stopped++,
	}
	const connection = await OpensshConnection.over(
		{
			master: master as unknown as Master,
			socket: path,
			settings: { host: 'gpu', port: 22 } as Settings,
			through: [],
			reason: 'The test wants it',
		},
		{ intervalMs: 60_000, count: 3 },
		{ latency: () => {}, lost: (why) => told.lost.push(why) },
	)
	onTestFinished(() => connection.close())
	const server = await accepted
	const pulse = await server.opens(peer)
	return { connection, server, told, pulse }
}

const failed = (work: Promise<unknown>) =>
	work.then(
		() => null,
		(error: unknown) => (error instanceof ProblemError ? error.problem : error),
	)

describe('a connection', () => {
	test.each<[string, Buffer, RegExp]>([
		['what cannot be read', bytes(0), /could not be taken in: a message was cut off/],
		['more than was asked for', frame(data(0, Buffer.alloc(200_000))), /more came than was asked for/],
	])('%s ends it at once, with a clear problem for everybody', async (_name, said, reason) => {
		const { connection, server, told } = await up()
		const starting = connection.exec('true')
		const session = await server.opens(peer + 1)
		await server.take(kind.request, peer + 1)
		server.say(message(kind.success, session))
		const remote = await starting
		const opening = failed(connection.forward('127.0.0.1', 1))
		await server.take(kind.open)
		const begun = performance.now()
		server.socket.write(Buffer.concat(Array(20).fill(said)))
		const why = { code: 'link-lost', facts: { host: 'gpu', reason: expect.stringMatching(reason) } }
		expect(await failed(remote.exit)).toMatchObject(why)
		expect(await opening).toMatchObject(why)
		expect(await failed(connection.exec('true'))).toMatchObject(why)
		expect(told.lost).toMatchObject([why])
		// It does not wait for last words of an ssh that has not ended.
		expect(performance.now() - begun).toBeLessThan(2000)
		expect(told.stopped).toBe(1)
	})

	test.each(['before', 'while it is started'])(
		'a command given up %s the server has opened its session',
		async (when) => {
			const { connection, server, told, pulse } = await up()
			const ender = new AbortController()
			const starting = failed(connection.exec('true', ender.signal))
			const wish = await server.take(kind.open)
			const id = wish.readUInt32BE(5 + wish.readUInt32BE(1))
			const opened = message(kind.opened, id, peer + 1, 1000, 1000)
			if (when === 'before') {
				ender.abort()
				expect(await starting).toMatchObject({ code: 'operation-cancelled' })
				server.say(opened)
			} else {
				server.say(opened)
				await server.take(kind.request, peer + 1)
				ender.abort()
				expect(await starting).toMatchObject({ code: 'operation-cancelled' })
			}
			await server.take(kind.close, peer + 1)
			await server.settled(pulse, peer)
			expect(server.heard).toEqual([])
			server.say(message(kind.close, id))
			expect(told.lost).toEqual([])
		},
	)

	test('a command that the server will not start: refused, and closed', async () => {
		const { connection, server } = await up()
		const starting = failed(connection.exec('true'))
		const id = await server.opens(peer + 1)
		await server.take(kind.request, peer + 1)
		server.say(message(kind.failure, id))
		expect(await starting).toMatchObject({ code: 'channel-refused', facts: { reason: 'It was refused' } })
		await server.take(kind.close, peer + 1)
	})

	test('between the end of the master and its last words it is lost, not refused', async () => {
		const { connection, server, told } = await up()
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
		onTestFinished(() => void vi.useRealTimers())
		const opening = failed(connection.forward('127.0.0.1', 1))
		await server.take(kind.open)
		server.socket.end()
		await once(server.socket, 'close')
		await vi.waitFor(async () => {
			const soon = new Promise((resolve) => setImmediate(resolve))
			const why = await Promise.race([failed(connection.forward('127.0.0.1', 1)), soon])
			expect(why).toMatchObject({ code: 'link-lost', facts: { reason: 'It ended without a word' } })
		})
		expect(told.lost).toEqual([])
		await vi.advanceTimersByTimeAsync(3000)
		expect(told.lost).toMatchObject([{ code: 'link-lost', facts: { reason: 'The system’s ssh ended' } }])
		expect(await opening).toMatchObject({ code: 'link-lost' })
		expect(vi.getTimerCount()).toBe(0)
	})

	test('closed while all kinds of things are under way: told of each, and no timer is left', async () => {
		const { connection, server, told } = await up()
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
		onTestFinished(() => void vi.useRealTimers())
		const command = failed(connection.exec('one'))
		await server.opens(peer + 1)
		await server.take(kind.request, peer + 1)
		const forward = failed(connection.forward('127.0.0.1', 1))
		const shell = failed(connection.shell('xterm', { columns: 1, rows: 1 }))
		for (const _ of ['forward', 'shell']) await server.take(kind.open)
		await connection.close()
		for (const work of [command, forward, shell]) expect(await work).toMatchObject({ code: 'link-closed' })
		expect(told).toEqual({ lost: [], stopped: 1 })
		expect(vi.getTimerCount()).toBe(0)
	})
})
