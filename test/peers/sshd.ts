import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { WorkstationConfig } from '../../src/contract/config.ts'

/** A real OpenSSH server on loopback, with keys, a home folder and settings of its own. */

const execute = promisify(execFile)

const program = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/opt/homebrew/sbin/sshd'].find((path) =>
	existsSync(path),
)

/** Why there can be no server here, or null. For `test.skipIf`. */
export const sshdMissing: string | null =
	program === undefined
		? 'no sshd on this machine (Debian: apt-get install openssh-server)'
		: process.getuid?.() === 0 && process.platform === 'linux' && !existsSync('/run/sshd')
			? 'sshd needs the folder /run/sshd (mkdir -p /run/sshd)'
			: null

export interface SshdOptions {
	/** The home folder's name; may hold spaces. */
	homeName?: string
	/** More lines of sshd_config, such as `RekeyLimit 1M`. They come first, so they win. */
	config?: readonly string[]
	/** What is to speak SSH with it; default: as the engine chooses. `HAWSER_TEST_TRANSPORT` chooses for all. */
	transport?: 'ssh2' | 'openssh'
	/** More of the login's environment. */
	env?: Record<string, string>
	/** Which host keys the known_hosts file holds at first. */
	known?: 'all' | 'none' | 'ed25519' | 'ecdsa'
}

export interface Sshd {
	host: '127.0.0.1'
	port: number
	user: string
	identityFile: string
	knownHostsFile: string
	/** The home folder of whoever logs in; commands start there. */
	home: string
	/** The folder that holds everything of this server, `home` too. */
	folder: string
	/** The public host keys: `host_ed25519.pub`, `host_ecdsa.pub` in `folder`. */
	hostKeys: { ed25519: string; ecdsa: string }
	ssh: WorkstationConfig['ssh']
	/** What the server wrote since its start. */
	log(): string
	/** Kills the processes that serve connections; the commands they run are left alone. Gives their number. */
	stopConnections(): Promise<number>
	/** Kills the shells of all connections and what they run; the connections themselves stay. */
	stopCommands(): Promise<number>
	/** Stops listening and kills the connections; `listen` brings the server back on the same port. */
	stopServer(): Promise<void>
	listen(): Promise<void>
	/** Ends the server, its connections and whatever was started in its home; removes the folder. */
	stop(): Promise<void>
}

export async function freePort(): Promise<number> {
	const server = createServer()
	await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
	const address = server.address()
	await new Promise((done) => server.close(done))
	if (address === null || typeof address === 'string') throw new Error('no port')
	return address.port
}

/** @throws with `sshdMissing` as the message where there is no server */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
	if (program === undefined || sshdMissing !== null) throw new Error(sshdMissing ?? 'no sshd')
	const folder = await mkdtemp(join(tmpdir(), 'hawser-sshd-'))
	const at = (name: string) => join(folder, name)
	const home = at(options.homeName ?? 'home')
	await mkdir(home, { recursive: true })
	for (const type of ['ed25519', 'ecdsa'])
		await execute('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', at(`host_${type}`)])
	await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', at('user_key')])
	await writeFile(at('authorized_keys'), await readFile(at('user_key.pub')), { mode: 0o600 })
	await writeFile(at('ssh_config'), '')
	const port = await freePort()
	const hostKeys = {
		ed25519: (await readFile(at('host_ed25519.pub'), 'utf8')).trim(),
		ecdsa: (await readFile(at('host_ecdsa.pub'), 'utf8')).trim(),
	}
	const { all, none, ...single } = { all: Object.values(hostKeys), none: [], ...hostKeys }
	const known =
		options.known === 'none'
			? none
			: options.known === undefined || options.known === 'all'
				? all
				: [single[options.known]]
	await writeFile(at('known_hosts'), known.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''), {
		mode: 0o600,
	})
	const env = { HOME: home, TMUX_TMPDIR: folder, ...options.env }
	await writeFile(
		at('sshd_config'),
		[
			...(options.config ?? []),
			`Port ${port}`,
			'ListenAddress 127.0.0.1',
			`HostKey "${at('host_ed25519')}"`,
			`HostKey "${at('host_ecdsa')}"`,
			`AuthorizedKeysFile "${at('authorized_keys')}"`,
			`PidFile "${at('sshd.pid')}"`,
			'UsePAM no',
			'StrictModes no',
			'PasswordAuthentication no',
			'KbdInteractiveAuthentication no',
			'PermitRootLogin yes',
			'UseDNS no',
			'PrintMotd no',
			'MaxStartups 100',
			'LogLevel VERBOSE',
			...(await penaltySettings()),
			`SetEnv ${Object.entries(env)
				.map(([name, value]) => `"${name}=${value}"`)
				.join(' ')}`,
			// sshd starts commands in the folder that the password file names: go to the home of the tests instead.
			'ForceCommand cd "$HOME" && if [ -n "$SSH_ORIGINAL_COMMAND" ]; then exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND"; else exec "$SHELL" -l; fi',
			'',
		].join('\n'),
	)

	let log = ''
	let server: ReturnType<typeof spawn> | null = null
	let serverGone: Promise<unknown> = Promise.resolve()
	const listen = async () => {
		const child = spawn(program, ['-D', '-e', '-f', at('sshd_config')], {
			stdio: ['ignore', 'ignore', 'pipe'],
		})
		server = child
		const ended = new Promise<void>((done) => child.once('close', () => done()))
		serverGone = new Promise<void>((done) => child.once('exit', () => done()))
		let mine = ''
		await new Promise<void>((done, fail) => {
			child.once('error', fail)
			child.stderr.on('data', (data: Buffer) => {
				mine += data.toString()
				log += data.toString()
				if (mine.includes('Server listening on')) done()
			})
			void ended.then(() => fail(new Error(`sshd did not start: ${mine}`)))
		})
	}
	const stopConnections = async () => {
		if (!server?.pid) return 0
		const own = (await descendants(server.pid)).filter(({ command }) => /(^|\/)sshd/.test(command))
		for (const { pid } of own) kill(pid)
		return own.length
	}
	const stopCommands = async () => {
		if (!server?.pid) return 0
		const others = (await descendants(server.pid)).filter(({ command }) => !/(^|\/)sshd/.test(command))
		for (const { pid } of others) kill(pid)
		return others.length
	}
	const stopServer = async () => {
		if (!server?.pid) return
		const connections = (await descendants(server.pid)).filter(({ command }) => /(^|\/)sshd/.test(command))
		kill(server.pid)
		await serverGone
		for (const { pid } of connections) kill(pid)
		server = null
	}
	const stop = async () => {
		const left = server?.pid ? await descendants(server.pid) : []
		await stopServer()
		for (const { pid } of left) kill(pid)
		for (const pid of livingIn(home)) kill(pid)
		await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
	}
	try {
		await listen()
	} catch (error) {
		await rm(folder, { recursive: true, force: true })
		throw error
	}
	const user = userInfo().username
	const identityFile = at('user_key')
	const knownHostsFile = at('known_hosts')
	const transport = options.transport ?? (process.env.HAWSER_TEST_TRANSPORT as SshdOptions['transport'])
	const configFile = at('ssh_config')
	const ssh = {
		host: '127.0.0.1',
		port,
		user,
		identityFile,
		knownHostsFile,
		configFile,
		...(transport ? { transport } : {}),
	}
	return {
		host: '127.0.0.1',
		port,
		user,
		identityFile,
		knownHostsFile,
		home,
		folder,
		hostKeys,
		ssh,
		log: () => log,
		stopConnections,
		stopCommands,
		stopServer,
		listen,
		stop,
	}
}

/** Newer servers lock out an address after failed logins; on loopback that is every test. */
async function penaltySettings(): Promise<string[]> {
	const { stderr } = await execute('ssh', ['-V'])
	const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? []
	return Number(major) * 100 + Number(minor) >= 908 ? ['PerSourcePenalties no'] : []
}

function kill(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL')
	} catch {
		// It is gone already.
	}
}

async function descendants(root: number): Promise<{ pid: number; command: string }[]> {
	const { stdout } = await execute('ps', ['-A', '-o', 'pid=,ppid=,command='])
	const all = stdout.split('\n').flatMap((line) => {
		const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
		return match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : []
	})
	const below = (parent: number): typeof all =>
		all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
	return below(root)
}

/** Processes that were started in this home and left their parents, such as a tmux server. Linux only. */
function livingIn(home: string): number[] {
	if (process.platform !== 'linux') return []
	return readdirSync('/proc').flatMap((name) => {
		if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
		try {
			const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0')
			return variables.includes(`HOME=${home}`) ? [Number(name)] : []
		} catch {
			return []
		}
	})
}
