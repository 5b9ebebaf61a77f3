import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { commitIn } from './git-project.ts'
import { type Situation, situations } from './git-situation.ts'
import { git } from './repositories.ts'

async function write(path: string, text: string): Promise<void> {
	await mkdir(dirname(path), { recursive: true })
	await writeFile(path, text)
}

/** All that is there becomes a commit. */
async function commitAll(folder: string): Promise<void> {
	await git(folder, 'add', '-A')
	await git(folder, 'commit', '-q', '-m', 'All of it')
}

const renames: Situation[] = [
	{
		title: 'a name changes its case only',
		operation: 'up',
		build: async ({ laptop }) => {
			await git(laptop, 'mv', 'model.py', 'Model.py')
			await commitAll(laptop)
		},
		says: 'done',
		left: { 'worktree/model.py': null, 'clone/Model.py': 'one\ntwo\nthree\n' },
	},
	{
		title: 'a folder’s name changes its case only, and both sides changed files in it',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.laptop, 'lib/a.py', 'a\n')
			await commitIn(project.laptop, 'lib/b.py', 'b\n')
			await project.up()
			await commitIn(project.worktree, 'lib/a.py', 'a of theirs\n')
			await git(project.laptop, 'mv', 'lib', 'Lib')
			await commitAll(project.laptop)
		},
		says: 'done',
		left: { 'worktree/Lib/a.py': 'a of theirs\n', 'worktree/lib/a.py': null, 'worktree/lib/b.py': null },
	},
	{
		title: 'both sides renamed a file alike',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			for (const at of [laptop, worktree]) {
				await git(at, 'mv', 'model.py', 'net.py')
				await commitAll(at)
			}
		},
		says: 'done',
		left: { 'worktree/net.py': 'one\ntwo\nthree\n', 'worktree/model.py': null },
	},
	{
		title: 'both sides renamed a file, each otherwise',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			for (const [at, name] of [
				[laptop, 'mine.py'],
				[worktree, 'theirs.py'],
			] as const) {
				await git(at, 'mv', 'model.py', name)
				await commitAll(at)
			}
		},
		says: 'conflict',
	},
	{
		title: 'one side renamed a file that the other changed',
		operation: 'back',
		build: async ({ laptop, worktree }) => {
			await git(laptop, 'mv', 'model.py', 'net.py')
			await commitAll(laptop)
			await commitIn(worktree, 'model.py', 'one\ntwo\nthree\nfour\n')
		},
		says: 'done',
		left: { 'laptop/net.py': 'one\ntwo\nthree\nfour\n', 'laptop/model.py': null },
	},
	{
		title: 'one side deleted a file that the other changed',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			await git(laptop, 'rm', '-q', 'model.py')
			await commitAll(laptop)
			await commitIn(worktree, 'model.py', 'theirs\n')
		},
		says: 'conflict',
		facts: { files: ['model.py'] },
	},
]

const swaps: Situation[] = [
	{
		title: 'a file becomes a folder',
		operation: 'up',
		build: async ({ laptop }) => {
			await rm(join(laptop, 'model.py'))
			await write(join(laptop, 'model.py/part one.py'), '1')
			await commitAll(laptop)
		},
		says: 'done',
		left: { 'worktree/model.py/part one.py': '1', 'clone/model.py': 'a folder' },
	},
	{
		title: 'a folder becomes a file',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.laptop, 'lib/deep/a.py', '1')
			await project.up()
			await rm(join(project.laptop, 'lib'), { recursive: true })
			await commitIn(project.laptop, 'lib', 'a file now')
			await commitAll(project.laptop).catch(() => {})
		},
		says: 'done',
		left: { 'worktree/lib': 'a file now', 'clone/lib': 'a file now' },
	},
	...(['*.tmp\n', ''] as const).map(
		(ignored): Situation => ({
			title: `a folder with ${ignored === '' ? 'an unknown' : 'an ignored'} file in it becomes a file`,
			operation: 'up',
			build: async (project) => {
				await commitIn(project.laptop, 'lib/a.py', '1')
				await project.up()
				await writeFile(join(project.clone, '.git/info/exclude'), ignored)
				await writeFile(join(project.worktree, 'lib/mine.tmp'), 'precious')
				await rm(join(project.laptop, 'lib'), { recursive: true })
				await writeFile(join(project.laptop, 'lib'), 'a file now')
				await commitAll(project.laptop)
			},
			says: 'tree-dirty',
			facts: { side: 'The workstation', files: ['lib/mine.tmp'] },
			left: { 'worktree/lib/mine.tmp': 'precious' },
		}),
	),
	{
		title: 'a folder that nobody tracks is where a file goes',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			await write(join(worktree, 'out/mine.txt'), 'precious')
			await commitIn(laptop, 'out', 'x')
		},
		says: 'tree-dirty',
		facts: { files: ['out/mine.txt'] },
	},
	{
		title: 'an empty folder is where a file goes',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			await mkdir(join(worktree, 'out/inner'), { recursive: true })
			await commitIn(laptop, 'out', 'x')
		},
		says: 'done',
		left: { 'worktree/out': 'x' },
	},
	{
		title: 'an unknown file with the very same bytes is in the way',
		operation: 'up',
		build: async ({ laptop, worktree }) => {
			await writeFile(join(worktree, 'same.py'), 'same')
			await commitIn(laptop, 'same.py', 'same')
		},
		says: 'tree-dirty',
		facts: { files: ['same.py'] },
	},
	{
		title: 'an ignored file on the laptop is in the way of a result',
		operation: 'back',
		build: async ({ laptop, worktree }) => {
			await writeFile(join(laptop, '.git/info/exclude'), '*.ckpt\n')
			await write(join(laptop, 'results/best.ckpt'), 'mine')
			await commitIn(worktree, 'results/best.ckpt', 'theirs')
		},
		says: 'tree-dirty',
		facts: { side: 'The laptop', files: ['results/best.ckpt'] },
	},
]

situations('a table of situations: renamed files', renames)
situations('a table of situations: something in the way', swaps)
