import { isBelow } from './sorted.ts'

/** Something in a tree that a listing cannot give as it is. Paths are latin1 strings of bytes. */
export interface Trouble {
	/** Of the root: empty. */
	path: string
	/**
	 * `folder`: what is in it is not known, which is no sign that anything was deleted. `file`: listed, but likely not to
	 * be read. `special`: a socket, FIFO or device, which never travels.
	 */
	kind: 'folder' | 'file' | 'special'
	/** What the system said, in its own words; may be empty. */
	reason: string
}

/** Of each kind other than folders so many are kept; the rest is counted. */
const mostKept = 1000

/**
 * Those of one listing. A folder's is here before the listing goes on beyond where that folder's files would stand;
 * the others when it has ended.
 */
export class Troubles {
	readonly #folders = new Map<string, Trouble>()
	readonly #others: Trouble[] = []
	#count = 0

	/** What is in a folder that could not be read is told with it. */
	add(trouble: Trouble): void {
		if (this.hides(trouble.path)) return
		if (trouble.kind === 'folder') {
			this.#folders.set(trouble.path, trouble)
			return
		}
		this.#count++
		if (this.#others.length < mostKept) this.#others.push(trouble)
	}

	/** Folders first; of the others the first thousand. */
	get all(): Trouble[] {
		return [...this.#folders.values(), ...this.#others]
	}

	get count(): number {
		return this.#folders.size + this.#count
	}

	/** Whether a path's absence from the listing says nothing: it may be in a folder that could not be read. */
	hides(path: string): boolean {
		if (this.#folders.size === 0) return false
		for (const folder of this.#folders.keys()) if (isBelow(path, folder)) return true
		return false
	}
}
