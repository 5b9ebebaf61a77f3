import type { FileChange } from './code.ts'
import type { Lane, Pending, Standing } from './state.ts'

/**
 * What a repository holds that is in no commit, or needs somebody's care, in words: the one place for it, for the
 * window, the menu and the terminal. Imports types alone, so that a page may load it. Names from outside are in the
 * words as they are: a face that needs them plain makes them so.
 */

type Side = 'laptop' | 'workstation'

/** Something in a repository that a sync would stop at, and that only a person can end. */
export interface Care {
	side: Side
	title: string
	/** What to do. */
	meaning: string
	/** A file that is the matter, to be copied; else null. */
	path: string | null
}

type Stood = Pick<Pending, 'standing'> & {
	remote: Pick<NonNullable<Pending['remote']>, 'standing' | 'baseCommits'> | null
}

/** The laptop's first. */
export function caresOf({ standing, remote }: Stood): Care[] {
	const there = remote
		? [...caresOfSide('workstation', remote.standing), ...caresOfBase(remote.baseCommits)]
		: []
	return [...caresOfSide('laptop', standing), ...there]
}

/** Code goes up on that branch, and results come back on another one. */
function caresOfBase({ count: number }: Lane): Care[] {
	if (number === 0) return []
	return [
		{
			side: 'workstation',
			title: `${count(number, 'commit')} on the workstation’s base branch ${number === 1 ? 'goes' : 'go'} nowhere`,
			meaning: `Made there by hand; neither up nor back moves ${number === 1 ? 'it' : 'them'}. Merge the base branch into the validation branch there, and the results bring ${number === 1 ? 'it' : 'them'} back.`,
			path: null,
		},
	]
}

/** A rebase and a bisection check out no branch: that is how they work. */
const detaches: ReadonlySet<string | null> = new Set(['rebase', 'bisect'])

function caresOfSide(side: Side, { ongoing, detached, lock }: Standing): Care[] {
	const cares: Care[] = []
	const add = (title: string, meaning: string, path: string | null = null) =>
		cares.push({ side, title, meaning, path })
	if (ongoing !== null)
		add(`A ${ongoing} is in progress on the ${side}`, 'Finish or abort it there, then start again.')
	if (detached && !detaches.has(ongoing))
		add(
			`No branch is checked out on the ${side}`,
			'A commit made there is on no branch. Check one out before you go on.',
		)
	if (lock === null) return cares
	if (lock.owner === null)
		add(
			`Git is locked on the ${side}`,
			'It is not known by what. When no git is at work there, remove this file.',
			lock.path,
		)
	else add(`Git is locked on the ${side} by ${lock.owner}`, 'Let it finish, or end it.', lock.path)
	return cares
}

/** `2 stashes on the laptop, 1 on the workstation`; null: there are none. */
export function stashWords({ standing, remote }: Stood): string | null {
	const here = standing.stashes
	const there = remote?.standing.stashes ?? 0
	const words = [
		...(here > 0 ? [`${count(here, 'stash', 'stashes')} on the laptop`] : []),
		...(there > 0 ? [`${here > 0 ? there : count(there, 'stash', 'stashes')} on the workstation`] : []),
	]
	return words.length > 0 ? words.join(', ') : null
}

type Changes = Pick<Pending, 'changedFiles' | 'changedCount' | 'untrackedFiles' | 'untrackedCount'>

/** `3 changed files and 1 new`, `1 new file`; null: there are none. */
export function changeWords(side: Pick<Changes, 'changedCount' | 'untrackedCount'> | null): string | null {
	const { changedCount: changed, untrackedCount: fresh } = side ?? { changedCount: 0, untrackedCount: 0 }
	if (changed > 0) return `${count(changed, 'changed file')}${fresh > 0 ? ` and ${fresh} new` : ''}`
	return fresh > 0 ? count(fresh, 'new file') : null
}

/** `2 result files`; null: there are none, or the workstation was not read. */
export function resultWords({ remote }: { remote: { resultCount: number } | null }): string | null {
	return remote && remote.resultCount > 0 ? count(remote.resultCount, 'result file') : null
}

/** Files of one kind that no commit holds. */
export interface FileGroup {
	label: string
	change: FileChange['change']
	/** Of one of them, in a word. */
	word: string
	/** The first few of `total`. */
	files: readonly string[]
	total: number
}

/** By machine; none that is empty. */
export function fileGroups(
	pending: Changes & Pick<Pending, 'remote'>,
): Record<Side | 'results', FileGroup[]> {
	const { remote } = pending
	const some = (groups: FileGroup[]) => groups.filter(({ total }) => total > 0)
	const results = (files: readonly string[], total: number): FileGroup => ({
		label: 'Results on the workstation, not committed',
		change: 'added',
		word: 'result',
		files,
		total,
	})
	return {
		laptop: some(groupsOf('laptop', pending)),
		workstation: remote ? some(groupsOf('workstation', remote)) : [],
		results: remote ? some([results(remote.resultFiles, remote.resultCount)]) : [],
	}
}

const groupsOf = (side: Side, { changedFiles, changedCount, untrackedFiles, untrackedCount }: Changes) => [
	{
		label: `Changed on the ${side}, not committed`,
		change: 'modified' as const,
		word: 'changed',
		files: changedFiles,
		total: changedCount,
	},
	{
		label: `New on the ${side}, not committed`,
		change: 'added' as const,
		word: 'new',
		files: untrackedFiles,
		total: untrackedCount,
	},
]

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
