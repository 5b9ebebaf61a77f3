import type { LaptopEntry } from '../../../src/engine/files/compare.ts'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { byBytes } from '../../../src/engine/files/sorted.ts'

/** Versions that differ in one thing each; `w` is as `f`, its time in whole seconds. */
export const versions = {
	f: file(100, 1_700_000_000_500_000_000n),
	w: file(100, 1_700_000_000_000_000_000n),
	/** In the same second as `f`. */
	s: file(100, 1_700_000_000_700_000_000n),
	/** Newer. */
	n: file(100, 1_700_000_009_100_000_000n),
	/** Larger. */
	g: file(200, 1_700_000_000_500_000_000n),
	/** Executable. */
	x: { ...file(100, 1_700_000_000_500_000_000n), executable: true },
	l: link('there'),
	k: link('elsewhere'),
	d: { path: 'p', kind: 'folder', size: 0, mtime: 0n, executable: false, target: '' } satisfies Entry,
	'-': null,
} as const
export type Letter = keyof typeof versions
export const letters = Object.keys(versions) as Letter[]

function file(size: number, mtime: bigint): Entry {
	return { path: 'p', kind: 'file', size, mtime, executable: false, target: '' }
}

function link(target: string): Entry {
	return {
		path: 'p',
		kind: 'link',
		size: target.length,
		mtime: 1_700_000_000_500_000_000n,
		executable: false,
		target,
	}
}

export const at = (path: string, letter: Letter): Entry => {
	const version = versions[letter]
	if (version === null) throw new Error('none')
	return { ...version, path }
}

/** `a=f b/c=n`: a listing in short. */
export const listed = (short: string): Entry[] =>
	short
		.split(' ')
		.filter((part) => part !== '')
		.map((part) => at(part.slice(0, part.lastIndexOf('=')), part.slice(part.lastIndexOf('=') + 1) as Letter))
		.sort((one, other) => byBytes(one.path, other.path))

export async function* stream<T>(entries: Iterable<T>): AsyncGenerator<T> {
	yield* entries
}

export async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = []
	for await (const one of from) found.push(one)
	return found
}

const parents = (path: string): string[] => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))

/** A side's file system: files and links by their paths, and all folders. What it holds, its versions tell. */
export class Tree {
	readonly leaves = new Map<string, Entry>()
	readonly folders = new Set<string>()

	static of(entries: Iterable<Entry>): Tree {
		const tree = new Tree()
		for (const entry of entries) tree.write(entry)
		return tree
	}

	has = (path: string): boolean => this.leaves.has(path) || this.folders.has(path)

	get = (path: string): Entry | null =>
		this.leaves.get(path) ?? (this.folders.has(path) ? { ...versions.d, path } : null)

	canHold(entry: Entry): boolean {
		if (parents(entry.path).some((folder) => this.leaves.has(folder))) return false
		return entry.kind === 'folder' ? !this.leaves.has(entry.path) : !this.folders.has(entry.path)
	}

	/** @throws Error where a file would have to be a folder */
	write(entry: Entry): void {
		if (!this.canHold(entry)) throw new Error(`${entry.path} cannot be written`)
		for (const folder of parents(entry.path)) this.folders.add(folder)
		if (entry.kind === 'folder') this.folders.add(entry.path)
		else this.leaves.set(entry.path, entry)
	}

	/** With all that is in it, and nothing of what it is in. */
	remove(path: string): void {
		for (const one of [path, ...this.leaves.keys(), ...this.folders])
			if (one === path || one.startsWith(`${path}/`)) {
				this.leaves.delete(one)
				this.folders.delete(one)
			}
	}

	hasBelow(path: string): boolean {
		for (const one of [...this.leaves.keys(), ...this.folders]) if (one.startsWith(`${path}/`)) return true
		return false
	}

	listing(): LaptopEntry[] {
		const empty = [...this.folders].filter((folder) => !this.hasBelow(folder))
		const entries = [...this.leaves.values(), ...empty.map((path) => ({ ...versions.d, path }))]
		return entries.sort((one, other) => byBytes(one.path, other.path))
	}
}
