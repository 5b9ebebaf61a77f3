import type { KeepAlive } from './connection.ts'

export interface HeartbeatEvents {
	/** Sends a question that the other side answers, and calls `answered` when it did. May throw. */
	ping(answered: () => void): void
	/** Round trip of an answered question, ms. */
	latency(ms: number): void
	/** Nothing was heard for too long, or a question could not be sent. Called once; it has stopped by then. */
	lost(reason: string): void
}

/**
 * So many times longer may a question go unanswered while other things arrive: it may queue behind a big transfer. Much
 * longer, and only the way back is alive, as behind a relay whose own connection is dead.
 */
const patience = 3

/**
 * Says when a connection is dead. It asks every interval, one question at a time; whatever arrives counts as a
 * sign of life. A line that dies right after an answer is found `(count + 1)` intervals later at most.
 */
export class Heartbeat {
	readonly #keepAlive: KeepAlive
	readonly #events: HeartbeatEvents
	readonly #ticker: NodeJS.Timeout
	#probeTimer: NodeJS.Timeout | undefined
	/** Signs of life so far, and how many there were at the last tick. */
	#heard = 0
	#heardAtTick = 0
	#silentTicks = 0
	/** Ticks that found the same question unanswered. */
	#openTicks = 0
	#askedAt: number | null = null
	#lastTick = Date.now()
	#stopped = false

	constructor(keepAlive: KeepAlive, events: HeartbeatEvents) {
		this.#keepAlive = keepAlive
		this.#events = events
		this.#ticker = setInterval(() => this.#tick(), keepAlive.intervalMs)
		// Whoever makes it has it in hand before it may say something.
		queueMicrotask(() => this.#ask())
	}

	/** Something arrived. */
	heard(): void {
		this.#heard += 1
	}

	stop(): void {
		this.#stopped = true
		clearInterval(this.#ticker)
		clearTimeout(this.#probeTimer)
	}

	/** Lost unless something is heard within one interval: after a sleep, or when a person asks. */
	probe(): void {
		if (this.#stopped || this.#probeTimer) return
		const { intervalMs } = this.#keepAlive
		const before = this.#heard
		this.#ask()
		this.#probeTimer = setTimeout(() => {
			this.#probeTimer = undefined
			if (this.#heard === before && this.#askedAt !== null) this.#lose(intervalMs)
		}, intervalMs)
	}

	#tick(): void {
		const { intervalMs, count } = this.#keepAlive
		const now = Date.now()
		const slept = now - this.#lastTick > 3 * intervalMs
		this.#lastTick = now
		const alive = this.#heard > this.#heardAtTick || this.#askedAt === null
		this.#heardAtTick = this.#heard
		this.#silentTicks = alive ? 0 : this.#silentTicks + 1
		this.#openTicks = this.#askedAt === null ? 0 : this.#openTicks + 1
		// What was silent while this laptop slept is asked again first.
		if (slept) {
			this.#silentTicks = 0
			this.#openTicks = 0
			this.probe()
		} else if (this.#openTicks >= patience * count)
			this.#end('It sends, but does not hear this laptop any more')
		else if (this.#silentTicks >= count) this.#lose(intervalMs * count)
		else this.#ask()
	}

	#ask(): void {
		if (this.#stopped || this.#askedAt !== null) return
		const askedAt = performance.now()
		this.#askedAt = askedAt
		const answered = () => {
			if (this.#stopped || this.#askedAt !== askedAt) return
			this.#askedAt = null
			this.#events.latency(Math.round((performance.now() - askedAt) * 10) / 10)
		}
		try {
			this.#events.ping(answered)
		} catch (error) {
			this.#end((error as Error).message)
		}
	}

	#lose(silentMs: number): void {
		this.#end(`Nothing was heard for ${Math.round(silentMs / 100) / 10} s`)
	}

	#end(reason: string): void {
		if (this.#stopped) return
		this.stop()
		this.#events.lost(reason)
	}
}
