import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A person's git, with a fixed identity and none of this machine's settings. */
export const env = {
	...process.env,
	GIT_CONFIG_GLOBAL: '/dev/null',
	GIT_CONFIG_SYSTEM: '/dev/null',
	GIT_AUTHOR_NAME: 'Test',
	GIT_AUTHOR_EMAIL: 'test@localhost',
	GIT_COMMITTER_NAME: 'Test',
	GIT_COMMITTER_EMAIL: 'test@localhost',
}

/** Plain git, never the code under test. Gives its output without the last line break. */
export async function git(folder: string, ...args: string[]): Promise<string> {
	const { stdout } = await execute('git', ['-C', folder, ...args], { env, maxBuffer: 64 * 1024 * 1024 })
	return stdout.replace(/\n$/, '')
}

export interface Repositories {
	hub: string
	laptop: string
	clone: string
	worktree: string
	/** Writes a file on the laptop and commits it; gives the commit. */
	commit(name: string, text: string, message?: string): Promise<string>
}

export interface RepositoryNames {
	base: string
	validation: string
	laptop: string
	clone: string
	worktree: string
}

/** Writes a file in that repository and commits it; gives the commit. */
export function committerIn(folder: string): Repositories['commit'] {
	return async (name, text, message = `Change ${name}`) => {
		await writeFile(join(folder, name), text)
		await git(folder, 'add', '--', `./${name}`)
		await git(folder, 'commit', '-q', '-m', message)
		return await git(folder, 'rev-parse', 'HEAD')
	}
}

/** The three repositories of a project, as a person sets them up by hand: hub, laptop, workstation with its worktree. */
export async function makeRepositories(
	folder: string,
	home: string,
	names: RepositoryNames,
	files: Record<string, string>,
): Promise<Repositories> {
	const hub = join(folder, 'hub.git')
	const laptop = join(folder, names.laptop)
	const clone = join(home, names.clone)
	const worktree = join(home, names.worktree)
	await mkdir(laptop, { recursive: true })
	await execute('git', ['init', '-q', '--bare', '--', hub], { env })
	await git(laptop, 'init', '-q')
	await git(laptop, 'symbolic-ref', 'HEAD', `refs/heads/${names.base}`)
	const identity = async (where: string) => {
		await git(where, 'config', 'user.name', 'Test')
		await git(where, 'config', 'user.email', 'test@localhost')
	}
	await identity(laptop)
	const commit = committerIn(laptop)
	for (const [name, text] of Object.entries(files)) await commit(name, text, `Add ${name}`)
	const ref = (branch: string) => `refs/heads/${branch}`
	await git(laptop, 'remote', 'add', 'origin', hub)
	await git(laptop, 'push', '-q', 'origin', `${ref(names.base)}:${ref(names.base)}`)
	await git(laptop, 'push', '-q', 'origin', `${ref(names.base)}:${ref(names.validation)}`)
	await git(hub, 'symbolic-ref', 'HEAD', ref(names.base))
	await mkdir(home, { recursive: true })
	await execute('git', ['clone', '-q', '--', hub, clone], { env })
	await identity(clone)
	// `update-ref` and a detached worktree take any branch name; `git branch` and `worktree add` refuse a leading dash.
	await git(clone, 'update-ref', ref(names.validation), `refs/remotes/origin/${names.validation}`)
	await git(clone, 'worktree', 'add', '-q', '--detach', worktree, ref(names.validation))
	await git(worktree, 'symbolic-ref', 'HEAD', ref(names.validation))
	await git(laptop, 'fetch', '-q', 'origin')
	return { hub, laptop, clone, worktree, commit }
}
