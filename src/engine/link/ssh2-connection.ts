import type { Duplex } from 'node:stream'
import pLimit from 'p-limit'
import type { Client, ClientChannel } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { ChannelProcess, ForwardStream } from './channel.ts'
import type { Connection, ConnectionEvents, KeepAlive } from './connection.ts'
import { Heartbeat } from './heartbeat.ts'
import { keepInFlight, openSmall } from './in-flight.ts'
import { LineTrip } from './line-trip.ts'
import type { RemoteShell, TerminalSize } from './link.ts'
import type { Settings } from './settings.ts'

/** OpenSSH allows ten sessions on a connection and counts one until its command is gone, so two are spare. */
const sessions = 8
/** How long a command waits for its turn, and a channel for the server's answer. */
const turnMs = 30_000
const openMs = 20_000
/** Waits before asking again, when a server still counts a session that was just closed. */
const openAgainMs = [100, 400, 1500]
/** How long a closing connection may take to say goodbye. */
const goodbyeMs = 2000

export interface Dialled {
	client: Client
	/** What carries it: for counting what arrives. */
	stream: Duplex
	settings: Settings
	/** The jump hosts it goes through, first to last, each `host:port`. */
	through: string[]
}

type Carried = ChannelProcess | ForwardStream
type Open = (callback: (error: Error | undefined, channel: ClientChannel) => void) => unknown

const cancelled = () => problem('operation-cancelled', {})

/** One logged-in connection over ssh2. */
export class Ssh2Connection implements Connection {
	readonly endpoint: string
	readonly through: string[]
	readonly transport = { kind: 'ssh2', reason: '' } as const
	readonly #host: string
	readonly #client: Client
	readonly #stream: Duplex
	readonly #events: ConnectionEvents
	readonly #heartbeat: Heartbeat
	readonly #limit = pLimit(sessions)
	readonly #carried = new Set<Carried>()
	readonly #closed: Promise<void>
	readonly #trip = new LineTrip()
	#lost: Problem | null = null

	constructor(dialled: Dialled, keepAlive: KeepAlive, events: ConnectionEvents) {
		const { client, stream, settings, through } = dialled
		this.#host = settings.host
		this.endpoint = `${settings.host}:${settings.port}`
		this.through = through
		openSmall(client)
		this.#client = client
		this.#stream = stream
		this.#events = events
		this.#heartbeat = new Heartbeat(keepAlive, {
			// A request that every server answers, if only with a no: there is nothing forwarded at port 0.
			ping: (answered) => client.unforwardIn('127.0.0.1', 0, answered),
			latency: (ms) => {
				this.#trip.measured(ms)
				events.latency(ms)
			},
			lost: (reason) => this.#lose(reason),
		})
		stream.on('data', (data: Buffer) => {
			this.#heartbeat.heard()
			this.#trip.carried += data.length
		})
		client.on('error', (error) => this.#lose(error.message))
		this.#closed = new Promise((resolve) => {
			client.once('close', () => {
				this.#lose('The connection was closed')
				resolve()
			})
		})
	}

	/** Ends it, now. The first reason stays. */
	#lose(reason: string): void {
		const why = problem('link-lost', { host: this.#host, reason: reason.replace(/\.$/, '') })
		if (this.#end(why)) this.#events.lost(why)
		this.#client.destroy()
	}

	#end(why: Problem): boolean {
		if (this.#lost) return false
		this.#lost = why
		this.#heartbeat.stop()
		for (const one of [...this.#carried]) one.lose(why)
		this.#carried.clear()
		return true
	}

	async close(): Promise<void> {
		this.#end(problem('link-closed', { host: this.#host }))
		this.#client.end()
		// Not the client's own `destroy`: once it has said goodbye, that does nothing any more.
		const timer = setTimeout(() => this.#stream.destroy(), goodbyeMs)
		await this.#closed
		clearTimeout(timer)
	}

	probe(): void {
		this.#heartbeat.probe()
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
			this.#lost ?? problem('link-lost', { host: this.#host, reason: 'It ended without a word' })
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
				if (channel) {
					keepInFlight(this.#client, channel, this.#trip)
					resolve(take(channel))
				} else reject(new ProblemError(why ?? cancelled()))
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
				settle(this.#lost ?? problem('link-lost', { host: this.#host, reason: (error as Error).message }))
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
