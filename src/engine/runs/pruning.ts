const dayMs = 86_400_000
/** A connection that is just up has better to do. */
const firstMs = 30_000
/** After a failure, and between prunings for runs that end one after another. */
const leastMs = 600_000

/** When a workstation's old runs are taken away: at most once a day after a list, and after a run's end. */
export class Pruning {
	readonly #prune: () => Promise<void>
	readonly #now: () => number
	#due: number
	#working: Promise<void> | null = null
	#last: number

	/** `prune` may fail; it is then tried again later. `now`: ms. */
	constructor(prune: () => Promise<void>, now: () => number) {
		this.#prune = prune
		this.#now = now
		this.#due = now() + firstMs
		this.#last = now() + firstMs - leastMs
	}

	/** The workstation's runs were listed. */
	listed(): void {
		if (this.#now() >= this.#due) this.#start()
	}

	/** A run has ended there. */
	ended(): void {
		if (this.#now() >= this.#last + leastMs) this.#start()
	}

	/** Settles when none is under way. */
	async settled(): Promise<void> {
		await this.#working
	}

	#start(): void {
		if (this.#working) return
		this.#last = this.#now()
		this.#due = this.#last + dayMs
		this.#working = this.#prune()
			.catch(() => {
				this.#due = this.#now() + leastMs
			})
			.finally(() => {
				this.#working = null
			})
	}
}
