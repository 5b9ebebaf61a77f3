import { appendFile, type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from './entry.ts'
import type { MoveFailure } from './move-complaints.ts'
import type { Parents } from './parents.ts'
import { isCompressed } from './rsync-options.ts'

/** What moves, as a listing has it. */
export type Moved = Pick<Entry, 'path' | 'size' | 'sparse'>

/** Paths for one run of rsync, in a file that it can read as often as it has to. */
export interface MovePart {
	file: string
	count: number
	/** Bytes of its largest file. */
	largest: number
	/** Big ones: an interrupted one goes on where it was. */
	staged: boolean
}

/** Chosen paths, written down. */
export interface MoveList {
	parts: MovePart[]
	bytes: number
	count: number
	sparse: boolean
	/** Most of the bytes may shrink. */
	compress: boolean
	/** Left out: they do not lie in the tree any more. */
	strayed: MoveFailure[]
}

/**
 * A file of so many bytes is received in a folder of ours, and goes on there after an interruption. For small ones that is
 * not worth it: rsync 3.5 walks to such a folder anew for each file, which doubles its time.
 */
const bigBytes = 8 * 1024 * 1024
/** So few small ones go along with the big ones. */
const fewFiles = 1000
const flushAt = 256 * 1024

/**
 * Writes the parts into `folder`, at most `most` paths each.
 * @param options.staging whether there is a folder to receive in
 * @param options.parents of the tree here, when that is what is sent
 */
export async function writeList(
	folder: string,
	paths: AsyncIterable<Moved> | Iterable<Moved>,
	options: { most: number; staging: boolean; parents: Parents | null; signal?: AbortSignal | undefined },
): Promise<MoveList> {
	const small = new Pen(folder, 'small', options.most)
	const big = new Pen(folder, 'big', options.most)
	const list: MoveList = { parts: [], bytes: 0, count: 0, sparse: false, compress: false, strayed: [] }
	let shrinks = 0
	try {
		for await (const { path, size, sparse } of paths) {
			if (list.count % 1000 === 0) options.signal?.throwIfAborted()
			if (options.parents && !(await options.parents.leadTo(path))) {
				list.strayed.push({ path, why: 'other', said: 'a folder on the way to it is a link now' })
				continue
			}
			list.count += 1
			list.bytes += size
			list.sparse ||= sparse === true
			if (!isCompressed(path)) shrinks += size
			await (options.staging && size >= bigBytes ? big : small).write(path, size)
		}
	} finally {
		await small.end()
		await big.end()
	}
	list.compress = shrinks * 2 >= list.bytes
	list.parts = await joined(small.parts, big.parts)
	return list
}

/** A second run costs some round trips: a few small ones go along with the big ones. */
async function joined(small: MovePart[], big: MovePart[]): Promise<MovePart[]> {
	const [few, more] = small
	const [staged] = big
	const parts = [...small, ...big.map((part) => ({ ...part, staged: true }))]
	if (!few || more || !staged || few.count > fewFiles) return parts
	await appendFile(staged.file, await readFile(few.file))
	staged.count += few.count
	staged.largest = Math.max(staged.largest, few.largest)
	return big.map((part) => ({ ...part, staged: true }))
}

class Pen {
	readonly parts: MovePart[] = []
	readonly #folder: string
	readonly #name: string
	readonly #most: number
	#file: FileHandle | null = null
	#pending = ''

	constructor(folder: string, name: string, most: number) {
		this.#folder = folder
		this.#name = name
		this.#most = most
	}

	async write(path: string, size: number): Promise<void> {
		let part = this.parts.at(-1)
		if (!part || part.count >= this.#most) {
			await this.end()
			part = {
				file: join(this.#folder, `${this.#name}-${this.parts.length}`),
				count: 0,
				largest: 0,
				staged: false,
			}
			this.#file = await open(part.file, 'wx', 0o600)
			this.parts.push(part)
		}
		part.count += 1
		part.largest = Math.max(part.largest, size)
		// rsync takes what begins with `#` or `;` for a comment, and leaves it out without a word.
		this.#pending += `./${path}\0`
		if (this.#pending.length >= flushAt) await this.#flush()
	}

	async end(): Promise<void> {
		await this.#flush()
		await this.#file?.close()
		this.#file = null
	}

	async #flush(): Promise<void> {
		const bytes = Buffer.from(this.#pending, 'latin1')
		this.#pending = ''
		await this.#file?.writeFile(bytes)
	}
}
