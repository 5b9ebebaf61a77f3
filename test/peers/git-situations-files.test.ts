import { chmod, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
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

const cleanEverywhere: Situation['also'] = async ({ laptop, clone, worktree }) => {
	for (const at of [laptop, clone, worktree]) expect(await git(at, 'status', '--porcelain')).toBe('')
}

const kinds: Situation[] = [
	{
		title: 'links come, change and turn into files',
		operation: 'up',
		build: async (project) => {
			const { laptop } = project
			await symlink('model.py', join(laptop, 'turns'))
			await symlink('model.py', join(laptop, 'changes'))
			await commitAll(laptop)
			await project.up()
			await rm(join(laptop, 'turns'))
			await rm(join(laptop, 'changes'))
			await rm(join(laptop, 'data.csv'))
			await writeFile(join(laptop, 'turns'), 'a file')
			await symlink('no such place', join(laptop, 'changes'))
			await symlink('model.py', join(laptop, 'data.csv'))
			await commitAll(laptop)
		},
		says: 'done',
		left: {
			'worktree/turns': 'a file',
			'worktree/changes': '→ no such place',
			'clone/data.csv': '→ model.py',
			'clone/model.py': 'one\ntwo\nthree\n',
		},
	},
	{
		title: 'a dangling link that nobody tracks is where a file goes',
		operation: 'up',
		build: async ({ laptop, worktree, folder }) => {
			await symlink(join(folder, 'outside'), join(worktree, 'new.py'))
			await commitIn(laptop, 'new.py', 'x')
		},
		says: 'tree-dirty',
		facts: { files: ['new.py'] },
	},
	{
		title: 'a link out of the worktree is where a folder goes',
		operation: 'up',
		build: async ({ laptop, worktree, folder }) => {
			await write(join(folder, 'outside/a.py'), 'precious')
			await symlink(join(folder, 'outside'), join(worktree, 'lib'))
			await commitIn(laptop, 'lib/a.py', 'x')
		},
		says: 'tree-dirty',
		facts: { files: ['lib', 'lib/a.py'] },
		left: { 'laptop/../outside/a.py': 'precious' },
	},
	{
		title: 'a file becomes executable',
		operation: 'up',
		build: async ({ laptop }) => {
			await chmod(join(laptop, 'model.py'), 0o755)
			await commitAll(laptop)
		},
		says: 'done',
		left: { 'worktree/model.py': 'executable', 'clone/model.py': 'executable' },
		also: cleanEverywhere,
	},
	{
		title: 'somebody made a file executable in the clone',
		operation: 'up',
		build: ({ clone }) => chmod(join(clone, 'model.py'), 0o755),
		says: 'tree-dirty',
		facts: { side: 'The workstation', files: ['model.py'] },
	},
	{
		title: 'a file of 8 MB that does not compress',
		operation: 'up',
		build: async ({ laptop }) => {
			const bytes = Buffer.alloc(8_000_000)
			for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at)
			await writeFile(join(laptop, 'weights.bin'), bytes)
			await commitAll(laptop)
		},
		says: 'done',
		also: async ({ laptop, worktree }) =>
			expect(
				(await readFile(join(worktree, 'weights.bin'))).equals(await readFile(join(laptop, 'weights.bin'))),
			).toBe(true),
	},
	{
		title: 'a file of 51 MB, more than is ever copied, that nobody tracks lies beside',
		operation: 'up',
		build: async ({ worktree, commit }) => {
			await writeFile(join(worktree, 'cache.bin'), 'x')
			await truncate(join(worktree, 'cache.bin'), 51 * 1024 * 1024)
			await commit('model.py', '1\n')
		},
		says: 'done',
		left: { 'worktree/model.py': '1\n' },
	},
]

const ends: Situation[] = [
	{
		title: 'line ends are the laptop’s own (core.autocrlf)',
		operation: 'back',
		build: async ({ laptop, worktree }) => {
			await git(laptop, 'config', 'core.autocrlf', 'true')
			await rm(join(laptop, 'model.py'))
			await git(laptop, 'checkout', '-q', '--', 'model.py')
			await commitIn(worktree, 'model.py', 'one\n2\nthree\n')
		},
		says: 'done',
		left: { 'laptop/model.py': 'one\r\n2\r\nthree\r\n', 'worktree/model.py': 'one\n2\nthree\n' },
		also: cleanEverywhere,
	},
	{
		title: 'a commit changes the rules of the line ends (.gitattributes)',
		operation: 'up',
		build: async ({ laptop }) => {
			await writeFile(join(laptop, '.gitattributes'), '*.bat text eol=crlf\n')
			await writeFile(join(laptop, 'run.bat'), 'one\r\ntwo\r\n')
			await commitAll(laptop)
		},
		says: 'done',
		left: { 'worktree/run.bat': 'one\r\ntwo\r\n', 'clone/run.bat': 'one\r\ntwo\r\n' },
		also: cleanEverywhere,
	},
	{
		title: 'line ends in the repository are mixed, and nobody normalised them',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.laptop, 'mixed.txt', 'one\r\ntwo\nthree\r\n')
			await project.up()
			await commitIn(project.laptop, 'mixed.txt', 'one\r\ntwo\nthree\r\nfour\n')
		},
		says: 'done',
		left: { 'worktree/mixed.txt': 'one\r\ntwo\nthree\r\nfour\n' },
	},
	{
		title: 'a change of line ends on the laptop that is not committed',
		operation: 'up',
		build: ({ laptop }) => writeFile(join(laptop, 'model.py'), 'one\r\ntwo\r\nthree\r\n'),
		says: 'tree-dirty',
		facts: { files: ['model.py'] },
	},
	{
		title: 'both sides changed a file that is merged by union',
		operation: 'up',
		build: async (project) => {
			await commitIn(project.laptop, '.gitattributes', 'log.txt merge=union\n')
			await commitIn(project.laptop, 'log.txt', 'start\n')
			await project.up()
			await commitIn(project.worktree, 'log.txt', 'start\ntheirs\n')
			await commitIn(project.laptop, 'log.txt', 'start\nmine\n')
		},
		says: 'done',
		also: async ({ worktree }) => {
			const text = await readFile(join(worktree, 'log.txt'), 'utf8')
			expect(text.split('\n').sort()).toEqual(['', 'mine', 'start', 'theirs'])
		},
	},
]

situations('a table of situations: kinds of files', kinds)
situations('a table of situations: line ends', ends)
