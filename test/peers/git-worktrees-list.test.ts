import { mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Worktree } from '../../src/contract/code.ts'
import { commitIn, refusal } from './git-project.ts'
import { git } from './repositories.ts'
import { extra, list, names, repository, setUp, sides } from './worktrees-bed.ts'

/** What is said of the worktrees of both machines. */

describe('list', () => {
	test('both machines, the clone itself and the place of validations', async () => {
		const project = await setUp()
		const found = await list(project)
		expect(
			found.map(({ machine, path, branch, main, validation }) => [machine, path, branch, main, validation]),
		).toEqual([
			['laptop', await realpath(project.laptop), 'master', true, false],
			['workstation', await realpath(project.clone), 'master', true, false],
			['workstation', await realpath(project.worktree), 'gpu-validation', false, true],
		])
		for (const each of found)
			expect(each).toMatchObject({
				head: await git(each.path, 'rev-parse', 'HEAD'),
				changedCount: 0,
				untrackedCount: 0,
				unpushedCount: 0,
				locked: false,
				missing: false,
			})
	})

	test('in one round trip, and nothing changes by it', async () => {
		const project = await setUp()
		await extra(project, 'workstation')
		let trips = 0
		const { exec } = project.link
		project.link.exec = (...args) => {
			trips++
			return exec(...args)
		}
		const before = await project.fingerprint()
		await list(project)
		expect(trips).toBe(1)
		expect(await project.fingerprint()).toEqual(before)
	})

	const states: [string, (path: string, repository: string) => Promise<unknown>, Partial<Worktree>][] = [
		['clean', async () => {}, { branch: 'extra' }],
		[
			'with changed, staged and untracked files of any name',
			async (path) => {
				await writeFile(join(path, 'model.py'), 'changed\n')
				await writeFile(join(path, 'line\nbreak'), 'staged\n')
				await git(path, 'add', '.')
				await mkdir(join(path, 'folder'))
				for (const name of ['one', 'two\t"x"', '? /', '1 .M'])
					await writeFile(join(path, 'folder', name.replace('/', '_')), '')
			},
			{ changedCount: 2, untrackedCount: 4 },
		],
		[
			'with ignored files, and where the person hides untracked ones',
			async (path, at) => {
				await git(at, 'config', 'status.showUntrackedFiles', 'no')
				await writeFile(join(at, '.git/info/exclude'), '*.ckpt\n')
				await writeFile(join(path, 'a.ckpt'), '')
				await writeFile(join(path, 'b'), '')
			},
			{ untrackedCount: 1 },
		],
		[
			'with commits that nobody else has',
			async (path) => {
				await commitIn(path, 'a', '1')
				await commitIn(path, 'a', '2')
			},
			{ unpushedCount: 2 },
		],
		[
			'with commits that another branch has',
			async (path) => {
				await commitIn(path, 'a', '1')
				await git(path, 'branch', 'other')
				await commitIn(path, 'a', '2')
			},
			{ unpushedCount: 1 },
		],
		[
			'with commits that are on the hub',
			async (path) => {
				await commitIn(path, 'a', '1')
				await git(path, 'push', '-q', 'origin', 'extra')
			},
			{ unpushedCount: 0 },
		],
		[
			'detached, with a commit of its own',
			async (path) => {
				await git(path, 'checkout', '-q', '--detach')
				await commitIn(path, 'a', '1')
			},
			{ branch: null, unpushedCount: 1 },
		],
		['locked', (path, at) => git(at, 'worktree', 'lock', path), { locked: true }],
		[
			'locked for a reason of several lines',
			(path, at) => git(at, 'worktree', 'lock', '--reason', 'mine\nworktree /etc\n\nbare', path),
			{ locked: true, branch: 'extra' },
		],
		['gone', (path) => rm(path, { recursive: true }), { missing: true, branch: 'extra' }],
		['whose way to the repository is gone', (path) => rm(join(path, '.git')), { missing: true }],
	]
	describe.each(sides)('on the %s, one that is', (side) => {
		test.each(states)('%s', async (_title, arrange, expected) => {
			const project = await setUp()
			const path = await extra(project, side)
			await arrange(path, repository(project, side))
			const plain = { changedCount: 0, untrackedCount: 0, unpushedCount: 0, locked: false, missing: false }
			expect((await list(project)).find((each) => each.path === path)).toMatchObject({
				...plain,
				machine: side,
				path,
				main: false,
				validation: false,
				...expected,
			})
		})
	})

	test.each([...names.slice(0, -1), 'line\nbreak', 'tab\there'])('at %j', async (name) => {
		const project = await setUp()
		for (const side of sides) {
			const path = await extra(project, side, name)
			expect((await list(project)).find((each) => each.path === path)).toMatchObject({
				machine: side,
				branch: 'extra',
			})
		}
	})

	test('the laptop’s place of validations, as the settings name it', async () => {
		const project = await setUp()
		const path = await extra(project, 'laptop')
		const config = { ...project.project, git: { ...project.project.git, worktree: `${path}/` } }
		const validating = (await list(project, config)).filter(({ validation }) => validation)
		expect(validating.map((each) => each.path)).toEqual([path, await realpath(project.worktree)])
	})

	test('a repository without a commit, and a bare one', async () => {
		const project = await setUp()
		await rm(join(project.laptop, '.git'), { recursive: true })
		await git(project.laptop, 'init', '-q', '-b', 'master')
		expect((await list(project))[0]).toMatchObject({ main: true, branch: 'master', unpushedCount: 0 })
		await git(project.laptop, 'config', 'core.bare', 'true')
		expect((await list(project)).map(({ machine }) => machine)).toEqual(['workstation', 'workstation'])
	})

	test('one that cannot be read is said, and is no clean one', async () => {
		const project = await setUp()
		const path = await extra(project, 'laptop')
		await writeFile(join(await git(path, 'rev-parse', '--absolute-git-dir'), 'index'), 'x')
		expect(await refusal(list(project))).toMatchObject({ code: 'git-failed', facts: { side: 'The laptop' } })
	})
})
