import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ProjectConfig } from '../../contract/config.ts'
import { localPath } from './git.ts'
import type { GitFolders } from './standing.ts'

/**
 * What tells of a change of the laptop's repository: by folder, the names in it that matter; null: all, at any
 * depth.
 *
 * Files that were changed without telling git are heard of only where one watch covers a whole tree (macOS). Linux
 * has a watch per folder, thousands for one worktree and few to give: there such files are read when a face asks
 * (`readPending`) and with every change that git was told of.
 */
export type Places = Map<string, Set<string> | null>

/** What a worktree's own git folder holds: where it stands, what is staged, what was begun. */
const ownFiles = [
	'HEAD',
	'index',
	'index.lock',
	'MERGE_HEAD',
	'CHERRY_PICK_HEAD',
	'REVERT_HEAD',
	'BISECT_LOG',
	'rebase-merge',
	'rebase-apply',
	'sequencer',
	'reftable/tables.list',
]

/** Where a repository tells of its changes. Pure. */
export function placesOf(
	project: ProjectConfig,
	folders: GitFolders,
	platform: NodeJS.Platform = process.platform,
): Places {
	const { hub, base, validation } = project.git
	const places: Places = new Map()
	const add = (folder: string, path: string) => {
		// A folder on the way may be missing now and be made later, such as the first one for a hub's branches.
		let at = folder
		for (const part of path.split('/')) {
			const names = places.get(at)
			if (names) names.add(part)
			else if (names === undefined) places.set(at, new Set([part]))
			at = join(at, part)
		}
	}
	const top = localPath(project.local)
	if (platform === 'darwin') places.set(top, null)
	// A folder that is moved away says nothing itself. (On macOS it does, and a watch on the one above would be told of
	// all that happens below that.)
	else add(dirname(top), join(basename(top), '.git'))
	for (const file of ownFiles) add(folders.own, file)
	for (const file of [
		`refs/heads/${base}`,
		`refs/remotes/${hub}/${base}`,
		`refs/remotes/${hub}/${validation}`,
		'refs/stash',
		// Stashes are the entries of that ref's log, which can lose some without the ref being written.
		'logs/refs/stash',
		'packed-refs',
		'reftable/tables.list',
		'config',
	])
		add(folders.common, file)
	return places
}

/** While there is no repository: where the next folder on the way to it would be made. */
export function placesToCome(project: ProjectConfig): Places {
	let missing = join(localPath(project.local), '.git')
	while (missing !== '/' && inodeOf(dirname(missing)) === null) missing = dirname(missing)
	return new Map([[dirname(missing), new Set([basename(missing)])]])
}

/** Hears of changes in places, until it is closed. */
export class RepositoryWatch {
	readonly #changed: (name: string | null) => void
	readonly #watchers = new Map<string, { watcher: FSWatcher; inode: number }>()
	#places: Places = new Map()
	#closed = false

	/** @param changed is told the name that changed, without its folder; null: not known */
	constructor(changed: (name: string | null) => void) {
		this.#changed = changed
	}

	/**
	 * Watches these places and no others; those that are not there are left out, so it is called again after what
	 * changed. True when something is watched now that was not before: what happened there until now was not heard.
	 */
	arm(places: Places): boolean {
		if (this.#closed) return false
		this.#places = places
		for (const [folder, { inode }] of this.#watchers)
			if (!places.has(folder) || inodeOf(folder) !== inode) this.#drop(folder)
		const before = this.#watchers.size
		for (const folder of places.keys()) if (!this.#watchers.has(folder)) this.#watch(folder)
		return this.#watchers.size > before
	}

	close(): void {
		this.#closed = true
		for (const folder of [...this.#watchers.keys()]) this.#drop(folder)
	}

	#drop(folder: string): void {
		this.#watchers.get(folder)?.watcher.close()
		this.#watchers.delete(folder)
	}

	#watch(folder: string): void {
		const inode = inodeOf(folder)
		if (inode === null) return
		try {
			const recursive = this.#places.get(folder) === null
			const watcher = watch(folder, { recursive }, (event, name) => this.#heard(folder, event, name))
			// It went away, and is looked for again after the next change.
			watcher.on('error', () => this.#drop(folder))
			this.#watchers.set(folder, { watcher, inode })
		} catch {
			// It went just now, or the system gives no more watches: the rest is still heard.
		}
	}

	#heard(folder: string, event: string, name: string | null): void {
		const names = this.#places.get(folder)
		// A folder that goes away tells its own name. One made in its place may have its number: it is not the same.
		const gone = event === 'rename' && (name === basename(folder) || inodeOf(folder) === null)
		if (gone) this.#drop(folder)
		const isGits = names === null && name !== null && /^\.git(\/|$)/.test(name)
		if (gone || name === null || (!isGits && (!names || names.has(name)))) this.#changed(name)
	}
}

function inodeOf(folder: string): number | null {
	try {
		return statSync(folder, { throwIfNoEntry: false })?.ino ?? null
	} catch {
		return null
	}
}
