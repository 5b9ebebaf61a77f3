import type { CommitWish, PlannedKind, Take } from '../src/contract/code.ts'

/** What a person has set in a preview and may not have seen the effect of yet. */
export interface Draft {
	message: string
	untracked: boolean
	take: Take
	/** Files over the limit are committed too, and so many files or deletions as would else wait for a word. */
	big: boolean
}

export const blank: Draft = { message: '', untracked: false, take: {}, big: false }

/** What a preview was asked with; what is applied is asked with the same. */
export interface PreviewWish {
	kind: PlannedKind
	commit?: CommitWish
	take?: Take
	big?: boolean
}

/** Files to commit: none, only ones that git does not know, or others (too). */
export type Changes = 'none' | 'new' | 'some'

/** What of a draft matters to an operation of that kind. */
export function wishOf(
	kind: PlannedKind,
	{ message, untracked, take, big }: Draft,
	changes: Changes,
): PreviewWish {
	const words = message.trim()
	const commits = (kind === 'up' || kind === 'go') && changes !== 'none' && words !== ''
	const takes = kind !== 'undo' && Object.keys(take).length > 0
	return {
		kind,
		...(commits ? { commit: { message: words, untracked: untracked || changes === 'new' } } : {}),
		...(takes ? { take } : {}),
		...(big && kind !== 'undo' ? { big } : {}),
	}
}

/** Whether two wishes ask for the same. */
export function isSameWish(one: PreviewWish, other: PreviewWish): boolean {
	const text = ({ kind, commit, take = {}, big = false }: PreviewWish) =>
		JSON.stringify([kind, commit?.message, commit?.untracked, Object.entries(take).sort(), big])
	return text(one) === text(other)
}
