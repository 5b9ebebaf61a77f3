import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBuiltIn } from '../../src/workstation/built-in.ts'
import {
	alive,
	type Client,
	canConnect,
	connectLibrary,
	freePort,
	hash,
	run,
	sshArgs,
	startClient,
	until,
} from './workstation-client.ts'

let client: Client
beforeAll(async () => {
	client = await startClient()
})
afterAll(() => client.dispose())

const homePath = () => join(client.folder, 'workstation', 'home')

const ownPort = () => client.access.ssh.port ?? 0

describe('who is let in', () => {
	const refused = async (args: string[], env = process.env) => {
		const ended = await run('ssh', args, { env })
		expect(ended.code).toBe(255)
		expect(ended.stderr).toContain('Permission denied (publickey)')
	}

	test('another key is refused', async () => {
		const other = join(client.folder, 'other')
		writeFileSync(other, ssh2.utils.generateKeyPairSync('ed25519').private, { mode: 0o600 })
		await refused([...sshArgs(client.access, other), '127.0.0.1', 'true'])
	})

	test('another user is refused', async () => {
		await refused([
			...sshArgs(client.access).filter((word) => word !== '-l' && word !== 'hawser'),
			'-l',
			'root',
			'127.0.0.1',
			'true',
		])
	})

	test('a password is refused, and not even asked for', async () => {
		const args = ['-o', 'PubkeyAuthentication=no', '-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1']
		await refused([...args, ...sshArgs(client.access), '127.0.0.1', 'true'])
	})

	test('the right key without its signature is not enough', async () => {
		const privateKey = readFileSync(client.access.ssh.identityFile ?? '')
		const key = ssh2.utils.parseKey(privateKey)
		if (key instanceof Error) throw key
		// The same key in all but what it signs with.
		const forged = Object.assign(Object.create(key) as typeof key, { sign: () => Buffer.alloc(64) })
		const logIn = async (credential: ssh2.ParsedKey) => {
			const connection = new ssh2.Client()
			const outcome = await new Promise<string>((resolve) => {
				connection.on('ready', () => resolve('ready'))
				connection.on('error', (error) => resolve(error.message))
				const publicKey = {
					type: 'publickey',
					username: 'hawser',
					key: credential,
				} as unknown as ssh2.PublicKeyAuthMethod
				connection.connect({
					...{ host: '127.0.0.1', port: client.access.ssh.port, username: 'hawser' },
					authHandler: [publicKey],
				})
			})
			connection.end()
			return outcome
		}
		expect(await logIn(key)).toBe('ready')
		expect(await logIn(forged)).toMatch(/authentication methods failed/)
	})

	test('its files are private and it listens on loopback alone', async () => {
		const folder = join(client.folder, 'workstation')
		expect(statSync(folder).mode & 0o777).toBe(0o700)
		for (const name of ['client_key', 'host_key', 'known_hosts'])
			expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
		const others = Object.values(networkInterfaces())
			.flatMap((list) => list ?? [])
			.filter((address) => !address.internal && address.family === 'IPv4')
		for (const { address } of others) expect(await canConnect(address, ownPort())).toBe(false)
		expect(await canConnect('127.0.0.2', ownPort())).toBe(false)
		expect(await canConnect('127.0.0.1', ownPort())).toBe(true)
	})
})

describe('forwards', () => {
	const echo = createServer({ allowHalfOpen: true }, (socket) => {
		// Answers only when all has come: both halves must be able to end on their own.
		const pieces: Buffer[] = []
		socket.on('data', (data) => pieces.push(data))
		socket.on('end', () => socket.end(Buffer.concat(pieces)))
	})
	let port = 0
	beforeAll(async () => {
		await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
		port = (echo.address() as AddressInfo).port
	})
	afterAll(() => new Promise((resolve) => echo.close(resolve)))

	test('a port of the workstation is reached, whole and in both directions', async () => {
		const data = randomBytes(5 * 1024 * 1024)
		for (const host of ['127.0.0.1', 'localhost']) {
			const ended = await run('ssh', [...sshArgs(client.access), '-W', `${host}:${port}`, '127.0.0.1'], {
				input: data,
			})
			expect(ended.stderr).toBe('')
			expect(hash(ended.stdout)).toBe(hash(data))
		}
	})

	test('-L carries connections', async () => {
		const local = await freePort()
		const ended = client.ssh('cat', {
			args: ['-o', 'ExitOnForwardFailure=yes', '-L', `127.0.0.1:${local}:127.0.0.1:${port}`],
			onStart: (child) =>
				void (async () => {
					await until(() => canConnect('127.0.0.1', local))
					const answers = await Promise.all(['one', 'two'].map((word) => exchange(local, word)))
					child.stdin?.end(answers.join())
				})(),
		})
		expect((await ended).stdout.toString()).toBe('one,two')
	})

	test('what is not loopback, or not there, is refused', async () => {
		for (const target of ['192.0.2.1:80', `127.0.0.1:${await freePort()}`]) {
			const ended = await run('ssh', [...sshArgs(client.access), '-W', target, '127.0.0.1'])
			expect(ended.code).toBe(255)
			expect(ended.stderr).toMatch(/open failed|forwarding failed/)
		}
	})
})

describe('git and rsync', () => {
	const transport = () => ({
		...process.env,
		GIT_SSH_COMMAND: ['ssh', ...sshArgs(client.access)]
			.map((word) => `'${word.replaceAll("'", "'\\''")}'`)
			.join(' '),
	})

	test('git clones over it and pushes back', async () => {
		const clone = join(client.folder, 'over ssh')
		const cloned = await run('git', ['clone', '-q', 'ssh://127.0.0.1/~/forecast', clone], {
			env: transport(),
		})
		expect(cloned.stderr).toBe('')
		expect(readFileSync(join(clone, 'settings'), 'utf8')).toContain('season 1\n')
		const pushed = await run('git', ['push', '-q', 'origin', 'HEAD:refs/heads/side'], {
			env: transport(),
			cwd: clone,
		})
		expect(pushed).toMatchObject({ code: 0, stderr: '' })
	})

	test('rsync copies both ways', async () => {
		const there = join(homePath(), 'rsync ed')
		const here = join(client.folder, 'rsync')
		await mkdir(there)
		writeFileSync(join(there, "it's a file"), randomBytes(300_000))
		const env = { ...process.env, RSYNC_CONNECT_PROG: '' }
		// rsync splits its own -e, so the words with quotes in them come from a file.
		const wrapper = join(client.folder, '..', 'ssh-wrapper')
		writeFileSync(wrapper, `#!/bin/sh\nexec ${transport().GIT_SSH_COMMAND} "$@"\n`, { mode: 0o755 })
		const down = await run('rsync', ['-a', '-s', '-e', wrapper, '127.0.0.1:rsync ed/', here], { env })
		expect(down).toMatchObject({ code: 0, stderr: '' })
		expect(hash(readFileSync(join(here, "it's a file")))).toBe(hash(readFileSync(join(there, "it's a file"))))
		const up = await run('rsync', ['-a', '-s', '-e', wrapper, `${here}/`, '127.0.0.1:back again/'], { env })
		expect(up).toMatchObject({ code: 0, stderr: '' })
		expect(existsSync(join(homePath(), 'back again', "it's a file"))).toBe(true)
	})
})

describe('ends', () => {
	test('a client that goes closes the pipes of its command, and no signal is sent', async () => {
		const file = join(homePath(), 'gone.log')
		const script =
			'trap "echo hup >> gone.log" HUP TERM; echo $$ > gone.pid; cat >/dev/null; echo eof >> gone.log'
		await client.ssh(script, {
			onStart: (child) =>
				void until(() => existsSync(join(homePath(), 'gone.pid'))).then(() => child.kill('SIGKILL')),
		})
		await until(() => existsSync(file))
		expect(readFileSync(file, 'utf8')).toBe('eof\n')
	})

	test('a client that goes while nothing moves leaves nothing behind', async () => {
		const script = 'echo $$ > stuck.pid; exec cat /dev/zero'
		await client.ssh(script, {
			onStart: (child) => {
				child.stdout?.pause()
				void until(() => existsSync(join(homePath(), 'stuck.pid'))).then(() => child.kill('SIGKILL'))
			},
		})
		const pid = Number(readFileSync(join(homePath(), 'stuck.pid'), 'utf8'))
		await until(() => !alive(pid))
	})

	test('channels are bounded, and free again when closed', async () => {
		const link = await connectLibrary(client.access)
		const open = () =>
			new Promise<ssh2.ClientChannel | null>((resolve) =>
				link.exec('cat', (error, channel) => resolve(error ? null : channel)),
			)
		const channels = await Promise.all(Array.from({ length: 40 }, open))
		const held = channels.filter((channel) => channel !== null)
		expect(held.length).toBe(32)
		await Promise.all(
			held.map((channel) => new Promise((resolve) => channel.on('close', resolve).resume().end())),
		)
		expect(await open()).not.toBeNull()
		link.end()
	})

	test('stop ends connections and frees the port; a tmux started through it goes on', async () => {
		const own = await startClient()
		const pidFile = join(own.folder, 'workstation', 'home', 'tmux.pid')
		try {
			const started = await own.ssh("tmux new-session -d -s kept 'echo $$ > tmux.pid; exec sleep 1000'")
			expect(started).toMatchObject({ code: 0, stderr: '' })
			await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'))
			const held = own.ssh('echo up; exec cat', { onStart: () => {} })
			const { port } = own.access.ssh
			await own.builtIn.stop()
			expect((await held).code).toBe(255)
			expect(await canConnect('127.0.0.1', port ?? 0)).toBe(false)
			expect(alive(Number(readFileSync(pidFile, 'utf8')))).toBe(true)
			// The next start finds it, on the same port and with the same keys.
			const again = createBuiltIn(own.folder)
			expect((await again.start()).ssh).toEqual(own.access.ssh)
			const listed = await own.ssh("tmux list-sessions -F '#{session_name}'; tmux kill-server")
			await again.stop()
			expect(listed.stdout.toString()).toBe('kept\n')
		} finally {
			await own.dispose()
		}
	})

	test('stop leaves nothing that keeps the process alive, even while a command runs on', async () => {
		const data = join(client.folder, 'own process')
		const pidFile = join(data, 'workstation', 'home', 'on.pid')
		const module = fileURLToPath(new URL('../../src/workstation/built-in.ts', import.meta.url))
		const program = `
			import { createBuiltIn } from ${JSON.stringify(module)}
			import { createRequire } from 'node:module'
			import { existsSync, readFileSync } from 'node:fs'
			const ssh2 = createRequire(${JSON.stringify(module)})('ssh2')
			const builtIn = createBuiltIn(${JSON.stringify(data)})
			const { ssh } = await builtIn.start()
			const connection = new ssh2.Client()
			connection.on('error', () => {}).connect({ ...ssh, username: ssh.user, privateKey: readFileSync(ssh.identityFile) })
			await new Promise((resolve) => connection.on('ready', resolve))
			connection.exec('trap "" HUP PIPE; echo $$ > on.pid; exec sleep 1000', () => {})
			while (!existsSync(${JSON.stringify(pidFile)})) await new Promise((resolve) => setTimeout(resolve, 20))
			await builtIn.stop()
			console.log(process.getActiveResourcesInfo().filter((name) => /TCP|Pipe|Process/.test(name)).join())
		`
		const ended = await run(process.execPath, ['--input-type=module', '-e', program])
		const pid = Number(readFileSync(pidFile, 'utf8'))
		expect(alive(pid)).toBe(true)
		process.kill(pid, 'SIGKILL')
		expect(ended).toMatchObject({ code: 0, stderr: '' })
	})

	test('a port that is taken meanwhile is replaced, and known_hosts names the new one', async () => {
		const own = await startClient()
		const { port } = own.access.ssh
		await own.builtIn.stop()
		const thief = createServer()
		await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve))
		const access = await own.builtIn.start()
		expect(access.ssh.port).not.toBe(port)
		const lines = readFileSync(access.ssh.knownHostsFile ?? '', 'utf8')
		expect(lines).toMatch(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${access.ssh.port} ssh-ed25519 \\S+\\n$`))
		await new Promise((resolve) => thief.close(resolve))
		await own.dispose()
	})
})

function exchange(port: number, text: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
		let answer = ''
		socket.on('data', (data) => {
			answer += data.toString()
		})
		socket.once('end', () => resolve(answer)).once('error', reject)
		socket.end(text)
	})
}
