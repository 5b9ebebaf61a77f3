import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine, PlanStep } from '../../contract/code.ts'

/** The marks of an operation of ours that was cut off, or is still at work: see the journal in `git-move.sh`. */
export interface Leftover {
	machine: Machine
	/** The branch that it was about to move; null: it had not begun to, or had done so. */
	branch: string | null
}

/** A look at both sides found such marks, and was not to clear them up. What lies under them cannot be told. */
export class LeftoversError extends Error {
	readonly leftovers: readonly Leftover[]
	constructor(leftovers: readonly Leftover[]) {
		super('an operation left something')
		this.leftovers = leftovers
	}
}

/** What is left in a repository of the laptop; `common`: the folder that its worktrees share. */
export async function leftoverHere(common: string): Promise<Leftover | null> {
	const journal = await readFile(join(common, 'hawser-journal'), 'utf8').catch(() => null)
	return journal === null ? null : { machine: 'laptop', branch: unfinishedMove(journal) }
}

/** Pure: the branch of a journal's last move that was neither ended nor undone. */
export function unfinishedMove(journal: string): string | null {
	const last = journal.split('\n').findLast((line) => line.startsWith('move ') || line === 'moved')
	return last?.startsWith('move ') ? branchOf(last.split(' ')[7]) : null
}

/** From a full ref name; null: none. */
export const branchOf = (ref: string | undefined): string | null => ref?.replace(/^refs\/heads\//, '') || null

export const settleStep = ({ machine, branch }: Leftover): PlanStep => ({
	id: 'settle',
	machine,
	title: branch === null ? 'Clear up after an operation that was cut off' : `Finish or undo moving ${branch}`,
	commits: null,
	files: [],
	fileCount: 0,
})

export const settleNote =
	'An operation was cut off there, or is still at work. Going on brings files and branch in step again, loses nothing, and stops; the next preview shows the rest.'
