import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { commitIn, type GitProject } from './git-project.ts'
import { type Situation, setGit, situations } from './git-situation.ts'
import { git } from './repositories.ts'

async function commitAll(folder: string): Promise<void> {
	await git(folder, 'add', '-A')
	await git(folder, 'commit', '-q', '-m', 'All of it')
}

/** The laptop's repository, cloned anew with other arguments. */
async function cloneAnew({ laptop, hub }: GitProject, ...args: string[]): Promise<void> {
	await rm(laptop, { recursive: true })
	await git('.', 'clone', '-q', ...args, `file://${hub}`, laptop)
	await git(laptop, 'config', 'user.name', 'Test')
	await git(laptop, 'config', 'user.email', 'test@localhost')
}

const parts: Situation[] = [
	{
		title: 'a shallow clone on the laptop, ahead',
		operation: 'up',
		build: async (project) => {
			await cloneAnew(project, '--depth', '1')
			await project.commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n' },
	},
	{
		title: 'a shallow clone on the laptop, two ways',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.worktree, 'results/a.json', '1')
			await git(project.worktree, 'push', '-q', 'origin', 'gpu-validation')
			await project.commit('data.csv', '1\n')
			await git(project.laptop, 'push', '-q', 'origin', 'master')
			await cloneAnew(project, '--depth', '1')
			await project.commit('model.py', '1\n')
		},
		says: 'repository-shallow',
		facts: { side: 'The laptop' },
	},
	{
		title: 'a clone without the files’ contents on the laptop (--filter=blob:none)',
		operation: 'back',
		build: async (project) => {
			await git(project.hub, 'config', 'uploadpack.allowFilter', 'true')
			await cloneAnew(project, '--filter=blob:none')
			await commitIn(project.worktree, 'results/a.json', '1')
		},
		says: 'done',
		left: { 'laptop/results/a.json': '1' },
	},
	{
		title: 'a part of the files is checked out on the workstation (sparse)',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.laptop, 'docs/a.md', 'a')
			await commitIn(project.laptop, 'src/a.py', 'a')
			await project.up()
			await git(project.worktree, 'sparse-checkout', 'set', 'src')
			await commitIn(project.laptop, 'docs/a.md', 'b')
			await commitIn(project.laptop, 'src/a.py', 'b')
		},
		says: 'done',
		left: { 'worktree/docs/a.md': null, 'worktree/src/a.py': 'b', 'clone/docs/a.md': 'b' },
	},
	{
		title: 'a file that is kept elsewhere by Git LFS, as its pointer',
		operation: 'up',
		build: async ({ laptop }) => {
			const oid = 'a'.repeat(64)
			await writeFile(
				join(laptop, 'w.bin'),
				`version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 3\n`,
			)
			await commitAll(laptop)
		},
		says: 'done',
		also: async ({ worktree }) =>
			expect(await readFile(join(worktree, 'w.bin'), 'utf8')).toMatch(/^version https:\/\/git-lfs/),
	},
]

const folders: Situation[] = [
	{
		title: 'the worktree is locked by its owner',
		operation: 'up',
		build: async ({ clone, worktree, commit }) => {
			await git(clone, 'worktree', 'lock', worktree)
			await commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n' },
	},
	{
		title: 'the worktree was moved by hand',
		operation: 'up',
		build: ({ worktree }) => rename(worktree, `${worktree}-moved`),
		says: 'worktree-missing',
		facts: { reason: 'nothing is there' },
	},
	{
		title: 'the worktree was copied, so two folders claim to be it',
		operation: 'up',
		build: async (project) => {
			await cp(project.worktree, `${project.worktree}-copy`, { recursive: true })
			await project.commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n', 'worktree/../nt-gpu-copy/model.py': 'one\ntwo\nthree\n' },
	},
	{
		title: 'the worktree was pruned while its folder is still there',
		operation: 'back',
		build: async ({ clone, worktree }) => {
			await rm(join(clone, '.git/worktrees/nt-gpu'), { recursive: true })
			await writeFile(join(worktree, 'mine.txt'), 'mine')
		},
		says: 'worktree-missing',
		left: { 'worktree/mine.txt': 'mine' },
	},
	{
		title: 'another repository lies where the worktree should be',
		operation: 'up',
		build: async ({ worktree }) => {
			await rm(worktree, { recursive: true })
			await mkdir(worktree)
			await git(worktree, 'init', '-q', '-b', 'gpu-validation')
			await writeFile(join(worktree, 'mine.txt'), 'mine')
		},
		says: 'worktree-missing',
		left: { 'worktree/mine.txt': 'mine' },
	},
	{
		title: 'the project’s folder on the laptop is a worktree itself',
		operation: 'back',
		build: async (project) => {
			const beside = join(project.folder, 'beside')
			await git(project.laptop, 'checkout', '-q', '--detach')
			await git(project.laptop, 'worktree', 'add', '-q', beside, 'master')
			project.project.local = beside
			await commitIn(project.worktree, 'results/a.json', '1')
		},
		says: 'done',
		left: { 'laptop/../beside/results/a.json': '1', 'laptop/results/a.json': null },
	},
	{
		title: 'the worktree of the settings is the clone itself',
		operation: 'up',
		build: async (project) => {
			await git(project.clone, 'worktree', 'remove', project.worktree)
			await git(project.clone, 'checkout', '-q', 'gpu-validation')
			setGit(project, { remoteWorktree: '~/nt' })
			await project.commit('model.py', '1\n')
		},
		apart: true,
		says: 'done',
		left: { 'clone/model.py': '1\n' },
	},
	{
		title: 'a folder of the worktree that cannot be written',
		operation: 'up',
		skip: process.getuid?.() === 0 && 'root may write anywhere',
		build: async (project) => {
			await commitIn(project.laptop, 'lib/a.py', '1\n')
			await project.up()
			await chmod(join(project.worktree, 'lib'), 0o555)
			await project.commit('lib/a.py', '2\n')
		},
		says: 'git-failed',
		late: true,
		unfinished: true,
		facts: { side: 'The workstation' },
		left: { 'worktree/lib/a.py': '1\n' },
		also: async (project) => {
			await chmod(join(project.worktree, 'lib'), 0o755)
			await project.up()
			expect(await readFile(join(project.worktree, 'lib/a.py'), 'utf8')).toBe('2\n')
		},
	},
]

situations('a table of situations: parts of a repository', parts)
situations('a table of situations: where the worktrees are', folders)
