import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit, Lane, Pending, Standing } from '../../contract/state.ts'
import type { LocalFacts, RemoteFacts } from './facts.ts'
import { difference } from './history.ts'

/** How many commits a lane shows. */
export const laneLength = 20
/** How many files a list shows: a folder that nobody ignored can hold a hundred thousand. */
export const mostFiles = 100

/**
 * What waits to move, from what was read on both sides. Pure. `at` is when the laptop was read (ms). A lane
 * that cannot be known from the facts is null. `remoteAt` is the same as `at` where there are remote facts:
 * who read them earlier says so.
 */
export function pendingOf(
	project: ProjectConfig,
	local: LocalFacts,
	remote: RemoteFacts | null,
	now: number,
): Pending {
	const validation = remote?.validation ?? null
	const lists = [local.history, remote?.line ?? []]
	const words = new Map<string, Commit>()
	for (const { id, subject, author, at } of [...local.history, ...(remote?.commits ?? [])])
		words.set(id, { id, subject, author, at })
	const lane = (ids: string[] | null): Lane | null =>
		ids && {
			count: ids.length,
			commits: ids.flatMap((id) => words.get(id) ?? []).slice(0, laneLength),
		}
	return {
		at: now,
		head: local.head,
		branch: local.branch,
		changedFiles: local.changedFiles.slice(0, mostFiles),
		changedCount: local.changedFiles.length,
		untrackedFiles: local.untrackedFiles.slice(0, mostFiles),
		untrackedCount: local.untrackedFiles.length,
		standing: local.standing,
		fromHub: project.git.hub === 'direct' ? null : local.fromHub,
		toHub: project.git.hub === 'direct' ? null : local.toHub,
		toWorkstation: validation === null ? null : lane(difference(local.head, validation, lists)),
		toLaptop: validation === null ? null : lane(difference(validation, local.head, [...lists].reverse())),
		remoteAt: remote ? now : null,
		remote: remote && {
			base: remote.base,
			validation: remote.validation,
			standing: standingOf(remote),
			baseCommits: baseCommitsOf(remote, local),
			untrackedFiles: remote.untracked.files.slice(0, mostFiles),
			untrackedCount: remote.untracked.count,
			changedFiles: remote.changedFiles.slice(0, mostFiles),
			changedCount: remote.changedCount,
			resultFiles: remote.resultFiles.slice(0, mostFiles),
			resultCount: remote.resultCount,
		},
		problem: local.problem ?? remote?.problem ?? null,
	}
}

/** What the laptop has by now comes off. */
function baseCommitsOf({ baseCommits, baseCount }: RemoteFacts, { history }: LocalFacts): Lane {
	const known = new Set(history.map(({ id }) => id))
	const commits = baseCommits.filter(({ id }) => !known.has(id))
	return { count: baseCount - baseCommits.length + commits.length, commits }
}

/** The clone and its worktree as one. What is so in the worktree, where the results come to be, comes first. */
function standingOf({ trees, stashes }: RemoteFacts): Standing {
	const first = [...trees].reverse()
	return {
		detached: trees.some((tree) => tree.detached),
		ongoing: first.find((tree) => tree.ongoing !== null)?.ongoing ?? null,
		stashes,
		lock: first.find((tree) => tree.lock !== null)?.lock ?? null,
	}
}
