import type { FileChange } from '../../contract/code.ts'
import { readGit } from './git.ts'
import { areIds, remembered } from './remembered.ts'

const words: Record<string, FileChange['change']> = { A: 'added', D: 'deleted' }

/** The files that differ between two commits or trees; a rename is a file gone and another one new. */
export async function changesBetween(
	folder: string,
	from: string,
	to: string,
	signal?: AbortSignal,
): Promise<FileChange[]> {
	if (from === to) return []
	const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-status', from, to]
	const ask = async () => (await readGit(folder, args, { signal })).stdout
	const fields = (await remembered(signal, [folder, ...args], () => areIds([from, to]), ask)).split('\0')
	const changes: FileChange[] = []
	for (let at = 0; at + 1 < fields.length; at += 2)
		changes.push({ path: fields[at + 1] ?? '', change: words[fields[at] ?? ''] ?? 'modified' })
	return changes
}

export const added = (changes: readonly FileChange[]) =>
	changes.filter(({ change }) => change === 'added').map(({ path }) => path)

/** What is there before and is another one, or none, afterwards. */
export const replaced = (changes: readonly FileChange[]) =>
	changes.filter(({ change }) => change !== 'added').map(({ path }) => path)

export const written = (changes: readonly FileChange[]) =>
	changes.filter(({ change }) => change !== 'deleted').map(({ path }) => path)
