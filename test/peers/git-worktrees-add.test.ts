import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commitIn, type GitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'
import { add, list, names, remove, repository, setUp, sides } from './worktrees-bed.ts'

/** Worktrees that are made, refused, and completed. */

describe.each(sides)('add on the %s', (side) => {
	test('of a branch that is there; again gives the same', async () => {
		const project = await setUp()
		const at = repository(project, side)
		await git(at, 'branch', 'feature')
		const path = join(project.folder, side, 'new', 'place')
		const found = await add(project, side, `${path}//`, 'feature')
		expect(found).toMatchObject({
			machine: side,
			path,
			branch: 'feature',
			changedCount: 0,
			untrackedCount: 0,
			locked: false,
		})
		expect(await git(path, 'status', '--porcelain', '--branch')).toBe('## feature')
		expect(await readFile(join(path, 'model.py'), 'utf8')).toBe('one\ntwo\nthree\n')
		const before = await project.fingerprint()
		expect(await add(project, side, path, 'feature')).toEqual(found)
		expect(await project.fingerprint()).toEqual(before)
		expect((await list(project)).filter((each) => each.path === path)).toEqual([found])
	})

	test('of a new one: from the base branch, from what is named, from the hub’s own', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const place = (name: string) => join(project.folder, side, name)
		const master = await git(at, 'rev-parse', 'master')
		expect(await add(project, side, place('a'), 'one')).toMatchObject({ head: master, branch: 'one' })
		await commitIn(place('a'), 'x', '1')
		const one = await git(place('a'), 'rev-parse', 'HEAD')
		expect(await add(project, side, place('b'), 'two', 'one')).toMatchObject({ head: one, branch: 'two' })
		expect(await add(project, side, place('c'), 'three', one.slice(0, 12))).toMatchObject({ head: one })
		await git(place('a'), 'push', '-q', 'origin', 'HEAD:refs/heads/theirs')
		await git(at, 'fetch', '-q', 'origin')
		expect(await add(project, side, place('d'), 'theirs')).toMatchObject({ head: one, branch: 'theirs' })
		expect(await git(place('d'), 'rev-parse', '--symbolic-full-name', '@{upstream}')).toBe(
			'refs/remotes/origin/theirs',
		)
		expect(await git(at, 'rev-parse', 'HEAD')).toBe(master)
	})

	test.each(names)('at a place and with a branch of any name: %j', async (name) => {
		const project = await setUp()
		const path = join(project.folder, side, name === '.' ? 'dot' : name)
		const branch = `b/${name.replaceAll(/[\s*?[\]\\;|.]/g, '_')}`
		expect(await add(project, side, path, branch)).toMatchObject({ path, branch })
		expect(await git(path, 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${branch}`)
		expect(existsSync(join(project.home, 'pwned'))).toBe(false)
		await remove(project, side, path)
		expect(existsSync(path)).toBe(false)
	})

	test('a branch that begins with a dash: taken where it is, not made', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = join(project.folder, side, 'x')
		expect(await refusal(add(project, side, path, '-f'))).toMatchObject({
			code: 'unsafe-name',
			facts: { name: '-f' },
		})
		await git(at, 'update-ref', 'refs/heads/-f', 'master')
		expect(await add(project, side, path, '-f')).toMatchObject({ branch: '-f' })
	})

	test('the person’s hook runs, and a folder that is empty is taken', async () => {
		const project = await setUp()
		const at = repository(project, side)
		await writeFile(join(at, '.git/hooks/post-checkout'), '#!/bin/sh\npwd >../hooked\n')
		await chmod(join(at, '.git/hooks/post-checkout'), 0o755)
		const path = join(project.folder, side, 'x')
		await mkdir(path, { recursive: true })
		await add(project, side, path, 'new')
		expect((await readFile(join(path, '../hooked'), 'utf8')).trim()).toBe(path)
	})

	type Refusal = [
		title: string,
		arrange: (project: GitProject, path: string) => Promise<unknown>,
		wish: { branch: string; from?: string },
		expected: { code: string; facts?: Record<string, unknown> },
	]
	const refusals: Refusal[] = [
		[
			'a folder that holds something',
			async (_, path) => {
				await mkdir(path, { recursive: true })
				await writeFile(join(path, '.hidden'), '')
			},
			{ branch: 'new' },
			{ code: 'folder-in-the-way', facts: { found: 'a folder that is not empty' } },
		],
		[
			'a file',
			async (_, path) => {
				await mkdir(join(path, '..'), { recursive: true })
				await writeFile(path, '')
			},
			{ branch: 'new' },
			{ code: 'folder-in-the-way', facts: { found: 'a file' } },
		],
		[
			'a link that leads nowhere',
			async (_, path) => {
				await mkdir(join(path, '..'), { recursive: true })
				await symlink('nowhere', path)
			},
			{ branch: 'new' },
			{ code: 'folder-in-the-way', facts: { found: 'a link that leads nowhere' } },
		],
		[
			'another worktree',
			(project, path) => git(repository(project, side), 'worktree', 'add', '-q', '-b', 'other', path),
			{ branch: 'new' },
			{ code: 'folder-in-the-way', facts: { found: 'the worktree of other' } },
		],
		[
			'a worktree that is gone',
			async (project, path) => {
				await git(repository(project, side), 'worktree', 'add', '-q', '-b', 'other', path)
				await rm(path, { recursive: true })
			},
			{ branch: 'new' },
			{ code: 'folder-in-the-way' },
		],
		['a branch that is checked out', async () => {}, { branch: 'master' }, { code: 'git-failed' }],
		[
			'a branch that is being rebased',
			async (project) => {
				const at = repository(project, side)
				await git(at, 'worktree', 'add', '-q', '-b', 'moving', `${project.folder}/${side}/moving`)
				await commitIn(`${project.folder}/${side}/moving`, 'model.py', 'moving\n')
				await git(at, 'branch', 'onto')
				await git(at, 'worktree', 'add', '-q', `${project.folder}/${side}/onto`, 'onto')
				await commitIn(`${project.folder}/${side}/onto`, 'model.py', 'onto\n')
				await expect(git(`${project.folder}/${side}/moving`, 'rebase', 'onto')).rejects.toThrow()
			},
			{ branch: 'moving' },
			{ code: 'git-failed' },
		],
		[
			'a name that git refuses',
			async () => {},
			{ branch: 'a..b' },
			{ code: 'unsafe-name', facts: { name: 'a..b' } },
		],
		[
			'a start that is not there',
			async () => {},
			{ branch: 'new', from: 'nowhere' },
			{ code: 'branch-missing', facts: { branch: 'nowhere' } },
		],
		[
			'a start that looks like an option',
			async () => {},
			{ branch: 'new', from: '--all' },
			{ code: 'branch-missing' },
		],
		[
			'a branch that is there, at another commit than it was to begin at',
			(project) => git(repository(project, side), 'branch', 'new', 'master~1'),
			{ branch: 'new', from: 'master' },
			{ code: 'git-failed', facts: { branch: 'new' } },
		],
		[
			'a branch below one that is there',
			(project) => git(repository(project, side), 'branch', 'new'),
			{ branch: 'new/below' },
			{ code: 'git-failed' },
		],
	]
	test.each(refusals)(
		'refuses %s, and nothing changes',
		async (_title, arrange, { branch, from }, expected) => {
			const project = await setUp()
			const path = join(project.folder, side, 'x')
			await arrange(project, path)
			const before = [await project.fingerprint(), existsSync(path)]
			expect(await refusal(add(project, side, path, branch, from))).toMatchObject(expected)
			expect([await project.fingerprint(), existsSync(path)]).toEqual(before)
		},
	)

	test('a place that cannot be written: nothing of it stays', async () => {
		const project = await setUp()
		await writeFile(join(project.folder, 'file'), '')
		const before = await project.fingerprint()
		const found = await refusal(add(project, side, join(project.folder, 'file/below'), 'new'))
		expect(found.code).toBe('git-failed')
		expect(await project.fingerprint()).toEqual(before)
	})

	test('one that was killed half-way is completed, and what a person has put there stays', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = join(project.folder, side, 'x')
		await git(at, 'branch', 'new')
		const reason = ['--lock', '--reason', 'hawser is making it']
		await git(at, 'worktree', 'add', '-q', '--no-checkout', '--detach', ...reason, '--', path, 'master')
		await writeFile(join(path, 'model.py'), 'one\ntw')
		await writeFile(join(await git(path, 'rev-parse', '--absolute-git-dir'), 'index.lock'), '')
		await writeFile(join(path, 'mine'), 'mine')
		expect(await refusal(add(project, side, path, 'new'))).toMatchObject({
			code: 'folder-in-the-way',
			facts: { found: 'mine' },
		})
		expect(await readFile(join(path, 'mine'), 'utf8')).toBe('mine')
		await rm(join(path, 'mine'))
		expect(await add(project, side, path, 'new')).toMatchObject({
			branch: 'new',
			changedCount: 0,
			untrackedCount: 0,
			locked: false,
		})
		expect(await readFile(join(path, 'model.py'), 'utf8')).toBe('one\ntwo\nthree\n')
	})

	test('one that was killed before its folder was made', async () => {
		const project = await setUp()
		const path = join(project.folder, side, 'x')
		const reason = ['--lock', '--reason', 'hawser is making it']
		await git(
			repository(project, side),
			'worktree',
			'add',
			'-q',
			'--no-checkout',
			'--detach',
			...reason,
			'--',
			path,
			'master',
		)
		await rm(path, { recursive: true })
		expect(await add(project, side, path, 'new')).toMatchObject({
			branch: 'new',
			changedCount: 0,
			locked: false,
			missing: false,
		})
	})
})
