import type { PlanStep } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { fileName, type Rec } from './records.ts'
import { remoteWorktree } from './remote.ts'
import type { Side } from './sides.ts'
import type { WorktreeRetreat } from './undo-choice.ts'
import { lostIn } from './worktrees.ts'

/** The arguments of git-worktrees that undo what was done to a worktree; null: only the end is left to be told. */
export function worktreeRequest(
	mode: 'check' | 'apply',
	operation: string,
	side: Side,
	project: ProjectConfig,
	undone: string,
	retreat: WorktreeRetreat | null,
): string[] {
	const { git } = project
	const validation = side.machine === 'laptop' ? (git.worktree ?? '') : remoteWorktree(project)
	return [
		...[`undo-${mode}`, operation, side.path, side.name, validation, project.name, undone],
		...[retreat?.worktree.ref ?? '', retreat?.branchMade ?? ''],
	]
}

/** What git-worktrees found that would be lost. */
export function worktreeProblem(
	side: Side,
	retreat: WorktreeRetreat | null,
	records: readonly Rec[],
): Problem | null {
	const lost = lostIn(records)
	if (lost.length === 0) return null
	return problem('worktree-in-use', { path: retreat?.worktree.path ?? '', side: side.name, lost })
}

const titles: Record<string, (name: string) => string> = {
	'undo.take': (path) => `Remove the worktree at ${path}`,
	'undo.bring': (path) => `Make the worktree at ${path} again`,
	'undo.drop': (branch) => `Remove the branch ${branch}`,
	'undo.make': (branch) => `Make the branch ${branch} again`,
}

/** Steps of worktrees and branches that come or go. */
export function comingSteps(side: Side, records: readonly Rec[]): PlanStep[] {
	const id = side.machine === 'laptop' ? 'undo-laptop' : 'undo-workstation'
	return records.flatMap(([record, ...rest]) => {
		const title = titles[record]?.(fileName(rest.join('\t')))
		if (title === undefined) return []
		return [{ id, machine: side.machine, title, commits: null, files: [], fileCount: 0 }]
	})
}

const remarks: Record<string, (branch: string) => string> = {
	'undo.stays': (branch) => `The branch ${branch} stays: it has moved since, or is checked out elsewhere.`,
	'undo.moved': (branch) => `The branch ${branch} has moved since: it is checked out as it is now.`,
	'undo.bring': () => 'Files that git ignores do not come back with it.',
}

export function worktreeNotes(records: readonly Rec[]): string[] {
	return records.flatMap(([record, name = '']) => remarks[record]?.(name) ?? [])
}
