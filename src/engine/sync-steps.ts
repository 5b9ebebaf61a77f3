import { agentSteps } from './agents/bring-agent.ts'
import { backSteps } from './git/back.ts'
import { setupSteps } from './git/setup.ts'
import { undoSteps } from './git/undo.ts'
import { commitStep, upSteps } from './git/up.ts'
import type { Wish } from './git/wish.ts'
import type { PlannedStep } from './operation.ts'

const connectStep: PlannedStep = { id: 'connect', title: 'Connect' }
const startStep: PlannedStep = { id: 'start', title: 'Start the validation' }
const validateStep: PlannedStep = { id: 'validate', title: 'Validate on the GPU' }

export type SyncKind = 'up' | 'run' | 'back' | 'go' | 'undo' | 'setup' | 'agent'

/** What a sync will go through, in its order. */
export function syncSteps(kind: SyncKind, { commit }: Wish): PlannedStep[] {
	const [check, ...rest] = upSteps
	const up = commit && check ? [check, commitStep, ...rest] : upSteps
	const steps: Record<SyncKind, PlannedStep[]> = {
		up,
		run: [startStep],
		back: backSteps,
		go: [...up, startStep, validateStep, ...backSteps],
		undo: undoSteps,
		setup: setupSteps,
		agent: agentSteps,
	}
	return [connectStep, ...steps[kind]]
}
