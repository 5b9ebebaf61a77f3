import type { Kept, KeptChange, KeptOperation, KeptWorktree } from './safety.ts'

/** A branch on its way back: through what changes, oldest first. Null: it is not there. */
export interface Retreat {
	branch: string
	from: string | null
	to: string | null
	numbers: number[]
}

/** A worktree that is to go or to come again. */
export interface WorktreeRetreat {
	worktree: KeptWorktree
	/** The branch that was made with it, at this commit, and goes with it; null: none. */
	branchMade: string | null
}

/** What is to be undone. */
export interface Choice {
	undone: string
	/** An undo of it that did not come to its end, and is gone on with. */
	begun: string | null
	/** The repositories in which that has begun and not ended. */
	open: number[]
	/** For each repository, in the order they were given. */
	retreats: Retreat[][]
	worktrees: (WorktreeRetreat | null)[]
	/** Branches that are neither where it left them nor where it found them. */
	moved: { repository: number; branch: string; ref: string }[]
}

/** Whose operations count. Others may share the repositories. */
export interface Whose {
	project: string
	branches: readonly string[]
}

type Standing = { is: 'as before' } | { is: 'left'; retreat: Retreat } | { is: 'moved'; ref: string }

/**
 * The last operation that still shows in one of the repositories; null when there is none.
 */
export function chooseUndo(repositories: readonly Kept[], whose: Whose): Choice | null {
	const names = new Set(repositories.flatMap(({ operations }) => operations.map(({ name }) => name)))
	const newest = [...names].sort().reverse()
	const [last] = newest
	const begun =
		last === undefined ? null : (named(repositories, last).find((one) => one?.undoes)?.undoes ?? null)
	if (last !== undefined && begun !== null) {
		const open = named(repositories, last).flatMap((one, at) =>
			one?.undoes && (!one.ended || repositories[at]?.journal) ? [at] : [],
		)
		const rest = standingOf(repositories, begun, whose, open)
		if (open.length > 0 || shows(rest)) return { ...rest, begun: last, open }
	}
	for (const name of newest) {
		const choice = standingOf(repositories, name, whose)
		if (choice.moved.length > 0 || shows(choice)) return choice
	}
	return null
}

const shows = ({ retreats, worktrees }: Choice) =>
	retreats.some((some) => some.length > 0) || worktrees.some((one) => one !== null)

const named = (repositories: readonly Kept[], name: string) =>
	repositories.map(({ operations }) => operations.find((operation) => operation.name === name))

function standingOf(
	repositories: readonly Kept[],
	name: string,
	{ project, branches }: Whose,
	open: readonly number[] = [],
): Choice {
	const choice: Choice = { undone: name, begun: null, open: [], retreats: [], worktrees: [], moved: [] }
	for (const [repository, operation] of named(repositories, name).entries()) {
		const retreats: Retreat[] = []
		choice.retreats.push(retreats)
		const now = repositories[repository]?.branches
		const mine = operation?.worktree?.project === project ? operation : null
		choice.worktrees.push(mine && worktreeRetreat(mine, now, open.includes(repository)))
		if (!operation || operation.worktree) continue
		for (const branch of new Set(operation.changes.map((change) => change.branch))) {
			if (!branches.includes(branch)) continue
			const found = standing(operation, branch, now?.get(branch) ?? null)
			if (found.is === 'left') retreats.push(found.retreat)
			if (found.is === 'moved') choice.moved.push({ repository, branch, ref: found.ref })
		}
	}
	return choice
}

/**
 * What was made shows as long as it is there; what was removed, as long as it is not. An undo that is gone on with may
 * have a branch left to remove.
 */
function worktreeRetreat(
	{ changes, worktree }: KeptOperation,
	now: ReadonlyMap<string, string> | undefined,
	isBegun: boolean,
): WorktreeRetreat | null {
	if (worktree === null) return null
	if (worktree.is === 'removed') return worktree.state === 'whole' ? null : { worktree, branchMade: null }
	const made = changes.find(({ head, after }) => head === null && after)
	const isLeft = isBegun && made !== undefined && now?.get(made.branch) === made.after
	if (worktree.state === 'absent' && !isLeft) return null
	return { worktree, branchMade: made?.after ?? null }
}

/**
 * Where a branch is, seen from an operation: walked from its last change back to its first. The last ones may not have
 * happened, or are undone already.
 */
function standing(operation: KeptOperation, branch: string, now: string | null): Standing {
	const changes = operation.changes.filter((change) => change.branch === branch)
	const undone: KeptChange[] = []
	const [first] = changes
	let at = now
	let found = false
	for (const change of changes.toReversed()) {
		if (change.after !== undefined && at === change.after) {
			undone.unshift(change)
			at = change.head
			found = true
		} else if (at === change.head) found = true
		else if (found || change === first) {
			const kept = `${first?.number}/${first?.head === null ? 'made' : 'head'}/${branch}`
			return { is: 'moved', ref: `refs/hawser/safety/${operation.name}/${kept}` }
		}
	}
	if (at === now) return { is: 'as before' }
	return {
		is: 'left',
		retreat: { branch, from: now, to: at, numbers: undone.map(({ number }) => number) },
	}
}
