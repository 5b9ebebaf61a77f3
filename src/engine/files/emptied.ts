import { lstat } from 'node:fs/promises'
import type { Link } from '../link/link.ts'
import type { Entry } from './entry.ts'
import { remoteVersions } from './remote-listing.ts'

/**
 * Folders that a removal empties go with what was in them, unless the other side has them: there they are folders
 * with nothing in them.
 */

/** What is removed, and which folder above it the other side has: the deepest one, empty for the root alone. */
export interface Removal extends Entry {
	stays: string
}

/** So many are asked about at a time. */
const batchSize = 1000

/** `has` answers for each path whether the other side has a folder there. */
export async function* removals(
	entries: AsyncIterable<Entry>,
	has: (folders: readonly string[]) => Promise<readonly boolean[]>,
): AsyncGenerator<Removal> {
	let batch: Entry[] = []
	for await (const entry of entries) {
		if (batch.push(entry) < batchSize) continue
		yield* await asked(batch, has)
		batch = []
	}
	yield* await asked(batch, has)
}

async function asked(
	batch: readonly Entry[],
	has: (folders: readonly string[]) => Promise<readonly boolean[]>,
): Promise<Removal[]> {
	const folders = [...new Set(batch.flatMap(({ path }) => foldersAbove(path)))]
	const answers = folders.length > 0 ? await has(folders) : []
	const there = new Set(folders.filter((_, at) => answers[at] ?? false))
	return batch.map((entry) => ({
		...entry,
		stays: foldersAbove(entry.path).find((folder) => there.has(folder)) ?? '',
	}))
}

/** The deepest first. */
function foldersAbove(path: string): string[] {
	const found: string[] = []
	for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
		found.push(path.slice(0, end))
	return found
}

/** Below a root of this laptop, which is as `Parents` has it. */
export function foldersHere(root: string): (folders: readonly string[]) => Promise<boolean[]> {
	const bytes = Buffer.from(root, 'utf8').toString('latin1')
	const isFolder = async (folder: string) => {
		const found = await lstat(Buffer.from(`${bytes}/${folder}`, 'latin1')).catch(() => null)
		return found?.isDirectory() ?? false
	}
	return async (folders) => {
		const answers: boolean[] = []
		for (const folder of folders) answers.push(await isFolder(folder))
		return answers
	}
}

export function foldersThere(
	link: Link,
	root: string,
	signal: AbortSignal,
): (folders: readonly string[]) => Promise<boolean[]> {
	return async (folders) => {
		const found = new Set<string>()
		const versions = await remoteVersions(link, root, folders, signal)
		for await (const { path, kind } of versions.entries) if (kind === 'folder') found.add(path)
		return folders.map((folder) => found.has(folder))
	}
}
