import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { BuiltIn, BuiltInAccess } from '../../src/engine/built-in.ts'
import { createBuiltIn } from '../../src/workstation/built-in.ts'

export interface Ended {
	code: number | null
	signal: NodeJS.Signals | null
	stdout: Buffer
	stderr: string
}

/** A data folder whose name would trip whoever forgets to quote. */
export async function awkwardFolder(): Promise<{ path: string; remove(): Promise<void> }> {
	const outer = await mkdtemp(join(tmpdir(), 'hawser-test-'))
	return {
		path: join(outer, `it's "ø 雪" $HOME`),
		remove: () => rm(outer, { recursive: true, force: true, maxRetries: 5 }),
	}
}

/** Runs a program to its end, off this thread: the server under test lives here too. */
export function run(
	file: string,
	args: string[],
	options: {
		input?: Buffer | string
		env?: NodeJS.ProcessEnv
		cwd?: string
		onStart?: (c: ChildProcess) => void
	} = {},
): Promise<Ended> {
	return new Promise((resolve, reject) => {
		const child = spawn(file, args, { env: options.env ?? process.env, cwd: options.cwd })
		const out: Buffer[] = []
		const err: Buffer[] = []
		child.stdout.on('data', (data: Buffer) => out.push(data))
		child.stderr.on('data', (data: Buffer) => err.push(data))
		child.stdin.on('error', () => {})
		child.once('error', reject)
		child.once('close', (code, signal) =>
			resolve({ code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
		)
		options.onStart?.(child)
		if (options.onStart === undefined || options.input !== undefined) child.stdin.end(options.input ?? '')
	})
}

/** A value inside `-o Name=…`, as OpenSSH's own reader of settings takes it. */
const optionWord = (value: string) =>
	`"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`

/** What the system's ssh needs to reach it, as argv without the program and without the host. */
export function sshArgs(access: BuiltInAccess, identity = access.ssh.identityFile ?? ''): string[] {
	return [
		...['-F', access.ssh.configFile ?? 'none', '-p', String(access.ssh.port), '-l', 'hawser'],
		...['-o', `IdentityFile=${optionWord(identity)}`],
		...['-o', `UserKnownHostsFile=${optionWord(access.ssh.knownHostsFile ?? '')}`],
		...['-o', 'GlobalKnownHostsFile=none', '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes'],
	]
}

export interface Client {
	builtIn: BuiltIn
	access: BuiltInAccess
	folder: string
	ssh(command: string | null, options?: Parameters<typeof run>[2] & { args?: string[] }): Promise<Ended>
	dispose(): Promise<void>
}

/** A built-in workstation that listens, and the system's ssh to talk to it. */
export async function startClient(): Promise<Client> {
	const folder = await awkwardFolder()
	const builtIn = createBuiltIn(folder.path)
	const access = await builtIn.start()
	return {
		builtIn,
		access,
		folder: folder.path,
		ssh: (command, options = {}) =>
			run(
				'ssh',
				[...sshArgs(access), ...(options.args ?? []), '127.0.0.1', ...(command === null ? [] : [command])],
				options,
			),
		async dispose() {
			await builtIn.stop()
			await folder.remove()
		},
	}
}

/** Waits for a condition, asked again and again, for at most `limitMs`. */
export async function until(condition: () => Promise<boolean> | boolean, limitMs = 15_000): Promise<void> {
	const limit = Date.now() + limitMs
	while (!(await condition())) {
		if (Date.now() > limit) throw new Error('waited too long')
		await new Promise((resolve) => setTimeout(resolve, 20))
	}
}

export const hash = (data: Buffer) => createHash('sha256').update(data).digest('hex')

/** Runs a command over ssh2's own client, whose window a test can hold. */
export function execOn(link: ssh2.Client, command: string): Promise<ssh2.ClientChannel> {
	return new Promise((resolve, reject) =>
		link.exec(command, (error, channel) => (error ? reject(error) : resolve(channel))),
	)
}

/** ssh2's own client, logged in. */
export function connectLibrary(access: BuiltInAccess): Promise<ssh2.Client> {
	return new Promise((resolve, reject) => {
		const connection = new ssh2.Client()
		connection.on('ready', () => resolve(connection)).on('error', reject)
		connection.connect({
			...{ host: '127.0.0.1', port: access.ssh.port, username: 'hawser' },
			privateKey: readFileSync(access.ssh.identityFile ?? ''),
		})
	})
}

export function alive(pid: number): boolean {
	try {
		process.kill(pid, 0)
	} catch {
		return false
	}
	// One that nobody has reaped yet is dead all the same.
	const status = existsSync('/proc/self/stat') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
	return !status.includes(') Z')
}

export function canConnect(host: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ host, port })
		socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
		socket.once('connect', () => socket.destroy())
	})
}

export async function freePort(): Promise<number> {
	const server = createServer()
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
	const { port } = server.address() as AddressInfo
	await new Promise((resolve) => server.close(resolve))
	return port
}
