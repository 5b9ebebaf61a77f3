import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ProjectConfig } from '../../src/contract/config.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

type Mode = ProjectConfig['git']['bringBack']
const modes: Mode[] = ['merge', 'fast-forward', 'rebase', 'keep']

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const fresh = async () => {}

async function setUp(mode: Mode, hub = 'origin'): Promise<GitProject> {
	const project = await gitProject({ hub, before: fresh })
	project.project.git.bringBack = mode
	made.push(project)
	return project
}

const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', '-q', '--verify', ref)
const count = async (folder: string, range: string) => Number(await git(folder, 'rev-list', '--count', range))
const results = (folder: string) => readFile(join(folder, 'results/metrics.json'), 'utf8')
const validationOf = (folder: string) => git(folder, 'show', 'gpu-validation:results/metrics.json')

async function isTidy(project: GitProject): Promise<void> {
	for (const at of [project.laptop, project.clone, project.worktree])
		expect(await git(at, 'status', '--porcelain')).toBe('')
}

describe.concurrent.each(['origin', 'direct'])('hub: %s', (hub) => {
	test.each(modes)('%s: results alone arrive, and again changes nothing', async (mode) => {
		const project = await setUp(mode, hub)
		const before = await head(project.laptop)
		await project.result('metrics.json', '1')
		const { commits } = await project.back()
		expect(commits.map(({ subject }) => subject)).toEqual(['Results of nt'])
		const made = await head(project.worktree)
		if (mode === 'keep') {
			expect(await head(project.laptop)).toBe(before)
			expect(await head(project.laptop, 'gpu-validation')).toBe(made)
		} else {
			expect(await head(project.laptop)).toBe(made)
			expect(await results(project.laptop)).toBe('1')
		}
		await isTidy(project)
		const state = await project.fingerprint()
		await project.back()
		expect(await project.fingerprint()).toEqual(state)
	})
})

describe.concurrent('diverged: both sides have commits of their own', () => {
	async function diverge(mode: Mode): Promise<GitProject> {
		const project = await setUp(mode)
		await project.commit('model.py', 'one\ntwo\nmine\n')
		await project.result('metrics.json', '1')
		return project
	}

	test('merge: one merge commit', async () => {
		const project = await diverge('merge')
		const before = await head(project.laptop)
		await project.back()
		expect(await count(project.laptop, `${before}..HEAD`)).toBe(2)
		expect(await head(project.laptop, 'HEAD^1')).toBe(before)
		await isTidy(project)
	})

	test('fast-forward: says so, and changes nothing on any side', async () => {
		const project = await diverge('fast-forward')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({
			code: 'diverged',
			facts: { branch: 'master', side: 'The laptop', other: 'the workstation' },
		})
		expect(await project.fingerprint()).toEqual(before)
		await project.up()
		await project.back()
		expect(await results(project.laptop)).toBe('1')
	})

	test('rebase: the results on top, author, date and words as they were', async () => {
		const project = await diverge('rebase')
		const { worktree, laptop } = project
		await git(worktree, 'add', '.')
		const date = '2020-02-03T04:05:06+0730'
		await git(
			worktree,
			'-c',
			'i18n.commitEncoding=ISO-8859-1',
			'commit',
			'-q',
			'--author=Ada  Łove "quoted" <ada@example.com>',
			`--date=${date}`,
			'-m',
			'Überschrift\n\n  indented $(body)\n\n# not a comment',
		).catch(async () => {
			throw new Error('the commit was not made')
		})
		const before = await head(laptop)
		await project.back()
		expect(await head(laptop, 'HEAD^')).toBe(before)
		expect(await count(laptop, `${before}..HEAD`)).toBe(1)
		const told = (at: string, ref: string) =>
			git(at, 'log', '-1', '--format=%an|%ae|%ad|%B', '--date=raw', ref)
		expect(await told(laptop, 'HEAD')).toBe(await told(worktree, 'HEAD'))
		expect(await results(laptop)).toBe('1')
		expect(await readFile(join(laptop, 'model.py'), 'utf8')).toBe('one\ntwo\nmine\n')
		await isTidy(project)
	})

	test('keep: base stays, and no divergence of base is in the way', async () => {
		const project = await diverge('keep')
		const before = await head(project.laptop)
		await project.back()
		expect(await head(project.laptop)).toBe(before)
		expect(await validationOf(project.laptop)).toBe('1')
		await isTidy(project)
	})
})

describe.concurrent('a conflict', () => {
	test.each(['merge', 'rebase', 'fast-forward'] as const)(
		'%s: stops before anything changes',
		async (mode) => {
			const project = await setUp(mode)
			await commitIn(project.worktree, 'model.py', 'theirs\n')
			await project.commit('model.py', 'mine\n')
			await project.result('metrics.json', '1')
			const before = await project.fingerprint()
			expect(['conflict', 'diverged']).toContain((await refusal(project.back())).code)
			expect(await project.fingerprint()).toEqual(before)
		},
	)

	test('keep: has none, since nothing is merged', async () => {
		const project = await setUp('keep')
		await commitIn(project.worktree, 'model.py', 'theirs\n')
		await project.commit('model.py', 'mine\n')
		await project.back()
		expect(await head(project.laptop, 'gpu-validation')).toBe(await head(project.worktree))
	})

	test('rebase: a merge that holds somebody’s own work is no plain one', async () => {
		const project = await setUp('rebase')
		const { worktree } = project
		await commitIn(worktree, 'model.py', 'theirs\n')
		await project.commit('model.py', 'mine\n')
		await git(project.laptop, 'push', '-q', 'origin', 'master')
		await git(worktree, 'fetch', '-q', 'origin')
		await expect(git(worktree, 'merge', 'origin/master')).rejects.toThrow()
		await writeFile(join(worktree, 'model.py'), 'mine and theirs\n')
		await git(worktree, 'commit', '-q', '-a', '-m', 'Resolved')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({ code: 'conflict', facts: { files: ['model.py'] } })
		expect(await project.fingerprint()).toEqual(before)
	})
})

describe.concurrent('a laptop tree with changes', () => {
	test.each(modes)('%s', async (mode) => {
		const project = await setUp(mode)
		await project.result('metrics.json', '1')
		await writeFile(join(project.laptop, 'model.py'), 'not committed\n')
		await writeFile(join(project.laptop, 'notes.txt'), 'mine')
		const before = await project.fingerprint()
		if (mode === 'keep') {
			await project.back()
			expect(await validationOf(project.laptop)).toBe('1')
		} else {
			expect(await refusal(project.back())).toMatchObject({
				code: 'tree-dirty',
				facts: { files: ['model.py'] },
			})
			expect(await project.fingerprint()).toEqual(before)
		}
		expect(await readFile(join(project.laptop, 'model.py'), 'utf8')).toBe('not committed\n')
		expect(await readFile(join(project.laptop, 'notes.txt'), 'utf8')).toBe('mine')
	})

	test('rebase: an unknown file where a result goes', async () => {
		const project = await setUp('rebase')
		await project.commit('model.py', 'mine\n')
		await project.result('metrics.json', '1')
		await mkdir(join(project.laptop, 'results'))
		await writeFile(join(project.laptop, 'results/metrics.json'), 'mine')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({
			code: 'tree-dirty',
			facts: { files: ['results/metrics.json'] },
		})
		expect(await project.fingerprint()).toEqual(before)
	})
})

describe.concurrent('keep, with the validation branch on the laptop', () => {
	async function withBranch(checkedOut: boolean): Promise<GitProject & { kept: string }> {
		const project = await setUp('keep')
		const kept = join(project.folder, 'nt kept')
		if (checkedOut) await git(project.laptop, 'worktree', 'add', '-q', '-b', 'gpu-validation', kept)
		else await git(project.laptop, 'branch', 'gpu-validation')
		await project.result('metrics.json', '1')
		return { ...project, kept }
	}

	test('its worktree moves with it', async () => {
		const project = await withBranch(true)
		await writeFile(join(project.kept, 'notes.txt'), 'mine')
		await project.back()
		expect(await results(project.kept)).toBe('1')
		expect(await git(project.kept, 'status', '--porcelain')).toBe('?? notes.txt')
	})

	test('changes there stop it before the workstation commits', async () => {
		const project = await withBranch(true)
		await writeFile(join(project.kept, 'model.py'), 'mine')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({
			code: 'tree-dirty',
			facts: { files: ['model.py'] },
		})
		expect(await project.fingerprint()).toEqual(before)
		expect(await readFile(join(project.kept, 'model.py'), 'utf8')).toBe('mine')
	})

	test('commits of its own there are a divergence, told before the workstation commits', async () => {
		const project = await withBranch(true)
		await commitIn(project.kept, 'model.py', 'mine')
		const before = await project.fingerprint()
		// The results are not committed yet: what stands on both sides decides.
		await commitIn(project.worktree, 'data.csv', 'theirs')
		const moved = await project.fingerprint()
		expect(moved).not.toEqual(before)
		expect(await refusal(project.back())).toMatchObject({
			code: 'diverged',
			facts: { branch: 'gpu-validation' },
		})
		expect(await project.fingerprint()).toEqual(moved)
	})

	test('not checked out, the branch alone moves', async () => {
		const project = await withBranch(false)
		await project.back()
		expect(await validationOf(project.laptop)).toBe('1')
		expect(await git(project.laptop, 'branch', '--show-current')).toBe('master')
	})
})

describe.concurrent('up after back', () => {
	test.each(modes)('%s: again and again, all sides end alike', { timeout: 120_000 }, async (mode) => {
		const project = await setUp(mode)
		for (let round = 1; round <= 3; round++) {
			await project.commit('model.py', `round ${round}\ntwo\nthree\n`)
			await project.up()
			if (mode !== 'fast-forward') await project.commit('data.csv', `while it ran: ${round}\n`)
			await project.result('metrics.json', `${round}`)
			await project.result(`plot ${round}.svg`, `<svg>${round}</svg>\n`)
			await project.back()
			if (mode !== 'keep') expect(await results(project.laptop)).toBe(`${round}`)
		}
		await project.up()
		const tip = await head(project.laptop)
		expect(await results(project.worktree)).toBe('3')
		expect(await count(project.worktree, `HEAD..${tip}`)).toBe(0)
		if (mode !== 'keep')
			expect(await head(project.worktree, 'HEAD^{tree}')).toBe(await head(project.laptop, 'HEAD^{tree}'))
		if (mode === 'rebase') {
			expect(await git(project.laptop, 'rev-list', '--merges', 'HEAD')).toBe('')
			expect(await git(project.laptop, 'log', '--format=%s', '--grep=Results')).toBe(
				Array(3).fill('Results of nt').join('\n'),
			)
		}
		await isTidy(project)
	})

	test('rebase: results that were edited on the laptop since are no conflict', async () => {
		const project = await setUp('rebase')
		await project.commit('model.py', 'mine\n')
		await project.result('metrics.json', '1')
		await project.back()
		await commitIn(project.laptop, 'results/metrics.json', '1, looked at')
		await project.up()
		expect(await results(project.worktree)).toBe('1, looked at')
		await project.back()
		expect(await results(project.laptop)).toBe('1, looked at')
		await isTidy(project)
	})

	test('rebase: taken off on the laptop again, they stay off', async () => {
		const project = await setUp('rebase')
		await project.commit('model.py', 'mine\n')
		await project.result('metrics.json', '1')
		await project.back()
		await git(project.laptop, 'revert', '--no-edit', 'HEAD')
		const tip = await head(project.laptop)
		await project.up()
		expect(await head(project.worktree, 'HEAD^{tree}')).toBe(await head(project.laptop, 'HEAD^{tree}'))
		await project.back()
		expect(await head(project.laptop)).toBe(tip)
		await isTidy(project)
	})

	test('rebase: another run before the next up, and results that it left', async () => {
		const project = await setUp('rebase')
		await project.commit('model.py', 'mine\n')
		await project.result('metrics.json', '1')
		await project.back()
		await project.result('metrics.json', '2')
		await project.back()
		expect(await results(project.laptop)).toBe('2')
		await project.result('metrics.json', '3')
		await project.up()
		expect(await results(project.worktree)).toBe('3')
		await project.back()
		expect(await results(project.laptop)).toBe('3')
		await project.up()
		expect(await head(project.worktree, 'HEAD^{tree}')).toBe(await head(project.laptop, 'HEAD^{tree}'))
		expect(await git(project.laptop, 'rev-list', '--merges', 'HEAD')).toBe('')
		await isTidy(project)
	})
})

describe.concurrent('a person’s hooks on the laptop', () => {
	test.each(['merge', 'rebase'] as const)('%s: what a merge runs, runs', async (mode) => {
		const project = await setUp(mode)
		await project.commit('model.py', 'mine\n')
		await project.result('metrics.json', '1')
		const hooks = join(project.laptop, '.git/hooks')
		await mkdir(hooks, { recursive: true })
		await writeFile(join(hooks, 'post-merge'), `#!/bin/sh\necho ran >'${project.folder}/hook'\n`)
		await chmod(join(hooks, 'post-merge'), 0o755)
		await project.back()
		expect(await readFile(join(project.folder, 'hook'), 'utf8')).toBe('ran\n')
	})
})
