const most = 2 * 1024 * 1024
/** What may queue in front of a small question, ms. */
const queueMs = 40
/** How long a rate is measured at least, ms. */
const spanMs = 100
/** While it still grows by more than this from one round trip to the next, each of them is measured. */
const growing = 1.25

/**
 * How many bytes of one channel may be under way in one direction: what the line carries in a round trip, and a little
 * queue to keep it busy. The full window of SSH (2 MiB) would stand in front of everything else on the same connection:
 * 170 ms of it on a line of 100 Mbit/s. Grows from round trip to round trip until the line is full.
 */
export class Allowance {
	readonly #trip: { readonly ms: number }
	readonly #least: number
	readonly #now: () => number
	#bytes: number
	#count = 0
	#since: number
	#wanting = false
	#isGrowing = true

	/**
	 * @param trip round trip of the line when nothing rides on it, ms
	 * @param now ms of a clock that never goes back
	 */
	constructor(trip: { readonly ms: number }, least: number, now: () => number = () => performance.now()) {
		this.#trip = trip
		this.#least = least
		this.#now = now
		this.#bytes = 256 * 1024
		this.#since = now()
	}

	get bytes(): number {
		return this.#bytes
	}

	/** There would be more to carry: then the rate is that of the line, and not of who sends or reads. */
	wanting(): void {
		this.#wanting = true
	}

	/** So many bytes have arrived at the other end. */
	took(bytes: number): void {
		this.#count += bytes
		const now = this.#now()
		const span = now - this.#since
		if (span < Math.max(this.#isGrowing ? 0 : spanMs, this.#trip.ms, 1)) return
		if (this.#wanting) {
			const perMs = this.#count / span
			const before = this.#bytes
			this.#bytes = Math.round(Math.max(this.#least, Math.min(most, perMs * (this.#trip.ms + queueMs))))
			this.#isGrowing &&= this.#bytes > before * growing
		}
		this.#count = 0
		this.#since = now
		this.#wanting = false
	}
}
