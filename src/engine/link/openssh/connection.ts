import type { Duplex } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'
import type { Connection, ConnectionEvents, KeepAlive } from '../connection.ts'
import { Heartbeat } from '../heartbeat.ts'
import type { RemoteShell, TerminalSize } from '../link.ts'
import type { Settings } from '../settings.ts'
import { type MuxWish, muxArgv } from './arguments.ts'
import { lossOf } from './failure.ts'
import type { PrivateFolder } from './folder.ts'
import type { Master } from './master.ts'
import { masterAnswers } from './master-check.ts'
import { MuxForward } from './mux-forward.ts'
import { MuxProcess, MuxSession } from './mux-process.ts'
import { Pulse } from './pulse.ts'
import { MuxShell, terminalCommand } from './shell.ts'
import { Turns } from './turns.ts'

/** How long a session waits for the server's answer. */
const openMs = 20_000
/** Waits before asking again, when a server still counts a session that was just closed. */
const openAgainMs = [100, 400, 1500]
/** Time the master has to say that it is there. */
const checkMs = 3000

export interface Mastered {
	master: Master
	folder: PrivateFolder
	settings: Settings
	/** The jump hosts it goes through, first to last, each `host:port`. */
	through: string[]
	reason: string
	env: NodeJS.ProcessEnv
}

interface Carried {
	lose(why: Problem): void
}

/**
 * One logged-in connection that the system's own ssh holds. Every command is a small ssh process of its own that hands
 * its pipes to the master. Two things are less than over ssh2, because OpenSSH does not pass them on: a command that a
 * signal has ended shows as exit code 255, and why a forward was refused is told only in the master's words.
 */
export class OpensshConnection implements Connection {
	readonly endpoint: string
	readonly through: string[]
	readonly transport: { kind: 'openssh'; reason: string }
	/** Where the master listens: for `muxArgv`, to give a session a terminal of its own. */
	readonly socket: string
	readonly #host: string
	readonly #env: NodeJS.ProcessEnv
	readonly #folder: string
	readonly #master: Master
	readonly #events: ConnectionEvents
	readonly #heartbeat: Heartbeat
	readonly #pulse: Pulse
	readonly #turns = new Turns()
	readonly #sessions = new Set<MuxSession>()
	readonly #carried = new Set<Carried>()
	#lost: Problem | null = null

	constructor(mastered: Mastered, keepAlive: KeepAlive, events: ConnectionEvents) {
		const { master, folder, settings, through, reason, env } = mastered
		this.#host = settings.host
		this.endpoint = `${settings.host}:${settings.port}`
		this.through = through
		this.transport = { kind: 'openssh', reason }
		this.socket = folder.socket
		this.#folder = folder.path
		this.#env = env
		this.#master = master
		this.#events = events
		this.#pulse = new Pulse(() => this.#start({ kind: 'command', command: 'exec cat' }, () => {}))
		this.#heartbeat = new Heartbeat(keepAlive, {
			ping: (answered) => this.#pulse.ping(answered),
			latency: (ms) => events.latency(ms),
			lost: (why) => this.#lose(why),
		})
		void master.gone.then(() => this.#lose(lossOf(master.lines)))
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
		for (const session of this.#sessions) session.kill()
		return true
	}

	async #gone(): Promise<void> {
		const sessions = [...this.#sessions].map((session) => session.exit)
		await Promise.all([this.#master.stop(), ...sessions])
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
		return this.#process('a command', { kind: 'command', command }, signal)
	}

	async shell(terminal: string, size: TerminalSize, command?: string): Promise<RemoteShell> {
		const wish: MuxWish = { kind: 'terminal', command: terminalCommand(size, command) }
		const started = await this.#process('a terminal', wish, undefined, terminal)
		return new MuxShell(started, (resize) => this.exec(resize))
	}

	async forward(host: string, port: number): Promise<Duplex> {
		const what = `a connection to ${host}:${port}`
		const session = await this.#open(what, { kind: 'forward', host, port }, () => {})
		const stream = new MuxForward(session, () => this.#whyGone())
		this.#carried.add(stream)
		stream.once('close', () => this.#carried.delete(stream))
		return stream
	}

	async #process(what: string, wish: MuxWish, signal?: AbortSignal, term?: string): Promise<MuxProcess> {
		if (this.#lost) throw new ProblemError(this.#lost)
		const free = await this.#turns.take(what, signal)
		let session: MuxSession
		try {
			session = await this.#openAgain(what, wish, free, signal, term)
		} catch (error) {
			free()
			throw error
		}
		const started = new MuxProcess(session, () => this.#whyGone())
		this.#carried.add(started)
		started.exit.then(
			() => this.#carried.delete(started),
			() => this.#carried.delete(started),
		)
		return started
	}

	async #openAgain(
		what: string,
		wish: MuxWish,
		free: () => void,
		signal?: AbortSignal,
		term?: string,
	): Promise<MuxSession> {
		for (const again of openAgainMs) {
			try {
				return await this.#open(what, wish, free, signal, term)
			} catch (error) {
				const full =
					error instanceof ProblemError && /refused by peer/.test(String(error.problem.facts.reason))
				if (!full) throw error
				await new Promise((resolve) => setTimeout(resolve, again))
			}
		}
		return this.#open(what, wish, free, signal, term)
	}

	/** `onEnd` is called only after it was opened. */
	async #open(
		what: string,
		wish: MuxWish,
		onEnd: () => void,
		signal?: AbortSignal,
		term?: string,
	): Promise<MuxSession> {
		if (this.#lost) throw new ProblemError(this.#lost)
		if (signal?.aborted) throw new ProblemError(problem('operation-cancelled', {}))
		let wasOpened = false
		const said = this.#master.lines.length
		let ended = false
		const end = () => {
			ended = true
			if (wasOpened) onEnd()
		}
		const session = this.#start(wish, end, term)
		let late = false
		const timer = setTimeout(() => {
			late = true
			session.kill()
		}, openMs)
		const onAbort = () => session.kill()
		signal?.addEventListener('abort', onAbort, { once: true })
		try {
			await session.opened
			wasOpened = true
			// The end of a short command may be told before its start.
			if (ended) onEnd()
			if (this.#lost) throw new Error('it is gone')
			return session
		} catch (error) {
			const exit = signal?.aborted || late ? null : await session.exit
			const why = exit ? await this.#whyGone() : this.#lost
			if (why) throw new ProblemError(why)
			if (signal?.aborted) throw new ProblemError(problem('operation-cancelled', {}))
			// The master tells more of it than the session's own ssh.
			const more = this.#master.lines.slice(Math.min(said, this.#master.lines.length))
			const refusal = more.map((line) => /^channel \d+: open failed: (.+)$/.exec(line)?.[1]).findLast(Boolean)
			const own = late ? `no answer in ${openMs / 1000} s` : (error as Error).message
			const reason = refusal && wish.kind === 'forward' ? refusal : own
			throw new ProblemError(problem('channel-refused', { what, reason }))
		} finally {
			clearTimeout(timer)
			signal?.removeEventListener('abort', onAbort)
		}
	}

	#start(wish: MuxWish, onEnd: () => void, term?: string): MuxSession {
		const session: MuxSession = new MuxSession(muxArgv(this.socket, wish, 'DEBUG1'), {
			env: term === undefined ? this.#env : { ...this.#env, TERM: term },
			cwd: this.#folder,
			heard: () => this.#heartbeat.heard(),
			onEnd: () => {
				this.#sessions.delete(session)
				onEnd()
			},
		})
		this.#sessions.add(session)
		return session
	}

	/** Asks the master itself whether it is there: its end may not have been told yet. */
	async #whyGone(): Promise<Problem | null> {
		if (this.#lost) return this.#lost
		if (await masterAnswers(this.socket, checkMs)) return this.#lost
		// It is going: its last words are the better reason.
		await Promise.race([this.#master.gone, new Promise((resolve) => setTimeout(resolve, checkMs).unref())])
		this.#lose(lossOf(this.#master.lines))
		return this.#lost
	}
}
