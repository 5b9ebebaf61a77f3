import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import type { WorkstationConfig } from '../../contract/config.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'

export type SshConfig = WorkstationConfig['ssh']

/** All that is needed to reach one host. Paths are absolute. */
export interface Settings {
	host: string
	user: string
	port: number
	/** In the order to try them. Those of `named` were asked for; the others may well be missing. */
	identityFiles: string[]
	named: string[]
	/** The agent's socket; null: no agent. */
	agent: string | null
	identitiesOnly: boolean
	/** The first one gets accepted keys. */
	userKnownHosts: string[]
	globalKnownHosts: string[]
	hashKnownHosts: boolean
	hostKeyAlias: string | null
	/** Seconds; null: not set. */
	aliveInterval: number | null
	aliveCount: number | null
	/** Hosts to go through, first to last, each `[user@]host[:port]`. */
	jumps: string[]
	proxyCommand: string | null
	/** The ways to log in that are not switched off. */
	methods: LoginMethod[]
	/** Kerberos may be used. */
	gssapi: boolean
	certificateFiles: string[]
	pkcs11Provider: string | null
	knownHostsCommand: string | null
	/** A list, or a KRL, of host keys that nothing connects to. */
	revokedHostKeys: string | null
}

export const loginMethods = ['publickey', 'keyboard-interactive', 'password'] as const
export type LoginMethod = (typeof loginMethods)[number]

export interface Surroundings {
	home: string
	user: string
	env: NodeJS.ProcessEnv
}

export function surroundings(env: NodeJS.ProcessEnv = process.env): Surroundings {
	return { home: homedir(), user: userInfo().username, env }
}

const defaultIdentities = ['id_rsa', 'id_ecdsa', 'id_ed25519']

export function expandHome(path: string, home: string): string {
	if (path === '~') return home
	return path.startsWith('~/') ? join(home, path.slice(2)) : path
}

/** As people write it. */
export function shownPath(path: string, home: string): string {
	return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}

/** `ssh -G` joins paths with blanks and does not quote those inside: a new one starts with `/` or `~`. */
function splitPaths(value: string, home: string): string[] {
	return value
		.split(/ (?=[/~])/)
		.filter((path) => path !== '' && path !== 'none')
		.map((path) => expandHome(path, home))
}

function agentSocket(value: string | undefined, { env, home }: Surroundings): string | null {
	if (value === 'none') return null
	if (value === undefined || value === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK || null
	if (value.startsWith('$')) return env[value.slice(1).replace(/^\{(.*)\}$/, '$1')] || null
	return expandHome(value, home)
}

const number = (value: string | undefined) => (value && /^\d+$/.test(value) ? Number(value) : null)
const given = (value: string | undefined) => (value === undefined || value === 'none' ? null : value)

function allowedMethods(one: (keyword: string) => string | undefined): LoginMethod[] {
	const keywords = {
		publickey: 'pubkeyauthentication',
		'keyboard-interactive': 'kbdinteractiveauthentication',
		password: 'passwordauthentication',
	}
	const preferred = one('preferredauthentications')?.split(',')
	return loginMethods.filter((method) => {
		const value = one(keywords[method])
		return value !== 'no' && value !== 'false' && (preferred?.includes(method) ?? true)
	})
}

/** Reads what `ssh -G` prints: `keyword value` a line, keywords in lower case, some more than once. */
export function parseSshG(output: string): Map<string, string[]> {
	const values = new Map<string, string[]>()
	for (const line of output.split('\n')) {
		const match = /^(\S+) (.*)$/.exec(line.replace(/\r$/, ''))
		if (match?.[1] === undefined || match[2] === undefined) continue
		const keyword = match[1].toLowerCase()
		values.set(keyword, [...(values.get(keyword) ?? []), match[2]])
	}
	return values
}

/** What is explicit wins over `output` of `ssh -G`; an empty `output` leaves OpenSSH's own defaults. */
export function settingsFrom(ssh: SshConfig, output: string, around: Surroundings): Settings {
	const { home } = around
	const values = parseSshG(output)
	const one = (keyword: string) => values.get(keyword)?.[0]
	const explicitIdentity = ssh.identityFile === undefined ? null : expandHome(ssh.identityFile, home)
	const standard = [...defaultIdentities, 'id_ecdsa_sk', 'id_ed25519_sk', 'id_xmss', 'id_dsa'].map((name) =>
		join(home, '.ssh', name),
	)
	const configured = (values.get('identityfile') ?? [])
		.filter((path) => path !== 'none')
		.map((path) => expandHome(path, home))
	const fallback = values.has('identityfile') ? [] : standard.slice(0, defaultIdentities.length)
	const identityFiles = [
		...new Set([...(explicitIdentity ? [explicitIdentity] : []), ...configured, ...fallback]),
	]
	const userKnownHosts = one('userknownhostsfile')
	const jump = given(one('proxyjump'))
	return {
		host: one('hostname') ?? ssh.host,
		user: ssh.user ?? one('user') ?? around.user,
		port: ssh.port ?? number(one('port')) ?? 22,
		identityFiles,
		named: identityFiles.filter((path) => path === explicitIdentity || !standard.includes(path)),
		agent: agentSocket(one('identityagent'), around),
		identitiesOnly: one('identitiesonly') === 'yes',
		userKnownHosts:
			ssh.knownHostsFile !== undefined
				? [expandHome(ssh.knownHostsFile, home)]
				: userKnownHosts === undefined
					? [join(home, '.ssh', 'known_hosts'), join(home, '.ssh', 'known_hosts2')]
					: splitPaths(userKnownHosts, home),
		globalKnownHosts: splitPaths(
			one('globalknownhostsfile') ?? '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2',
			home,
		),
		hashKnownHosts: one('hashknownhosts') === 'yes',
		hostKeyAlias: given(one('hostkeyalias')),
		aliveInterval: number(one('serveraliveinterval')),
		aliveCount: number(one('serveralivecountmax')),
		jumps: jump === null ? [] : jump.split(','),
		proxyCommand: given(one('proxycommand')),
		methods: allowedMethods(one),
		gssapi: one('gssapiauthentication') === 'yes',
		certificateFiles: (values.get('certificatefile') ?? [])
			.filter((path) => path !== 'none')
			.map((path) => expandHome(path, home)),
		pkcs11Provider: given(one('pkcs11provider')),
		knownHostsCommand: given(one('knownhostscommand')),
		revokedHostKeys: given(one('revokedhostkeys')),
	}
}

/** A jump as the settings of a host of its own. */
export function parseJump(jump: string): SshConfig {
	const match = /^(?:ssh:\/\/)?(?:([^@]*)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(jump)
	const host = (match?.[2] ?? jump).replace(/^\[(.*)\]$/, '$1')
	return {
		host,
		...(match?.[1] ? { user: match[1] } : {}),
		...(match?.[3] ? { port: Number(match[3]) } : {}),
	}
}

/**
 * The host's settings as OpenSSH itself resolves them, which alone knows Include, Match and its tokens.
 * @throws ProblemError `ssh-settings-unreadable`
 */
export async function resolveSettings(
	ssh: SshConfig,
	around: Surroundings,
	signal?: AbortSignal,
): Promise<Settings> {
	const args = ['-G']
	if (ssh.configFile !== undefined) args.push('-F', expandHome(ssh.configFile, around.home))
	if (ssh.port !== undefined) args.push('-p', String(ssh.port))
	if (ssh.user !== undefined) args.push('-l', ssh.user)
	let output = ''
	try {
		const finished = await run({
			file: 'ssh',
			args: [...args, '--', ssh.host],
			env: around.env,
			timeoutMs: 10_000,
			signal,
		})
		output = finished.stdout
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error
		const { code, facts } = error.problem
		if (code === 'operation-cancelled') throw error
		if (code !== 'process-failed' || !/ENOENT/.test(String(facts.reason))) {
			const reason = String(facts.stderr || facts.reason || 'it did not end in time')
			throw new ProblemError(problem('ssh-settings-unreadable', { host: ssh.host, reason }))
		}
	}
	return settingsFrom(ssh, output, around)
}
