import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { commitIn } from './git-project.ts'
import { type Situation, situations } from './git-situation.ts'
import { git } from './repositories.ts'

/** Begins what git cannot end by itself: two branches that changed the same line. */
async function beginWith(folder: string, ...begin: string[]): Promise<void> {
	await git(folder, 'branch', '-q', 'side')
	await commitIn(folder, 'model.py', 'mine\n')
	await git(folder, 'checkout', '-q', 'side')
	await commitIn(folder, 'model.py', 'other\n')
	await git(folder, 'checkout', '-q', '-')
	await expect(git(folder, ...begin)).rejects.toThrow()
}

const begun: Situation[] = [
	...(['up', 'back'] as const).map(
		(operation): Situation => ({
			title: 'a merge on the laptop',
			operation,
			build: ({ laptop }) => beginWith(laptop, 'merge', 'side'),
			says: 'merge-in-progress',
			facts: { side: 'The laptop', what: 'merge' },
		}),
	),
	{
		title: 'a cherry-pick on the laptop',
		operation: 'up',
		build: ({ laptop }) => beginWith(laptop, 'cherry-pick', 'side'),
		says: 'merge-in-progress',
		facts: { side: 'The laptop', what: 'cherry-pick' },
	},
	{
		title: 'a revert in the worktree',
		operation: 'up',
		build: ({ worktree }) => beginWith(worktree, 'revert', '--no-edit', 'side'),
		says: 'merge-in-progress',
		facts: { side: 'The workstation', what: 'revert' },
	},
	{
		title: 'a rebase in the worktree',
		operation: 'back',
		build: ({ worktree }) => beginWith(worktree, 'rebase', 'side'),
		says: 'merge-in-progress',
		facts: { side: 'The workstation', what: 'rebase' },
	},
	{
		title: 'a merge in the clone',
		operation: 'up',
		build: async ({ clone, commit }) => {
			await commit('data.csv', '1\n')
			await beginWith(clone, 'merge', 'side')
		},
		says: 'merge-in-progress',
		facts: { side: 'The workstation', what: 'merge' },
	},
]

const changes: Situation[] = [
	{
		title: 'a change on the laptop as long as what it replaces, at once after the commit',
		operation: 'up',
		build: async ({ laptop, commit }) => {
			await commit('model.py', '1\n')
			await writeFile(join(laptop, 'model.py'), '2\n')
		},
		says: 'tree-dirty',
		facts: { side: 'The laptop', files: ['model.py'] },
	},
	{
		title: 'a staged deletion on the laptop',
		operation: 'back',
		build: ({ laptop }) => git(laptop, 'rm', '-q', 'data.csv'),
		says: 'tree-dirty',
		facts: { files: ['data.csv'] },
	},
	{
		title: 'a deletion that is not staged, in the clone',
		operation: 'up',
		build: ({ clone }) => rm(join(clone, 'data.csv')),
		says: 'tree-dirty',
		facts: { side: 'The workstation', files: ['data.csv'] },
	},
	{
		title: 'a file that is only intended to be added, in the worktree',
		operation: 'up',
		build: async ({ worktree }) => {
			await writeFile(join(worktree, 'soon.py'), 'x')
			await git(worktree, 'add', '-N', 'soon.py')
		},
		says: 'tree-dirty',
		facts: { side: 'The workstation', files: ['soon.py'] },
	},
	{
		title: 'a staged change that was taken back on the disk',
		operation: 'up',
		build: async ({ laptop }) => {
			await writeFile(join(laptop, 'data.csv'), 'staged\n')
			await git(laptop, 'add', 'data.csv')
			await writeFile(join(laptop, 'data.csv'), 'a,b\n')
		},
		says: 'tree-dirty',
		facts: { files: ['data.csv'] },
	},
	{
		title: 'stashes on both sides, and files nobody tracks',
		operation: 'up',
		build: async ({ laptop, worktree, commit }) => {
			for (const at of [laptop, worktree]) {
				await writeFile(join(at, 'model.py'), 'later\n')
				await git(at, 'stash', '-q')
				await mkdir(join(at, 'notes'))
				await writeFile(join(at, 'notes/mine.txt'), `of ${at}`)
			}
			await commit('model.py', '1\n')
		},
		says: 'done',
		also: async ({ laptop, worktree }) => {
			for (const at of [laptop, worktree]) expect(await git(at, 'show', 'stash:model.py')).toBe('later')
		},
	},
	...(['--assume-unchanged', '--skip-worktree'] as const).map(
		(flag): Situation => ({
			title: `a change that git was told to overlook (${flag}) where a new version goes`,
			operation: 'up',
			build: async ({ worktree, commit }) => {
				await git(worktree, 'update-index', flag, 'model.py')
				await writeFile(join(worktree, 'model.py'), 'set for this machine\n')
				await commit('model.py', '1\n')
			},
			says: 'tree-dirty',
			facts: { side: 'The workstation', files: ['model.py'] },
			left: { 'worktree/model.py': 'set for this machine\n' },
		}),
	),
	...(['clone', 'laptop'] as const).map(
		(at): Situation => ({
			title: `an overlooked change in the way on the ${at}, beside others that are not`,
			operation: at === 'laptop' ? 'back' : 'up',
			build: async (project) => {
				const from = at === 'laptop' ? project.worktree : project.laptop
				const names = ['model.py', 'data.csv', 'odd \n"name".py']
				await commitIn(project.laptop, names[2] ?? '', '0\n')
				await project.up()
				for (const name of names) await git(project[at], 'update-index', '--assume-unchanged', '--', name)
				// One was not changed at all, one is not touched by the move.
				await writeFile(join(project[at], names[2] ?? ''), 'set for this machine\n')
				await writeFile(join(project[at], 'data.csv'), 'set too\n')
				await commitIn(from, 'model.py', '1\n')
				await commitIn(from, names[2] ?? '', '1\n')
			},
			says: 'tree-dirty',
			facts: {
				side: at === 'laptop' ? 'The laptop' : 'The workstation',
				files: ['odd \n"name".py'],
			},
		}),
	),
	{
		title: 'an overlooked change on the laptop where a result that is not committed yet goes',
		operation: 'back',
		build: async (project) => {
			await commitIn(project.laptop, 'results/loss.json', '0')
			await project.up()
			await git(project.laptop, 'update-index', '--skip-worktree', 'results/loss.json')
			await writeFile(join(project.laptop, 'results/loss.json'), 'mine')
			await project.result('loss.json', '1')
		},
		says: 'tree-dirty',
		facts: { side: 'The laptop', files: ['results/loss.json'] },
	},
	{
		title: 'files that git was told to overlook, and that are as they were',
		operation: 'up',
		build: async ({ worktree, clone, commit }) => {
			for (const at of [worktree, clone]) await git(at, 'update-index', '--assume-unchanged', 'model.py')
			await commit('model.py', '1\n')
		},
		says: 'done',
	},
]

situations('a table of situations: what was begun', begun)
situations('a table of situations: what is not committed', changes)
