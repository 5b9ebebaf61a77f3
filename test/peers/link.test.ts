import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { quote } from '../../src/engine/quote.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { server as anyServer, cleanups, codeOf, linkTo, result, until, up } from './linked.ts'
import { type SshdOptions, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`link: skipped, ${sshdMissing}`)

async function sha256(stream: Readable): Promise<string> {
	const hash = createHash('sha256')
	for await (const chunk of stream) hash.update(chunk as Buffer)
	return hash.digest('hex')
}

const transports = ['ssh2', 'openssh'] as const

describe.skipIf(sshdMissing).each(transports)('commands over %s', (transport) => {
	const server = (options?: SshdOptions) => anyServer({ transport, ...options })

	test('exit code, both outputs, input, and the home folder with a blank', async () => {
		const sshd = await server({ homeName: "it's my höme" })
		const link = await up(sshd)
		const remote = await link.exec('pwd; cat; echo wrong >&2; exit 7')
		remote.stdin.write('in')
		expect(await result(remote)).toEqual({
			code: 7,
			signal: null,
			stdout: `${sshd.home}\nin`,
			stderr: 'wrong\n',
		})
		expect(link.state).toMatchObject({ status: 'up', endpoint: `127.0.0.1:${sshd.port}` })
		await until(link, (state) => state.status === 'up' && state.latencyMs !== null)
	})

	test('a command ended by a signal is told from one that ended by itself', async () => {
		const link = await up(await server())
		const ended = await result(await link.exec("exec sh -c 'kill -TERM $$'"))
		expect(ended).toMatchObject({ code: null, signal: 'TERM' })
	})

	test('8 MiB of bytes arrive unchanged both ways', async () => {
		const link = await up(await server())
		const data = randomBytes(8 * 1024 * 1024)
		const remote = await link.exec('cat')
		const hash = sha256(remote.stdout)
		remote.stdin.end(data)
		expect(await hash).toBe(createHash('sha256').update(data).digest('hex'))
		expect(await remote.exit).toEqual({ code: 0, signal: null })
	})

	test('who does not read holds the workstation back, and gets all of it later', async () => {
		const link = await up(await server())
		const bytes = 24 * 1024 * 1024
		const remote = await link.exec(`head -c ${bytes} /dev/zero; echo end >&2`)
		const { stdout } = remote
		const waiting = () => ('unread' in stdout ? Number(stdout.unread) : stdout.readableLength)
		const unread = async () => {
			for (let before = -1; ; ) {
				const now = waiting()
				if (now === before && now > 0) return now
				before = now
				await new Promise((resolve) => setTimeout(resolve, 150))
			}
		}
		// It lies still: nothing more comes until somebody reads.
		expect(await unread()).toBeLessThan(4 * 1024 * 1024)
		let got = 0
		for await (const part of remote.stdout) got += (part as Buffer).length
		expect(got).toBe(bytes)
		expect(await text(remote.stderr)).toBe('end\n')
		expect(await remote.exit).toEqual({ code: 0, signal: null })
	})

	test('any argument survives the one quoting function', async () => {
		const link = await up(await server())
		const names = ['-n', 'a b', "it's", '"', '$HOME', '`id`', 'ünï', '*', '\\', '!x', 'a\nb']
		const remote = await link.exec(`printf '%s\\0' ${names.map(quote).join(' ')}`)
		expect((await result(remote)).stdout.split('\0').slice(0, -1)).toEqual(names)
	})

	test('30 commands at once', async () => {
		const link = await up(await server())
		const all = await Promise.all(
			Array.from({ length: 30 }, async (_, index) => result(await link.exec(`sleep 0.1; echo ${index}`))),
		)
		expect(all.map(({ stdout }) => Number(stdout))).toEqual([...Array(30).keys()])
	})

	test('input that a command does not read neither hangs nor throws', async () => {
		const link = await up(await server())
		const remote = await link.exec('exit 3')
		remote.stdin.write(randomBytes(6 * 1024 * 1024))
		remote.stdout.resume()
		expect(await remote.exit).toEqual({ code: 3, signal: null })
	})

	test('closing a command rejects its exit, and its turn goes to the next', async () => {
		const link = await up(await server())
		const waiting = await Promise.all(Array.from({ length: 8 }, () => link.exec('cat')))
		const next = link.exec('echo next').then(result)
		for (const remote of waiting) remote.close()
		for (const remote of waiting) expect(await codeOf(remote.exit)).toBe('operation-cancelled')
		expect((await next).stdout).toBe('next\n')
	})

	test('an aborted start is cancelled', async () => {
		const link = await up(await server())
		expect(await codeOf(link.exec('true', AbortSignal.abort()))).toBe('operation-cancelled')
	})

	test('a terminal has its size and can be resized', async () => {
		const link = await up(await server())
		const shell = await link.shell(
			'xterm-256color',
			{ columns: 91, rows: 31 },
			'stty size; read x; stty size',
		)
		let output = ''
		shell.stdout.on('data', (data: Buffer) => {
			output += data.toString()
			if (output.includes('31 91') && !output.includes('40')) {
				shell.resize({ columns: 100, rows: 40 })
				shell.stdin.write('x\n')
			}
		})
		expect(await shell.exit).toMatchObject({ code: 0 })
		expect(output).toContain('40 100')
	})

	test('a forwarded connection carries bytes and its end, and a refused one says so', async () => {
		const link = await up(await server())
		const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
		await once(echo, 'listening')
		cleanups.push(async () => echo.close())
		const { port } = echo.address() as { port: number }
		const data = randomBytes(3 * 1024 * 1024)
		const stream = await link.forward('127.0.0.1', port)
		stream.end(data)
		expect(await sha256(stream)).toBe(createHash('sha256').update(data).digest('hex'))
		echo.close()
		expect(await codeOf(link.forward('127.0.0.1', port))).toBe('channel-refused')
	})
})

describe.skipIf(sshdMissing).each(transports)('losing and finding over %s', (transport) => {
	const server = (options?: SshdOptions) => anyServer({ transport, ...options })

	test('a killed connection rejects every exit and comes back by itself', async () => {
		const sshd = await server()
		const link = await up(sshd)
		const waiting = await Promise.all(Array.from({ length: 5 }, () => link.exec('cat')))
		// A pending write that fills the window must not hang either.
		const blocked = await link.exec('sleep 100')
		const write = new Promise((resolve) => blocked.stdin.write(randomBytes(4 * 1024 * 1024), resolve))
		const seen: string[] = []
		link.onState(({ status }) => seen.push(status))
		expect(await sshd.stopConnections()).toBeGreaterThan(0)
		for (const remote of [...waiting, blocked]) expect(await codeOf(remote.exit)).toBe('link-lost')
		expect(await write).toBeInstanceOf(Error)
		await link.whenUp(10_000)
		expect(seen.filter((status, index) => status !== seen[index - 1])).toEqual([
			'lost',
			'dialling',
			'host-key',
			'login',
			'up',
		])
		expect((await result(await link.exec('echo again'))).stdout).toBe('again\n')
	})

	test('a server that is gone is waited for; retry tries at once', async () => {
		const sshd = await server()
		const link = await up(sshd, {
			backOff: { firstMs: 3_600_000, capMs: 3_600_000, steadyMs: 0, againMs: 3_600_000 },
		})
		await sshd.stopServer()
		await until(link, ({ status }) => status === 'lost')
		expect(await codeOf(link.exec('true'))).toBe('link-lost')
		link.retry()
		const state = await until(link, ({ status }) => status === 'lost')
		expect(state).toMatchObject({ problem: { code: 'port-refused' } })
		await sshd.listen()
		link.retry()
		await link.whenUp(10_000)
	})

	test('a line that goes quiet is noticed, and what rides on it is told', async () => {
		const sshd = await server()
		const proxy = await startFaultProxy(sshd)
		cleanups.push(() => proxy.stop())
		const line = `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`
		await appendFile(sshd.knownHostsFile, line)
		const link = await up(sshd, {
			ssh: { ...sshd.ssh, port: proxy.port },
			keepalive: { intervalMs: 100, count: 2 },
		})
		const remote = await link.exec('cat')
		const stream = await link.forward('127.0.0.1', sshd.port)
		const broken = new Promise<void>((resolve) => stream.once('close', () => resolve()))
		proxy.stall()
		expect(await codeOf(remote.exit)).toBe('link-lost')
		await broken
		proxy.resume()
		await link.whenUp(10_000)
	})

	const ciphers = ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr']
	test.each(ciphers)('new keys on the way, of %s, disturb neither direction', async (cipher) => {
		const link = await up(await server({ config: ['RekeyLimit 1M', `Ciphers ${cipher}`] }))
		const data = randomBytes(16 * 1024 * 1024)
		const remote = await link.exec('cat')
		const heard = createHash('sha256')
		remote.stdout.on('data', (piece: Buffer) => heard.update(piece))
		remote.stdin.end(data)
		expect(await remote.exit).toEqual({ code: 0, signal: null })
		expect(heard.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'))
	})

	test('nobody there, and somebody who says nothing', async () => {
		const sshd = await server()
		const silent = createServer(() => {}).listen(0, '127.0.0.1')
		await once(silent, 'listening')
		cleanups.push(async () => silent.close())
		const { port } = silent.address() as { port: number }
		const times = { tcpMs: 1000, handshakeMs: 100, loginMs: 1000, loginWithPersonMs: 1000 }
		const quiet = linkTo(sshd, { ssh: { ...sshd.ssh, port }, times })
		quiet.connect()
		expect(await until(quiet, ({ status }) => status === 'lost')).toMatchObject({
			problem: { code: transport === 'ssh2' ? 'port-silent' : 'ssh-protocol' },
		})
		const nowhere = linkTo(sshd, { ssh: { ...sshd.ssh, host: 'no-such-host.invalid' } })
		nowhere.connect()
		expect(await until(nowhere, ({ status }) => status === 'lost')).toMatchObject({
			problem: { code: 'host-not-found' },
		})
	})

	test('disposing ends everything, also in the middle of a dial', async () => {
		const sshd = await server()
		const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length
		const before = handles()
		const link = await up(sshd)
		const remote = await link.exec('cat')
		await link.dispose()
		expect(await codeOf(remote.exit)).toBe('link-closed')
		const dialling = linkTo(sshd)
		dialling.connect()
		const disposed = dialling.dispose()
		// Somebody still has it in hand: it is not to be dialled by them.
		dialling.connect()
		await disposed
		expect(dialling.state).toEqual({ status: 'off' })
		expect(await codeOf(dialling.exec('true'))).toBe('link-off')
		expect(handles()).toBeLessThanOrEqual(before)
		// The server itself is untouched.
		const socket = connect(sshd.port, sshd.host)
		await once(socket, 'data')
		socket.destroy()
	})
})
