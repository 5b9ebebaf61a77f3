import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { laptop, readGit, refuse } from './git.ts'
import type { LfsContent } from './lfs-pointers.ts'

/** Where Git LFS keeps contents on the laptop: `objects/aa/bb/OID`, and `tmp` for what is not whole yet. */
export interface LfsStore {
	folder: string
}

/** The store of a repository, be it there or not: `lfs.storage`, or `lfs` in the folder that its worktrees share. */
export async function storeOf(folder: string, signal?: AbortSignal): Promise<LfsStore> {
	const [shared, named] = await Promise.all([
		readGit(folder, ['rev-parse', '--path-format=absolute', '--git-common-dir'], { signal }),
		readGit(folder, ['config', '--type=path', 'lfs.storage'], { expected: [0, 1], signal }),
	])
	const common = shared.stdout.replace(/\n$/, '')
	const own = named.stdout.replace(/\n$/, '').replace(/^~(?=\/|$)/, homedir())
	if (own === '') return { folder: join(common, 'lfs') }
	return { folder: isAbsolute(own) ? own : join(common, own) }
}

/** Whether anything was ever kept there. */
export async function isEmpty({ folder }: LfsStore): Promise<boolean> {
	const inside = await readdir(join(folder, 'objects')).catch(() => [])
	return inside.length === 0
}

const placeOf = ({ folder }: LfsStore, oid: string) =>
	join(folder, 'objects', oid.slice(0, 2), oid.slice(2, 4), oid)

/** Of these contents those that are here in full. */
export async function presentIn(store: LfsStore, contents: readonly LfsContent[]): Promise<LfsContent[]> {
	const there = await Promise.all(contents.map((content) => isHere(store, content)))
	return contents.filter((_, at) => there[at])
}

export async function lackingIn(store: LfsStore, contents: readonly LfsContent[]): Promise<LfsContent[]> {
	const there = new Set(await presentIn(store, contents))
	return contents.filter((content) => !there.has(content))
}

async function isHere(store: LfsStore, { oid, size }: LfsContent): Promise<boolean> {
	const found = await stat(placeOf(store, oid)).catch(() => null)
	return found?.isFile() === true && found.size === size
}

/** A content's bytes. @throws ProblemError `lfs-damaged` where there are fewer than its size */
export async function* readContent(store: LfsStore, { oid, size }: LfsContent): AsyncGenerator<Buffer> {
	let left = size
	for await (const chunk of createReadStream(placeOf(store, oid), { end: size - 1 })) {
		left -= (chunk as Buffer).length
		yield chunk as Buffer
	}
	if (left > 0) refuse('lfs-damaged', { side: laptop, content: oid })
}

/**
 * Keeps a content that comes in parts. It gets its place only when it is whole and is what its name says: killed
 * before, nothing but a file is left that git-lfs clears away, being named as its own are.
 * @throws ProblemError `lfs-damaged`; whatever `parts` throws; `git-failed` where it cannot be written
 */
export async function keepContent(
	store: LfsStore,
	{ oid, size }: LfsContent,
	parts: AsyncIterable<Buffer>,
	from: string,
): Promise<void> {
	const place = placeOf(store, oid)
	const part = join(store.folder, 'tmp', `${oid}-hawser.${randomUUID()}`)
	try {
		await mkdir(dirname(part), { recursive: true }).catch(cannotKeep)
		await mkdir(dirname(place), { recursive: true }).catch(cannotKeep)
		const file = await open(part, 'wx').catch(cannotKeep)
		const hash = createHash('sha256')
		let length = 0
		try {
			for await (const chunk of parts) {
				hash.update(chunk)
				length += chunk.length
				await file.writeFile(chunk).catch(cannotKeep)
			}
			await file.datasync()
		} finally {
			await file.close()
		}
		if (length !== size || hash.digest('hex') !== oid) refuse('lfs-damaged', { side: from, content: oid })
		await rename(part, place).catch(cannotKeep)
	} finally {
		await rm(part, { force: true })
	}
}

function cannotKeep(error: unknown): never {
	const reason = error instanceof Error ? error.message : String(error)
	return refuse('git-failed', { side: laptop, what: 'keep what Git LFS has', reason })
}
