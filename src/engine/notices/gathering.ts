import type { Happening } from './happening.ts'

/** How long after a link came up its news are gathered, and over which more than a few are many (ms). */
export const gatherMs = 1500
/** Told at once within `gatherMs`; what comes then waits for the end of it. */
const mostInARow = 2

interface Held {
	happening: Happening
	dueAt: number
}

/**
 * Holds what happened until it is told: nothing on a steady link, but for what comes in one turn; for a moment after a
 * gap, or when much comes in a row. What falls due together is told together.
 */
export class Gathering {
	readonly #now: () => number
	readonly #tell: (together: Happening[]) => void
	#held: Held[] = []
	/** When the last few were told, oldest first. */
	#told: number[] = []
	#timer: NodeJS.Timeout | undefined

	constructor(now: () => number, tell: (together: Happening[]) => void) {
		this.#now = now
		this.#tell = tell
	}

	has(notice: string): boolean {
		return this.#held.some(({ happening }) => happening.notice.id === notice)
	}

	/** `upSince`: when the link came up that it came over; null: over none. `notBefore`: ms since the epoch. */
	add(happening: Happening, upSince: number | null, notBefore = 0): void {
		const now = this.#now()
		this.#told = this.#told.filter((at) => at <= now && now - at < gatherMs)
		const isFresh = upSince !== null && upSince <= now && now - upSince < gatherMs
		const [first] = this.#told
		const isMany = first !== undefined && this.#told.length >= mostInARow
		const dueAt = Math.max(now, notBefore, isFresh ? upSince + gatherMs : 0, isMany ? first + gatherMs : 0)
		this.#held.push({ happening, dueAt })
		this.#arm()
	}

	drop(notice: string): void {
		this.#held = this.#held.filter(({ happening }) => happening.notice.id !== notice)
		this.#arm()
	}

	/** Those of this series, before they fall due. */
	take(series: string): Happening[] {
		const own = this.#held.filter(({ happening }) => happening.series === series)
		this.#held = this.#held.filter((held) => !own.includes(held))
		this.#arm()
		return own.map(({ happening }) => happening)
	}

	dispose(): void {
		clearTimeout(this.#timer)
		this.#held = []
	}

	#arm(): void {
		clearTimeout(this.#timer)
		if (this.#held.length === 0) return
		const next = Math.min(...this.#held.map(({ dueAt }) => dueAt))
		// A clock that is set back must hold nothing for longer.
		const wait = Math.min(gatherMs, Math.max(0, next - this.#now()))
		this.#timer = setTimeout(() => this.#due(next), wait)
	}

	#due(at: number): void {
		const due = this.#held.filter(({ dueAt }) => dueAt <= at)
		this.#held = this.#held.filter(({ dueAt }) => dueAt > at)
		this.#told.push(...due.slice(0, mostInARow).map(() => this.#now()))
		this.#arm()
		this.#tell(due.map(({ happening }) => happening))
	}
}
