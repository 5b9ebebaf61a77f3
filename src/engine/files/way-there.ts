import type { Link } from '../link/link.ts'
import type { IndexFile } from './index-file.ts'
import { remoteVersions } from './remote-listing.ts'
import { inPlaces, placesAbove } from './touched.ts'

/** So many of the first entries are passed over for one that was not touched. */
const mostPassed = 1000

/** Something that both sides had at the last sync, elsewhere than in these places; null: there is nothing else. */
export async function witnessOf(index: IndexFile, places: readonly string[]): Promise<string | null> {
	const isIn = inPlaces(places)
	let passed = 0
	for await (const { path } of index.entries()) {
		if (!isIn(path)) return path
		passed += 1
		if (passed > mostPassed) return null
	}
	return null
}

/**
 * Whether on the workstation nothing but folders, or nothing at all, is above these places, and the witness is still
 * there. Else a listing of the places would tell of something else than one of the whole tree: find goes through a link
 * that is above where it begins, and a tree that was emptied looks like one in which these places are new.
 * @throws ProblemError as `remoteVersions`
 */
export async function isPlainAbove(
	link: Link,
	root: string,
	places: readonly string[],
	witness: string | null,
	signal: AbortSignal,
): Promise<boolean> {
	const ways = new Set(places.flatMap(placesAbove))
	const asked = [...ways, ...(witness === null ? [] : [witness])]
	if (asked.length === 0) return true
	const { entries } = await remoteVersions(link, root, asked, signal)
	let isThere = witness === null
	let isPlain = true
	for await (const { path, kind } of entries) {
		if (path === witness) isThere = true
		if (ways.has(path) && kind !== 'folder') isPlain = false
	}
	return isThere && isPlain
}
