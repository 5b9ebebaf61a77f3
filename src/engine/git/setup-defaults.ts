import { homedir } from 'node:os'
import { basename, resolve } from 'node:path'
import { type ProjectConfig, projectSchema } from '../../contract/config.ts'
import { readGit, refuse } from './git.ts'
import { commitAt, openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { laptopGit } from './version.ts'

/** What a person says of a project that is not in the settings yet. */
export interface ProjectWish {
	/** As typed: relative to the current folder, or `~/…`. */
	local: string
	workstation: string
	/** The validation's command line. */
	command: string
	name?: string | undefined
	remote?: string | undefined
	hub?: string | undefined
	base?: string | undefined
	validation?: string | undefined
}

/** A project as an entry of the settings: what is worth saying, in the order people read it. */
export type ProjectEntry = {
	name: string
	workstation: string
	local: string
	remote: string
	git: { hub: string; base: string; validation: string }
	validation: { command: string }
}

/** Pure: a folder of this laptop as the settings name it; `home` is an absolute path. */
export function settingsPath(path: string, home = homedir(), cwd = process.cwd()): string {
	const from = path === '~' || path.startsWith('~/') ? `${home}${path.slice(1)}` : resolve(cwd, path)
	const whole = resolve(from)
	return whole.startsWith(`${home}/`) ? `~${whole.slice(home.length)}` : whole
}

/**
 * Fills in from the repository what was not said: the hub is `origin` where there is one, the base branch what
 * the hub calls its first, else what is checked out; the clone goes to a folder of the same name.
 * @throws ProblemError `input-invalid` with the option to give, `repository-missing`, `branch-missing`,
 *   `unsafe-name`, `git-old`, `git-missing`
 */
export async function projectEntry(wish: ProjectWish): Promise<ProjectEntry> {
	await laptopGit()
	const local = settingsPath(wish.local)
	const folderName = basename(resolve(local.replace(/^~/, homedir())))
	const name = wish.name ?? folderName
	const entry: ProjectEntry = {
		name,
		workstation: wish.workstation,
		local,
		remote: wish.remote ?? `~/${folderName}`,
		git: {
			hub: wish.hub ?? 'direct',
			base: wish.base ?? 'master',
			validation: wish.validation ?? 'gpu-validation',
		},
		validation: { command: wish.command },
	}
	const folder = await openLocal(parsed(entry))
	if (wish.hub === undefined && (await hasOrigin(folder))) entry.git.hub = 'origin'
	if (wish.base === undefined) entry.git.base = await firstBranch(folder, entry.git)
	const project = parsed(entry)
	await checkNames(project)
	if ((await commitAt(folder, `refs/heads/${entry.git.base}`)) === null)
		refuse('branch-missing', { side: 'The laptop', branch: entry.git.base })
	return entry
}

const options: Record<string, string> = {
	name: '--name',
	workstation: '--workstation',
	local: '--local',
	remote: '--remote',
	'git.hub': '--hub',
	'git.base': '--base',
	'git.validation': '--validation',
	'validation.command': '--command',
}

function parsed(entry: ProjectEntry): ProjectConfig {
	const result = projectSchema.safeParse(entry)
	if (result.success) return result.data
	const [issue] = result.error.issues
	const option = options[issue?.path.join('.') ?? ''] ?? 'setup'
	return refuse('input-invalid', { command: option, message: issue?.message ?? 'it was not understood' })
}

async function hasOrigin(folder: string): Promise<boolean> {
	return (
		(await readGit(folder, ['config', '--get-all', 'remote.origin.url'], { expected: [0, 1] })).exitCode === 0
	)
}

async function firstBranch(folder: string, { hub, validation }: ProjectEntry['git']): Promise<string> {
	for (const [ref, prefix] of [
		[`refs/remotes/${hub}/HEAD`, `refs/remotes/${hub}/`],
		['HEAD', 'refs/heads/'],
	] as const) {
		const { stdout } = await readGit(folder, ['symbolic-ref', '-q', ref], { expected: [0, 1, 128] })
		const named = stdout.replace(/\n$/, '')
		if (!named.startsWith(prefix)) continue
		const branch = named.slice(prefix.length)
		if (branch !== validation && (await commitAt(folder, `refs/heads/${branch}`)) !== null) return branch
	}
	return refuse('input-invalid', {
		command: '--base',
		message: 'it is needed, since no other branch is checked out in the repository',
	})
}
