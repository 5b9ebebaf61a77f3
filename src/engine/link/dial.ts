import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import type { Connection, ConnectionEvents, KeepAlive } from './connection.ts'
import type { AskedKey } from './host-keys.ts'
import { type AskPerson, BeyondSsh2, type LoginSecrets } from './login.ts'
import { dialOpenssh } from './openssh/dial.ts'
import { resolveSettings, type Settings, type SshConfig, type Surroundings } from './settings.ts'
import { dialSsh2 } from './ssh2-dial.ts'

export interface DialTimes {
	/** Until the port answers. */
	tcpMs: number
	/** From there until the keys are exchanged. */
	handshakeMs: number
	/** From there until the login is through. */
	loginMs: number
	/** The same, where an agent or a server may ask a person first. */
	loginWithPersonMs: number
}

export const standardTimes: DialTimes = {
	tcpMs: 10_000,
	handshakeMs: 15_000,
	loginMs: 20_000,
	loginWithPersonMs: 120_000,
}

export interface DialRequest {
	ssh: SshConfig
	/** An accepted key, to be kept before anything else. */
	keep: AskedKey | null
	around: Surroundings
	signal: AbortSignal
	times: DialTimes
	/** Null: as the settings say. */
	keepAlive: KeepAlive | null
	secrets: LoginSecrets
	ask: AskPerson
	/** Told when the port has answered, and when the host's key was accepted. */
	phase(phase: 'host-key' | 'login'): void
	events: ConnectionEvents
	/** Why the dial before needed the system's own ssh: then ssh2 is not tried first. */
	beyond: string | null
	/** Told before the system's own ssh is tried for what ssh2 could not do. */
	goBeyond(reason: string): void
}

/** Every 3 s, lost after 2 of them without a sign of life: at most 9 s after the last one. */
const standardKeepAlive: KeepAlive = { intervalMs: 3000, count: 2 }

/** What was asked for here wins over ServerAlive… of the SSH settings. */
export function keepAliveOf(request: DialRequest, settings: Settings): KeepAlive {
	if (request.keepAlive) return request.keepAlive
	const { deadAfter } = request.ssh
	// It may fall silent right after an answer: one interval until the next question, `count` until it counts as lost.
	if (deadAfter !== undefined) return { intervalMs: Math.floor((deadAfter * 1000) / 3.3), count: 2 }
	const { aliveInterval, aliveCount } = settings
	if (!aliveInterval) return standardKeepAlive
	return { intervalMs: aliveInterval * 1000, count: Math.max(1, aliveCount ?? standardKeepAlive.count) }
}

/**
 * Opens one logged-in SSH connection, over ssh2 where that is able to, else over the system's own ssh.
 * @throws UnknownHostKey when a person has to accept the host's key first, LoginNeeded when they have to give a
 *   secret first: nothing stays open meanwhile. Otherwise a ProblemError.
 */
export async function dial(request: DialRequest): Promise<Connection> {
	const { ssh, around, signal } = request
	const settings = await resolveSettings(ssh, around, signal)
	const wanted = ssh.transport ?? 'auto'
	if (wanted === 'openssh') return await dialOpenssh(settings, request, 'The settings ask for it')
	if (wanted === 'auto' && request.beyond !== null)
		return await dialOpenssh(settings, request, request.beyond)
	try {
		return await dialSsh2(settings, request)
	} catch (error) {
		if (!(error instanceof BeyondSsh2)) throw error
		if (wanted === 'auto') {
			request.goBeyond(error.reason)
			return await dialOpenssh(settings, request, error.reason)
		}
		const { host, port } = settings
		const reason = `${error.reason}, and the settings allow no other transport than ssh2`
		throw new ProblemError(problem('ssh-protocol', { host, port, reason }))
	}
}
