import type { ProjectConfig } from '../contract/config.ts'
import { agentSteps } from './agents/bring-agent.ts'
import { backSteps } from './git/back.ts'
import { setupSteps } from './git/setup.ts'
import { undoSteps } from './git/undo.ts'
import { commitStep, upSteps } from './git/up.ts'
import type { Wish } from './git/wish.ts'
import type { PlannedStep } from './operation.ts'
import { filesSteps } from './sync-files.ts'

const connectStep: PlannedStep = { id: 'connect', title: 'Connect' }
export const startStep: PlannedStep = { id: 'start', title: 'Start the validation' }
const validateStep: PlannedStep = { id: 'validate', title: 'Validate on the GPU' }

export type SyncKind = 'up' | 'run' | 'back' | 'go' | 'undo' | 'setup' | 'agent'

/** What a sync will go through, in its order. */
export function syncSteps(kind: SyncKind, wish: Wish, project: ProjectConfig): PlannedStep[] {
	const { commit } = wish
	const isGit = project.strategy === 'git'
	const [check, ...rest] = upSteps
	const gitUp = commit && check ? [check, commitStep, ...rest] : upSteps
	const up = [...(isGit ? gitUp : []), ...filesSteps('up', project, wish)]
	const back = [...(isGit ? backSteps : []), ...filesSteps('back', project, wish)]
	const steps: Record<SyncKind, PlannedStep[]> = {
		up,
		run: [startStep],
		back,
		go: [...up, startStep, validateStep, ...back],
		undo: undoSteps,
		setup: setupSteps,
		agent: agentSteps,
	}
	return [connectStep, ...steps[kind]]
}
