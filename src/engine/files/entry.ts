/**
 * One thing in a tree of files, as a listing has it: regular files, symbolic links and empty folders; anything else
 * (sockets, FIFOs, devices) never travels.
 */
export interface Entry {
	/**
	 * Relative to the tree, its bytes one by one as characters (latin1): a name need not be UTF-8, and this sorts by its
	 * bytes. See `shownPath`.
	 */
	path: string
	kind: 'file' | 'link' | 'folder'
	/** Bytes; of a link those of its target's name; 0 for a folder. */
	size: number
	/** When it was changed last, in nanoseconds since the epoch; 0n for a folder. */
	mtime: bigint
	/** Its owner may execute it. False for links and folders. */
	executable: boolean
	/** Of a link: where it leads, as `path` has its bytes; else empty. */
	target: string
	/** Occupies less than its size: it has holes. Not kept in the index. */
	sparse?: boolean
}

/** Entries in the order of their paths' bytes. */
export interface Listing<T extends Entry = Entry> extends AsyncIterable<T> {
	/** The same, many at a time: a promise for each one is most of what a long listing costs. See `batches.ts`. */
	batches?(): AsyncIterator<readonly T[]>
}

/** For eyes: bytes that are no UTF-8 as replacement characters. */
export const shownPath = (path: string): string => Buffer.from(path, 'latin1').toString('utf8')

/** From a path as a person or a face writes it. */
export const pathOfShown = (shown: string): string => Buffer.from(shown, 'utf8').toString('latin1')

const second = 1_000_000_000n

/**
 * Whether both are the same version, going by kind, size and time, as rsync's quick check does. Times that one side
 * keeps in whole seconds (old file systems, rsync before 3.1) are compared so.
 */
export function isSame(one: Entry | null, other: Entry | null): boolean {
	if (one === null || other === null) return one === other
	if (one.kind !== other.kind) return false
	if (one.kind === 'folder') return true
	if (one.kind === 'link') return one.target === other.target
	return one.size === other.size && one.executable === other.executable && isSameTime(one.mtime, other.mtime)
}

function isSameTime(one: bigint, other: bigint): boolean {
	if (one === other) return true
	const inSeconds = one % second === 0n || other % second === 0n
	return inSeconds && one / second === other / second
}
