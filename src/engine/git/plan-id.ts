import { createHash } from 'node:crypto'
import { lstat, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileChange } from '../../contract/code.ts'
import { readGit, refuse } from './git.ts'
import type { Leftover } from './leftovers.ts'
import type { Prospect } from './prospect.ts'
import type { Wish } from './wish.ts'

const hashOf = (all: unknown) => createHash('sha256').update(JSON.stringify(all)).digest('hex')

/** Names all that a plan rests on: the same for as long as none of it has moved. `toCommit`: see `contentsOf`. */
export function planId(
	direction: 'up' | 'back',
	{ tip, remoteBase, validation, hubBase, hubValidation, remote }: Prospect,
	{ commit, take = {}, big = false }: Wish,
	toCommit: readonly (readonly string[])[] | null,
): string {
	const results = remote.resultFiles.map((file) => [file, remote.resultSizes[file] ?? null])
	const taken = Object.entries(take).sort()
	const branches = [tip, remoteBase, validation, hubBase, hubValidation]
	return hashOf([direction, branches, results, remote.resultMark, commit, toCommit, taken, big])
}

/** Of a plan that only clears up. */
export const settleId = (leftovers: readonly Leftover[]): string => hashOf(['settle', leftovers])

/** A file over this many bytes is told by its times alone. */
const mostBytes = 16 * 1024 * 1024

/** What a commit of these files would hold, so that one that is edited is told from how it was. */
export async function contentsOf(
	folder: string,
	changes: readonly FileChange[],
	signal: AbortSignal,
): Promise<string[][]> {
	const all: string[][] = []
	// One after another: a bound on what is held in memory.
	for (const { path, change } of changes) {
		signal.throwIfAborted()
		all.push([path, change, change === 'deleted' ? '' : await contentOf(join(folder, path), signal)])
	}
	return all
}

async function contentOf(path: string, signal: AbortSignal): Promise<string> {
	const stats = await lstat(path, { bigint: true }).catch(() => null)
	if (stats === null) return 'gone'
	if (stats.isSymbolicLink()) return `link ${await readlink(path).catch(() => '')}`
	// A submodule: of that the commit is what counts.
	if (stats.isDirectory())
		return (await readGit(path, ['rev-parse', 'HEAD'], { expected: [0, 128], signal })).stdout
	const mode = stats.mode & 0o111n ? 'executable' : 'file'
	if (stats.size > mostBytes) return `${mode} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`
	const bytes = await readFile(path).catch(() => null)
	return bytes ? `${mode} ${createHash('sha256').update(bytes).digest('hex')}` : 'unreadable'
}

/** @throws ProblemError `plan-moved` when the wish is bound to another plan */
export function requirePlan({ plan }: Wish, id: string): void {
	if (plan !== undefined && plan !== id)
		refuse('plan-moved', { what: 'A branch, a result or a changed file is not as it was shown' })
}
