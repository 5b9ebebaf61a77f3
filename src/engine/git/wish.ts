import type { CommitWish, Take } from '../../contract/code.ts'

/** What a person wishes of a sync besides its kind. */
export interface Wish {
	/** The preview that it is bound to. */
	plan?: string | undefined
	commit?: CommitWish | undefined
	take?: Take | undefined
	/** Files over the limit are committed too. */
	big?: boolean | undefined
	/** All files are looked at, also those that nobody touched. */
	full?: boolean | undefined
}
