import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { ForwardStream } from './channel.ts'
import type { Connection } from './connection.ts'
import { type DialRequest, keepAliveOf } from './dial.ts'
import { hostRecord, keepHostKey } from './host-keys.ts'
import { BeyondSsh2 } from './login.ts'
import { parseJump, resolveSettings, type Settings } from './settings.ts'
import { type Dialled, Ssh2Connection } from './ssh2-connection.ts'
import { handshake } from './ssh2-handshake.ts'
import { connectTcp } from './tcp.ts'

/**
 * Opens one logged-in SSH connection over ssh2.
 * @throws UnknownHostKey, LoginNeeded, BeyondSsh2: nothing stays open meanwhile. Otherwise a ProblemError.
 */
export async function dialSsh2(settings: Settings, request: DialRequest): Promise<Connection> {
	const dialled = await dialHost(settings, request, 0)
	return new Ssh2Connection(dialled, keepAliveOf(request, settings), request.events)
}

/** More hops than this are a loop. */
const maxHops = 8
/** How long a hop may take to say goodbye. */
const goodbyeMs = 2000

/** `depth`: how many hosts are reached through this one; 0 is the workstation itself. */
async function dialHost(settings: Settings, request: DialRequest, depth: number): Promise<Dialled> {
	const { around, signal, keep, times } = request
	const { host, port } = settings
	if (depth > maxHops) {
		const reason = 'ProxyJump goes in a circle'
		throw new ProblemError(problem('ssh-settings-unreadable', { host, reason }))
	}
	if (settings.proxyCommand !== null) throw new BeyondSsh2(`The way to ${host} is a command (ProxyCommand)`)
	if (settings.revokedHostKeys !== null)
		throw new BeyondSsh2('A file lists the host keys that are revoked (RevokedHostKeys)')
	if (keep && keep.host === host && keep.port === port) await keepHostKey(settings, keep)
	const record = await hostRecord(settings)
	if (record.authorityOnly) throw new BeyondSsh2(`${host} is known by a certificate authority alone`)
	// The steps of a hop are no news: they are all part of the way to the last host.
	const phase = (name: 'host-key' | 'login') => {
		if (depth === 0) request.phase(name)
	}
	const onLogin = () => phase('login')
	const last = settings.jumps.at(-1)
	if (last === undefined) {
		const stream = await connectTcp({ host, port }, times.tcpMs, signal)
		phase('host-key')
		const client = await handshake({ settings, record, stream, request, onLogin })
		return { client, stream, settings, through: [] }
	}
	// The last hop is dialled through those before it; it then opens the way to this host.
	const { configFile } = request.ssh
	const jump = { ...parseJump(last), ...(configFile === undefined ? {} : { configFile }) }
	const hopSettings = await resolveSettings(jump, around, signal)
	const before = settings.jumps.slice(0, -1)
	const jumps = before.length > 0 ? before : hopSettings.jumps
	const hop = await dialHost({ ...hopSettings, jumps }, request, depth + 1)
	try {
		const stream = await throughHop(hop.client, settings, times.tcpMs, signal)
		phase('host-key')
		const client = await handshake({ settings, record, stream, request, onLogin })
		client.once('close', () => leave(hop))
		hop.client.once('close', () => stream.destroy())
		const through = [...hop.through, `${hop.settings.host}:${hop.settings.port}`]
		return { client, stream, settings, through }
	} catch (error) {
		hop.stream.destroy()
		throw error
	}
}

/** Says goodbye to a hop that is not needed any more; its line may be dead by now. */
function leave({ client, stream }: Dialled): void {
	if (stream.destroyed) return
	const timer = setTimeout(() => stream.destroy(), goodbyeMs)
	stream.once('close', () => clearTimeout(timer))
	client.end()
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
		if (signal.aborted) return onAbort()
		hop.on('error', () => {})
		hop.once('close', () =>
			fail(problem('port-unreachable', { host, port, reason: 'the jump host closed the connection' })),
		)
		try {
			hop.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
				if (error) return fail(problem('port-unreachable', { host, port, reason: error.message }))
				settle()
				// Its own `close` waits for the other side's: this one is gone when it is told to go.
				resolve(new ForwardStream(stream, () => {}))
			})
		} catch (error) {
			fail(problem('port-unreachable', { host, port, reason: (error as Error).message }))
		}
	})
}
