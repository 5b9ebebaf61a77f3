/** What changes within this time of each other is one change: a commit writes several files. */
const quietMs = 50
/** But nothing waits longer than this for things to be quiet. */
const mostMs = 150
/** Between two readings, and twice as long each time that changes were still coming when it was over. */
const restMs = { least: 100, most: 2000 }
/** Changes that follow each other faster than this are still coming: a person's commands take longer. */
const stormMs = 100

/** When to read something that tells of its changes: soon after one, seldom in a storm of them, never two at once. */
export class ReadingPace {
	readonly #read: () => Promise<void>
	#timer: NodeJS.Timeout | undefined
	/** When the first change came that was not read yet. */
	#changedAt: number | null = null
	#lastChangeAt = 0
	#reading: Promise<void> | null = null
	#again = false
	#rest = restMs.least
	#restsUntil = 0
	#ended = false

	/** @param read never rejects */
	constructor(read: () => Promise<void>) {
		this.#read = read
	}

	/** Something changed. */
	changed(): void {
		if (this.#ended) return
		const now = performance.now()
		this.#changedAt ??= now
		this.#lastChangeAt = now
		if (this.#reading) return
		this.#schedule(now, this.#changedAt)
	}

	#schedule(now: number, changedAt: number): void {
		const heldBack = changedAt < this.#restsUntil
		const due = Math.max(Math.min(now + quietMs, changedAt + mostMs), this.#restsUntil)
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => {
			const storm = heldBack && performance.now() - this.#lastChangeAt < stormMs
			this.#rest = storm ? Math.min(this.#rest * 2, restMs.most) : restMs.least
			this.now().catch(() => {})
		}, due - now)
	}

	/** Reads at once; settles when what was so at the time of the call was read. */
	now(): Promise<void> {
		if (this.#reading) {
			this.#again = true
			return this.#reading
		}
		this.#reading = this.#readUntilStill()
		return this.#reading
	}

	/** Nothing is begun any more. Settles when what is being read has ended. */
	async end(): Promise<void> {
		this.#ended = true
		clearTimeout(this.#timer)
		await this.#reading
	}

	async #readUntilStill(): Promise<void> {
		do {
			this.#again = false
			clearTimeout(this.#timer)
			this.#changedAt = null
			await this.#read()
		} while (this.#again && !this.#ended)
		this.#reading = null
		this.#restsUntil = performance.now() + this.#rest
		// What came while it was read.
		if (this.#changedAt !== null && !this.#ended) this.#schedule(performance.now(), this.#changedAt)
	}
}
