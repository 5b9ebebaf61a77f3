import { lstat, readdir } from 'node:fs/promises'
import { placesAbove } from './touched.ts'

/** What is at a place of the laptop's tree, or above it. */
export type PlaceKind = 'folder' | 'leaf' | 'linked' | 'none'

/** @param path latin1 string of bytes */
export async function kindAt(root: string, path: string): Promise<PlaceKind> {
	try {
		const seen = await lstat(placeOf(root, path))
		if (seen.isDirectory()) return 'folder'
		return seen.nlink > 1 ? 'linked' : 'leaf'
	} catch {
		return 'none'
	}
}

/**
 * Places so that above each of them there is nothing but folders with something in them: what is above in another way
 * is a place itself. A listing of these places then says of them what one of the whole tree would.
 */
export async function lifted(root: string, places: readonly string[]): Promise<string[]> {
	const known = new Map<string, Promise<boolean>>()
	const isPlainFolder = (path: string) => {
		const before = known.get(path)
		if (before) return before
		const asked = readdir(placeOf(root, path), { encoding: 'buffer' }).then(
			(names) => names.length > 0,
			() => false,
		)
		// A link to a folder is none.
		const both = kindAt(root, path).then((kind) => kind === 'folder' && asked)
		known.set(path, both)
		return both
	}
	const up = async (place: string) => {
		for (const above of placesAbove(place)) if (!(await isPlainFolder(above))) return above
		return place
	}
	return [...new Set(await Promise.all(places.map(up)))]
}

const placeOf = (root: string, path: string) =>
	Buffer.concat([Buffer.from(root), Buffer.from(`/${path}`, 'latin1')])
