import { readGit } from './git.ts'

/** A content that Git LFS keeps beside the repository: its SHA-256 in hexadecimal, and its size in bytes. */
export interface LfsContent {
	oid: string
	size: number
}

/**
 * A pointer as `cat-file --batch` prints it: the object's line, then the version (by one of the names it had over
 * time), extensions, and what it points to. See "The Pointer" in git-lfs's docs/spec.md.
 */
const pointer =
	/^[0-9a-f]{40,64} blob \d+\nversion https?:\/\/(?:git-lfs\.github\.com\/spec\/v1|hawser\.github\.com\/spec\/v1|git-media\.io\/v\/2)\n(?:ext-\d-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})$/gm

/** Pointers are smaller than this. From the same document. */
const pointerBytes = 1024

/** Pure: the contents that `git cat-file --batch` showed pointers to, each once. An empty file has none. */
export function parsePointers(text: string): LfsContent[] {
	const found = new Map<string, LfsContent>()
	for (const [, oid = '', size] of text.matchAll(pointer))
		if (Number(size) > 0) found.set(oid, { oid, size: Number(size) })
	return [...found.values()]
}

/** The contents that the commits of a range point to. `range` is as rev-list takes it; its commits are here. */
export async function pointersIn(
	folder: string,
	range: readonly string[],
	signal?: AbortSignal,
): Promise<LfsContent[]> {
	const small = [
		'--filter=object:type=blob',
		`--filter=blob:limit=${pointerBytes}`,
		'--filter-provided-objects',
	]
	const walk = ['rev-list', '--objects', '--no-object-names', '--missing=allow-promisor', ...small]
	const { stdout: ids } = await readGit(folder, [...walk, ...range, '--'], { signal })
	if (ids === '') return []
	// A bound on what many small files hold together: the batch is read a part at a time.
	const all = ids.trimEnd().split('\n')
	const found: LfsContent[] = []
	const most = 20_000
	for (let at = 0; at < all.length; at += most) {
		const input = `${all.slice(at, at + most).join('\n')}\n`
		found.push(...parsePointers((await readGit(folder, ['cat-file', '--batch'], { input, signal })).stdout))
	}
	return [...new Map(found.map((content) => [content.oid, content])).values()]
}

export const bytesOf = (contents: readonly LfsContent[]): number =>
	contents.reduce((sum, { size }) => sum + size, 0)
