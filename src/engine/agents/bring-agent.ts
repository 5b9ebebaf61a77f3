import type { Plan } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import { factText } from '../fact-text.ts'
import { back } from '../git/back.ts'
import { refuse } from '../git/git.ts'
import { mostFiles } from '../git/pending.ts'
import { preview } from '../git/preview.ts'
import { readRemote } from '../git/remote.ts'
import { newOperation } from '../git/safety.ts'
import type { Wish } from '../git/wish.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { agentPlaces } from './agent-places.ts'

/** As `back` goes through them. */
export const agentSteps: PlannedStep[] = [
	{ id: 'back-check', title: 'Check the agent’s branch' },
	{ id: 'back-commit', title: 'Leave what is in no commit' },
	{ id: 'back-merge', title: 'Merge on the laptop' },
]

/** A glob that no file of a worktree fits: git keeps that name for itself. */
const nothing = '.git/none'

/**
 * The project as `back` is to see it: the agent's branch in the place of the validation branch, and nothing that is to
 * be committed there. Its commits come over the link alone: no hub gets to see its branch.
 * @throws ProblemError `agent-unset`
 */
export function agentProject(project: ProjectConfig): ProjectConfig {
	const places = agentPlaces(project)
	if (!places) return refuse('agent-unset', { project: project.name })
	const { worktree: _, ...git } = project.git
	return {
		...project,
		git: {
			...git,
			hub: 'direct',
			validation: places.branch,
			remoteWorktree: places.worktree,
			results: [nothing],
		},
	}
}

/**
 * Brings the commits of the agent's branch into the laptop's base branch. As `back`: refuses before anything is changed,
 * keeps how it was, can be undone; again is safe. What is in no commit stays there.
 * @throws ProblemError `agent-unset`, and those of `back`
 */
export async function bringAgent(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
	wish: Wish,
): Promise<{ commits: Commit[] }> {
	return await back(runner, link, agentProject(project), wish, newOperation('agent', Date.now()))
}

/** What that would do now. Changes nothing. @throws as `preview` */
export async function previewAgent(
	link: Link,
	project: ProjectConfig,
	wish: Wish,
	signal: AbortSignal,
	now: number,
): Promise<Plan> {
	const seen = agentProject(project)
	const [plan, remote] = await Promise.all([
		preview(link, seen, 'back', wish, signal, now),
		readRemote(link, seen, signal),
	])
	const left = [...remote.changedFiles, ...remote.untracked.files]
	const count = remote.changedCount + remote.untracked.count
	const stays =
		count === 1 ? '1 file is in no commit and stays there' : `${count} files are in no commit and stay there`
	const notes = count === 0 ? plan.notes : [...plan.notes, `${stays}: ${factText(left.slice(0, mostFiles))}.`]
	return { ...plan, kind: 'agent', notes }
}
