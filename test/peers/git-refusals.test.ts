import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ProblemCode } from '../../src/contract/problem.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const fresh = async () => {}

async function setUp(hub: string): Promise<GitProject> {
	const project = await gitProject({ hub, before: fresh })
	made.push(project)
	return project
}

interface Case {
	title: string
	operation: 'up' | 'back' | 'both'
	/** The hub is left out: git pushes and fetches over the link. */
	direct?: true
	arrange: (project: GitProject) => Promise<unknown>
	code: ProblemCode
	facts?: Record<string, unknown>
}

/** A commit on a branch of the hub that nobody else has. */
async function commitOnHub(project: GitProject, branch: string): Promise<void> {
	const tree = await git(project.hub, 'rev-parse', `refs/heads/${branch}^{tree}`)
	const parent = await git(project.hub, 'rev-parse', `refs/heads/${branch}`)
	const commit = await git(project.hub, 'commit-tree', '-p', parent, '-m', 'Elsewhere', tree)
	await git(project.hub, 'update-ref', `refs/heads/${branch}`, commit)
}

async function beginMerge(folder: string): Promise<void> {
	await git(folder, 'checkout', '-q', '-b', 'side')
	await commitIn(folder, 'model.py', 'side\n')
	await git(folder, 'checkout', '-q', '-')
	await commitIn(folder, 'model.py', 'other side\n')
	await expect(git(folder, 'merge', 'side')).rejects.toThrow()
}

const cases: Case[] = [
	{
		title: 'a tracked change on the laptop',
		operation: 'both',
		arrange: ({ laptop }) => writeFile(join(laptop, 'model.py'), 'mine\n'),
		code: 'tree-dirty',
		facts: { side: 'The laptop', files: ['model.py'] },
	},
	{
		title: 'a staged change on the laptop',
		operation: 'both',
		arrange: async ({ laptop }) => {
			await writeFile(join(laptop, 'new "file".py'), 'mine\n')
			await git(laptop, 'add', '.')
		},
		code: 'tree-dirty',
		facts: { side: 'The laptop', files: ['new "file".py'] },
	},
	{
		title: 'a tracked change in the worktree, outside the results',
		operation: 'up',
		arrange: async ({ worktree, result }) => {
			await writeFile(join(worktree, 'model.py'), 'theirs\n')
			await result('metrics.json', '1')
		},
		code: 'tree-dirty',
		facts: { side: 'The workstation', files: ['model.py'] },
	},
	{
		title: 'a tracked change in the clone',
		operation: 'up',
		arrange: ({ clone }) => writeFile(join(clone, 'data.csv'), 'theirs\n'),
		code: 'tree-dirty',
		facts: { side: 'The workstation', files: ['data.csv'] },
	},
	{
		title: 'an untracked file in the worktree where a new one goes',
		operation: 'up',
		arrange: async ({ worktree, laptop }) => {
			await commitIn(laptop, 'new/one.py', 'mine')
			await mkdir(join(worktree, 'new'))
			await writeFile(join(worktree, 'new/one.py'), 'theirs')
		},
		code: 'tree-dirty',
		facts: { side: 'The workstation', files: ['new/one.py'] },
	},
	{
		title: 'an ignored file in the clone where a new one goes',
		operation: 'up',
		direct: true,
		arrange: async ({ clone, laptop }) => {
			await writeFile(join(clone, '.git/info/exclude'), '*.log\n')
			await writeFile(join(clone, 'a b.log'), 'precious')
			await commitIn(laptop, 'a b.log', 'new')
		},
		code: 'tree-dirty',
		facts: { side: 'The workstation', files: ['a b.log'] },
	},
	{
		title: 'an untracked file where a new folder goes',
		operation: 'up',
		arrange: async ({ worktree, laptop }) => {
			await commitIn(laptop, 'thing/one/two.py', 'mine')
			await writeFile(join(worktree, 'thing'), 'theirs')
		},
		code: 'tree-dirty',
		facts: { files: ['thing'] },
	},
	{
		title: 'an untracked file on the laptop where a result goes',
		operation: 'back',
		arrange: async ({ laptop, result }) => {
			await result('metrics.json', '1')
			await mkdir(join(laptop, 'results'))
			await writeFile(join(laptop, 'results/metrics.json'), 'mine')
		},
		code: 'tree-dirty',
		facts: { side: 'The laptop', files: ['results/metrics.json'] },
	},
	{
		title: 'an ignored file on the laptop where a committed result goes',
		operation: 'back',
		arrange: async ({ laptop, worktree }) => {
			await commitIn(worktree, 'results/metrics.json', '1')
			await writeFile(join(laptop, '.git/info/exclude'), 'results\n')
			await mkdir(join(laptop, 'results'))
			await writeFile(join(laptop, 'results/metrics.json'), 'mine')
		},
		code: 'tree-dirty',
		facts: { side: 'The laptop' },
	},
	{
		title: 'the laptop’s base and the hub’s went two ways',
		operation: 'up',
		arrange: async (project) => {
			await commitOnHub(project, 'master')
			await project.commit('model.py', '1\n')
		},
		code: 'diverged',
		facts: { side: 'The laptop', other: 'the hub', branch: 'master' },
	},
	{
		title: 'the workstation’s base went another way',
		operation: 'up',
		arrange: async (project) => {
			await commitIn(project.clone, 'data.csv', 'theirs\n')
			await project.commit('model.py', '1\n')
		},
		code: 'diverged',
		facts: { other: 'the workstation', branch: 'master' },
	},
	{
		title: 'the validation branch has commits on the hub that the workstation lacks',
		operation: 'back',
		arrange: async (project) => {
			await commitOnHub(project, 'gpu-validation')
			await project.result('metrics.json', '1')
		},
		code: 'diverged',
		facts: { branch: 'gpu-validation', other: 'the hub' },
	},
	{
		title: 'a conflict with what the workstation committed',
		operation: 'both',
		arrange: async (project) => {
			await commitIn(project.worktree, 'model.py', 'theirs\n')
			await project.commit('model.py', 'mine\n')
		},
		code: 'conflict',
		facts: { files: ['model.py'] },
	},
	{
		title: 'a conflict over the link',
		operation: 'both',
		direct: true,
		arrange: async (project) => {
			await commitIn(project.worktree, 'model.py', 'theirs\n')
			await project.commit('model.py', 'mine\n')
		},
		code: 'conflict',
		facts: { files: ['model.py'] },
	},
	{
		title: 'a conflict with results that wait uncommitted',
		operation: 'both',
		arrange: async (project) => {
			await project.result('metrics.json', 'theirs')
			await commitIn(project.laptop, 'results/metrics.json', 'mine')
		},
		code: 'conflict',
		facts: { files: ['results/metrics.json'] },
	},
	{
		title: 'histories with nothing in common',
		operation: 'up',
		arrange: async ({ laptop }) => {
			const tree = await git(laptop, 'rev-parse', 'HEAD^{tree}')
			await git(laptop, 'reset', '-q', '--hard', await git(laptop, 'commit-tree', '-m', 'Anew', tree))
		},
		code: 'diverged',
	},
	{
		title: 'a merge on the laptop',
		operation: 'both',
		arrange: ({ laptop }) => beginMerge(laptop),
		code: 'merge-in-progress',
		facts: { side: 'The laptop', what: 'merge' },
	},
	{
		title: 'a merge in the worktree',
		operation: 'both',
		arrange: ({ worktree }) => beginMerge(worktree),
		code: 'merge-in-progress',
		facts: { side: 'The workstation', what: 'merge' },
	},
	{
		title: 'no repository on the laptop',
		operation: 'both',
		arrange: ({ laptop }) => rename(join(laptop, '.git'), join(laptop, 'git')),
		code: 'repository-missing',
		facts: { side: 'The laptop' },
	},
	{
		title: 'no repository on the workstation',
		operation: 'both',
		arrange: ({ clone }) => rename(clone, `${clone}-gone`),
		code: 'repository-missing',
		facts: { side: 'The workstation' },
	},
	{
		title: 'a folder inside another repository',
		operation: 'both',
		arrange: async ({ home, clone }) => {
			await git(home, 'init', '-q')
			await rename(join(clone, '.git'), join(clone, 'git'))
		},
		code: 'repository-missing',
		facts: { side: 'The workstation' },
	},
	{
		title: 'no worktree',
		operation: 'both',
		arrange: ({ worktree }) => rm(worktree, { recursive: true }),
		code: 'worktree-missing',
		facts: { reason: 'nothing is there' },
	},
	{
		title: 'another branch in the worktree',
		operation: 'both',
		arrange: ({ worktree }) => git(worktree, 'checkout', '-q', '-b', 'other'),
		code: 'worktree-missing',
		facts: { reason: 'other is checked out there' },
	},
	{
		title: 'a detached worktree',
		operation: 'both',
		arrange: ({ worktree }) => git(worktree, 'checkout', '-q', '--detach'),
		code: 'worktree-missing',
		facts: { reason: 'no branch is checked out there' },
	},
	{
		title: 'no base branch on the laptop',
		operation: 'both',
		arrange: ({ laptop }) => git(laptop, 'branch', '-q', '-m', 'master', 'main'),
		code: 'branch-missing',
		facts: { side: 'The laptop', branch: 'master' },
	},
	{
		title: 'no base branch on the workstation',
		operation: 'both',
		arrange: ({ clone }) => git(clone, 'branch', '-q', '-m', 'master', 'main'),
		code: 'branch-missing',
		facts: { side: 'The workstation', branch: 'master' },
	},
	{
		title: 'no hub on the laptop',
		operation: 'both',
		arrange: ({ laptop }) => git(laptop, 'remote', 'rename', 'origin', 'hub'),
		code: 'hub-missing',
		facts: { side: 'The laptop', hub: 'origin' },
	},
	{
		title: 'no hub on the workstation',
		operation: 'both',
		arrange: ({ clone }) => git(clone, 'remote', 'rename', 'origin', 'hub'),
		code: 'hub-missing',
		facts: { side: 'The workstation', hub: 'origin' },
	},
	{
		title: 'the hub cannot be reached from the laptop',
		operation: 'both',
		arrange: ({ laptop, folder }) => git(laptop, 'remote', 'set-url', 'origin', join(folder, 'gone.git')),
		code: 'hub-unreachable',
		facts: { side: 'The laptop' },
	},
	{
		title: 'a result that is too big',
		operation: 'both',
		arrange: async (project) => {
			await project.result('weights.bin', '')
			await truncate(join(project.worktree, 'results/weights.bin'), 51 * 1024 * 1024)
		},
		code: 'results-too-big',
		facts: { files: ['results/weights.bin'] },
	},
]

describe.concurrent.each(cases)('$title', ({ operation, direct, arrange, code, facts = {} }) => {
	const operations = operation === 'both' ? (['up', 'back'] as const) : ([operation] as const)
	test.each(operations)('%s is refused, and all is as it was', async (name) => {
		const project = await setUp(direct ? 'direct' : 'origin')
		await arrange(project)
		const before = await project.fingerprint()
		const problem = await refusal(project[name]())
		expect(problem).toMatchObject({ code, facts })
		expect(await project.fingerprint()).toEqual(before)
	})
})
