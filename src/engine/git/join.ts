import { localScript } from './scripts.ts'

/**
 * The tree of two commits that plain git cannot merge, for the reason that both hold the same work under two names:
 * results that were rebased onto the base branch, and were changed since on either side. Null where that is not the
 * reason. The workstation merges in the same way. Writes objects only.
 */
export async function joinedTree(
	folder: string,
	base: string,
	validation: string,
	tip: string,
	signal: AbortSignal,
): Promise<string | null> {
	const { fields } = await localScript(
		'git-land',
		['join', '', folder, base, validation, tip],
		folder,
		signal,
	)
	return fields[0] ?? null
}
