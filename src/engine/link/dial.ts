import type { Duplex } from 'node:stream'
import ssh2, { type AuthHandlerMiddleware, type Client, type ConnectConfig } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import {
	type AskedKey,
	changedKeyProblem,
	type HostRecord,
	hostRecord,
	keepHostKey,
	UnknownHostKey,
} from './host-keys.ts'
import { type Login, prepareLogin } from './identities.ts'
import { fingerprint, keyType } from './known-hosts.ts'
import { parseJump, resolveSettings, type Settings, type SshConfig, type Surroundings } from './settings.ts'
import { connectTcp } from './tcp.ts'

export interface DialTimes {
	/** Until the port answers. */
	tcpMs: number
	/** From there until the keys are exchanged. */
	handshakeMs: number
	/** From there until the login is through. */
	loginMs: number
	/** The same, where an agent may ask a person first. */
	loginWithAgentMs: number
}

export const standardTimes: DialTimes = {
	tcpMs: 10_000,
	handshakeMs: 15_000,
	loginMs: 20_000,
	loginWithAgentMs: 120_000,
}

export interface Dialled {
	client: Client
	/** What carries it: for counting what arrives. */
	stream: Duplex
	settings: Settings
}

export interface DialRequest {
	ssh: SshConfig
	/** An accepted key, to be kept before anything else. */
	keep: AskedKey | null
	around: Surroundings
	signal: AbortSignal
	times?: DialTimes
}

const cancelled = () => new ProblemError(problem('operation-cancelled', {}))

/**
 * Opens one logged-in SSH connection.
 * @throws UnknownHostKey when a person has to accept the host's key first: nothing stays open meanwhile,
 *   so nobody's time runs out. Otherwise a ProblemError.
 */
export async function dial(request: DialRequest): Promise<Dialled> {
	const settings = await resolveSettings(request.ssh, request.around, request.signal)
	return dialSettings(settings, request, 0)
}

/** More hops than this are a loop. */
const maxHops = 8

async function dialSettings(settings: Settings, request: DialRequest, depth: number): Promise<Dialled> {
	const { around, signal, keep, times = standardTimes } = request
	const { host, port } = settings
	if (settings.proxyCommand !== null || depth > maxHops) {
		const reason =
			depth > maxHops ? 'ProxyJump goes in a circle' : 'ProxyCommand cannot be used here, ProxyJump can'
		throw new ProblemError(problem('ssh-settings-unreadable', { host, reason }))
	}
	if (keep && keep.host === host && keep.port === port) await keepHostKey(settings, keep)
	const [record, login] = await Promise.all([hostRecord(settings), prepareLogin(settings)])
	const last = settings.jumps.at(-1)
	if (last === undefined) {
		const stream = await connectTcp({ host, port }, times.tcpMs, signal)
		return { client: await handshake({ settings, record, login, stream, times, signal }), stream, settings }
	}
	// The last hop is dialled through those before it; it then opens the way to this host.
	const { configFile } = request.ssh
	const jump = { ...parseJump(last), ...(configFile === undefined ? {} : { configFile }) }
	const hopSettings = await resolveSettings(jump, around, signal)
	const before = settings.jumps.slice(0, -1)
	const hop = await dialSettings(
		{ ...hopSettings, jumps: before.length > 0 ? before : hopSettings.jumps },
		request,
		depth + 1,
	)
	try {
		const stream = await throughHop(hop.client, settings, times.tcpMs, signal)
		const client = await handshake({ settings, record, login, stream, times, signal })
		client.once('close', () => hop.client.end())
		hop.client.once('close', () => client.destroy())
		return { client, stream, settings }
	} catch (error) {
		hop.client.destroy()
		throw error
	}
}

function throughHop(
	hop: Client,
	{ host, port }: Settings,
	timeoutMs: number,
	signal: AbortSignal,
): Promise<Duplex> {
	return new Promise((resolve, reject) => {
		const settle = () => {
			clearTimeout(timer)
			signal.removeEventListener('abort', onAbort)
		}
		const fail = (why: Problem) => {
			settle()
			reject(new ProblemError(why))
		}
		const onAbort = () => fail(problem('operation-cancelled', {}))
		const timer = setTimeout(
			() => fail(problem('port-silent', { host, port, seconds: timeoutMs / 1000 })),
			timeoutMs,
		)
		signal.addEventListener('abort', onAbort, { once: true })
		hop.on('error', () => {})
		hop.once('close', () =>
			fail(problem('port-unreachable', { host, port, reason: 'the jump host closed the connection' })),
		)
		hop.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
			if (error) return fail(problem('port-unreachable', { host, port, reason: error.message }))
			settle()
			resolve(stream)
		})
	})
}

interface Handshake {
	settings: Settings
	record: HostRecord
	login: Login
	stream: Duplex
	times: DialTimes
	signal: AbortSignal
}

/**
 * Decides about the host's key, at once: ssh2 asks again at every rekey, and an answer that comes later
 * then breaks the connection. The first accepted key is the only one for the life of the connection.
 */
function keyVerifier(settings: Settings, record: HostRecord, refuse: (why: Error) => void) {
	let accepted: Buffer | null = null
	return (blob: Buffer): boolean => {
		if (accepted) return accepted.equals(blob)
		const type = keyType(blob)
		if (type === null) return false
		const key = { type, blob: Buffer.from(blob) }
		const verdict = record.judge(key)
		if (verdict.verdict === 'known') {
			accepted = key.blob
			return true
		}
		const { host, port } = settings
		refuse(
			verdict.verdict === 'unknown'
				? new UnknownHostKey({ host, port, name: record.name, key, fingerprint: fingerprint(blob) })
				: new ProblemError(changedKeyProblem(settings, record.name, key, verdict)),
		)
		return false
	}
}

function handshake({ settings, record, login, stream, times, signal }: Handshake): Promise<Client> {
	return new Promise((resolve, reject) => {
		const { host, port, user } = settings
		const client = new ssh2.Client()
		let phase: 'handshake' | 'login' | 'over' = 'handshake'
		let verdict: Error | null = null
		let timer: NodeJS.Timeout
		const limit = (ms: number) => {
			clearTimeout(timer)
			timer = setTimeout(() => late(ms / 1000), ms)
		}
		// Who has said something is there: then it is not the way that is silent.
		const late = (seconds: number) => {
			const heard = ((stream as { bytesRead?: number }).bytesRead ?? 0) > 0
			const until = phase === 'login' ? 'the login was through' : 'keys were exchanged'
			const reason = `It answers, but ${seconds} s went by before ${until}`
			const silent = problem('port-silent', { host, port, seconds })
			settle(new ProblemError(heard ? problem('ssh-protocol', { host, port, reason }) : silent))
		}
		const settle = (error: Error | null) => {
			if (phase === 'over') return
			phase = 'over'
			clearTimeout(timer)
			signal.removeEventListener('abort', onAbort)
			if (!error) return resolve(client)
			client.destroy()
			stream.destroy()
			reject(error)
		}
		const onAbort = () => settle(cancelled())
		const broken = (reason: string) =>
			settle(verdict ?? new ProblemError(problem('ssh-protocol', { host, port, reason })))
		// Several may come for one failure, and some after it: the listener stays for good.
		client.on('error', (error) => {
			// One key of an agent failed; the next is tried.
			if (error.level === 'agent') return
			const refused = error.level === 'client-authentication' || (phase === 'login' && isRefusal(error))
			if (refused) settle(new ProblemError(login.refusal()))
			else broken(error.message)
		})
		client.on('close', () => broken('it closed the connection'))
		client.once('handshake', () => {
			if (phase !== 'handshake') return
			phase = 'login'
			limit(login.mayAsk ? times.loginWithAgentMs : times.loginMs)
		})
		client.once('ready', () => settle(null))
		signal.addEventListener('abort', onAbort, { once: true })
		limit(times.handshakeMs)
		try {
			client.connect({
				sock: stream as NonNullable<ConnectConfig['sock']>,
				username: user,
				readyTimeout: 0,
				keepaliveInterval: 0,
				algorithms: { serverHostKey: record.order },
				hostVerifier: keyVerifier(settings, record, (why) => {
					verdict = why
				}),
				authHandler: login.authHandler as AuthHandlerMiddleware,
			})
			if (signal.aborted) onAbort()
		} catch (error) {
			broken((error as Error).message)
		}
	})
}

/** Disconnect reasons of RFC 4253 that speak of the login; OpenSSH says "too many" with 2. */
function isRefusal(error: Error & { code?: unknown }): boolean {
	return error.code === 14 || /too many authentication failures/i.test(error.message)
}
