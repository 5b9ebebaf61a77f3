import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { ProblemError } from '../contract/client.ts'
import type { Worktree } from '../contract/code.ts'
import type { ProjectConfig } from '../contract/config.ts'
import { readGit } from './git/git.ts'
import { openLocal } from './git/local.ts'
import { listWorktrees } from './git/worktrees.ts'
import type { Link } from './link/link.ts'
import { expandHome } from './link/settings.ts'
import { problem } from './problems.ts'

/**
 * The absolute path of a worktree of the project on this laptop, as git names it. Only those can be opened: a face
 * that asks for another folder is refused.
 * @throws ProblemError `worktree-missing`, and those of a repository that cannot be read
 */
export async function laptopWorktree(
	project: ProjectConfig,
	path: string,
	signal: AbortSignal,
): Promise<string> {
	const folder = await openLocal(project, signal)
	const { stdout } = await readGit(folder, ['worktree', 'list', '--porcelain', '-z'], { signal })
	// Attributes end in NUL, a worktree in one more; one whose folder is gone is `prunable`.
	const paths = stdout.split('\0\0').flatMap((entry) => /^worktree (.*?)(?:\0|$)/s.exec(entry)?.[1] ?? [])
	const wanted = await real(expandHome(path, homedir()))
	for (const each of paths) if (wanted !== null && (await real(each)) === wanted) return each
	return missing('laptop', path)
}

const real = (path: string) => realpath(path).catch(() => null)

/**
 * The same on the workstation, in one round trip; `~` is its home.
 * @throws ProblemError `worktree-missing`, and what its side cannot be read for
 */
export async function workstationWorktree(
	link: Link,
	project: ProjectConfig,
	path: string,
	signal: AbortSignal,
): Promise<string> {
	const wanted = path.replace(/\/+$/, '')
	const found = (await listWorktrees(link, project, signal)).find(
		(each) =>
			each.machine === 'workstation' &&
			!each.missing &&
			(each.path === wanted || (wanted.startsWith('~/') && each.path.endsWith(wanted.slice(1)))),
	)
	return found?.path ?? missing('workstation', path)
}

function missing(machine: Worktree['machine'], path: string): never {
	throw new ProblemError(
		problem('worktree-missing', {
			side: `The ${machine}`,
			path,
			reason: 'no worktree of the project is there',
		}),
	)
}
