import { randomUUID } from 'node:crypto'
import { ProblemError } from '../contract/client.ts'
import type { Problem } from '../contract/problem.ts'
import type { Operation, OperationOutcome, Step } from '../contract/state.ts'
import type { PlannedStep, StepRunner } from './operation.ts'
import { problem, problemOf } from './problems.ts'
import type { Store } from './store.ts'
import { workingAfterMs } from './summary.ts'

export interface OperationRequest {
	kind: Operation['kind']
	project: string
	workstation: string
	steps: readonly PlannedStep[]
	/** May throw at any point; what it learned so far goes into `result` as it learns it. */
	work: (runner: StepRunner, result: OperationResult) => Promise<void>
}

/** Filled while an operation works, so that a stopped one still says what it had done. */
export type OperationResult = Pick<OperationOutcome, 'run' | 'series' | 'commits' | 'files' | 'metrics'> & {
	/** Set when the work ended without an exception but not well: the run it waited for failed. */
	problem: Problem | null
	cancelled: boolean
}

interface Going {
	project: string
	ender: AbortController
	ended: Promise<OperationOutcome>
}

/** Ended operations that are kept to be seen. */
const mostEnded = 20

/** The reason of an abort that is no wish to cancel: this process ends. */
export const leaving = 'leaving'

/** Runs operations, one at a time per project, and keeps their picture in the state. */
export class Operations {
	readonly #store: Store
	readonly #now: () => number
	readonly #going = new Map<string, Going>()

	constructor(store: Store, now: () => number) {
		this.#store = store
		this.#now = now
	}

	/** @throws ProblemError `operation-busy` while another operation of the same project is under way */
	start(request: OperationRequest): string {
		const busy = [...this.#going].find(([, going]) => going.project === request.project)
		if (busy) {
			const kind = this.#store.state.operations[busy[0]]?.kind ?? 'sync'
			// What is about no project is about ZeroTier.
			const subject = request.project || 'ZeroTier'
			throw new ProblemError(problem('operation-busy', { project: subject, operation: kind }))
		}
		const id = randomUUID()
		const ender = new AbortController()
		const steps = request.steps.map(
			(step): Step => ({ ...step, status: 'waiting', detail: '', startedAt: null, endedAt: null }),
		)
		// A new operation takes the place of what the project's last one left on the screen.
		for (const [key, old] of Object.entries(this.#store.state.operations))
			if (old.project === request.project && old.outcome) this.#store.put('operations', key, undefined)
		this.#store.put('operations', id, {
			id,
			kind: request.kind,
			project: request.project,
			workstation: request.workstation,
			startedAt: this.#now(),
			endedAt: null,
			steps,
			cancelling: false,
			outcome: null,
		})
		const ended = this.#work(id, request, ender)
		this.#going.set(id, { project: request.project, ender, ended })
		return id
	}

	/** Settles with the outcome; at once for one that has ended. */
	async wait(id: string): Promise<OperationOutcome> {
		const going = this.#going.get(id)
		if (going) return await going.ended
		const outcome = this.#store.state.operations[id]?.outcome
		if (!outcome)
			throw new ProblemError(
				problem('input-invalid', { command: 'waitOperation', message: 'no such operation' }),
			)
		return outcome
	}

	/**
	 * What became known of an operation that was given up, maybe by an engine that has ended: it is told as what it came
	 * to. Where something else was done since, that is what counts. Settles when it has ended.
	 */
	async cameToNothing(
		id: string,
		what: Pick<Operation, 'kind' | 'project' | 'workstation' | 'steps'>,
		found: Problem,
	): Promise<void> {
		await this.#going.get(id)?.ended
		const end = { status: outcomeStatus(found, false), problem: found }
		const old = this.#store.state.operations[id]
		const others = Object.values(this.#store.state.operations)
		if (old?.outcome) this.#store.put('operations', id, { ...old, outcome: { ...old.outcome, ...end } })
		else if (!others.some(({ project }) => project === what.project)) {
			const at = this.#now()
			const times = { startedAt: at, endedAt: at, cancelling: false }
			this.#store.put('operations', id, { ...what, ...times, id, outcome: { ...emptyResult(), ...end } })
		}
	}

	cancel(id: string): void {
		this.#store.update('operations', id, (operation) => ({
			...operation,
			cancelling: operation.outcome === null,
		}))
		this.#going.get(id)?.ender.abort()
	}

	dismiss(id: string): void {
		if (!this.#going.has(id)) this.#store.put('operations', id, undefined)
	}

	/** Whether an operation of this project is under way. */
	isBusy(project: string): boolean {
		return [...this.#going.values()].some((going) => going.project === project)
	}

	/** Lets go of all and settles when they have ended. A run on a workstation goes on: nobody cancelled it. */
	async dispose(): Promise<void> {
		for (const going of this.#going.values()) going.ender.abort(leaving)
		await Promise.allSettled([...this.#going.values()].map((going) => going.ended))
	}

	async #work(id: string, request: OperationRequest, ender: AbortController): Promise<OperationOutcome> {
		// The icon shows work only after a while: have the summary looked at again then.
		const later = setTimeout(
			() => this.#store.update('operations', id, (same) => ({ ...same })),
			workingAfterMs,
		)
		const result: OperationResult = { ...emptyResult(), problem: null, cancelled: false }
		try {
			await request.work(this.#runner(id, ender.signal), result)
		} catch (error) {
			result.problem = isAbort(error, ender.signal) ? problem('operation-cancelled', {}) : problemOf(error)
			result.cancelled = result.problem.code === 'operation-cancelled'
		}
		clearTimeout(later)
		const { cancelled, ...rest } = result
		const outcome: OperationOutcome = { ...rest, status: outcomeStatus(result.problem, cancelled) }
		this.#going.delete(id)
		this.#store.update('operations', id, (operation) => ({
			...operation,
			endedAt: this.#now(),
			cancelling: false,
			outcome,
			steps: operation.steps.map((step) =>
				step.status === 'waiting' ? { ...step, status: 'skipped' } : step,
			),
		}))
		this.#forgetOld()
		return outcome
	}

	#runner(id: string, signal: AbortSignal): StepRunner {
		const set = (step: string, change: Partial<Step>) =>
			this.#store.update('operations', id, (operation) => ({
				...operation,
				steps: operation.steps.map((old) => (old.id === step ? { ...old, ...change } : old)),
			}))
		return {
			signal,
			step: async (step, work) => {
				if (signal.aborted) throw new ProblemError(problem('operation-cancelled', {}))
				set(step, { status: 'running', startedAt: this.#now() })
				try {
					const value = await work((detail, share) =>
						set(step, share === undefined ? { detail } : { detail, share }),
					)
					set(step, { status: 'done', endedAt: this.#now() })
					return value
				} catch (error) {
					set(step, { status: 'failed', endedAt: this.#now() })
					throw error
				}
			},
		}
	}

	#forgetOld(): void {
		const ended = Object.values(this.#store.state.operations).filter((operation) => operation.outcome)
		for (const old of ended.slice(0, -mostEnded)) this.#store.put('operations', old.id, undefined)
	}
}

/** Whether work ended for its signal, by whatever piece of it noticed first: with the reason itself, or Node's own error. */
const isAbort = (error: unknown, signal: AbortSignal) =>
	signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))

const emptyResult = () => ({ run: null, series: [], commits: { up: [], back: [] }, metrics: null })

/** How an operation ended, from what was wrong at its end. Pure. */
export function outcomeStatus(found: Problem | null, cancelled: boolean): OperationOutcome['status'] {
	if (cancelled || found?.code === 'run-cancelled') return 'cancelled'
	if (!found) return 'succeeded'
	return found.needsPerson ? 'stopped' : 'failed'
}
