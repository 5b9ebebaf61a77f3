import type { Pending, Standing } from '../src/contract/state.ts'

/** Something in a repository that a sync would stop at, and that only a person can end. */
export interface Care {
	side: 'laptop' | 'workstation'
	title: string
	meaning: string
	/** A file that is the matter, to be copied; else null. */
	path: string | null
}

export function caresOf({ standing, remote }: Pick<Pending, 'standing' | 'remote'>): Care[] {
	return [...caresOfSide('laptop', standing), ...(remote ? caresOfSide('workstation', remote.standing) : [])]
}

/** A rebase and a bisection check out no branch: that is how they work. */
const detaches: ReadonlySet<string | null> = new Set(['rebase', 'bisect'])

function caresOfSide(side: Care['side'], { ongoing, detached, lock }: Standing): Care[] {
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
	if (lock !== null)
		add(
			`Git is locked on the ${side}`,
			lock.owner === null
				? 'It is not known by what. When no git is at work there, remove this file.'
				: `Held by ${lock.owner}. Let it finish, or end it.`,
			lock.path,
		)
	return cares
}

/** `2 stashes on the laptop, 1 on the workstation`; null: there are none. */
export function stashWords({ standing, remote }: Pick<Pending, 'standing' | 'remote'>): string | null {
	const sides = [
		[standing.stashes, 'on the laptop'],
		[remote?.standing.stashes ?? 0, 'on the workstation'],
	] as const
	const words = sides.flatMap(([number, where]) => (number > 0 ? [[number, where] as const] : []))
	if (words.length === 0) return null
	return words
		.map(([number, where], index) =>
			index === 0 ? `${number} ${number === 1 ? 'stash' : 'stashes'} ${where}` : `${number} ${where}`,
		)
		.join(', ')
}
