import type { Duplex } from 'node:stream'
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
import { lessOverhead } from './ssh2-overhead.ts'
import { Turns } from './turns.ts'

/** How long a channel waits for the server's answer. */
const openMs = 20_000
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
	readonly #turns = new Turns()
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
		lessOverhead(client, stream)
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
		this.#turns.end(why)
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

	#session(what: string, open: Open, signal?: AbortSignal): Promise<ChannelProcess> {
		const openOne = (free: () => void) =>
			this.#open(what, open, (channel) => this.#process(channel, free), signal)
		const isFull = (why: Problem) => /open failure/.test(String(why.facts.reason))
		return this.#turns.session(what, openOne, isFull, signal)
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
