import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { ProjectConfig } from '../../src/contract/config.ts'
import { addWorktree, listWorktrees, removeWorktree } from '../../src/engine/git/worktrees.ts'
import { type GitProject, gitProject } from './git-project.ts'
import { git } from './repositories.ts'

/** What the tests of extra worktrees share: a project, and each command on either machine. */

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const fresh = async () => {}

export async function setUp(): Promise<GitProject> {
	const project = await gitProject({ before: fresh })
	made.push(project)
	return project
}

export type Side = 'laptop' | 'workstation'
export const sides: Side[] = ['laptop', 'workstation']
/** The repository that a side's worktrees belong to. */
export const repository = (project: GitProject, side: Side) =>
	side === 'laptop' ? project.laptop : project.clone
export const list = (project: GitProject, config: ProjectConfig = project.project) =>
	listWorktrees(project.link, config)
export const add = (project: GitProject, machine: Side, path: string, branch: string, from?: string) =>
	addWorktree(project.link, project.project, { machine, path, branch, ...(from ? { from } : {}) })
export const remove = (project: GitProject, machine: Side, path: string) =>
	removeWorktree(project.link, project.project, { machine, path })

/** A worktree that may be removed: its branch is where the base branch is. */
export async function extra(project: GitProject, side: Side, name = 'extra'): Promise<string> {
	const path = join(project.folder, side, name)
	await git(repository(project, side), 'worktree', 'add', '-q', '-b', 'extra', '--', path, 'master')
	return path
}

export const names = [
	'two words',
	'ünïcode 漢字',
	'-leading',
	`qu'o"te`,
	'$(touch pwned) `id` ; & |',
	'back\\slash*?[x]',
	'.',
]
