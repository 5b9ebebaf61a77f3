import { existsSync } from 'node:fs'
import { lstat, readdir, realpath, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What the laptop's folder is, beside what is in it. */
export interface LocalRoot {
	/** `other`: something that is no folder; `denied`: one that may not be read. */
	exists: 'yes' | 'no' | 'other' | 'denied'
	/** Without links; of a folder that is not there: where it would be. Null: not known. */
	realPath: string | null
	/** A link leads there. */
	isLink: boolean
	/** Its number on its disk, which stays when it is renamed; null: it is not there. */
	inode: string | null
	/** Holds nothing, or nothing but git's own folder. */
	isEmpty: boolean
	/** On its disk, or on the one where it would be; null: not known. */
	freeBytes: number | null
	/** Names that differ only in case, or in how accents are written, are the same there. */
	caseInsensitive: boolean
}

/** @param root absolute */
export async function inspectRoot(root: string): Promise<LocalRoot> {
	const itself = await lstat(root).catch(() => null)
	const folder = await stat(root, { bigint: true }).catch(() => null)
	const free = await freeBytes(root)
	const nothing = { realPath: null, isLink: itself?.isSymbolicLink() ?? false, inode: null, isEmpty: true }
	const none = { ...nothing, freeBytes: free, caseInsensitive: false }
	if (!folder && !itself) return { ...none, exists: 'no', realPath: await placeOf(root) }
	if (!folder) return { ...none, exists: 'other' }
	if (!folder.isDirectory()) return { ...none, exists: 'other' }
	const names = await readdir(root).catch(() => null)
	const realPath = await realpath(root).catch(() => null)
	// It has gone away meanwhile, as a disk does.
	if (realPath === null && !existsSync(root)) return { ...none, exists: 'no', realPath: await placeOf(root) }
	if (!names || realPath === null) return { ...none, exists: 'denied', isEmpty: false }
	return {
		...none,
		exists: 'yes',
		realPath,
		inode: folder.ino.toString(),
		isEmpty: names.every((name) => name === '.git'),
		caseInsensitive: await isCaseInsensitive(root, names),
	}
}

async function placeOf(path: string): Promise<string | null> {
	const found = await realpath(path).catch(() => null)
	if (found !== null || path === dirname(path)) return found
	const above = await placeOf(dirname(path))
	return above === null ? null : join(above, basename(path))
}

async function freeBytes(folder: string): Promise<number | null> {
	for (let place = folder; ; place = dirname(place)) {
		const disk = await statfs(place).catch(() => null)
		if (disk) return disk.bavail * disk.bsize
		if (place === dirname(place)) return null
	}
}

const swapped = (name: string) => {
	const upper = name.toUpperCase()
	return upper === name ? name.toLowerCase() : upper
}

/** Whether a name of the folder, or its own, also leads there in the other case. */
async function isCaseInsensitive(root: string, names: readonly string[]): Promise<boolean> {
	const name = names.find((one) => swapped(one) !== one && !names.includes(swapped(one)))
	const [folder, one] = name === undefined ? [dirname(root), basename(root)] : [root, name]
	if (swapped(one) === one) return process.platform === 'darwin'
	const [first, second] = await Promise.all(
		[one, swapped(one)].map((name) => lstat(join(folder, name), { bigint: true }).catch(() => null)),
	)
	return first != null && second != null && first.ino === second.ino && first.dev === second.dev
}
