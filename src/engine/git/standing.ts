import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Standing } from '../../contract/state.ts'
import { readGit } from './git.ts'
import { lockOwner } from './lock-owner.ts'

/** Where a worktree keeps what is its own, and where a repository keeps what its worktrees share; from the root. */
export interface GitFolders {
	own: string
	common: string
}

/** Git holds its lock for no longer than this, unless a person or a slow command keeps it waiting. */
export const momentMs = 2000

/** Files by which git itself knows what was begun. A rebase stops in what looks like a cherry-pick: it is first. */
const begun = [
	['rebase-merge', 'rebase'],
	['rebase-apply/applying', 'patch series'],
	['rebase-apply', 'rebase'],
	['MERGE_HEAD', 'merge'],
	['CHERRY_PICK_HEAD', 'cherry-pick'],
	['REVERT_HEAD', 'revert'],
] as const

/** What else is so in the laptop's worktree. `worktree` is its topmost folder. */
export async function readStanding(
	worktree: string,
	folders: GitFolders,
	signal?: AbortSignal,
): Promise<Pick<Standing, 'ongoing' | 'lock'>> {
	const [ongoing, lock] = await Promise.all([
		readOngoing(worktree, folders, signal),
		readLock(worktree, folders, signal),
	])
	return { ongoing, lock }
}

async function readOngoing(worktree: string, folders: GitFolders, signal?: AbortSignal) {
	const found = begun.find(([file]) => existsSync(join(folders.own, file)))
	if (found) return found[1]
	const sequence = sequenceOf(folders.own)
	if (sequence !== null) return sequence
	// With reftable these two are refs and no files.
	if (existsSync(join(folders.common, 'reftable')))
		for (const [ref, what] of [
			['CHERRY_PICK_HEAD', 'cherry-pick'],
			['REVERT_HEAD', 'revert'],
		] as const) {
			const args = ['rev-parse', '-q', '--verify', ref]
			if ((await readGit(worktree, args, { expected: [0, 1, 128], signal })).exitCode === 0) return what
		}
	return existsSync(join(folders.own, 'BISECT_LOG')) ? 'bisect' : null
}

/** A cherry-pick or revert of several commits, between two of them. */
function sequenceOf(own: string): string | null {
	try {
		const todo = readFileSync(join(own, 'sequencer/todo'), 'utf8')
		return todo.startsWith('revert') ? 'revert' : 'cherry-pick'
	} catch {
		return null
	}
}

const lockPath = (folders: GitFolders) => join(folders.own, 'index.lock')

/** Whether git's lock on the index is there, for however short a time. */
export const isLocked = (folders: GitFolders): boolean => existsSync(lockPath(folders))

async function readLock(worktree: string, folders: GitFolders, signal?: AbortSignal) {
	const path = lockPath(folders)
	const stats = statSync(path, { throwIfNoEntry: false })
	if (!stats) return null
	// Not every file system knows a birth time: it is then 0, or newer than the last change.
	const since = stats.birthtimeMs > 0 ? Math.min(stats.birthtimeMs, stats.mtimeMs) : stats.mtimeMs
	// Without a sign: a time that lies ahead of the clock says nothing, and the lock is there.
	if (Math.abs(Date.now() - since) < momentMs) return null
	return { path, owner: await lockOwner(path, worktree, signal) }
}
