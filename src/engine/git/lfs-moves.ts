import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileChange } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { sizeWords } from '../../contract/size-words.ts'
import type { Link } from '../link/link.ts'
import { readGit } from './git.ts'
import { lfsFiles } from './lfs.ts'
import { fetchContents, lackingThere, sendContents } from './lfs-carry.ts'
import { bytesOf, type LfsContent, pointersIn } from './lfs-pointers.ts'
import { isEmpty, lackingIn, presentIn, storeOf } from './lfs-store.ts'
import type { Prospect } from './prospect.ts'
import { written } from './trees.ts'

/**
 * What of Git LFS has to go over the link with commits that go there: without a hub, or past one that the
 * workstation cannot reach, no server of LFS lies between.
 */

/** How much it is. `bytes` as far as that is known before the files are committed. */
export interface LfsCargo {
	count: number
	bytes: number
}

export const noCargo: LfsCargo = { count: 0, bytes: 0 }

export const cargoOf = (contents: readonly LfsContent[]): LfsCargo => ({
	count: contents.length,
	bytes: bytesOf(contents),
})

/** Of what the commits of a range point to: what the laptop has and the workstation lacks. */
export async function contentsUp(
	link: Link,
	project: ProjectConfig,
	folder: string,
	range: readonly string[],
	signal: AbortSignal,
): Promise<LfsContent[]> {
	const store = await storeOf(folder, signal)
	if (await isEmpty(store)) return []
	const here = await presentIn(store, await pointersIn(folder, range, signal))
	return await lackingThere(link, project, here, signal)
}

/** Brings them there. @throws as `sendContents` */
export async function sendUp(
	link: Link,
	project: ProjectConfig,
	folder: string,
	contents: readonly LfsContent[],
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	await sendContents(link, project, await storeOf(folder, signal), contents, say, signal)
}

/** With the files that are about to be committed on the laptop: those are not looked into. */
export async function cargoUp(
	folder: string,
	contents: readonly LfsContent[],
	changes: readonly FileChange[],
	signal: AbortSignal,
): Promise<LfsCargo> {
	const files = written(changes)
	const known = cargoOf(contents)
	if (files.length === 0) return known
	const input = files.map((file) => `${file}\0`).join('')
	const { stdout } = await readGit(folder, ['check-attr', '-z', '--stdin', 'filter'], { input, signal })
	const fields = stdout.split('\0')
	const kept = fields.filter((_, at) => at % 3 === 0 && fields[at + 2] === 'lfs')
	const sizes = await Promise.all(kept.map((file) => lstat(join(folder, file)).catch(() => null)))
	const bytes = sizes.reduce((sum, stats) => sum + (stats?.size ?? 0), known.bytes)
	return { count: known.count + kept.length, bytes }
}

/** What commits of the workstation point to and the laptop lacks. The commits are here. */
export async function contentsBack(
	folder: string,
	range: readonly string[],
	signal: AbortSignal,
): Promise<LfsContent[]> {
	const [store, contents] = await Promise.all([storeOf(folder, signal), pointersIn(folder, range, signal)])
	return await lackingIn(store, contents)
}

/** The same, with the results that are still to be committed: those are not looked into. */
export async function cargoBack(
	{ folder, tip, validation, remote }: Prospect,
	signal: AbortSignal,
): Promise<LfsCargo> {
	const [contents, waiting] = await Promise.all([
		contentsBack(folder, [validation, `^${tip}`], signal),
		lfsFiles(folder, validation, remote.resultFiles, signal),
	])
	const there = waiting.filter((file) => remote.resultSizes[file] !== undefined)
	const sizes = there.reduce((sum, file) => sum + (remote.resultSizes[file] ?? 0), 0)
	return { count: contents.length + there.length, bytes: cargoOf(contents).bytes + sizes }
}

/** Brings what commits of the workstation point to; what it lacks itself stays for git-lfs to find elsewhere. */
export async function fetchBack(
	link: Link,
	project: ProjectConfig,
	folder: string,
	range: readonly string[],
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const contents = await contentsBack(folder, range, signal)
	await fetchContents(link, project, await storeOf(folder, signal), contents, say, signal)
}

/** In a step's detail. */
export const cargoWords = ({ count, bytes }: LfsCargo): string =>
	`${count === 1 ? '1 content' : `${count} contents`} of Git LFS, ${sizeWords(bytes)}`

/** In a preview, as a sentence. */
export const cargoNote = (cargo: LfsCargo): string =>
	`${cargoWords(cargo)}, ${cargo.count === 1 ? 'goes' : 'go'} over the link too.`
