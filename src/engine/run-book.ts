import { isDeepStrictEqual } from 'node:util'
import type { ProjectState, Run } from '../contract/state.ts'
import type { Ledger, UnansweredStart } from './ledger.ts'
import { compare } from './runs/metrics.ts'
import { Pace, parseProgress } from './runs/progress.ts'
import type { Store } from './store.ts'

/** Hears of a run that somebody waits for, the last time when it has ended. */
type Waiter = (run: Run) => void

/**
 * Every run that a workstation told of, and what follows from its end: it is told, and those who
 * wait for it go on. A run whose end this laptop did not wait for is history and makes no notice.
 */
export class RunBook {
	readonly #store: Store
	readonly #ledger: Ledger
	readonly #now: () => number
	readonly #waiters = new Map<string, Set<Waiter>>()
	readonly #ended: (run: Run) => void
	readonly #tell: (run: Run) => void
	readonly #patternOf: (project: string) => string | undefined
	readonly #pace = new Pace()
	/** Runs that are being started now. */
	readonly #starting = new Set<string>()

	/** `tell`: takes an end that no face has told yet, also the same again. `patternOf`: how a project's log tells progress, where the settings say it. */
	constructor(options: {
		store: Store
		ledger: Ledger
		now: () => number
		ended: (run: Run) => void
		tell: (run: Run) => void
		patternOf?: (project: string) => string | undefined
	}) {
		this.#store = options.store
		this.#ledger = options.ledger
		this.#now = options.now
		this.#ended = options.ended
		this.#tell = options.tell
		this.#patternOf = options.patternOf ?? (() => undefined)
	}

	/**
	 * Takes in a run as its workstation tells it. Answers may overtake each other: what has ended does not run again, and
	 * what has begun does not wait again as it did before.
	 */
	seen(told: Run): void {
		const known = this.#store.state.runs[told.id]
		const run = known && isOvertaken(told, known) ? known : { ...told, progress: this.#progress(told, known) }
		const expected = this.#ledger.isExpected(run.id)
		this.#ledger.answered(run.id).catch(() => {})
		const running = run.outcome.status === 'running'
		const looked = running || (!expected && this.#ledger.isLooked(run.id))
		const own = this.#runsOf(run.project)
		this.#store.put('runs', run.id, { ...run, looked, ...compare(run, own, this.#directionsOf(run.project)) })
		if (run.metrics && !known?.metrics) this.#compareLater(run, own)
		for (const waiter of this.#waiters.get(run.id) ?? []) waiter(run)
		if (running) {
			if (!expected) this.#ledger.expect(run.id, null).catch(() => {})
			return
		}
		this.#pace.forget(run.id)
		this.#waiters.delete(run.id)
		if (expected) this.#end(run)
		else {
			this.#notice(run)
			if (this.#ledger.projectToBringBack(run.id) !== undefined) this.#ended(run)
		}
	}

	/**
	 * A run with this id is about to be started. Known before the workstation knows it: where the answer of the start is
	 * lost, or this process ends before it came, its end is awaited all the same.
	 */
	async starting(run: string, start: UnansweredStart): Promise<void> {
		this.#starting.add(run)
		await this.#ledger.start(run, start)
	}

	/** It is certain that nothing was started. */
	async notStarted(run: string): Promise<void> {
		this.#starting.delete(run)
		await this.#ledger.unexpect(run)
	}

	/** The answer of its start will not come any more: it may have begun. */
	startLost(run: string): void {
		this.#starting.delete(run)
	}

	/** The starts on a workstation whose answers were lost, also those of an earlier engine, by their run. */
	lostStarts(workstation: string): [run: string, start: UnansweredStart][] {
		const starts = Object.entries(this.#ledger.starts())
		return starts.filter(([run, start]) => start.workstation === workstation && !this.#starting.has(run))
	}

	/** A run this laptop started; `bringBackTo` names the project whose results are wanted at its end. */
	async started(run: Run, bringBackTo: string | null): Promise<void> {
		this.#starting.delete(run.id)
		await this.#ledger.expect(run.id, bringBackTo)
		this.seen(run)
	}

	/** These were taken off their workstation: there is nothing more to show of them. */
	gone(runs: readonly string[]): void {
		for (const run of runs) this.#store.put('runs', run, undefined)
	}

	async look(run: string): Promise<void> {
		await this.#ledger.look(run)
		this.#store.update('runs', run, (old) => ({ ...old, looked: true }))
	}

	/**
	 * Settles when the run has ended; rejects with the signal's reason when that comes first. `onSeen` hears
	 * of it meanwhile.
	 */
	async whenEnded(id: string, signal: AbortSignal, onSeen: (run: Run) => void): Promise<Run> {
		const run = this.#store.state.runs[id]
		if (run && run.outcome.status !== 'running') return run
		return await new Promise<Run>((resolve, reject) => {
			const waiters = this.#waiters.get(id) ?? new Set()
			this.#waiters.set(id, waiters)
			const stop = () => {
				waiters.delete(hear)
				reject(signal.reason)
			}
			const hear: Waiter = (seen) => {
				if (seen.outcome.status === 'running') return onSeen(seen)
				signal.removeEventListener('abort', stop)
				resolve(seen)
			}
			waiters.add(hear)
			signal.addEventListener('abort', stop, { once: true })
			if (signal.aborted) stop()
		})
	}

	#runsOf(project: string): Run[] {
		return Object.values(this.#store.state.runs).filter((run) => run.project === project)
	}

	#directionsOf(project: string): ProjectState['directions'] {
		return this.#store.state.projects[project]?.directions ?? {}
	}

	/** Those that began after this one may have ended, or been told of, before it. `own`: the project's runs. */
	#compareLater(run: Run, own: readonly Run[]): void {
		const later = own.filter((other) => other.startedAt > run.startedAt && other.metrics !== null)
		if (later.length === 0) return
		const others = [...own.filter(({ id }) => id !== run.id), run]
		for (const { id } of later)
			this.#store.update('runs', id, (old) => {
				const compared = compare(old, others, this.#directionsOf(old.project))
				return isDeepStrictEqual(compared, { change: old.change, best: old.best })
					? old
					: { ...old, ...compared }
			})
	}

	/** How far it is, also after a line that says nothing of it, and how long it has left. */
	#progress(told: Run, known: Run | undefined): Run['progress'] {
		if (told.outcome.status !== 'running') return null
		const pattern = this.#patternOf(told.project)
		const read = pattern === undefined ? told.progress : parseProgress(told.lastLine, pattern)
		const before = known?.progress && known.progress.fraction < 1 ? known.progress : null
		const progress = read ?? before
		return progress && { ...progress, leftMs: this.#pace.left(told.id, progress.fraction, this.#now()) }
	}

	#end(run: Run): void {
		this.#ledger
			.end(run.id)
			.then(() => {
				this.#notice(run)
				this.#ended(run)
			})
			.catch(() => {})
	}

	/** Also an end that an earlier engine saw. */
	#notice(run: Run): void {
		if (this.#ledger.isUntold(run.id)) this.#tell(this.#store.state.runs[run.id] ?? run)
	}
}

/** Whether it was told before what is known. A run that is held up after it began, as Slurm can, keeps when it began. Pure. */
function isOvertaken(told: Run, known: Run): boolean {
	if (told.outcome.status !== 'running') return false
	if (known.outcome.status !== 'running') return true
	return told.queue !== null && known.queue === null && told.startedAt < known.startedAt
}
