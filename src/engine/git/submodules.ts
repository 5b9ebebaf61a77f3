import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readGit } from './git.ts'

/**
 * Submodules of a worktree of the laptop that hold changes or files of their own which are not committed in them.
 * Nothing we do goes into a submodule: its pointer moves with the branch, its folder stays as it is.
 */
export async function dirtySubmodules(folder: string, signal?: AbortSignal): Promise<string[]> {
	if (!existsSync(join(folder, '.gitmodules'))) return []
	const args = [
		'status',
		'--porcelain=v2',
		'-z',
		'--no-renames',
		'--untracked-files=no',
		'--ignore-submodules=none',
	]
	return parseSubmodules((await readGit(folder, args, { signal })).stdout)
}

/** From `git status --porcelain=v2 -z --no-renames`: field 3 is S, then C, M and U, or a dot for each that is not so. */
export function parseSubmodules(text: string): string[] {
	return text.split('\0').flatMap((entry) => {
		const [, changed, untracked, path] = /^1 .. S.(.)(.) (?:[^ ]* ){5}(.*)$/s.exec(entry) ?? []
		return path !== undefined && (changed === 'M' || untracked === 'U') ? [path] : []
	})
}
