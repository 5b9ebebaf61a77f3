import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { commitIn, type GitProject } from './git-project.ts'
import { type Situation, situations } from './git-situation.ts'
import { git } from './repositories.ts'

async function commitAll(folder: string): Promise<void> {
	await git(folder, 'add', '-A')
	await git(folder, 'commit', '-q', '-m', 'All of it')
}

/** A repository of its own that is a module of the laptop's. */
async function addModule({ laptop, folder }: GitProject): Promise<string> {
	const module = join(folder, 'module')
	await mkdir(module)
	await git(module, 'init', '-q', '-b', 'main')
	await git(module, 'config', 'user.name', 'Test')
	await git(module, 'config', 'user.email', 'test@localhost')
	await commitIn(module, 'part.py', 'one\n')
	await git(laptop, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module, 'vendor')
	await commitAll(laptop)
	return module
}

const fillModule = (worktree: string) =>
	git(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init')

const modules: Situation[] = [
	{
		title: 'a submodule comes',
		operation: 'up',
		build: addModule,
		says: 'done',
		left: {
			'worktree/vendor': 'a folder',
			'worktree/vendor/part.py': null,
			'laptop/vendor/part.py': 'one\n',
		},
	},
	{
		title: 'a submodule with changes inside, on both sides',
		operation: 'up',
		build: async (project) => {
			await addModule(project)
			await project.up()
			await fillModule(project.worktree)
			for (const at of [project.laptop, project.worktree]) {
				await writeFile(join(at, 'vendor/part.py'), 'half done\n')
				await writeFile(join(at, 'vendor/mine.py'), 'mine')
			}
			await project.commit('model.py', '1\n')
		},
		says: 'done',
		left: {
			'worktree/vendor/part.py': 'half done\n',
			'laptop/vendor/mine.py': 'mine',
			'worktree/model.py': '1\n',
		},
	},
	{
		title: 'a submodule of the laptop is at another commit than the repository says',
		operation: 'up',
		build: async (project) => {
			await addModule(project)
			const module = join(project.laptop, 'vendor')
			await git(
				module,
				'-c',
				'user.name=T',
				'-c',
				'user.email=t@localhost',
				'commit',
				'-q',
				'--allow-empty',
				'-m',
				'x',
			)
			await project.commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n', 'laptop/vendor/part.py': 'one\n' },
		also: async ({ laptop }) =>
			expect(await git(join(laptop, 'vendor'), 'log', '-1', '--format=%s')).toBe('x'),
	},
	{
		title: 'a submodule goes that holds somebody’s work on the workstation',
		operation: 'up',
		build: async (project) => {
			await addModule(project)
			await project.up()
			await fillModule(project.worktree)
			await writeFile(join(project.worktree, 'vendor/mine.py'), 'mine')
			await git(project.laptop, 'rm', '-q', '-f', 'vendor')
			await git(project.laptop, 'commit', '-q', '-m', 'Without it')
		},
		// The folder stays there, as git leaves it, and is nobody's then.
		says: 'done',
		untidy: ['?? vendor/'],
		left: { 'worktree/vendor/mine.py': 'mine' },
	},
	{
		title: 'plain files come where somebody’s repository lies',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			await mkdir(join(worktree, 'vendor'))
			await git(join(worktree, 'vendor'), 'init', '-q')
			await commitIn(join(worktree, 'vendor'), 'part.py', 'theirs').catch(() => {})
			await commitIn(laptop, 'vendor/part.py', 'mine')
		},
		says: 'tree-dirty',
		left: { 'worktree/vendor/part.py': 'theirs' },
	},
	{
		title: 'a repository of its own lies beside, on both sides',
		operation: 'up',
		build: async ({ laptop, worktree, commit }) => {
			for (const at of [laptop, worktree]) {
				await mkdir(join(at, 'other'))
				await git(join(at, 'other'), 'init', '-q')
				await writeFile(join(at, 'other/mine.py'), 'mine')
			}
			await commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/other/mine.py': 'mine', 'laptop/other/mine.py': 'mine', 'worktree/model.py': '1\n' },
	},
	{
		title: 'a run left a repository of its own among its results',
		operation: 'back',
		build: async ({ worktree, result }) => {
			await result('a.json', '1')
			await result('checkout/part.py', 'x')
			await git(join(worktree, 'results/checkout'), 'init', '-q')
			await git(join(worktree, 'results/checkout'), 'config', 'user.name', 'Test')
			await git(join(worktree, 'results/checkout'), 'config', 'user.email', 'test@localhost')
			await commitAll(join(worktree, 'results/checkout'))
		},
		says: 'done',
		left: { 'laptop/results/a.json': '1', 'worktree/results/checkout/part.py': 'x' },
	},
]

situations('a table of situations: repositories in a repository', modules)
