/** What `git status` says of one worktree. Names are as git has them, from the worktree's top. */
export interface WorktreeStatus {
	/** The branch that is checked out, also one without a commit yet; null: none. */
	branch: string | null
	stashes: number
	/** Tracked files with changes, staged or not; both names of one that was renamed. */
	changedFiles: string[]
	/** Each file, never a folder for what is in it. Ignored ones are left out. */
	untrackedFiles: string[]
}

/**
 * Arguments whose output `parseStatus` reads. How far a branch is from its upstream is not asked for: over a long
 * history that costs more than all the rest. Said outright wherever a person may have set it otherwise.
 */
export const statusArguments = [
	'status',
	'--porcelain=v2',
	'-z',
	'--branch',
	'--no-ahead-behind',
	'--show-stash',
	'--no-renames',
	'--untracked-files=all',
] as const

/** Fields before a name, by a line's first character. See "Porcelain Format Version 2" in git-status(1). */
const fieldsBefore: Record<string, number> = { '1': 8, u: 10 }

export function parseStatus(text: string): WorktreeStatus {
	const status: WorktreeStatus = { branch: null, stashes: 0, changedFiles: [], untrackedFiles: [] }
	for (const line of text.split('\0')) {
		const kind = line[0] ?? ''
		const fields = fieldsBefore[kind]
		if (kind === '?') status.untrackedFiles.push(line.slice(2))
		else if (fields !== undefined) status.changedFiles.push(nameAfter(line, fields))
		else if (line.startsWith('# branch.head ')) status.branch = branchOf(line.slice(14))
		else if (line.startsWith('# stash ')) status.stashes = Number(line.slice(8))
	}
	return status
}

const branchOf = (head: string) => (head === '(detached)' ? null : head)

function nameAfter(line: string, fields: number): string {
	let at = 0
	for (let field = 0; field < fields; field++) at = line.indexOf(' ', at) + 1
	return line.slice(at)
}
