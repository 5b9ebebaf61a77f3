import type { Duplex } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'
import type { Connection, ConnectionEvents, KeepAlive } from '../connection.ts'
import { Heartbeat } from '../heartbeat.ts'
import type { RemoteShell, TerminalSize } from '../link.ts'
import type { Settings } from '../settings.ts'
import { Turns } from '../turns.ts'
import { lossOf } from './failure.ts'
import type { Master } from './master.ts'
import { writeFields } from './messages.ts'
import { ChannelRefused, Mux } from './mux.ts'
import type { MuxChannel } from './mux-channel.ts'
import { MuxForward } from './mux-forward.ts'
import { MuxProcess } from './mux-process.ts'
import { Pulse } from './pulse.ts'

/** How long a channel waits for the server's answer. */
const openMs = 20_000
/** Time the master has to share its connection. */
const muxMs = 5000
/** Time it has for its last words, once it has hung up. */
const lastWordsMs = 3000
const nothing = Buffer.alloc(0)

export interface Mastered {
	master: Master
	/** Where it listens. */
	socket: string
	settings: Settings
	/** The jump hosts it goes through, first to last, each `host:port`. */
	through: string[]
	reason: string
}

interface Carried {
	lose(why: Problem): void
}

/** One logged-in connection that the system's own ssh holds. What rides on it are channels of our own (`mux.ts`). */
export class OpensshConnection implements Connection {
	readonly endpoint: string
	readonly through: string[]
	readonly transport: { kind: 'openssh'; reason: string }
	readonly #host: string
	readonly #master: Master
	readonly #mux: Mux
	readonly #events: ConnectionEvents
	readonly #heartbeat: Heartbeat
	readonly #pulse: Pulse
	readonly #turns = new Turns()
	readonly #carried = new Set<Carried>()
	#lost: Problem | null = null

	/**
	 * Takes over a master that is logged in.
	 * @throws ProblemError `ssh-protocol` when that does not share its connection; it still runs then
	 */
	static async over(
		mastered: Mastered,
		keepAlive: KeepAlive,
		events: ConnectionEvents,
	): Promise<OpensshConnection> {
		const { master, socket, settings } = mastered
		const isOpenssh = master.lines.some((line) => /remote software version OpenSSH/.test(line))
		const mux = await Mux.connect(socket, isOpenssh, muxMs).catch((error: Error) => {
			const { host, port } = settings
			throw new ProblemError(problem('ssh-protocol', { host, port, reason: error.message }))
		})
		return new OpensshConnection(mastered, mux, keepAlive, events)
	}

	private constructor(mastered: Mastered, mux: Mux, keepAlive: KeepAlive, events: ConnectionEvents) {
		const { master, settings, through, reason } = mastered
		this.#host = settings.host
		this.endpoint = `${settings.host}:${settings.port}`
		this.through = through
		this.transport = { kind: 'openssh', reason }
		this.#master = master
		this.#mux = mux
		this.#events = events
		this.#pulse = new Pulse(() => mux.open('session', nothing, (channel) => channel))
		this.#heartbeat = new Heartbeat(keepAlive, {
			ping: (answered) => this.#pulse.ping(answered),
			latency: (ms) => {
				mux.trip.measured(ms)
				events.latency(ms)
			},
			lost: (why) => this.#lose(why),
		})
		mux.heard = () => this.#heartbeat.heard()
		void mux.gone.then((why) => (why === null ? this.#hungUp() : this.#lose(why)))
		void master.gone.then(() => this.#lose(lossOf(master.lines)))
	}

	/** The master has hung up. Its last words are the better reason. */
	async #hungUp(): Promise<void> {
		if (this.#lost) return
		let timer: NodeJS.Timeout | undefined
		const waited = new Promise((resolve) => {
			timer = setTimeout(resolve, lastWordsMs).unref()
		})
		await Promise.race([this.#master.gone, waited])
		clearTimeout(timer)
		this.#lose(lossOf(this.#master.lines))
	}

	/** Ends it, now. The first reason stays. */
	#lose(reason: string): void {
		const why = problem('link-lost', { host: this.#host, reason: reason.replace(/\.$/, '') })
		if (!this.#end(why)) return
		this.#events.lost(why)
		void this.#gone()
	}

	#end(why: Problem): boolean {
		if (this.#lost) return false
		this.#lost = why
		this.#heartbeat.stop()
		this.#turns.end(why)
		for (const one of [...this.#carried]) one.lose(why)
		this.#carried.clear()
		this.#pulse.stop()
		this.#mux.end()
		return true
	}

	async #gone(): Promise<void> {
		await this.#master.stop()
		this.#mux.close()
	}

	async close(): Promise<void> {
		this.#end(problem('link-closed', { host: this.#host }))
		await this.#gone()
	}

	probe(): void {
		this.#heartbeat.probe()
	}

	// ——— what rides on it ———

	async exec(command: string, signal?: AbortSignal): Promise<MuxProcess> {
		return this.#session('a command', (channel) => channel.request('exec', writeFields(command)), signal)
	}

	async shell(term: string, size: TerminalSize, command?: string): Promise<RemoteShell> {
		let resize = (_size: TerminalSize) => {}
		const started = await this.#session('a terminal', async (channel) => {
			resize = (to) => channel.tell('window-change', measures(to))
			// No modes: the terminal is as the workstation makes it.
			const terminal = Buffer.concat([writeFields(term), measures(size), writeFields('')])
			if (!(await channel.request('pty-req', terminal))) return false
			return command === undefined ? channel.request('shell') : channel.request('exec', writeFields(command))
		})
		return Object.assign(started, { resize })
	}

	async forward(host: string, port: number): Promise<Duplex> {
		const fields = writeFields(host, port, '127.0.0.1', 0)
		return this.#open(`a connection to ${host}:${port}`, 'direct-tcpip', fields, async (channel) => {
			const stream = new MuxForward(channel)
			this.#carried.add(stream)
			void channel.closed.then(() => this.#carried.delete(stream))
			return stream
		})
	}

	/** `start` says whether the server has started what is wanted. */
	#session(
		what: string,
		start: (channel: MuxChannel) => Promise<boolean>,
		signal?: AbortSignal,
	): Promise<MuxProcess> {
		const open = (free: () => void) =>
			this.#open(what, 'session', nothing, (channel) => this.#start(what, channel, start, free), signal)
		const isFull = (why: Problem) => /^connect failed|^resource shortage/.test(String(why.facts.reason))
		return this.#turns.session(what, open, isFull, signal)
	}

	async #start(
		what: string,
		channel: MuxChannel,
		start: (channel: MuxChannel) => Promise<boolean>,
		free: () => void,
	): Promise<MuxProcess> {
		const started = new MuxProcess(channel, () => this.#whyLost())
		this.#carried.add(started)
		void channel.closed.then(() => this.#carried.delete(started))
		if (!(await start(channel))) {
			channel.close()
			throw new ProblemError(this.#lost ?? problem('channel-refused', { what, reason: 'It was refused' }))
		}
		void channel.closed.then(free)
		return started
	}

	#whyLost(): Problem {
		return this.#lost ?? problem('link-lost', { host: this.#host, reason: 'It ended without a word' })
	}

	/** Gives what `take` makes of the channel; one that comes when nobody waits any more is closed at once. */
	async #open<T>(
		what: string,
		type: string,
		fields: Buffer,
		take: (channel: MuxChannel) => Promise<T>,
		signal?: AbortSignal,
	): Promise<T> {
		if (this.#lost) throw new ProblemError(this.#lost)
		if (signal?.aborted) throw new ProblemError(problem('operation-cancelled', {}))
		let channel: MuxChannel | null = null
		let over = false
		const opened = this.#mux.open(type, fields, (one) => {
			channel = one
			if (over) one.close()
			return over ? null : take(one)
		})
		let giveUp: (why: Problem) => void = () => {}
		const givenUp = new Promise<never>((_, reject) => {
			giveUp = (why) => reject(new ProblemError(why))
		})
		const onAbort = () => giveUp(problem('operation-cancelled', {}))
		const timer = setTimeout(
			() => giveUp(problem('channel-refused', { what, reason: `no answer in ${openMs / 1000} s` })),
			openMs,
		)
		signal?.addEventListener('abort', onAbort, { once: true })
		try {
			return (await Promise.race([opened, givenUp])) as T
		} catch (error) {
			over = true
			;(channel as MuxChannel | null)?.close()
			if (this.#lost) throw new ProblemError(this.#lost)
			if (error instanceof ProblemError) throw error
			if (!(error instanceof ChannelRefused)) throw new ProblemError(this.#whyLost())
			throw new ProblemError(problem('channel-refused', { what, reason: error.message }))
		} finally {
			clearTimeout(timer)
			signal?.removeEventListener('abort', onAbort)
		}
	}
}

/** Columns, rows, and the same in pixels, which nobody knows. */
const measures = ({ columns, rows }: TerminalSize) => writeFields(columns, rows, 0, 0)
