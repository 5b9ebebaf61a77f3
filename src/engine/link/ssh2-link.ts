import type { Duplex } from 'node:stream'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import type { LinkState } from '../../contract/state.ts'
import { problem, problemOf } from '../problems.ts'
import { Connection, type KeepAlive } from './connection.ts'
import { type DialTimes, dial } from './dial.ts'
import { type AskedKey, UnknownHostKey } from './host-keys.ts'
import type { Link, RemoteProcess, RemoteShell, TerminalSize } from './link.ts'
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
} from './state.ts'

export interface LinkOptions {
	/** The workstation's name, for words. */
	name: string
	ssh: SshConfig
	/** Default: every 5 s, lost after 2 without a sign of life; the SSH settings' ServerAlive values win. */
	keepalive?: KeepAlive
	backOff?: BackOff
	times?: DialTimes
	/** Default: ours. */
	env?: NodeJS.ProcessEnv
}

export const standardKeepAlive: KeepAlive = { intervalMs: 5000, count: 2 }

/** A link over ssh2. Off until `connect`. */
export function createLink(options: LinkOptions): Link {
	return new Ssh2Link(options)
}

class Ssh2Link implements Link {
	readonly #options: LinkOptions
	readonly #listeners = new Set<(state: LinkState) => void>()
	#machine: Machine = initialMachine
	#dialling: { abort: AbortController; done: Promise<void> } | null = null
	#connection: Connection | null = null
	#closing: Promise<void> = Promise.resolve()
	#timer: NodeJS.Timeout | undefined
	#disposed = false

	constructor(options: LinkOptions) {
		this.#options = options
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

	async disconnect(): Promise<void> {
		this.#send({ type: 'disconnect' })
		await this.#closing
	}

	async dispose(): Promise<void> {
		await this.disconnect()
		this.#disposed = true
		this.#listeners.clear()
	}

	answerHostKey(fingerprint: string, accept: boolean): void {
		const { asked } = this.#machine
		if (!asked) {
			const message = 'no host key is being asked about'
			throw new ProblemError(problem('input-invalid', { command: 'answerHostKey', message }))
		}
		// A stale question was answered: the key that waits is another one.
		if (asked.fingerprint !== fingerprint) throw new ProblemError(unknownKeyProblem(asked))
		this.#send({ type: 'answered', accept })
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
		for (const listener of [...this.#listeners]) listener(machine.state)
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
		dialling?.abort.abort()
		this.#closing = Promise.all([this.#closing, dialling?.done, connection?.close()]).then(() => {})
	}

	#dial(keep: AskedKey | null): void {
		const abort = new AbortController()
		const wanted = () => this.#dialling?.abort === abort
		this.#dialling = { abort, done: this.#dialOnce(keep, abort.signal, wanted) }
	}

	/** Never rejects. `wanted` turns false when this dial was dropped: then nothing of it may be told. */
	async #dialOnce(keep: AskedKey | null, signal: AbortSignal, wanted: () => boolean): Promise<void> {
		const { ssh, times, env } = this.#options
		try {
			const dialled = await dial({
				ssh,
				keep,
				signal,
				around: surroundings(env),
				...(times ? { times } : {}),
			})
			if (!wanted()) {
				dialled.client.destroy()
				return
			}
			const connection: Connection = new Connection(dialled, this.#keepAlive(dialled.settings), {
				latency: (latencyMs) => {
					if (this.#connection === connection) this.#send({ type: 'measured', latencyMs })
				},
				lost: (why) => {
					if (this.#connection !== connection) return
					this.#connection = null
					this.#send({ type: 'failed', problem: why })
				},
			})
			this.#connection = connection
			this.#send({ type: 'opened', endpoint: connection.endpoint })
		} catch (error) {
			if (!wanted()) return
			if (error instanceof UnknownHostKey) this.#send({ type: 'asked', key: error.asked })
			else this.#send({ type: 'failed', problem: problemOf(error) })
		}
	}

	#keepAlive(settings: { aliveInterval: number | null; aliveCount: number | null }): KeepAlive {
		if (this.#options.keepalive) return this.#options.keepalive
		const { aliveInterval, aliveCount } = settings
		if (!aliveInterval) return standardKeepAlive
		return { intervalMs: aliveInterval * 1000, count: Math.max(1, aliveCount ?? standardKeepAlive.count) }
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
				if (state.status === 'up') settle(null)
				else if (state.status === 'stopped' || state.status === 'asking' || state.status === 'off')
					settle(this.#notUp())
			}
			const onAbort = () => settle(problem('operation-cancelled', {}))
			const stop = this.onState(look)
			const timer = setTimeout(() => {
				const { host, port = 22 } = this.#options.ssh
				const silent = problem('port-silent', { host, port, seconds: timeoutMs / 1000 })
				settle(this.#machine.problem ?? silent)
			}, timeoutMs)
			signal?.addEventListener('abort', onAbort, { once: true })
			if (signal?.aborted) onAbort()
			else look(this.state)
		})
	}
}
