import { ProblemError } from '../contract/client.ts'
import type { CommitWish, Take } from '../contract/code.ts'
import { problem } from '../engine/problems.ts'
import type { StartWish } from '../engine/runs/start-wish.ts'
import { setsOf } from './sets.ts'

/** What can be said on the command line of a sync besides its kind. */
export interface WishOptions {
	dryRun?: boolean
	plan?: string
	commit?: string
	untracked?: boolean
	take?: string[]
	big?: boolean
	full?: boolean
	set?: string[]
	anyway?: boolean
}

export interface Wishes {
	commit?: CommitWish
	take?: Take
	big?: boolean
	full?: boolean
}

/** What of them is about the runs to start. @throws ProblemError `input-invalid` */
export function startWishOf({ set, anyway }: WishOptions, command: string): StartWish {
	const sets = setsOf(set ?? [], command)
	return { ...(sets ? { sets } : {}), ...(anyway ? { anyway } : {}) }
}

/** What of them is about moving code. @throws ProblemError `input-invalid` */
export function wishesOf({ commit, untracked, take, big, full }: WishOptions, command: string): Wishes {
	const wrong = (message: string) => new ProblemError(problem('input-invalid', { command, message }))
	if (untracked && commit === undefined) throw wrong('--untracked goes with --commit')
	const wishes: Wishes = {}
	if (commit !== undefined) wishes.commit = { message: commit, untracked: untracked ?? false }
	if (take && take.length > 0) {
		wishes.take = {}
		for (const one of take) {
			const [, side, path] = /^(laptop|workstation):(.+)$/s.exec(one) ?? []
			if (!side || !path) throw wrong(`--take ${one}: say laptop:FILE or workstation:FILE`)
			wishes.take[path] = side as Take[string]
		}
	}
	if (big) wishes.big = true
	if (full) wishes.full = true
	return wishes
}
