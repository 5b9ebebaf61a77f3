import type { CommitWish, FileChange } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { readGit } from './git.ts'
import { openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { localScript } from './scripts.ts'

/** A file over this many bytes is not committed, unless that is wished. */
const fileLimit = 50 * 1024 * 1024

/**
 * What a commit of the laptop's changes would hold: of the files that git knows all that changed, staged or not;
 * with `untracked` those that it does not know and does not ignore too. Changes nothing.
 * @param limit bytes; a bigger file stops it. 0: none does.
 * @throws ProblemError `not-on-branch`, `merge-in-progress`, `repository-busy`, `identity-missing`, `lfs-missing`,
 *   `commit-too-big`, and those of a repository that cannot be read
 */
export async function planCommit(
	project: ProjectConfig,
	wish: CommitWish,
	signal: AbortSignal,
	limit: number = fileLimit,
): Promise<FileChange[]> {
	await checkNames(project)
	const folder = await openLocal(project, signal)
	await localScript('git-save', request('check', '', folder, project, wish, limit), folder, signal)
	const args = ['status', '--porcelain=v2', '-z', '--no-renames', '--ignore-submodules=dirty']
	const untracked = `--untracked-files=${wish.untracked ? 'all' : 'no'}`
	return parseStatus((await readGit(folder, [...args, untracked], { signal })).stdout)
}

/**
 * Commits them on the base branch, as `git commit` does: with the person's hooks, name and signature. When it
 * fails, files, index and branch are as they were. Gives the new commit, or the one that is there where nothing
 * was left to commit. `operation`: what its safety refs are filed under.
 * @throws ProblemError those of `planCommit`; `git-failed` with a hook's or a signer's words
 */
export async function commitChanges(
	project: ProjectConfig,
	wish: CommitWish,
	operation: string,
	signal: AbortSignal,
	limit: number = fileLimit,
): Promise<string> {
	const folder = await openLocal(project, signal)
	const args = request('apply', operation, folder, project, wish, limit)
	const { fields } = await localScript('git-save', args, folder, signal)
	return fields[0] ?? ''
}

function request(
	mode: string,
	operation: string,
	folder: string,
	project: ProjectConfig,
	wish: CommitWish,
	limit: number,
): string[] {
	const message = wish.message
		.replaceAll(/\r\n?/g, '\n')
		.replaceAll(/[\0\u001d\u001e]/g, '')
		.replaceAll('\n', '\u001e')
	return [mode, operation, folder, project.git.base, wish.untracked ? 'yes' : '', String(limit), message]
}

/** What `git status --porcelain=v2 -z --no-renames` says. A repository among the unknown files is left out. */
export function parseStatus(text: string): FileChange[] {
	return text.split('\0').flatMap((entry): FileChange[] => {
		if (entry.startsWith('? ') && !entry.endsWith('/')) return [{ path: entry.slice(2), change: 'added' }]
		const [, staged, unstaged, path] = /^1 (.)(.) (?:[^ ]* ){6}(.*)$/s.exec(entry) ?? []
		if (path === undefined) return []
		// Staged as new and gone again: nothing is left of it.
		if (staged === 'A' && unstaged === 'D') return []
		if (unstaged === 'D' || (staged === 'D' && unstaged === '.')) return [{ path, change: 'deleted' }]
		return [{ path, change: staged === 'A' ? 'added' : 'modified' }]
	})
}
