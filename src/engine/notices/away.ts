/** A workstation is told of when it was out of reach for this long while the laptop was awake (ms). */
export const awayMs = 5 * 60_000
const tickMs = 15_000
/** The clock went on by more than this between two ticks: the laptop slept (ms). */
const sleptMs = 4 * tickMs

/**
 * How long each workstation is out of reach. Only time awake counts, in one piece: after a sleep the link has its
 * chance first. Holds a timer only while one is away.
 */
export class Away {
	readonly #now: () => number
	readonly #due: (workstation: string) => void
	/** Since when, by workstation; null: it was told. */
	readonly #since = new Map<string, number | null>()
	#timer: NodeJS.Timeout | undefined
	#ticked = 0

	/** `due`: called once each time it is away for long. */
	constructor(now: () => number, due: (workstation: string) => void) {
		this.#now = now
		this.#due = due
	}

	set(workstation: string, isAway: boolean): void {
		if (!isAway) this.#since.delete(workstation)
		else if (!this.#since.has(workstation)) this.#since.set(workstation, this.#now())
		if (this.#since.size === 0) this.dispose()
		else if (this.#timer === undefined) {
			this.#ticked = this.#now()
			this.#timer = setInterval(() => this.#tick(), tickMs)
		}
	}

	dispose(): void {
		clearInterval(this.#timer)
		this.#timer = undefined
	}

	#tick(): void {
		const now = this.#now()
		const slept = now - this.#ticked > sleptMs || now < this.#ticked
		this.#ticked = now
		for (const [workstation, since] of this.#since) {
			if (since === null) continue
			if (slept) this.#since.set(workstation, now)
			else if (now - since >= awayMs) {
				this.#since.set(workstation, null)
				this.#due(workstation)
			}
		}
	}
}
