import { createHash } from 'node:crypto'
import type { FileChange } from '../../contract/code.ts'
import { refuse } from './git.ts'
import type { Prospect } from './prospect.ts'
import type { Wish } from './wish.ts'

/** Names all that a plan rests on: the same for as long as none of it has moved. */
export function planId(
	direction: 'up' | 'back',
	{ tip, remoteBase, validation, hubBase, hubValidation, remote }: Prospect,
	{ commit, take = {}, big = false }: Wish,
	toCommit: readonly FileChange[] | null,
): string {
	const results = remote.resultFiles.map((file) => [file, remote.resultSizes[file] ?? null])
	const taken = Object.entries(take).sort()
	const branches = [tip, remoteBase, validation, hubBase, hubValidation]
	const rest = [direction, branches, results, commit, toCommit, taken, big]
	return createHash('sha256').update(JSON.stringify(rest)).digest('hex')
}

/** @throws ProblemError `plan-moved` when the wish is bound to another plan */
export function requirePlan({ plan }: Wish, id: string): void {
	if (plan !== undefined && plan !== id)
		refuse('plan-moved', { what: 'A branch, a result or a changed file is not as it was shown' })
}
