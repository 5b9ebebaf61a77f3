import type { Kept, KeptChange, KeptOperation } from './safety.ts'

/** A branch on its way back: through what changes, oldest first. */
export interface Retreat {
	branch: string
	from: string
	to: string
	numbers: number[]
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
	/** Branches that are neither where it left them nor where it found them. */
	moved: { repository: number; branch: string; ref: string }[]
}

type Standing = { is: 'as before' } | { is: 'left'; retreat: Retreat } | { is: 'moved'; ref: string }

/**
 * The last operation that still shows in one of the repositories; null when there is none. Only `branches` count:
 * others may share the repositories.
 */
export function chooseUndo(repositories: readonly Kept[], branches: readonly string[]): Choice | null {
	const names = new Set(repositories.flatMap(({ operations }) => operations.map(({ name }) => name)))
	const newest = [...names].sort().reverse()
	const [last] = newest
	const begun =
		last === undefined ? null : (named(repositories, last).find((one) => one?.undoes)?.undoes ?? null)
	if (last !== undefined && begun !== null) {
		const rest = standingOf(repositories, begun, branches)
		const open = named(repositories, last).flatMap((one, at) =>
			one?.undoes && (!one.ended || repositories[at]?.journal) ? [at] : [],
		)
		if (open.length > 0 || rest.retreats.some((some) => some.length > 0))
			return { ...rest, begun: last, open }
	}
	for (const name of newest) {
		const choice = standingOf(repositories, name, branches)
		if (choice.moved.length > 0 || choice.retreats.some((some) => some.length > 0)) return choice
	}
	return null
}

const named = (repositories: readonly Kept[], name: string) =>
	repositories.map(({ operations }) => operations.find((operation) => operation.name === name))

function standingOf(repositories: readonly Kept[], name: string, branches: readonly string[]): Choice {
	const choice: Choice = { undone: name, begun: null, open: [], retreats: [], moved: [] }
	for (const [repository, operation] of named(repositories, name).entries()) {
		const retreats: Retreat[] = []
		choice.retreats.push(retreats)
		if (!operation) continue
		for (const branch of new Set(operation.changes.map((change) => change.branch))) {
			if (!branches.includes(branch)) continue
			const found = standing(operation, branch, repositories[repository]?.branches.get(branch))
			if (found.is === 'left') retreats.push(found.retreat)
			if (found.is === 'moved') choice.moved.push({ repository, branch, ref: found.ref })
		}
	}
	return choice
}

/**
 * Where a branch is, seen from an operation: walked from its last change back to its first. The last ones may not have
 * happened, or are undone already.
 */
function standing(operation: KeptOperation, branch: string, now: string | undefined): Standing {
	const changes = operation.changes.filter((change) => change.branch === branch)
	const undone: KeptChange[] = []
	const [first] = changes
	let at = now
	let found = false
	for (const change of changes.toReversed()) {
		if (change.after !== null && at === change.after) {
			undone.unshift(change)
			at = change.head
			found = true
		} else if (at === change.head) found = true
		else if (found || change === first)
			return { is: 'moved', ref: `refs/hawser/safety/${operation.name}/${first?.number}/head/${branch}` }
	}
	if (now === undefined || at === undefined || at === now) return { is: 'as before' }
	return {
		is: 'left',
		retreat: { branch, from: now, to: at, numbers: undone.map(({ number }) => number) },
	}
}
