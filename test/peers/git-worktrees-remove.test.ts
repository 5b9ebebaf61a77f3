import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { commitIn, refusal } from './git-project.ts'
import { git } from './repositories.ts'
import { extra, list, remove, repository, setUp, sides } from './worktrees-bed.ts'

/** Worktrees that are removed, and everything for which one is not. */

const children: ChildProcess[] = []
afterEach(() => {
	for (const child of children.splice(0)) child.kill('SIGKILL')
})

describe.each(sides)('remove on the %s', (side) => {
	test('one that is clean: the branch stays', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		const before = await project.fingerprint()
		await remove(project, side, path)
		expect(existsSync(path)).toBe(false)
		expect(await git(repository(project, side), 'worktree', 'list', '--porcelain')).not.toContain(path)
		expect(await project.fingerprint()).toEqual(before)
		expect(await refusal(remove(project, side, path))).toMatchObject({
			code: 'worktree-missing',
			facts: { path },
		})
	})

	test('what tools make again is no reason to keep it', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		await writeFile(
			join(repository(project, side), '.git/info/exclude'),
			'*.pyc\n__pycache__\nnode_modules\ntarget\n',
		)
		await mkdir(join(path, 'a b/__pycache__'), { recursive: true })
		await writeFile(join(path, 'a b/__pycache__/x.pyc'), '')
		await mkdir(join(path, 'node_modules/x'), { recursive: true })
		await writeFile(join(path, 'node_modules/x/index.js'), '')
		await mkdir(join(path, 'target'))
		await writeFile(join(path, 'target/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
		await writeFile(join(path, 'target/program'), '')
		await remove(project, side, path)
		expect(existsSync(path)).toBe(false)
	})

	test('one whose folder is gone already', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		await rm(path, { recursive: true })
		await remove(project, side, path)
		expect((await list(project)).map((each) => each.path)).not.toContain(path)
	})

	const inUse: [string, (path: string, repository: string) => Promise<unknown>, string[]][] = [
		['a change', (path) => writeFile(join(path, 'model.py'), 'changed\n'), ['model.py (changed)']],
		[
			'a staged file of any name',
			async (path) => {
				await writeFile(join(path, ' line\nbreak "x"'), '')
				await git(path, 'add', '.')
			},
			[' line\nbreak "x" (changed)'],
		],
		['a deleted file', (path) => rm(join(path, 'model.py')), ['model.py (changed)']],
		['a changed mode', (path) => chmod(join(path, 'model.py'), 0o755), ['model.py (changed)']],
		[
			'an untracked file, though the person hides those',
			async (path, at) => {
				await git(at, 'config', 'status.showUntrackedFiles', 'no')
				await mkdir(join(path, 'folder'))
				await writeFile(join(path, 'folder/notes'), '')
			},
			['folder/notes (untracked)'],
		],
		[
			'ignored files that no tool makes again',
			async (path, at) => {
				await writeFile(join(at, '.git/info/exclude'), 'ckpt\n.env\n__pycache__\n')
				await mkdir(join(path, 'ckpt'))
				await writeFile(join(path, 'ckpt/best'), 'weeks of work')
				await writeFile(join(path, '.env'), '')
				await mkdir(join(path, '__pycache__'))
				await writeFile(join(path, '__pycache__/x'), '')
			},
			['.env (ignored by git)', 'ckpt/ (ignored by git)'],
		],
		[
			'an ignored repository in what looks like a cache',
			async (path, at) => {
				await writeFile(join(at, '.git/info/exclude'), 'node_modules\n')
				await mkdir(join(path, 'node_modules/mine'), { recursive: true })
				await git(join(path, 'node_modules/mine'), 'init', '-q')
			},
			['node_modules/ (ignored by git)'],
		],
		[
			'a change that git was told not to look at',
			async (path) => {
				await git(path, 'update-index', '--assume-unchanged', 'model.py')
				await git(path, 'update-index', '--skip-worktree', 'data.csv')
				await writeFile(join(path, 'model.py'), 'changed\n')
			},
			['model.py (changed, though git was told not to look)'],
		],
		[
			'commits that nobody else has',
			async (path) => {
				await commitIn(path, 'a', '1')
				await commitIn(path, 'a', '2')
			},
			['2 commits that no remote and no other branch has'],
		],
		[
			'a detached commit',
			async (path) => {
				await git(path, 'checkout', '-q', '--detach')
				await commitIn(path, 'a', '1')
			},
			['1 commit that no remote and no other branch has'],
		],
		[
			'a lock',
			(path, at) => git(at, 'worktree', 'lock', '--reason', 'on a disk', path),
			['what somebody locked it for (on a disk)'],
		],
		[
			'a lock without a reason',
			(path, at) => git(at, 'worktree', 'lock', path),
			['what somebody locked it for (no reason is given)'],
		],
		[
			'a bisect',
			async (path) => {
				await git(path, 'bisect', 'start')
				await git(path, 'bisect', 'bad')
			},
			['the bisect that is under way there', 'refs/bisect/bad'],
		],
		[
			'a merge',
			async (path) => {
				await git(path, 'checkout', '-q', '-b', 'side')
				await commitIn(path, 'b', '1')
				await git(path, 'push', '-q', 'origin', 'side')
				await git(path, 'checkout', '-q', 'extra')
				await git(path, 'merge', '-q', '--no-ff', '--no-commit', 'side')
			},
			['the merge that is under way there', 'b (changed)'],
		],
		[
			'a ref of its own',
			(path) => git(path, 'update-ref', 'refs/worktree/kept', 'HEAD'),
			['refs/worktree/kept'],
		],
		[
			'a repository that was put there',
			async (path) => {
				await mkdir(join(path, 'inner'))
				await git(join(path, 'inner'), 'init', '-q')
			},
			['inner/ (untracked)'],
		],
		[
			'staged work, when its folder is gone',
			async (path) => {
				await writeFile(join(path, 'new'), '')
				await git(path, 'add', 'new')
				await rm(path, { recursive: true })
			},
			['new (changed)'],
		],
		[
			'a detached commit, when its folder is gone',
			async (path) => {
				await git(path, 'checkout', '-q', '--detach')
				await commitIn(path, 'a', '1')
				await rm(path, { recursive: true })
			},
			['1 commit that no remote and no other branch has'],
		],
	]
	test.each(inUse)('refuses one with %s, and nothing changes', async (_title, arrange, lost) => {
		const project = await setUp()
		const path = await extra(project, side)
		await arrange(path, repository(project, side))
		const ask = () => Promise.all([project.fingerprint(), list(project)])
		const before = await ask()
		const found = await refusal(remove(project, side, path))
		expect(found).toMatchObject({ code: 'worktree-in-use', facts: { path, lost } })
		expect(await ask()).toEqual(before)
		expect(
			existsSync(
				join(
					await git(repository(project, side), 'rev-parse', '--absolute-git-dir'),
					'worktrees/extra/index.lock',
				),
			),
		).toBe(false)
	})

	test('refuses the repository itself', async () => {
		const project = await setUp()
		const before = await project.fingerprint()
		const found = await refusal(remove(project, side, repository(project, side)))
		expect(found).toMatchObject({ code: 'worktree-in-use', facts: { lost: ['the repository itself'] } })
		expect(await project.fingerprint()).toEqual(before)
	})

	test.skipIf(process.platform !== 'linux')('refuses one that a program works in', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		const child = spawn('sleep', ['300'], { cwd: path })
		children.push(child)
		const lost = [`what sleep (process ${child.pid}) does there`]
		expect(await refusal(remove(project, side, path))).toMatchObject({
			code: 'worktree-in-use',
			facts: { lost },
		})
		expect(existsSync(join(path, 'model.py'))).toBe(true)
	})

	test('refuses what git knows nothing of', async () => {
		const project = await setUp()
		const path = join(project.folder, 'mine')
		await mkdir(path)
		await writeFile(join(path, 'precious'), '')
		const found = await refusal(remove(project, side, path))
		expect(found).toMatchObject({ code: 'worktree-missing', next: null })
		expect(existsSync(join(path, 'precious'))).toBe(true)
	})

	test('refuses a folder that came in the place of one', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		await rm(path, { recursive: true })
		await mkdir(path)
		await writeFile(join(path, 'precious'), '')
		expect(await refusal(remove(project, side, path))).toMatchObject({ code: 'worktree-missing' })
		expect(existsSync(join(path, 'precious'))).toBe(true)
	})

	test('refuses while another git works there', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		const lock = join(await git(path, 'rev-parse', '--absolute-git-dir'), 'index.lock')
		await writeFile(lock, '')
		expect(await refusal(remove(project, side, path))).toMatchObject({ code: 'repository-busy' })
		expect(existsSync(lock)).toBe(true)
	}, 30_000)

	test.each<[string, (path: string) => Promise<unknown>]>([
		['some files', (path) => rm(join(path, 'model.py'))],
		['its way to the repository', (path) => rm(join(path, '.git'))],
		['all of its folder', (path) => rm(path, { recursive: true })],
	])('one that was killed after it deleted %s goes on', async (_title, kill) => {
		const project = await setUp()
		const path = await extra(project, side)
		await writeFile(join(await git(path, 'rev-parse', '--absolute-git-dir'), 'hawser-removing'), '')
		await kill(path)
		if (existsSync(path)) {
			await writeFile(join(path, 'mine'), '')
			expect(await refusal(remove(project, side, path))).toMatchObject({
				facts: { lost: ['mine (untracked)'] },
			})
			await rm(join(path, 'mine'))
		}
		await remove(project, side, path)
		expect(existsSync(path)).toBe(false)
		expect((await list(project)).map((each) => each.path)).not.toContain(path)
	})
})

test('the place of validations is not removed', async () => {
	const project = await setUp()
	const before = await project.fingerprint()
	const found = await refusal(remove(project, 'workstation', project.worktree))
	expect(found).toMatchObject({ code: 'worktree-in-use', facts: { side: 'The workstation' } })
	expect(found.facts.lost).toContain('the place where validations run')
	expect(found.meaning).toContain('the place where validations run')
	expect(await project.fingerprint()).toEqual(before)
})

test('a submodule that is checked out there keeps it', async () => {
	const project = await setUp()
	const path = await extra(project, 'laptop')
	await git(path, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', project.hub, 'sub')
	await git(path, 'commit', '-q', '-m', 'Add sub')
	await git(path, 'push', '-q', 'origin', 'extra')
	const found = await refusal(remove(project, 'laptop', path))
	expect(found).toMatchObject({
		code: 'worktree-in-use',
		facts: { lost: ['the submodule sub', 'the submodule sub'] },
	})
})
