import { writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LinkState } from '../../src/contract/state.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { makeHostileBed, operate } from './hostile-bed.ts'
import { freePort, sshdMissing, startSshd } from './sshd.ts'

/** What answers on the SSH port is hostile: it ends as words, recovers by itself, and leaves nothing behind. */

const times = { tcpMs: 1500, handshakeMs: 1500, loginMs: 1500, loginWithPersonMs: 1500 }
const backOff = { firstMs: 50, capMs: 200, steadyMs: 1000, againMs: 50 }

type Greeting = (socket: Socket) => void

async function serve(greet: Greeting, port = 0) {
	const sockets = new Set<Socket>()
	const server = createServer((socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		socket.on('close', () => sockets.delete(socket))
		greet(socket)
	})
	await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
	const address = server.address()
	if (address === null || typeof address === 'string') throw new Error('no port')
	let stopped: Promise<unknown> | null = null
	const stop = () => {
		stopped ??= new Promise((done) => server.close(done))
		for (const socket of sockets) socket.destroy()
		return stopped
	}
	onTestFinished(async () => void (await stop()))
	return { port: address.port, stop }
}

function settled(link: ReturnType<typeof createLink>, wanted: LinkState['status'][]): Promise<LinkState> {
	return new Promise((resolve) => {
		const stop = link.onState(look)
		function look(state: LinkState) {
			if (!wanted.includes(state.status)) return
			stop()
			resolve(state)
		}
		look(link.state)
	})
}

/** Settles when no timer is left; hangs otherwise. Itself it waits without one. */
async function nothingLeft(): Promise<void> {
	while (process.getActiveResourcesInfo().includes('Timeout')) await new Promise(setImmediate)
}

function pour(socket: Socket, text: string): void {
	const more = () => {
		while (!socket.destroyed && socket.write(text));
	}
	socket.on('drain', more)
	more()
}

const greetings: [name: string, code: string, greet: Greeting][] = [
	['accepts and says nothing', 'port-silent', () => {}],
	['closes at once', 'ssh-protocol', (socket) => void socket.end()],
	['resets', 'port-unreachable', (socket) => void socket.resetAndDestroy()],
	['speaks HTTP', 'ssh-protocol', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
	['speaks binary garbage', 'ssh-protocol', (socket) => void socket.write(Buffer.alloc(100_000, 0x81))],
	['greets without end', 'ssh-protocol', (socket) => pour(socket, `${'Welcome '.repeat(20)}\r\n`)],
	['begins a line that never ends', 'ssh-protocol', (socket) => pour(socket, 'x'.repeat(65_536))],
	['speaks SSH 1', 'ssh-protocol', (socket) => void socket.write('SSH-1.5-old\r\n')],
	[
		'speaks SSH, then garbage',
		'ssh-protocol',
		(socket) => void socket.write(`SSH-2.0-x\r\n${'\u00ff'.repeat(5000)}`),
	],
	['speaks SSH, then nothing', 'ssh-protocol', (socket) => void socket.write('SSH-2.0-x\r\n')],
	[
		'asks for a packet of 4 GB',
		'ssh-protocol',
		(socket) =>
			void socket.write(
				Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.from([0xff, 0xff, 0xff, 0xff, 4, 20])]),
			),
	],
]

const why = sshdMissing ? ` (skipped: ${sshdMissing})` : ''

describe.skipIf(sshdMissing)(`a port that${why}`, () => {
	test.each(greetings)('%s', async (_name, code, greet) => {
		const port = await freePort()
		const hostile = await serve(greet, port)
		const sshd = await startSshd()
		onTestFinished(() => sshd.stop())
		const link = createLink({ name: 'lab', ssh: { ...sshd.ssh, port }, times, backOff })
		onTestFinished(() => link.dispose())
		link.connect()
		const state = await settled(link, ['lost', 'stopped'])
		if (state.status !== 'lost') throw new Error(JSON.stringify(state))
		expect(state.problem).toMatchObject({ code, facts: { host: '127.0.0.1', port } })
		expect(state.problem.meaning).not.toMatch(/undefined|unknown|[\u0000-\u001f]|\.\.(\s|$)/)
		expect(state.problem.next).not.toBeNull()
		expect(state.problem.meaning.length).toBeLessThan(400)
		await hostile.stop()
		await link.dispose()
		await nothingLeft()
	})

	test('was hostile recovers by itself once the server is right again', async () => {
		const sshd = await startSshd()
		onTestFinished(() => sshd.stop())
		await sshd.stopServer()
		const hostile = await serve((socket) => pour(socket, 'Welcome\r\n'), sshd.port)
		const link = createLink({ name: 'lab', ssh: sshd.ssh, times, backOff })
		onTestFinished(() => link.dispose())
		link.connect()
		await settled(link, ['lost'])
		await hostile.stop()
		await sshd.listen()
		await settled(link, ['up'])
	})
})

describe.skipIf(sshdMissing)(`a connection${why}`, () => {
	test('cut and stalled in every phase: lost in words, up again, and nothing left at the end', async () => {
		const sshd = await startSshd()
		onTestFinished(() => sshd.stop())
		const proxy = await startFaultProxy({ host: '127.0.0.1', port: sshd.port }, 3)
		onTestFinished(() => proxy.stop())
		const known = `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`
		await writeFile(sshd.knownHostsFile, known)
		const link = createLink({
			name: 'lab',
			ssh: { ...sshd.ssh, port: proxy.port },
			times,
			backOff,
			keepalive: { intervalMs: 200, count: 2 },
		})
		link.connect()
		for (const way of ['cut', 'stall'] as const)
			for (const after of [0, 10, 30, 60, 100, 160, 250]) {
				await new Promise((done) => setTimeout(done, after))
				proxy[way]()
				const down = await settled(link, ['lost', 'stopped', 'dialling'])
				if ('problem' in down) expect(down.problem?.needsPerson ?? false).toBe(false)
				if (way === 'stall') {
					proxy.cut()
					proxy.resume()
				}
				await settled(link, ['up'])
			}
		const ended = await link.exec('sleep 100')
		const exit = ended.exit.then(
			() => 'ended',
			(error: Error) => error.message,
		)
		proxy.stall()
		await link.dispose()
		expect(await exit).toMatch(/closed|lost/)
		await proxy.stop()
		await nothingLeft()
	})

	test('with one session only: said in words, not taken for a lost connection', async () => {
		const bed = await makeHostileBed({ config: ['MaxSessions 1'] })
		const engine = await bed.start()
		const outcome = await operate(engine, 'up')
		if (outcome.status !== 'succeeded')
			expect(outcome).toMatchObject({
				problem: { code: 'channel-refused', meaning: expect.stringContaining('MaxSessions') },
			})
		expect(engine.state().workstations.lab?.link.status).toBe('up')
	})

	test('whose server opens no session at all: said in words', async () => {
		const bed = await makeHostileBed({ config: ['MaxSessions 0'] })
		const engine = await bed.start()
		const outcome = await operate(engine, 'up')
		expect(outcome).toMatchObject({ status: 'failed', problem: { code: 'channel-refused' } })
		expect(engine.state().summary.problem).toMatchObject({ code: 'channel-refused' })
	})
})
