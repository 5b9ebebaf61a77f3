import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
	alive,
	type Client,
	connectLibrary,
	execOn,
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

describe('commands', () => {
	test('exit codes come back', async () => {
		for (const code of [0, 7, 255]) expect((await client.ssh(`exit ${code}`)).code).toBe(code)
		expect((await client.ssh('no-such-command-here')).code).toBe(127)
	})

	test('a command killed by a signal is told as such', async () => {
		const ended = await client.ssh('kill -9 $$')
		expect(ended.code).toBe(255)
		const link = await connectLibrary(client.access)
		const signal = await new Promise((resolve, reject) => {
			link.exec('kill -USR1 $$', (error, channel) => {
				if (error) reject(error)
				else channel.on('exit', (_code: unknown, name: string) => resolve(name)).resume()
			})
		})
		link.end()
		expect(signal).toMatch(/USR1$/)
	})

	test('input reaches the command, and so does its end', async () => {
		const ended = await client.ssh('cat; echo after', { input: 'one\ntwo' })
		expect(ended.stdout.toString()).toBe('one\ntwoafter\n')
		expect(ended.code).toBe(0)
	})

	test('8 MiB go in and come out unharmed, on both outputs at once', async () => {
		const data = randomBytes(8 * 1024 * 1024)
		const up = await client.ssh('cat > up.bin; exit 3', { input: data })
		expect(up.code).toBe(3)
		expect(hash(await readFile(join(homePath(), 'up.bin')))).toBe(hash(data))
		const down = await run(
			'sh',
			[
				'-c',
				'"$@" 2>"$OUT"',
				'sh',
				'ssh',
				...sshArgs(client.access),
				'127.0.0.1',
				'cat up.bin & cat up.bin >&2; wait',
			],
			{ env: { ...process.env, OUT: join(client.folder, 'err.bin') } },
		)
		expect(hash(down.stdout)).toBe(hash(data))
		expect(hash(readFileSync(join(client.folder, 'err.bin')))).toBe(hash(data))
	})

	test('a client that reads late gets each output once, however full the window was', async () => {
		const size = 3 * 1024 * 1024
		const data = randomBytes(size)
		writeFileSync(join(homePath(), 'late.bin'), data)
		const link = await connectLibrary(client.access)
		const channel = await execOn(link, 'cat late.bin; cat late.bin >&2; cat late.bin')
		const { incoming } = channel as unknown as { incoming: { window: number } }
		const stalled = () => until(() => incoming.window === 0)
		const out: Buffer[] = []
		const err: Buffer[] = []
		const closed = new Promise((resolve) => channel.once('close', resolve))
		await stalled()
		channel.on('data', (piece: Buffer) => out.push(piece))
		// Full again, unless the library made room for all of it when it had read the first part; the rest may have
		// come by then, too.
		await until(() => Buffer.concat(out).length >= size)
		await until(() => incoming.window === 0 || channel.stderr.readableLength === size)
		channel.stderr.on('data', (piece: Buffer) => err.push(piece))
		await closed
		link.end()
		expect(hash(Buffer.concat(err))).toBe(hash(data))
		expect(hash(Buffer.concat(out))).toBe(hash(Buffer.concat([data, data])))
	})

	test('input that the command does not read holds nobody up', async () => {
		const link = await connectLibrary(client.access)
		const channel = await execOn(link, 'exec <&-; until [ -e sent ]; do sleep 0.05; done; exit 5')
		channel.resume()
		const exit = new Promise((resolve) => channel.once('exit', resolve))
		await new Promise((resolve) => channel.end(randomBytes(8 * 1024 * 1024), () => resolve(null)))
		writeFileSync(join(homePath(), 'sent'), '')
		expect(await exit).toBe(5)
		link.end()
	})

	test('it starts in its own home, with a clean environment', async () => {
		process.env.GIT_DIR = '/nowhere'
		process.env.HAWSER_HOME = '/nowhere'
		try {
			const { stdout } = await client.ssh('pwd; env; command -v nvidia-smi; git config user.email')
			const lines = stdout.toString().split('\n')
			expect(lines[0]).toBe(homePath())
			expect(lines).toContain(`HOME=${homePath()}`)
			expect(lines).toContain(join(homePath(), 'bin', 'nvidia-smi'))
			expect(lines).toContain('built-in@localhost')
			const names = lines.map((line) => line.split('=')[0] ?? '')
			expect(
				names.filter((name) => /^(?:SSH_|GIT_|HAWSER_|ELECTRON_|VITEST|NODE_|TMUX$)/.test(name)),
			).toEqual([])
		} finally {
			delete process.env.GIT_DIR
			delete process.env.HAWSER_HOME
		}
	})

	test('only harmless variables may be set', async () => {
		const env = { ...process.env, LC_TIME: 'C', LD_PRELOAD_X: '1', GIT_PROTOCOL: 'version=2' }
		const args = ['-o', 'SendEnv=LC_TIME', '-o', 'SendEnv=LD_PRELOAD_X', '-o', 'SendEnv=GIT_PROTOCOL']
		const { stdout } = await client.ssh('echo "$LC_TIME,$LD_PRELOAD_X,$GIT_PROTOCOL"', { env, args })
		expect(stdout.toString()).toBe('C,,version=2\n')
	})

	test('a shell without a terminal takes its commands from its input', async () => {
		const ended = await client.ssh(null, { input: 'echo $((6 * 7))\nexit 4\n' })
		expect(ended.stdout.toString()).toBe('42\n')
		expect(ended.code).toBe(4)
	})

	test('each command leads a session of its own', async () => {
		const { stdout } = await client.ssh('ps -o pid=,pgid=,sid= -p $$')
		expect(new Set(stdout.toString().trim().split(/\s+/)).size).toBe(1)
	})
})

describe('terminals', () => {
	test('a command has a terminal of the asked kind, and its exit code comes back', async () => {
		const ended = await client.ssh('tty; echo "$TERM"; test -t 0 && test -t 1 && exit 6', {
			args: ['-tt'],
			env: { ...process.env, TERM: 'xterm-256color' },
		})
		expect(ended.stdout.toString()).toMatch(/^\/dev\/\S+\r\nxterm-256color\r\n/)
		expect(ended.code).toBe(6)
	})

	test('its size is the asked one and follows the window', async () => {
		const link = await connectLibrary(client.access)
		let text = ''
		const exit = await new Promise((resolve, reject) => {
			link.shell({ term: 'vt100', cols: 91, rows: 37 }, (error, channel) => {
				if (error) return reject(error)
				channel.on('data', (data: Buffer) => {
					text += data.toString()
				})
				channel.on('exit', resolve)
				void (async () => {
					channel.write('stty size; echo "wa""iting"\n')
					await until(() => text.includes('37 91') && text.includes('waiting'))
					channel.setWindow(50, 120, 0, 0)
					await until(() => {
						channel.write('stty size\n')
						return text.includes('50 120')
					})
					channel.write('exit 9\n')
				})().catch(reject)
			})
		})
		link.end()
		expect(exit).toBe(9)
	})

	test('when the client goes, what runs in the terminal is hung up', async () => {
		const file = join(homePath(), 'terminal.pid')
		const ended = client.ssh('echo $$ > terminal.pid; exec sleep 1000', {
			args: ['-tt'],
			onStart: (child) =>
				void until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')).then(() =>
					child.kill('SIGKILL'),
				),
		})
		await ended
		const pid = Number(readFileSync(file, 'utf8'))
		await until(() => !alive(pid))
	})
})
