import { watchByAddon } from './addon-tree.ts'
import { watchByInotify } from './inotify-tree.ts'

/** What is told of a tree. Paths are latin1 strings of bytes, relative to it. */
export interface TreeListener {
	/** Something happened to these, or in them. */
	touched(paths: readonly string[]): void
	/** Anything may have happened. */
	lost(why: string): void
}

/** A tree that is watched, until it is closed. */
export interface TreeWatch {
	/**
	 * Settles when everything that happened before was told; false: that could not be made sure of in time.
	 */
	caughtUp(): Promise<boolean>
	close(): Promise<void>
}

/**
 * Watches a tree, as its system does that best.
 * @param root absolute, without links, as text
 * @throws Error: why it cannot be watched
 */
export const watchTree = (root: string, listener: TreeListener): Promise<TreeWatch> =>
	process.platform === 'linux' ? watchByInotify(root, listener) : watchByAddon(root, listener)
