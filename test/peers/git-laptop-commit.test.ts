import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commitChanges, planCommit } from '../../src/engine/git/laptop-commit.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { localScript } from '../../src/engine/git/scripts.ts'
import { commitIn, type GitProject, refusal } from './git-project.ts'
import { all, change, commit, known, plan, setUp, shown, signal, status } from './laptop-commit-bed.ts'
import { git } from './repositories.ts'

describe.concurrent('what it holds', () => {
	test('tracked changes, staged or not', async () => {
		const project = await setUp()
		await change(project)
		const before = await project.fingerprint()
		expect(await plan(project)).toEqual([
			{ path: 'data.csv', change: 'deleted' },
			{ path: 'model.py', change: 'modified' },
			{ path: 'staged "new".txt', change: 'added' },
		])
		expect(await project.fingerprint()).toEqual(before)
		const made = await commit(project)
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(made)
		expect(await shown(project.laptop)).toBe('D\tdata.csv\nM\tmodel.py\nA\t"staged \\"new\\".txt"')
		expect(await git(project.laptop, 'show', 'HEAD:model.py')).toBe('staged and then changed')
		expect(await status(project.laptop)).toBe('?? "deep er/"')
	})

	test('unknown files too when asked, ignored ones and other repositories never', async () => {
		const project = await setUp()
		await change(project)
		const inner = join(project.laptop, 'inner')
		await mkdir(inner)
		await git(inner, 'init', '-q')
		await writeFile(join(inner, 'own.txt'), 'own')
		expect((await plan(project, all)).map((file) => file.path)).toEqual([
			'data.csv',
			'model.py',
			'staged "new".txt',
			'deep er/new\nline\t$(x)',
		])
		await commit(project, all)
		expect(await status(project.laptop)).toBe('?? inner/')
		expect(await git(project.laptop, 'ls-files', '-z')).toContain('deep er/new\nline\t$(x)\0')
		expect(await readFile(join(project.laptop, 'big.log'), 'utf8')).toBe('ignored')
	})

	test('a file that became a folder, a folder that became a link', async () => {
		const project = await setUp()
		await commitIn(project.laptop, 'folder/file', 'one')
		await rm(join(project.laptop, 'data.csv'))
		await mkdir(join(project.laptop, 'data.csv'))
		await writeFile(join(project.laptop, 'data.csv/part'), 'one')
		await rm(join(project.laptop, 'folder'), { recursive: true })
		await symlink('model.py', join(project.laptop, 'folder'))
		await commit(project, all)
		expect(await status(project.laptop)).toBe('')
		expect((await git(project.laptop, 'ls-files')).split('\n')).toEqual([
			'data.csv/part',
			'folder',
			'model.py',
		])
	})

	test('nothing: no commit', async () => {
		const project = await setUp()
		const before = await project.fingerprint()
		expect(await plan(project, all)).toEqual([])
		expect(await commit(project, all)).toBe(await git(project.laptop, 'rev-parse', 'HEAD'))
		expect(await project.fingerprint()).toEqual(before)
	})

	test('words are data', async () => {
		const project = await setUp()
		await change(project)
		const message = `-m "Über" $(touch x) 'quoted'\r\n\n\tindented\n# kept`
		await commit(project, { ...known, message })
		expect(await git(project.laptop, 'log', '-1', '--format=%B')).toBe(
			`-m "Über" $(touch x) 'quoted'\n\n\tindented\n# kept\n`,
		)
	})

	test('up, asked for it, commits first', async () => {
		const project = await setUp()
		await change(project)
		const { up } = await import('../../src/engine/git/up.ts')
		const { stepRunner } = await import('./git-project.ts')
		await up(stepRunner(), project.link, project.project, { commit: all })
		expect(await git(project.worktree, 'log', '-1', '--format=%s')).toBe('All of it')
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(
			await git(project.laptop, 'rev-parse', 'HEAD'),
		)
	})
})

describe.concurrent('kept first', () => {
	test('index and files as they were', async () => {
		const project = await setUp()
		await change(project)
		const before = await git(project.laptop, 'rev-parse', 'HEAD')
		await commit(project)
		const refs = await git(project.laptop, 'for-each-ref', '--format=%(refname)', 'refs/hawser/safety')
		const of = (name: string) => refs.split('\n').find((ref) => ref.endsWith(name)) ?? refs
		expect(await git(project.laptop, 'rev-parse', of('head/master'))).toBe(before)
		expect(await git(project.laptop, 'show', `${of('/index')}:model.py`)).toBe('staged')
		expect(await git(project.laptop, 'show', `${of('/tree')}:model.py`)).toBe('staged and then changed')
	})
})

describe.concurrent('refused, and nothing is changed', () => {
	const cases: [string, (project: GitProject) => Promise<unknown>, Record<string, unknown>][] = [
		[
			'another branch is checked out',
			({ laptop }) => git(laptop, 'checkout', '-q', '-b', 'topic'),
			{ code: 'not-on-branch', facts: { branch: 'master', found: 'topic' } },
		],
		[
			'no branch is',
			({ laptop }) => git(laptop, 'checkout', '-q', '--detach'),
			{ code: 'not-on-branch', facts: { found: 'no branch' } },
		],
		[
			'a merge is under way',
			async ({ laptop }) =>
				writeFile(join(laptop, '.git/MERGE_HEAD'), await git(laptop, 'rev-parse', 'HEAD')),
			{ code: 'merge-in-progress', facts: { what: 'merge' } },
		],
		[
			'nobody is named',
			({ laptop }) => git(laptop, 'config', '--unset', 'user.name'),
			{ code: 'identity-missing', facts: { setting: 'user.name' } },
		],
		[
			'no address is',
			({ laptop }) => git(laptop, 'config', '--unset', 'user.email'),
			{ code: 'identity-missing', facts: { setting: 'user.email' } },
		],
		[
			'a file over 50 MiB',
			async ({ laptop }) => {
				await writeFile(join(laptop, 'weights.bin'), '')
				await truncate(join(laptop, 'weights.bin'), 50 * 1024 * 1024 + 1)
			},
			{ code: 'commit-too-big', facts: { files: ['weights.bin'], limit: '50 MiB' } },
		],
	]
	test.each(cases)('%s', async (_, arrange, expected) => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'changed\n')
		await arrange(project)
		const before = await project.fingerprint()
		expect(await refusal(plan(project, all))).toMatchObject(expected)
		expect(await refusal(commit(project, all))).toMatchObject(expected)
		expect(await project.fingerprint()).toEqual(before)
	})

	test('files that a stash left in conflict', async () => {
		const project = await setUp()
		const { laptop } = project
		await writeFile(join(laptop, 'model.py'), 'stashed\n')
		await git(laptop, 'stash')
		await commitIn(laptop, 'model.py', 'committed\n')
		await expect(git(laptop, 'stash', 'pop')).rejects.toThrow()
		const before = await project.fingerprint()
		expect((await refusal(plan(project))).code).toBe('merge-in-progress')
		expect((await refusal(commit(project))).code).toBe('merge-in-progress')
		expect(await project.fingerprint()).toEqual(before)
	})

	test('over the limit as wished', async () => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'changed\n')
		expect((await refusal(planCommit(project.project, known, signal, 3))).code).toBe('commit-too-big')
		await commitChanges(project.project, known, newOperation('up', 1), signal, 0)
		expect(await status(project.laptop)).toBe('')
	})
})

describe.concurrent('killed', () => {
	test.each([
		'before update-index',
		'after update-index',
		'before commit',
		'after commit',
		'before update-ref',
		'after update-ref',
	])('%s: again completes', async (at) => {
		const project = await setUp()
		const { laptop } = project
		await change(project)
		const point = join(laptop, '../point')
		await writeFile(point, `${at}\n`)
		await commit(project, all).catch(() => {})
		const struck = !existsSync(point)
		expect(struck).toBe(true)
		await rm(point, { force: true })
		// Whoever is next clears up, and never leaves an index that takes the commit back.
		await localScript('git-land', ['settle', '', laptop], laptop, signal)
		expect(existsSync(join(laptop, '.git/index.lock'))).toBe(false)
		const made = (await git(laptop, 'log', '-1', '--format=%s')) === 'All of it'
		expect(await git(laptop, 'diff', '--cached', '--name-only', '--diff-filter=A')).toBe(
			made ? '' : '"staged \\"new\\".txt"',
		)
		if (made) expect(await status(laptop)).toBe('')
		await commit(project, all)
		expect(await status(laptop)).toBe('')
		expect(await git(laptop, 'rev-list', '--count', 'HEAD')).toBe('3')
		const left = Object.entries(await project.fingerprint()).filter(([file]) => file.endsWith('/.git'))
		expect(left.map(([, files]) => files.replace(/refs\/hawser/, '')).join('')).toBe('')
	})
})
