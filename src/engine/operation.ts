import type { Step } from '../contract/state.ts'

export type Say = (detail: string, share?: number) => void

/** What a piece of an operation gets: a way to be cancelled and a way to show its steps. */
export interface StepRunner {
	readonly signal: AbortSignal
	/**
	 * Runs one of the operation's declared steps: shown as running, then done, or failed when `work`
	 * throws. `say` changes the detail shown beside it, and the share of it
	 * that is done (0 to 1), where that is known. Throws `operation-cancelled` when already cancelled.
	 */
	step<T>(id: string, work: (say: Say) => Promise<T>): Promise<T>
}

/** A step an operation will go through, declared before it starts. */
export type PlannedStep = Pick<Step, 'id' | 'title'>
