import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { Incoming } from '../../src/engine/link/openssh/mux-incoming.ts'
import { run } from '../../src/engine/process/process.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { codeOf, result, server } from './linked.ts'
import { leftovers, throughPort, up, wish } from './openssh-bed.ts'
import { sshdMissing } from './sshd.ts'

const size = { columns: 100, rows: 30 }
/** What a channel takes in for nobody: 1 MiB, and what was under way when that was full. */
const mostAhead = 3.2 * 1024 * 1024
const hash = (data: Buffer) => createHash('sha256').update(data).digest('hex')

/** Echoes, until its side is closed. */
async function echoServer(): Promise<number> {
	const sockets = new Set<Socket>()
	const listener = createServer({ allowHalfOpen: true }, (socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		socket.pipe(socket)
	})
	await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => listener.close(done))
	})
	return (listener.address() as AddressInfo).port
}

/** Signals the ssh of every connection of this file. @returns how many there are */
function killMasters(signal: NodeJS.Signals): number {
	const masters = leftovers().processes.filter((line) => / ssh -M /.test(line))
	for (const line of masters) process.kill(Number.parseInt(line, 10), signal)
	return masters.length
}

describe.skipIf(sshdMissing !== null)('what rides on the system’s ssh', () => {
	test('a command: output, errors, exit code', async () => {
		const sshd = await server()
		const { connection, told } = await up(sshd.ssh)
		expect(connection.transport).toEqual({ kind: 'openssh', reason: 'The test wants it' })
		expect(connection.endpoint).toBe(`127.0.0.1:${sshd.port}`)
		expect(told.phases).toEqual(['host-key', 'login'])
		const ended = await result(await connection.exec('echo out; echo err >&2; exit 7'))
		expect(ended).toEqual({ code: 7, signal: null, stdout: 'out\n', stderr: 'err\n' })
		expect(await result(await connection.exec('exit 255'))).toMatchObject({ code: 255, stderr: '' })
		expect(await result(await connection.exec('kill -9 $$'))).toMatchObject({ code: null, signal: 'KILL' })
		expect(await result(await connection.exec('printf %s \'a%b  "c"\''))).toMatchObject({
			stdout: 'a%b  "c"',
		})
		expect(told.lost).toEqual([])
	})

	test('8 MiB both ways at once, whole', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const data = randomBytes(8 * 1024 * 1024)
		const remote = await connection.exec('cat')
		remote.stdin.end(data)
		expect(hash(await buffer(remote.stdout))).toBe(hash(data))
		expect(await remote.exit).toEqual({ code: 0, signal: null })
	})

	test('nobody is made to take more than they read', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const remote = await connection.exec('head -c 50000000 /dev/zero; echo done >&2')
		const shouting = await connection.exec('head -c 50000000 /dev/zero >&2')
		const sleeper = await connection.exec('sleep 3600')
		let taken = 0
		while (sleeper.stdin.write(Buffer.alloc(64 * 1024)) && taken < 400) taken += 1
		expect(taken).toBeLessThan(400)
		expect(await result(await connection.exec('echo still'))).toMatchObject({ stdout: 'still\n' })
		for (const stream of [remote.stdout, shouting.stderr]) {
			await expect.poll(() => (stream as Incoming).unread).toBeGreaterThanOrEqual(1024 * 1024)
			expect((stream as Incoming).unread).toBeLessThan(mostAhead)
		}
		shouting.stdout.resume()
		expect((await buffer(shouting.stderr)).length).toBe(50_000_000)
		sleeper.close()
		remote.stdin.end()
		expect((await buffer(remote.stdout)).length).toBe(50_000_000)
		expect(await text(remote.stderr)).toBe('done\n')
		expect(await codeOf(sleeper.exit)).toBe('operation-cancelled')
	})

	test('30 at once take their turns', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const all = Array.from({ length: 30 }, async (_, index) =>
			result(await connection.exec(`sleep 0.05; echo ${index}`)),
		)
		const outputs = (await Promise.all(all)).map(({ stdout, code }) => `${code} ${stdout.trim()}`)
		expect(outputs).toEqual(outputs.map((_, index) => `0 ${index}`))
	})

	test('no turn is lost, however short the commands', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		for (let index = 0; index < 12; index += 1) {
			const eight = Array.from({ length: 8 }, async () => result(await connection.exec('true')))
			expect((await Promise.all(eight)).every(({ code }) => code === 0)).toBe(true)
		}
	})

	test('what was not read yet when the command ended is still there', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const remote = await connection.exec('seq 1 5000; seq 1 1000 >&2')
		// Its turn is free again by then, so all of it has ended.
		for (let index = 0; index < 9; index += 1) await result(await connection.exec('true'))
		const lines = (await text(remote.stdout)).trim().split('\n')
		expect([lines.length, lines.at(-1)]).toEqual([5000, '5000'])
		expect((await text(remote.stderr)).trim().split('\n').length).toBe(1000)
		expect(await remote.exit).toEqual({ code: 0, signal: null })
	})

	test('a closed command sees the end of its input, and its turn is free', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const remote = await connection.exec('cat; echo ended > "$HOME/ended"')
		remote.close()
		expect(await codeOf(remote.exit)).toBe('operation-cancelled')
		await expect
			.poll(async () => (await result(await connection.exec('cat "$HOME/ended"'))).stdout, {
				timeout: 10_000,
			})
			.toBe('ended\n')
		const abort = new AbortController()
		abort.abort()
		expect(await codeOf(connection.exec('true', abort.signal))).toBe('operation-cancelled')
	})

	test('a session that the server refuses', async () => {
		const sshd = await server({ config: ['MaxSessions 1'] })
		const latencies: number[] = []
		const lost: Problem[] = []
		const { connection } = await up(sshd.ssh, {
			events: { latency: (ms) => void latencies.push(ms), lost: (why) => void lost.push(why) },
		})
		// The connection's own question has the only one.
		await expect.poll(() => latencies.length).toBeGreaterThan(0)
		const refused = await connection.exec('true').catch((error: ProblemError) => error.problem)
		expect(refused).toMatchObject({ code: 'channel-refused', facts: { what: 'a command' } })
		expect(lost).toEqual([])
	})

	test('forwards: through, half closed, refused', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const port = await echoServer()
		const stream = await connection.forward('127.0.0.1', port)
		const data = randomBytes(1024 * 1024)
		stream.end(data)
		expect(hash(await buffer(stream))).toBe(hash(data))
		const idle = await connection.forward('127.0.0.1', port)
		idle.destroy()
		const refused = await connection.forward('127.0.0.1', 1).catch((error: ProblemError) => error.problem)
		expect(refused).toMatchObject({
			code: 'channel-refused',
			facts: { what: 'a connection to 127.0.0.1:1', reason: 'connect failed: Connection refused' },
		})
	})

	test('a terminal: its size, its change, its end', async () => {
		const sshd = await server()
		const { connection } = await up(sshd.ssh)
		const shell = await connection.shell(
			'xterm-256color',
			size,
			'stty size; echo "$TERM"; read x; stty size; exit 3',
		)
		let seen = ''
		shell.stdout.on('data', (data: Buffer) => {
			seen += data.toString()
		})
		await expect.poll(() => seen).toBe('30 100\r\nxterm-256color\r\n')
		shell.resize({ columns: 61, rows: 17 })
		await expect
			.poll(
				async () =>
					(await result(await connection.exec('for t in /dev/pts/*; do stty size <"$t"; done 2>/dev/null')))
						.stdout,
			)
			.toContain('17 61')
		shell.stdin.write('\r')
		expect(await shell.exit).toEqual({ code: 3, signal: null })
		expect(seen).toContain('17 61')
		const login = await connection.shell('xterm', size)
		login.stdin.write('echo $((40+2)); exit\r')
		expect(await text(login.stdout)).toContain('42\r\n')
		expect(await login.exit).toEqual({ code: 0, signal: null })
	})

	test('what is given up while it is opened, or refused, costs nobody else their connection', async () => {
		const sshd = await server()
		const proxy = await startFaultProxy(sshd, 30)
		onTestFinished(() => proxy.stop())
		const { connection, told } = await up(await throughPort(sshd, proxy.port))
		const running = await connection.exec('cat')
		for (let round = 0; round < 5; round += 1) {
			const abort = new AbortController()
			const opening = codeOf(connection.exec('sleep 3600', abort.signal))
			const refused = codeOf(connection.forward('127.0.0.1', 1))
			setTimeout(() => abort.abort(), round * 20)
			expect([await opening, await refused]).toEqual(['operation-cancelled', 'channel-refused'])
		}
		running.stdin.end('still')
		expect(await text(running.stdout)).toBe('still')
		await connection.close()
		expect(told.lost).toEqual([])
	})

	test('the server’s own questions are answered', async () => {
		const sshd = await server({ config: ['ClientAliveInterval 1', 'ClientAliveCountMax 1'] })
		const { connection, told } = await up(sshd.ssh, { keepAlive: { intervalMs: 60_000, count: 1000 } })
		// Nothing of ours is said meanwhile, and by then the server has asked more often than it forgives.
		expect(await result(await connection.exec('sleep 4; echo there'))).toMatchObject({ stdout: 'there\n' })
		expect(told.lost).toEqual([])
	})
})

describe.skipIf(sshdMissing !== null)('the end of a connection of the system’s ssh', () => {
	const quick = { intervalMs: 300, count: 2 }

	test('the master is killed: everything is told, nothing is left', async () => {
		const sshd = await server()
		const { connection, told } = await up(sshd.ssh)
		const port = await echoServer()
		const [running, forward] = await Promise.all([
			connection.exec('sleep 3600'),
			connection.forward('127.0.0.1', port),
		])
		const broken = new Promise<unknown>((resolve) => forward.once('error', resolve))
		expect(killMasters('SIGKILL')).toBe(1)
		expect(await codeOf(running.exit)).toBe('link-lost')
		expect(await broken).toBeInstanceOf(ProblemError)
		await expect.poll(() => told.lost.map(({ code }) => code)).toEqual(['link-lost'])
		expect(await codeOf(connection.exec('true'))).toBe('link-lost')
		expect(await codeOf(connection.forward('127.0.0.1', port))).toBe('link-lost')
		await connection.close()
		expect(leftovers()).toEqual({ folders: [], processes: [] })
	})

	test('the master hangs: lost, and nothing is left', async () => {
		const sshd = await server()
		const { connection, told } = await up(sshd.ssh, { keepAlive: quick })
		const running = await connection.exec('sleep 3600')
		expect(killMasters('SIGSTOP')).toBe(1)
		expect(await codeOf(running.exit)).toBe('link-lost')
		expect(told.lost).toHaveLength(1)
		await connection.close()
	})

	test('the server goes: lost, in ssh’s words', async () => {
		const sshd = await server()
		const { connection, told } = await up(sshd.ssh)
		const running = await connection.exec('sleep 3600')
		await sshd.stopConnections()
		expect(await codeOf(running.exit)).toBe('link-lost')
		expect(told.lost).toHaveLength(1)
		expect(told.lost[0]?.facts.reason).toMatch(/closed|reset|Broken pipe/)
	})

	test('its commands are killed: it stays up, and goes on asking', async () => {
		const sshd = await server()
		const latencies: number[] = []
		const { connection, told } = await up(sshd.ssh, {
			keepAlive: { intervalMs: 1000, count: 3 },
			events: { latency: (ms) => void latencies.push(ms), lost: (why) => expect.unreachable(why.title) },
		})
		await expect.poll(() => latencies.length, { timeout: 10_000 }).toBeGreaterThan(1)
		const running = await connection.exec('sleep 3600')
		expect(await sshd.stopCommands()).toBeGreaterThan(0)
		expect(await result(running)).toMatchObject({ code: null })
		const before = latencies.length
		await expect.poll(() => latencies.length, { timeout: 10_000 }).toBeGreaterThan(before + 1)
		expect(await result(await connection.exec('echo up'))).toMatchObject({ stdout: 'up\n' })
		expect(told.lost).toEqual([])
	})

	test('a line that falls silent is noticed, and one that is only slow is not', async () => {
		const sshd = await server()
		const proxy = await startFaultProxy(sshd, 100)
		onTestFinished(() => proxy.stop())
		const latencies: number[] = []
		const lost: string[] = []
		const { connection } = await up(await throughPort(sshd, proxy.port), {
			keepAlive: quick,
			events: { latency: (ms) => void latencies.push(ms), lost: (why) => void lost.push(why.code) },
		})
		await expect.poll(() => latencies.length, { timeout: 10_000 }).toBeGreaterThan(3)
		expect(latencies.at(-1)).toBeGreaterThan(190)
		expect(lost).toEqual([])
		const running = await connection.exec('sleep 3600')
		proxy.stall()
		expect(await codeOf(running.exit)).toBe('link-lost')
		expect(lost).toEqual(['link-lost'])
	})

	test('a probe notices at once', async () => {
		const sshd = await server()
		const proxy = await startFaultProxy(sshd)
		onTestFinished(() => proxy.stop())
		const latencies: number[] = []
		const lost: string[] = []
		const { connection } = await up(await throughPort(sshd, proxy.port), {
			keepAlive: { intervalMs: 1000, count: 1000 },
			events: { latency: (ms) => void latencies.push(ms), lost: (why) => void lost.push(why.code) },
		})
		await expect.poll(() => latencies.length).toBeGreaterThan(0)
		connection.probe()
		proxy.stall()
		connection.probe()
		await expect.poll(() => lost, { timeout: 10_000 }).toEqual(['link-lost'])
	})

	test('this program is killed: the master and all of its go too', async () => {
		const sshd = await server()
		const driver = join(sshd.folder, 'driver.mjs')
		const { request } = wish(sshd.ssh)
		const at = (path: string) =>
			JSON.stringify(new URL(`../../src/engine/link/${path}`, import.meta.url).href)
		await writeFile(
			driver,
			`import { dialOpenssh } from ${at('openssh/dial.ts')}
			import { resolveSettings } from ${at('settings.ts')}
			const request = { ...${JSON.stringify(request)}, signal: new AbortController().signal, secrets: { get: async () => null },
				ask: async () => null, phase() {}, events: { latency() {}, lost() {} } }
			const settings = await resolveSettings(request.ssh, request.around, request.signal)
			const connection = await dialOpenssh(settings, request, 'x')
			await connection.exec('sleep 3600')
			process.kill(process.pid, 'SIGKILL')`,
		)
		const end = await run({ file: process.execPath, args: [driver], env: request.around.env }).catch(
			(error: ProblemError) => error.problem.facts.reason,
		)
		expect(end).toBe('SIGKILL')
		expect(sshd.log()).toContain('Accepted publickey')
		await expect.poll(leftovers, { timeout: 10_000 }).toEqual({ folders: [], processes: [] })
	})

	test('up and down 15 times, and torn down: nothing piles up', async () => {
		const sshd = await server()
		const descriptors = () => readdirSync('/proc/self/fd').length
		let before = 0
		for (let round = 0; round < 15; round += 1) {
			const { connection } = await up(sshd.ssh)
			const running = await connection.exec('cat')
			if (round % 2 === 0) await sshd.stopConnections()
			await connection.close()
			expect(await codeOf(running.exit)).toMatch(/^link-(?:lost|closed)$/)
			expect(leftovers()).toEqual({ folders: [], processes: [] })
			if (round === 2) before = descriptors()
		}
		expect(descriptors()).toBeLessThanOrEqual(before + 2)
	})

	test('closing ends what rides on it with its own word', async () => {
		const sshd = await server()
		const { connection, told } = await up(sshd.ssh)
		const running = await connection.exec('sleep 3600')
		await connection.close()
		expect(await codeOf(running.exit)).toBe('link-closed')
		expect(told.lost).toEqual([])
		expect(leftovers()).toEqual({ folders: [], processes: [] })
	})
})
