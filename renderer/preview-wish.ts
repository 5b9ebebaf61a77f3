import type { CommitWish, PlannedKind, Take } from '../src/contract/code.ts'

/** What a person has set in a preview and may not have seen the effect of yet. */
export interface Draft {
	message: string
	untracked: boolean
	take: Take
}

export const blank: Draft = { message: '', untracked: false, take: {} }

/** What a preview was asked with; what is applied is asked with the same. */
export interface PreviewWish {
	kind: PlannedKind
	commit?: CommitWish
	take?: Take
}

/** Files to commit: none, only ones that git does not know, or others (too). */
export type Changes = 'none' | 'new' | 'some'

/** What of a draft matters to an operation of that kind. */
export function wishOf(
	kind: PlannedKind,
	{ message, untracked, take }: Draft,
	changes: Changes,
): PreviewWish {
	const words = message.trim()
	const commits = (kind === 'up' || kind === 'go') && changes !== 'none' && words !== ''
	const takes = kind !== 'undo' && Object.keys(take).length > 0
	return {
		kind,
		...(commits ? { commit: { message: words, untracked: untracked || changes === 'new' } } : {}),
		...(takes ? { take } : {}),
	}
}

/** Whether two wishes ask for the same. */
export function isSameWish(one: PreviewWish, other: PreviewWish): boolean {
	const text = ({ kind, commit, take = {} }: PreviewWish) =>
		JSON.stringify([kind, commit?.message, commit?.untracked, Object.entries(take).sort()])
	return text(one) === text(other)
}
