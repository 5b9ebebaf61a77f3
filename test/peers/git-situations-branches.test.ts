import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitIn, type GitProject } from './git-project.ts'
import { type Situation, situations } from './git-situation.ts'
import { git } from './repositories.ts'

/** A commit that somebody else pushed to a branch of the hub. */
async function pushedBySomebody({ hub }: GitProject, branch: string): Promise<void> {
	const tree = await git(hub, 'rev-parse', `refs/heads/${branch}^{tree}`)
	const commit = await git(hub, 'commit-tree', '-p', branch, '-m', 'Elsewhere', tree)
	await git(hub, 'update-ref', `refs/heads/${branch}`, commit)
}

const ahead: Situation[] = [
	{ title: 'all in step', operation: 'up', build: async () => {}, says: 'done', still: true },
	{ title: 'all in step', operation: 'back', build: async () => {}, says: 'done', still: true },
	{
		title: 'the laptop is ahead',
		operation: 'up',
		build: async ({ commit }) => {
			await commit('model.py', '1\n')
			await commit('new.py', '2\n')
		},
		says: 'done',
		plan: ['hub: Push master to origin', 'workstation: Fast-forward master, merge it into gpu-validation'],
		left: { 'worktree/model.py': '1\n', 'clone/new.py': '2\n' },
	},
	{
		title: 'the laptop is ahead, without a hub',
		operation: 'up',
		direct: true,
		build: ({ commit }) => commit('model.py', '1\n'),
		says: 'done',
		plan: ['workstation: Fast-forward master, merge it into gpu-validation'],
		left: { 'worktree/model.py': '1\n', 'clone/model.py': '1\n' },
	},
	{
		title: 'the hub is ahead',
		operation: 'up',
		build: (project) => pushedBySomebody(project, 'master'),
		says: 'done',
		still: true,
	},
	{
		title: 'laptop and hub went two ways',
		operation: 'up',
		build: async (project) => {
			await pushedBySomebody(project, 'master')
			await project.commit('model.py', '1\n')
		},
		says: 'diverged',
		facts: { branch: 'master', other: 'the hub' },
	},
	{
		title: 'the hub has results that the workstation lacks',
		operation: 'back',
		build: (project) => pushedBySomebody(project, 'gpu-validation'),
		says: 'diverged',
		facts: { branch: 'gpu-validation' },
	},
	{
		title: 'the workstation is ahead',
		operation: 'back',
		build: ({ worktree }) => commitIn(worktree, 'results/a.json', '1'),
		says: 'done',
		left: { 'laptop/results/a.json': '1' },
	},
	{
		title: 'both are ahead',
		operation: 'up',
		build: async ({ worktree, commit }) => {
			await commitIn(worktree, 'results/a.json', '1')
			await commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n', 'worktree/results/a.json': '1', 'clone/results/a.json': null },
	},
	{
		title: 'both are ahead, without a hub',
		operation: 'back',
		direct: true,
		build: async ({ worktree, commit }) => {
			await commitIn(worktree, 'results/a.json', '1')
			await commit('model.py', '1\n')
		},
		says: 'done',
		left: {
			'laptop/model.py': '1\n',
			'laptop/results/a.json': '1',
			'worktree/model.py': 'one\ntwo\nthree\n',
		},
	},
	{
		title: 'both changed the same line otherwise',
		operation: 'back',
		build: async ({ worktree, commit }) => {
			await commitIn(worktree, 'model.py', 'theirs\n')
			await commit('model.py', 'mine\n')
		},
		says: 'conflict',
		facts: { files: ['model.py'] },
	},
	{
		title: 'both changed the same line alike',
		operation: 'up',
		build: async ({ worktree, commit }) => {
			await commitIn(worktree, 'model.py', 'same\n')
			await commit('model.py', 'same\n')
		},
		says: 'done',
		left: { 'worktree/model.py': 'same\n' },
	},
	{
		title: 'a tag and a branch of the hub’s name are called as the base branch',
		operation: 'up',
		build: async ({ laptop, clone, commit }) => {
			for (const at of [laptop, clone]) {
				await git(at, 'tag', 'master', 'HEAD')
				await git(at, 'update-ref', 'refs/heads/origin/master', 'HEAD')
			}
			await commit('model.py', '1\n')
		},
		says: 'done',
	},
]

const branches: Situation[] = [
	{
		title: 'the base branch was deleted on the hub',
		operation: 'up',
		build: ({ hub }) => git(hub, 'update-ref', '-d', 'refs/heads/master'),
		says: 'done',
	},
	{
		title: 'the validation branch was deleted on the hub',
		operation: 'back',
		build: ({ hub }) => git(hub, 'update-ref', '-d', 'refs/heads/gpu-validation'),
		says: 'done',
	},
	{
		title: 'an empty hub',
		operation: 'up',
		build: async ({ hub, commit }) => {
			await git(hub, 'update-ref', '-d', 'refs/heads/master')
			await git(hub, 'update-ref', '-d', 'refs/heads/gpu-validation')
			await commit('model.py', '1\n')
		},
		says: 'done',
	},
	{
		title: 'no commit on the laptop yet',
		operation: 'up',
		build: async ({ laptop }) => {
			await git(laptop, 'checkout', '-q', '--orphan', 'anew')
			await git(laptop, 'branch', '-q', '-D', 'master')
			await git(laptop, 'symbolic-ref', 'HEAD', 'refs/heads/master')
		},
		says: 'branch-missing',
		facts: { side: 'The laptop', branch: 'master' },
	},
	{
		title: 'an empty clone on the workstation',
		operation: 'up',
		build: async ({ clone }) => {
			await rm(join(clone, '.git'), { recursive: true })
			await git(clone, 'init', '-q', '-b', 'master')
		},
		says: 'branch-missing',
		facts: { side: 'The workstation' },
	},
	{
		title: 'a detached head with a commit of its own on the laptop',
		operation: 'up',
		build: async ({ laptop, commit }) => {
			await commit('model.py', '1\n')
			await git(laptop, 'checkout', '-q', '--detach')
			await commitIn(laptop, 'try.py', 'x')
		},
		says: 'done',
		left: { 'laptop/try.py': 'x', 'worktree/try.py': null, 'worktree/model.py': '1\n' },
	},
	{
		title: 'another branch with changes is checked out on the laptop',
		operation: 'back',
		build: async ({ laptop, worktree }) => {
			await git(laptop, 'checkout', '-q', '-b', 'side')
			await writeFile(join(laptop, 'model.py'), 'not yet\n')
			await commitIn(worktree, 'model.py', 'theirs\n')
		},
		says: 'done',
		left: { 'laptop/model.py': 'not yet\n' },
	},
	{
		title: 'the base branch is checked out in another worktree of the laptop',
		operation: 'back',
		build: async ({ laptop, folder, worktree }) => {
			await git(laptop, 'checkout', '-q', '-b', 'side')
			await git(laptop, 'worktree', 'add', '-q', join(folder, 'beside'), 'master')
			await commitIn(worktree, 'results/a.json', '1')
		},
		says: 'done',
		left: { 'laptop/results/a.json': null, 'laptop/../beside/results/a.json': '1' },
	},
	{
		title: 'a detached head in the worktree',
		operation: 'back',
		build: ({ worktree }) => git(worktree, 'checkout', '-q', '--detach'),
		says: 'worktree-missing',
	},
]

situations('a table of situations: where the branches are', ahead)
situations('a table of situations: which branches there are', branches)
