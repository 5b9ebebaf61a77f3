import type { UnansweredStart } from './ledger.ts'
import type { Link } from './link/link.ts'
import type { Operations } from './operations.ts'
import { problem } from './problems.ts'
import type { RunBook } from './run-book.ts'
import { findStarts } from './runs/runs.ts'
import { startStep } from './sync-steps.ts'

/**
 * Starts of runs whose answers were lost with the link, or with an engine that ended meanwhile. Their workstation says
 * what became of them as soon as it answers again: a run that began is awaited as any other; one that did not is told
 * as what became of its operation, and is forgotten.
 */
export class LostStarts {
	readonly #book: RunBook
	readonly #operations: Operations
	/** Workstations that are being asked. */
	readonly #asked = new Set<string>()

	constructor(options: { book: RunBook; operations: Operations }) {
		this.#book = options.book
		this.#operations = options.operations
	}

	/** Settles when it was asked, or is being asked by another call; what is not known yet is asked again next time. */
	async ask(workstation: string, link: Link): Promise<void> {
		const lost = new Map(this.#book.lostStarts(workstation))
		if (lost.size === 0 || this.#asked.has(workstation)) return
		this.#asked.add(workstation)
		try {
			const { runs, never } = await findStarts(link, workstation, [...lost.keys()])
			for (const run of runs) this.#book.seen(run)
			for (const id of never) {
				await this.#tell(id, lost.get(id))
				await this.#book.notStarted(id)
			}
		} finally {
			this.#asked.delete(workstation)
		}
	}

	async #tell(run: string, start: UnansweredStart | undefined): Promise<void> {
		if (!start) return
		const { operation, ...what } = start
		const failed = { status: 'failed', detail: '', startedAt: null, endedAt: null } as const
		const steps = [{ ...startStep, ...failed }]
		const found = problem('run-never-began', { run })
		await this.#operations.cameToNothing(operation, { ...what, steps }, found)
	}
}
