import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import type { LinkState } from '../../contract/state.ts'
import { problem, problemOf } from '../problems.ts'
import type { Connection, KeepAlive } from './connection.ts'
import { type DialTimes, dial, standardTimes } from './dial.ts'
import { type AskedKey, UnknownHostKey } from './host-keys.ts'
import type { Link, RemoteProcess, RemoteShell, TerminalSize } from './link.ts'
import { type Asked, type LoginAnswer, LoginNeeded, type LoginSecrets, memorySecrets } from './login.ts'
import type { Routes } from './routes.ts'
import { type SshConfig, surroundings } from './settings.ts'
import {
	type BackOff,
	type Effect,
	initialMachine,
	type LinkEvent,
	type Machine,
	standardBackOff,
	step,
	unknownKeyProblem,
	waitsForPerson,
} from './state.ts'

export interface LinkOptions {
	/** The workstation's name, for words. */
	name: string
	ssh: SshConfig
	/** Default: lost after 9 s without a sign of life; `deadAfter` and ServerAlive… of the settings win. */
	keepalive?: KeepAlive
	backOff?: BackOff
	times?: DialTimes
	/** Default: ours. */
	env?: NodeJS.ProcessEnv
	/** Default: in memory, forgotten with the link. */
	secrets?: LoginSecrets
	/** When this laptop has a network; default: it always has, as for a workstation on this machine. */
	routes?: Routes
}

/** A link that is kept up over whatever transport its login needs. Off until `connect`. */
export function createLink(options: LinkOptions): Link {
	return new LiveLink(options)
}

/** One attempt to connect. What it tells after it was dropped is not heard. */
interface Dialling {
	abort: AbortController
	done: Promise<void>
}

class LiveLink implements Link {
	readonly #options: LinkOptions
	readonly #secrets: LoginSecrets
	readonly #listeners = new Set<(state: LinkState) => void>()
	readonly #stopRoutes: () => void
	#machine: Machine = initialMachine
	#dialling: Dialling | null = null
	#connection: Connection | null = null
	#closing: Promise<void> = Promise.resolve()
	#timer: NodeJS.Timeout | undefined
	/** Settles the question that a dial waits for. */
	#answer: ((answer: LoginAnswer | null) => void) | null = null
	/** Why this login needs the system's own ssh, once that is known. */
	#beyond: string | null = null
	#disposed = false

	constructor(options: LinkOptions) {
		this.#options = options
		this.#secrets = options.secrets ?? memorySecrets()
		const { routes } = options
		if (routes) this.#machine = { ...initialMachine, route: routes.has() }
		this.#stopRoutes = routes?.onChange(() => this.#routesChanged(routes)) ?? (() => {})
	}

	get state(): LinkState {
		return this.#machine.state
	}

	onState(listener: (state: LinkState) => void): () => void {
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	connect(): void {
		this.#send({ type: 'connect' })
	}

	retry(): void {
		this.#send({ type: 'retry' })
	}

	wake(): void {
		this.#send({ type: 'wake' })
	}

	async disconnect(): Promise<void> {
		this.#send({ type: 'disconnect' })
		this.#beyond = null
		await this.#closing
	}

	async dispose(): Promise<void> {
		this.#stopRoutes()
		const disconnected = this.disconnect()
		// Also while it is still closing, nobody dials again.
		this.#disposed = true
		await disconnected
		this.#listeners.clear()
	}

	#routesChanged(routes: Routes): void {
		if (routes.has() === this.#machine.route) this.#send({ type: 'wake' })
		else this.#send({ type: 'route', has: routes.has() })
	}

	answerHostKey(fingerprint: string, accept: boolean): void {
		const { asked } = this.#machine
		if (!asked) {
			const message = 'no host key is being asked about'
			throw new ProblemError(problem('input-invalid', { command: 'answerHostKey', message }))
		}
		// A stale question was answered: the key that waits is another one.
		if (asked.fingerprint !== fingerprint) throw new ProblemError(unknownKeyProblem(asked))
		this.#send({ type: 'key-answered', accept })
	}

	answerLogin(id: string, answers: readonly string[] | null, keep: boolean): void {
		const { state, secret } = this.#machine
		const question = state.status === 'login' ? state.question : null
		const refuse = (message: string) =>
			new ProblemError(problem('input-invalid', { command: 'answerLogin', message }))
		if (question?.id !== id) throw refuse('that question is not asked any more')
		if (answers && answers.length !== question.prompts.length)
			throw refuse(`${question.prompts.length} answers are needed`)
		const kept = keep && question.mayKeep
		if (!secret) {
			const answer = this.#answer
			this.#answer = null
			answer?.(answers && { answers, keep: kept })
			this.#send({ type: 'unasked', question: id })
			return
		}
		const given = answers?.[0]
		if (given === undefined) {
			this.#send({ type: 'secret-denied' })
			return
		}
		// It is in memory at once. The keychain may ask the person first; where it fails nothing is kept.
		this.#secrets.put(secret, given, kept).catch(() => {})
		this.#send({ type: 'secret-given' })
	}

	// ——— the machine's effects ———

	#send(event: LinkEvent): void {
		if (this.#disposed) return
		const before = this.#machine.state
		const moment = { now: Date.now(), random: Math.random() }
		const [machine, effects] = step(this.#machine, event, moment, this.#options.backOff ?? standardBackOff)
		this.#machine = machine
		for (const effect of effects) this.#carryOut(effect)
		if (machine.state === before) return
		for (const listener of [...this.#listeners]) {
			// What followed from it at once was told already: an older state must not have the last word.
			if (this.#machine.state !== machine.state) return
			listener(machine.state)
		}
	}

	#carryOut(effect: Effect): void {
		switch (effect.do) {
			case 'dial':
				this.#dial(effect.keep)
				break
			case 'drop':
				this.#drop()
				break
			case 'wait':
				this.#timer = setTimeout(() => this.#send({ type: 'due' }), effect.ms)
				break
			case 'stop-waiting':
				clearTimeout(this.#timer)
				break
			case 'probe':
				this.#connection?.probe()
		}
	}

	#drop(): void {
		const dialling = this.#dialling
		const connection = this.#connection
		this.#dialling = null
		this.#connection = null
		this.#answer = null
		dialling?.abort.abort()
		this.#closing = Promise.allSettled([this.#closing, dialling?.done, connection?.close()]).then(() => {})
	}

	#dial(keep: AskedKey | null): void {
		const abort = new AbortController()
		const dialling: Dialling = { abort, done: Promise.resolve() }
		this.#dialling = dialling
		dialling.done = this.#dialOnce(keep, dialling)
	}

	/** Never rejects. Nothing of a dial that was dropped is told. */
	async #dialOnce(keep: AskedKey | null, dialling: Dialling): Promise<void> {
		const { ssh, env } = this.#options
		const wanted = () => this.#dialling === dialling
		try {
			const connection = await dial({
				ssh,
				keep,
				signal: dialling.abort.signal,
				around: surroundings(env),
				times: this.#options.times ?? standardTimes,
				keepAlive: this.#options.keepalive ?? null,
				secrets: this.#secrets,
				ask: (question, signal) => (wanted() ? this.#ask(question, signal) : Promise.resolve(null)),
				phase: (phase) => {
					if (wanted()) this.#send({ type: 'phase', phase })
				},
				events: {
					latency: (latencyMs) => {
						if (wanted()) this.#send({ type: 'measured', latencyMs })
					},
					lost: (why) => {
						if (!wanted()) return
						this.#connection = null
						this.#send({ type: 'failed', problem: why })
					},
				},
				beyond: this.#beyond,
				goBeyond: (reason) => {
					if (wanted()) this.#beyond = reason
				},
			})
			if (!wanted()) return await connection.close()
			this.#connection = connection
			const { endpoint, through, transport } = connection
			this.#send({ type: 'opened', endpoint, through, transport })
		} catch (error) {
			if (wanted()) this.#failed(error)
		}
	}

	#failed(error: unknown): void {
		if (error instanceof UnknownHostKey) this.#send({ type: 'key-asked', key: error.asked })
		else if (error instanceof LoginNeeded) {
			const question = { ...error.question, id: randomUUID() }
			this.#send({ type: 'secret-asked', secret: error.secret, question })
		} else this.#send({ type: 'failed', problem: problemOf(error) })
	}

	/** Asks a person while the dial waits. */
	#ask(asked: Asked, signal: AbortSignal): Promise<LoginAnswer | null> {
		const question = { ...asked, id: randomUUID() }
		return new Promise((resolve) => {
			const settle = (answer: LoginAnswer | null) => {
				signal.removeEventListener('abort', onAbort)
				if (this.#answer === settle) this.#answer = null
				this.#send({ type: 'unasked', question: question.id })
				resolve(answer)
			}
			const onAbort = () => settle(null)
			signal.addEventListener('abort', onAbort, { once: true })
			if (signal.aborted) return onAbort()
			this.#answer = settle
			this.#send({ type: 'question', question })
		})
	}

	// ——— what rides on it ———

	exec(command: string, signal?: AbortSignal): Promise<RemoteProcess> {
		return this.#up().then((connection) => connection.exec(command, signal))
	}

	shell(terminal: string, size: TerminalSize, command?: string): Promise<RemoteShell> {
		return this.#up().then((connection) => connection.shell(terminal, size, command))
	}

	forward(host: string, port: number): Promise<Duplex> {
		return this.#up().then((connection) => connection.forward(host, port))
	}

	async #up(): Promise<Connection> {
		if (this.#connection && this.state.status === 'up') return this.#connection
		throw new ProblemError(this.#notUp())
	}

	/** Why nothing can ride on it just now. */
	#notUp(): Problem {
		const { problem: why, state } = this.#machine
		const host = this.#options.name
		if (state.status === 'off' || this.#disposed) return problem('link-off', { host })
		return why ?? problem('link-lost', { host, reason: 'It is being connected' })
	}

	/** Its first try is still on its way. Who has come as far as the login has answered. */
	#tooSlow(ms: number): Problem {
		const { host, port = 22 } = this.#options.ssh
		const seconds = ms / 1000
		if (this.state.status !== 'login') return problem('port-silent', { host, port, seconds })
		const reason = `It answers, but ${seconds} s went by before the login was through`
		return problem('ssh-protocol', { host, port, reason })
	}

	whenUp(timeoutMs: number, signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const settle = (why: Problem | null) => {
				clearTimeout(timer)
				stop()
				signal?.removeEventListener('abort', onAbort)
				if (why) reject(new ProblemError(why))
				else resolve()
			}
			const look = (state: LinkState) => {
				const { status } = state
				if (status === 'up') settle(null)
				else if (status === 'stopped' || status === 'off' || waitsForPerson(state)) settle(this.#notUp())
			}
			const onAbort = () => settle(problem('operation-cancelled', {}))
			const stop = this.onState(look)
			const timer = setTimeout(() => settle(this.#machine.problem ?? this.#tooSlow(timeoutMs)), timeoutMs)
			signal?.addEventListener('abort', onAbort, { once: true })
			if (signal?.aborted) onAbort()
			else look(this.state)
		})
	}
}
