import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import { batchesOf } from './batches.ts'
import { type Entry, type Listing, shownPath } from './entry.ts'

/** Paths of which the one asked for last may be in: in sorted order, only those that it begins with are still of use. */
export class Above {
	readonly #open: string[] = []

	/** The outermost one that `path` is in. Paths are asked for in ascending order. */
	of(path: string): string | null {
		for (let top = this.#open.at(-1); top !== undefined && !path.startsWith(top); top = this.#open.at(-1))
			this.#open.pop()
		for (const open of this.#open) if (path.charCodeAt(open.length) === slash) return open
		return null
	}

	/** `path` was asked for last. */
	add(path: string): void {
		this.#open.push(path)
	}
}

const slash = 0x2f

/** What a listing could not see. */
export interface Sight {
	/** Whether a path's absence says nothing. Known as soon as the listing has gone on beyond that path. */
	hides(path: string): boolean
}

/** Reads a listing one entry ahead, and refuses one that cannot be: everything that is compared rests on its order. */
export class ListingCursor {
	/** The next entry; null: there is none any more. */
	head: Entry | null = null
	/** Entries up to `head`. */
	count = 0
	/** Files and links: nothing can be below them. */
	readonly leaves = new Above()
	readonly #side: string
	readonly #sight: Sight | undefined
	readonly #batches: AsyncIterator<readonly Entry[]>
	#batch: readonly Entry[] = []
	/** Of what is next in the batch. */
	#at = 0
	#hasEnded = false
	#last = ''

	/** @param side as `The laptop`, for words */
	constructor(side: string, listing: Listing & { troubles?: Sight }) {
		this.#side = side
		this.#sight = listing.troubles
		this.#batches = batchesOf(listing)
	}

	/** Goes on to the next entry. False: `fill` is to be called first. @throws ProblemError `files-listing-broken` */
	goOn(): boolean {
		for (let entry = this.#batch[this.#at]; entry; entry = this.#batch[this.#at]) {
			this.#at += 1
			if (this.#takes(entry)) return true
		}
		if (this.#hasEnded) this.head = null
		return this.#hasEnded
	}

	/** @throws what the listing throws */
	async fill(): Promise<void> {
		const { value, done = false } = await this.#batches.next()
		this.#hasEnded = done
		this.#batch = done ? [] : value
		this.#at = 0
	}

	#takes(entry: Entry): boolean {
		const { path } = entry
		if (path <= this.#last || isOutside(path))
			this.#refuse(path, path > this.#last ? 'This is no path in it' : 'These are not in order')
		this.#last = path
		if (isGits(path)) return false
		this.head = entry
		this.count += 1
		return true
	}

	/** Whether anything is below `path`; null: `head` is still before that. `head` is after `path`. */
	hasBelow(path: string): boolean | null {
		const head = this.head?.path
		// '0' follows '/'.
		if (head === undefined || head >= `${path}0`) return false
		return head > `${path}/` ? true : null
	}

	/** Notes what an entry means for what comes after it. */
	note({ path, kind }: Entry): void {
		if (kind !== 'folder') this.leaves.add(path)
	}

	/** Whether nothing is known of a path that is not listed; asked when `head` is after it. */
	hides(path: string): boolean {
		return this.#sight?.hides(path) ?? false
	}

	/** @throws ProblemError when this side has something below a file of its own */
	requireNoLeafAbove(path: string): void {
		const leaf = this.leaves.of(path)
		if (leaf !== null) this.#refuse(path, `${shownPath(leaf)} is no folder, and this is in it`)
	}

	async close(): Promise<void> {
		await this.#batches.return?.()
	}

	#refuse(path: string, reason: string): never {
		throw new ProblemError(
			problem('files-listing-broken', { side: this.#side, reason, path: shownPath(path) }),
		)
	}
}

/** Absolute, or with `..`, `.` or nothing between slashes. */
const isOutside = (path: string): boolean => /(?:^|\/)\.{0,2}(?:\/|$)|\0/.test(path)

/** What some file systems leave out of a name, in UTF-8. */
const ignored = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g

/** Git's own folder, or in it, however its name is written: it never travels. */
export const isGits = (path: string): boolean =>
	/(?:^|\/)\.git(?:\/|$)/i.test(/[\xe2\xef]/.test(path) ? path.replace(ignored, '') : path)
