import type { Duplex } from 'node:stream'
import ssh2, { type AuthHandlerMiddleware, type Client, type ConnectConfig } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import type { DialRequest } from './dial.ts'
import { changedKeyProblem, type HostRecord, UnknownHostKey } from './host-keys.ts'
import { fingerprint, keyType } from './known-hosts.ts'
import { BeyondSsh2 } from './login.ts'
import type { Settings } from './settings.ts'
import { Ssh2Login } from './ssh2-login.ts'

interface Handshake {
	settings: Settings
	record: HostRecord
	stream: Duplex
	request: DialRequest
	/** Told when the host's key was accepted. */
	onLogin(): void
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
		const { host, port, knownHostsCommand } = settings
		const { name } = record
		if (verdict.verdict !== 'unknown')
			refuse(new ProblemError(changedKeyProblem(settings, record.name, key, verdict)))
		else if (knownHostsCommand !== null)
			refuse(new BeyondSsh2('A command knows the hosts (KnownHostsCommand)'))
		else refuse(new UnknownHostKey({ host, port, name, keyType: type, fingerprint: fingerprint(blob), key }))
		return false
	}
}

/**
 * Hears what the server says to each step of the login. ssh2 keeps the answer to a key of an agent to itself, with
 * what is left to do after a partial success (USERAUTH_FAILURE in its lib/client.js): so this listens inside.
 */
function onRefused(client: Client, heard: (left: string[], partial: boolean) => void): void {
	type Handler = (protocol: unknown, left: string[], partial: boolean) => void
	const inside = client as unknown as { _protocol?: { _handlers?: { USERAUTH_FAILURE?: Handler } } }
	const handlers = inside._protocol?._handlers
	const handler = handlers?.USERAUTH_FAILURE
	if (!handlers || !handler) throw new Error('ssh2 is not the version it was')
	handlers.USERAUTH_FAILURE = (protocol, left, partial) => {
		heard(left ?? [], partial)
		handler(protocol, left, partial)
	}
}

/** Disconnect reasons of RFC 4253 that speak of the login; OpenSSH says "too many" with 2. */
function isRefusal(error: Error & { code?: unknown }): boolean {
	return error.code === 14 || /too many authentication failures/i.test(error.message)
}

/**
 * Speaks SSH over `stream` until somebody is logged in. On failure, client and stream are gone.
 * @throws UnknownHostKey, LoginNeeded, BeyondSsh2, ProblemError
 */
export function handshake({ settings, record, stream, request, onLogin }: Handshake): Promise<Client> {
	return new Promise((resolve, reject) => {
		const { host, port, user } = settings
		const { times, signal } = request
		const client = new ssh2.Client()
		const over = new AbortController()
		let phase: 'handshake' | 'login' | 'refused' | 'over' = 'handshake'
		let verdict: Error | null = null
		/** Time that people have taken, ms: all their answers together have one limit. */
		let taken = 0
		let timer: NodeJS.Timeout
		const limit = (ms: number) => {
			clearTimeout(timer)
			timer = setTimeout(() => late(ms / 1000), ms)
		}
		// Who has said something is there: then it is not the way that is silent.
		const late = (seconds: number) => {
			const unanswered = login.unanswered('nobody answered in time')
			if (unanswered) return settle(new ProblemError(unanswered))
			const heard = ((stream as { bytesRead?: number }).bytesRead ?? 0) > 0
			const until = phase === 'handshake' ? 'keys were exchanged' : 'the login was through'
			const reason = `It answers, but ${seconds} s went by before ${until}`
			const silent = problem('port-silent', { host, port, seconds })
			settle(new ProblemError(heard ? problem('ssh-protocol', { host, port, reason }) : silent))
		}
		const settle = (error: unknown) => {
			if (phase === 'over') return
			phase = 'over'
			clearTimeout(timer)
			signal.removeEventListener('abort', onAbort)
			over.abort()
			if (!error) return resolve(client)
			client.destroy()
			stream.destroy()
			reject(error)
		}
		const onAbort = () => settle(new ProblemError(problem('operation-cancelled', {})))
		const broken = (reason: string) => {
			// What the refusal means is just being found out.
			if (phase === 'refused') return
			if (verdict) return settle(verdict)
			const missing = /no matching (.+)$/.exec(reason)?.[1]
			if (missing) return settle(new BeyondSsh2(`The server and ssh2 have no ${missing} in common`))
			const unanswered = login.unanswered('the connection ended before')
			settle(new ProblemError(unanswered ?? problem('ssh-protocol', { host, port, reason })))
		}
		const login = new Ssh2Login(settings, request, {
			over: over.signal,
			fail: settle,
			person() {
				const since = performance.now()
				if (phase === 'login') limit(Math.max(1, Math.round(times.loginWithPersonMs - taken)))
				return () => {
					taken += performance.now() - since
					// The server is to answer as soon as before: the line may have died meanwhile.
					if (phase === 'login') limit(times.loginMs)
				}
			},
		})
		// Several may come for one failure, and some after it: the listener stays for good.
		client.on('error', (error) => {
			// One key of an agent failed; the next is tried.
			if (error.level === 'agent') return
			if (phase !== 'login' || !isRefusal(error)) return broken(error.message)
			phase = 'refused'
			login.refusal(error.message).then(settle, settle)
		})
		client.on('close', () => broken('it closed the connection'))
		client.once('handshake', () => {
			if (phase !== 'handshake') return
			phase = 'login'
			limit(times.loginMs)
			onLogin()
		})
		client.on('change password', () => settle(new BeyondSsh2('The server wants the password changed')))
		client.once('ready', () => {
			// What was typed was right. The connection does not wait for the keychain.
			login.accepted().catch(() => {})
			settle(null)
		})
		const authHandler: AuthHandlerMiddleware = (_left, _partial, next) =>
			void login.next().then((attempt) => {
				if (phase === 'login') next(attempt)
			}, settle)
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
				authHandler,
			})
			onRefused(client, (left, partial) => login.heard(left, partial))
			if (signal.aborted) onAbort()
		} catch (error) {
			broken((error as Error).message)
		}
	})
}
