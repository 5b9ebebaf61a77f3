/** So many bytes beside a question, and its answer may have waited behind them. */
const quietBytes = 32 * 1024
/** Answers of a quiet line that are remembered: a minute's at one in three seconds. */
const mostQuiet = 20

/**
 * Round trip of a line when nothing rides on it, ms. The shortest of the last quiet answers, so that a line which has
 * become longer (another network, a relay) is known as such; a busy one can only be shorter than was thought.
 */
export class LineTrip {
	/** Bytes that came, or were taken by the other side, since the last answer. */
	carried = 0
	#quiet: number[] = []
	/** Until it is measured: a line of middling length. */
	#ms = 50

	get ms(): number {
		return this.#ms
	}

	measured(ms: number): void {
		const first = this.#quiet.length === 0
		if (first || this.carried < quietBytes) {
			this.#quiet = [...this.#quiet, ms].slice(-mostQuiet)
			this.#ms = Math.min(...this.#quiet)
		} else this.#ms = Math.min(this.#ms, ms)
		this.carried = 0
	}
}
