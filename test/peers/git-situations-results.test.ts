import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Situation, situations } from './git-situation.ts'
import { git } from './repositories.ts'

/** All that is there becomes a commit. */
async function commitAll(folder: string): Promise<void> {
	await git(folder, 'add', '-A')
	await git(folder, 'commit', '-q', '-m', 'All of it')
}

const oddNames = [
	'a\nline break.txt',
	'tab\there.txt',
	'-rf',
	'quote\'s "double" `back` $(touch x) $HOME.txt',
	':(top)*',
	'[a]*?.txt',
	'back\\slash',
	' spaces ',
	'größe — 数据 e\u0301.txt',
	`${'long'.repeat(60)}.txt`,
]

const names: Situation[] = [
	{
		title: 'names that a shell or git would take for something else',
		operation: 'up',
		build: async ({ laptop }) => {
			for (const name of oddNames) await writeFile(join(laptop, name), `of ${name}`)
			await commitAll(laptop)
		},
		says: 'done',
		left: Object.fromEntries(oddNames.map((name) => [`worktree/${name}`, `of ${name}`])),
	},
	{
		title: 'results with such names',
		operation: 'back',
		build: async ({ result }) => {
			for (const name of oddNames) await result(name, `of ${name}`)
		},
		says: 'done',
		left: Object.fromEntries(oddNames.map((name) => [`laptop/results/${name}`, `of ${name}`])),
	},
	...oddNames.slice(0, 6).map(
		(name): Situation => ({
			title: `an unknown file of the name ${JSON.stringify(name)} is in the way`,
			operation: 'up',
			build: async ({ laptop, worktree }) => {
				await writeFile(join(worktree, name), 'precious')
				await writeFile(join(laptop, name), 'x')
				await commitAll(laptop)
			},
			says: 'tree-dirty',
			left: { [`worktree/${name}`]: 'precious' },
		}),
	),
]

const results: Situation[] = [
	{
		title: 'results come, change and go; one is executable, one is a link',
		operation: 'back',
		build: async (project) => {
			const { worktree, result } = project
			await result('goes.txt', 'x')
			await result('changes.txt', 'x')
			await project.back()
			await rm(join(worktree, 'results/goes.txt'))
			await result('changes.txt', 'y')
			await result('run.sh', 'true')
			await chmod(join(worktree, 'results/run.sh'), 0o755)
			await symlink('changes.txt', join(worktree, 'results/latest'))
		},
		says: 'done',
		left: {
			'laptop/results/goes.txt': null,
			'laptop/results/changes.txt': 'y',
			'laptop/results/run.sh': 'executable',
			'laptop/results/latest': '→ changes.txt',
		},
	},
	{
		title: 'changes besides the results stay as they are on the workstation',
		operation: 'back',
		build: async ({ worktree, result }) => {
			await result('a.json', '1')
			await writeFile(join(worktree, 'model.py'), 'half done\n')
			await writeFile(join(worktree, 'data.csv'), 'staged\n')
			await git(worktree, 'add', 'data.csv')
			await writeFile(join(worktree, 'notes.txt'), 'mine')
		},
		says: 'done',
		left: {
			'laptop/results/a.json': '1',
			'laptop/model.py': 'one\ntwo\nthree\n',
			'worktree/model.py': 'half done\n',
		},
		also: async ({ worktree }) =>
			expect(await git(worktree, 'status', '--porcelain')).toBe('M  data.csv\n M model.py\n?? notes.txt'),
	},
	{
		title: 'an ignored result stays where it is',
		operation: 'back',
		build: async ({ clone, result }) => {
			await writeFile(join(clone, '.git/info/exclude'), '*.ckpt\n')
			await result('a.json', '1')
			await result('big.ckpt', 'weights')
		},
		says: 'done',
		left: {
			'laptop/results/a.json': '1',
			'laptop/results/big.ckpt': null,
			'worktree/results/big.ckpt': 'weights',
		},
	},
	{
		title: 'the folder of the results was renamed by the laptop while new ones came',
		operation: 'back',
		build: async (project) => {
			await project.result('a.json', '1')
			await project.back()
			await rename(join(project.laptop, 'results'), join(project.laptop, 'old'))
			await commitAll(project.laptop)
			await project.result('b.json', '2')
		},
		says: 'done',
		left: { 'laptop/old/a.json': '1', 'laptop/results/b.json': '2' },
	},
]

situations('a table of situations: names', names)
situations('a table of situations: results', results)
