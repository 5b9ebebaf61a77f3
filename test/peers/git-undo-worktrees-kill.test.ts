import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { undo } from '../../src/engine/git/undo.ts'
import { addWorktree, removeWorktree } from '../../src/engine/git/worktrees.ts'
import { problemOf } from '../../src/engine/problems.ts'
import { deadlyBed } from './deadly-bed.ts'
import { deadlyGit } from './deadly-git.ts'
import { type GitProject, gitProject, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

/** On the workstation: worktrees made, removed and undone, and a branch taken on to the hub's, killed at many points. */

const { searchPath, made } = deadlyBed(deadlyGit)

async function prepare(project: GitProject): Promise<void> {
	await project.commit('long.txt', 'a line of text\n'.repeat(5000))
	await project.up()
}

async function setUp(before = prepare) {
	const project = await gitProject({ before })
	made.push(project)
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: searchPath }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	const point = join(project.clone, '../point')
	const place = join(project.clone, '../extra')
	const { link, project: config } = project
	return {
		project,
		place,
		point,
		add: () => addWorktree(link, config, { machine: 'workstation', path: place, branch: 'feature' }),
		remove: () => removeWorktree(link, config, { machine: 'workstation', path: place }),
		again: () => undo(stepRunner(), link, config, {}),
		strike: (at: string) => writeFile(point, `${at}\n`),
		files: async (): Promise<Record<string, string>> => ({
			...(await project.fingerprint()),
			place: existsSync(place) ? await git(place, 'status', '--porcelain', '--branch') : 'none',
			long: await readFile(join(place, 'long.txt'), 'utf8').catch(() => 'none'),
			listed: (await git(project.clone, 'worktree', 'list', '--porcelain')).includes(place) ? 'yes' : 'no',
		}),
	}
}

/** Words that only `git worktree add` and `git worktree remove` have. */
const [adding, removing] = ['--no-checkout', 'status.showUntrackedFiles=all']

const around = (verb: string, numbers: number[]) =>
	numbers.flatMap((number) => [`before ${verb} ${number}`, `after ${verb} ${number}`])

async function killed(work: Promise<unknown>, point: string): Promise<void> {
	await expect(work).rejects.toThrow()
	expect(existsSync(point)).toBe(false)
}

async function done(work: Promise<unknown>, at: string): Promise<void> {
	await work.catch((error: unknown) => {
		throw new Error(`${at}: ${JSON.stringify(problemOf(error))}`)
	})
}

describe.concurrent('an undo that is killed: again completes, and it can be undone', () => {
	// Of update-ref: that it undoes, the worktree kept, its branch kept, taken away, and the end.
	test.each([...around('update-ref', [1, 2, 3, 4, 5]), ...around(removing, [1]), 'before checkout-index 1'])(
		'of one that was made, %s',
		async (at) => {
			const { project, point, add, again, strike, files } = await setUp()
			const before = await files()
			await add()
			const with_ = await files()
			await strike(at)
			await killed(again(), point)
			await done(again(), at)
			expect(await files()).toEqual(before)
			await done(again(), at)
			expect(await files()).toEqual(with_)
			expect(await git(project.clone, 'fsck', '--connectivity-only', '--no-dangling')).toBe('')
		},
	)

	// Of update-ref: that it undoes, the worktree kept, and the end.
	test.each([
		...around('update-ref', [1, 2, 3]),
		...around(adding, [1]),
		'before symbolic-ref 1',
		...around('read-tree', [1]),
		...around('unlock', [1]),
	])('of one that was removed, %s', async (at) => {
		const { point, add, remove, again, strike, files } = await setUp()
		await add()
		const with_ = await files()
		await remove()
		const without = await files()
		await strike(at)
		await killed(again(), point)
		await done(again(), at)
		expect(await files()).toEqual(with_)
		await done(again(), at)
		expect(await files()).toEqual(without)
	})
})

describe.concurrent('what was killed can be undone as far as it came', () => {
	test.each([...around(adding, [1]), 'before symbolic-ref 1', ...around('read-tree', [1])])(
		'a worktree that was being made, %s',
		async (at) => {
			const { point, add, again, strike, files } = await setUp()
			const before = await files()
			await strike(at)
			await killed(add(), point)
			// Before there was one, there is nothing but its branch: the same command goes on with that, and it stays.
			const isEarly = at === `before ${adding} 1`
			if (isEarly) await done(add(), at)
			await done(again(), at)
			const after = await files()
			const left = (name: 'clone refs' | 'worktree refs') =>
				isEarly ? after[name]?.replace(/.* commit\trefs\/heads\/feature\n/, '') : after[name]
			expect({
				...after,
				'clone refs': left('clone refs'),
				'worktree refs': left('worktree refs'),
			}).toEqual(before)
		},
	)

	test('a worktree that was being removed has its files again', async () => {
		const { point, place, add, remove, again, strike, files } = await setUp()
		await add()
		const with_ = await files()
		await strike(`before ${removing} 1`)
		await killed(remove(), point)
		await rm(join(place, 'long.txt'))
		await rm(join(place, '.git'))
		await done(again(), 'undo')
		expect(await files()).toEqual(with_)
		expect(existsSync(join(place, '.git'))).toBe(true)
		await done(again(), 'undo of that')
		expect(existsSync(place)).toBe(false)
	})
})

async function undone(project: GitProject): Promise<void> {
	await prepare(project)
	await git(project.worktree, 'rm', '-q', 'data.csv')
	await git(project.worktree, 'commit', '-q', '-m', 'By hand')
	await project.result('metrics.json', '1')
	await project.back()
	await undo(stepRunner(), project.link, project.project, {})
	await project.result('metrics.json', '2')
}

describe.concurrent('taking a branch on to the hub’s commits, killed', () => {
	// Of update-ref: the branch kept, and moved.
	test.each([
		...around('update-ref', [1, 2]),
		'before update-index 22',
		'after update-index 23',
		'before commit 1',
	])('%s: again completes, and an undo undoes it', async (at) => {
		const { project, point, again, strike } = await setUp(undone)
		const text = () => readFile(join(project.worktree, 'results/metrics.json'), 'utf8')
		await strike(at)
		await killed(project.back(), point)
		expect(await text()).toBe('2')
		await done(project.back(), at)
		expect(await git(project.hub, 'show', 'gpu-validation:results/metrics.json')).toBe('2')
		expect(await git(project.laptop, 'show', 'master:results/metrics.json')).toBe('2')
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		expect(await text()).toBe('2')
		await done(again(), at)
		expect(await text()).toBe('2')
	})
})
