import { setTimeout as sleep } from 'node:timers/promises'

/** As fast as a log is passed on to eyes. In bytes. */
export interface Pace {
	perSecond: number
	/** So much at once. */
	burst: number
	/** So much of the end is kept when the rest is left out. */
	tail: number
}

/** Some 1,000 lines a second: more than anyone reads, less than would keep a window busy. */
export const readable: Pace = { perSecond: 96 * 1024, burst: 48 * 1024, tail: 16 * 1024 }

/** A bucket that fills by `pace`, and empties with what is passed on. */
export class Budget {
	readonly #pace: Pace
	#left: number
	#at = performance.now()

	constructor(pace: Pace) {
		this.#pace = pace
		this.#left = pace.burst
	}

	/** Settles at once while there is some left (false), else when it is full again (true). */
	async spend(bytes: number, signal: AbortSignal): Promise<boolean> {
		const { perSecond, burst } = this.#pace
		const now = performance.now()
		this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond) - bytes
		this.#at = now
		if (this.#left > 0) return false
		await sleep(((burst - this.#left) / perSecond) * 1000, undefined, { signal }).catch(() => {})
		return true
	}
}
