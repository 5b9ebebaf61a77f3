import type { Duplex } from 'node:stream'
import pLimit from 'p-limit'
import type { Client, ClientChannel } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { ChannelProcess, ForwardStream } from './channel.ts'
import type { Dialled } from './dial.ts'
import type { RemoteShell, TerminalSize } from './link.ts'

/** OpenSSH allows ten sessions on a connection and counts one until its command is gone, so two are spare. */
const sessions = 8
/** How long a command waits for its turn, and a channel for the server's answer. */
const turnMs = 30_000
const openMs = 20_000
/** Waits before asking again, when a server still counts a session that was just closed. */
const openAgainMs = [100, 400, 1500]
/** How long a closing connection may take to say goodbye. */
const goodbyeMs = 2000

export interface KeepAlive {
	intervalMs: number
	/** So many intervals without a sign of life, and it is lost. */
	count: number
}

type Carried = ChannelProcess | ForwardStream
type Open = (callback: (error: Error | undefined, channel: ClientChannel) => void) => unknown

const cancelled = () => problem('operation-cancelled', {})

/** One logged-in connection, from the end of its dial to its loss. */
export class Connection {
	readonly host: string
	readonly endpoint: string
	readonly #client: Client
	readonly #stream: Duplex
	readonly #keepAlive: KeepAlive
	readonly #onLatency: (ms: number) => void
	readonly #onLost: (why: Problem) => void
	readonly #limit = pLimit(sessions)
	readonly #carried = new Set<Carried>()
	readonly #closed: Promise<void>
	#ticker: NodeJS.Timeout
	#probeTimer: NodeJS.Timeout | undefined
	#lost: Problem | null = null
	#heard = 0
	#silentTicks = 0
	#pingSince: number | null = null
	#lastTick = Date.now()

	constructor(
		dialled: Dialled,
		keepAlive: KeepAlive,
		on: { latency(ms: number): void; lost(why: Problem): void },
	) {
		const { client, stream, settings } = dialled
		this.host = settings.host
		this.endpoint = `${settings.host}:${settings.port}`
		this.#client = client
		this.#stream = stream
		this.#keepAlive = keepAlive
		this.#onLatency = on.latency
		this.#onLost = on.lost
		stream.on('data', () => {
			this.#heard += 1
		})
		client.on('error', (error) => this.lose(error.message))
		this.#closed = new Promise((resolve) => {
			client.once('close', () => {
				this.lose('The connection was closed')
				resolve()
			})
		})
		this.#ticker = setInterval(() => this.#tick(), keepAlive.intervalMs)
		this.#ping()
	}

	/** Ends it, now. The first reason stays. */
	lose(reason: string): void {
		this.#end(problem('link-lost', { host: this.host, reason: reason.replace(/\.$/, '') }))
		this.#client.destroy()
	}

	#end(why: Problem): boolean {
		if (this.#lost) return false
		this.#lost = why
		clearInterval(this.#ticker)
		clearTimeout(this.#probeTimer)
		for (const one of [...this.#carried]) one.lose(why)
		this.#carried.clear()
		this.#onLost(why)
		return true
	}

	/** Says goodbye. Settles when the connection is closed. */
	async close(): Promise<void> {
		this.#end(problem('link-closed', { host: this.host }))
		this.#client.end()
		// Not the client's own `destroy`: once it has said goodbye, that does nothing any more.
		const timer = setTimeout(() => this.#stream.destroy(), goodbyeMs)
		await this.#closed
		clearTimeout(timer)
	}

	// ——— is it alive? ———

	/** A request that every server answers, if only with a no: there is nothing forwarded at port 0. */
	#ping(): void {
		if (this.#pingSince !== null) return
		this.#pingSince = performance.now()
		const answered = () => {
			const since = this.#pingSince
			this.#pingSince = null
			if (since !== null && !this.#lost) this.#onLatency(Math.round((performance.now() - since) * 10) / 10)
		}
		try {
			this.#client.unforwardIn('127.0.0.1', 0, answered)
		} catch (error) {
			this.lose((error as Error).message)
		}
	}

	#tick(): void {
		const { intervalMs, count } = this.#keepAlive
		const now = Date.now()
		const slept = now - this.#lastTick > 3 * intervalMs
		this.#lastTick = now
		const alive = this.#heard > 0 || this.#pingSince === null
		this.#heard = 0
		this.#silentTicks = alive ? 0 : this.#silentTicks + 1
		if (this.#silentTicks >= count)
			this.lose(`Nothing was heard for ${Math.round((intervalMs * count) / 100) / 10} s`)
		else if (slept) this.probe()
		else this.#ping()
	}

	/** Is lost unless it answers within one interval: after a sleep, or when a person asks. */
	probe(): void {
		if (this.#lost || this.#probeTimer) return
		const { intervalMs } = this.#keepAlive
		this.#heard = 0
		this.#ping()
		this.#probeTimer = setTimeout(() => {
			this.#probeTimer = undefined
			if (this.#heard === 0 && this.#pingSince !== null)
				this.lose(`Nothing was heard for ${intervalMs / 1000} s`)
		}, intervalMs)
	}

	// ——— what rides on it ———

	async exec(command: string, signal?: AbortSignal): Promise<ChannelProcess> {
		return this.#session('a command', (callback) => this.#client.exec(command, callback), signal)
	}

	async shell(term: string, { columns, rows }: TerminalSize, command?: string): Promise<RemoteShell> {
		const pty = { term, cols: columns, rows, width: 0, height: 0 }
		const started = await this.#session('a terminal', (callback) =>
			command === undefined
				? this.#client.shell(pty, callback)
				: this.#client.exec(command, { pty }, callback),
		)
		return Object.assign(started, {
			resize: (size: TerminalSize) => started.stdout.setWindow(size.rows, size.columns, 0, 0),
		})
	}

	async forward(host: string, port: number): Promise<Duplex> {
		const open: Open = (callback) => this.#client.forwardOut('127.0.0.1', 0, host, port, callback)
		return this.#open(`a connection to ${host}:${port}`, open, (channel) => {
			const stream: ForwardStream = new ForwardStream(channel, () => this.#carried.delete(stream))
			this.#carried.add(stream)
			return stream
		})
	}

	async #session(what: string, open: Open, signal?: AbortSignal): Promise<ChannelProcess> {
		const free = await this.#turn(what, signal)
		try {
			return await this.#openSession(what, open, (channel) => this.#process(channel, free), signal)
		} catch (error) {
			free()
			throw error
		}
	}

	#process(channel: ClientChannel, free: () => void): ChannelProcess {
		const lost = () =>
			this.#lost ?? problem('link-lost', { host: this.host, reason: 'It ended without a word' })
		const started: ChannelProcess = new ChannelProcess(channel, lost, () => {
			this.#carried.delete(started)
			free()
		})
		this.#carried.add(started)
		return started
	}

	/** Waits for one of the sessions; what it gives frees it again. */
	#turn(what: string, signal?: AbortSignal): Promise<() => void> {
		return new Promise((resolve, reject) => {
			let given = false
			const refuse = (why: Problem) => {
				if (given) return
				given = true
				stop()
				reject(new ProblemError(why))
			}
			const onAbort = () => refuse(cancelled())
			const reason = `all ${sessions} sessions of the connection are in use`
			const timer = setTimeout(
				() => refuse(this.#lost ?? problem('channel-refused', { what, reason })),
				turnMs,
			)
			const stop = () => {
				clearTimeout(timer)
				signal?.removeEventListener('abort', onAbort)
			}
			signal?.addEventListener('abort', onAbort, { once: true })
			if (signal?.aborted) return onAbort()
			void this.#limit(() => {
				if (given) return
				given = true
				stop()
				return new Promise<void>((free) => resolve(free))
			})
		})
	}

	async #openSession<T>(
		what: string,
		open: Open,
		take: (channel: ClientChannel) => T,
		signal?: AbortSignal,
	): Promise<T> {
		for (const again of openAgainMs) {
			try {
				return await this.#open(what, open, take, signal)
			} catch (error) {
				// Any other refusal, such as of a terminal, would only be repeated.
				const full = error instanceof ProblemError && /open failure/.test(String(error.problem.facts.reason))
				if (!full) throw error
				await new Promise((resolve) => setTimeout(resolve, again))
			}
		}
		return this.#open(what, open, take, signal)
	}

	/** `take` gets the channel at once: a short command's exit may be in the same packet as its start. */
	#open<T>(what: string, open: Open, take: (channel: ClientChannel) => T, signal?: AbortSignal): Promise<T> {
		return new Promise((resolve, reject) => {
			let over = false
			const settle = (why: Problem | null, channel?: ClientChannel) => {
				if (over) return
				over = true
				clearTimeout(timer)
				signal?.removeEventListener('abort', onAbort)
				if (channel) resolve(take(channel))
				else reject(new ProblemError(why ?? cancelled()))
			}
			const onAbort = () => settle(cancelled())
			const timer = setTimeout(
				() => settle(problem('channel-refused', { what, reason: `no answer in ${openMs / 1000} s` })),
				openMs,
			)
			if (this.#lost) return settle(this.#lost)
			if (signal?.aborted) return onAbort()
			signal?.addEventListener('abort', onAbort, { once: true })
			try {
				open((error, channel) => {
					if (error) return settle(this.#lost ?? problem('channel-refused', { what, reason: error.message }))
					// It came too late: nobody wants it any more.
					if (over) return discard(channel)
					settle(null, channel)
				})
			} catch (error) {
				settle(this.#lost ?? problem('link-lost', { host: this.host, reason: (error as Error).message }))
			}
		})
	}
}

function discard(channel: ClientChannel): void {
	channel.on('error', () => {})
	channel.close()
	channel.resume()
	channel.stderr?.resume()
}
