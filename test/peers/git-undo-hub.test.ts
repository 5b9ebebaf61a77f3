import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { back } from '../../src/engine/git/back.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { undo } from '../../src/engine/git/undo.ts'
import { up } from '../../src/engine/git/up.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'

/** Nothing is taken off the hub: what comes after an undo finds it ahead, and goes on from there. */

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

async function prepare(project: GitProject): Promise<void> {
	await project.commit('ours.txt', 'ours\n')
	await project.up()
	await project.result('metrics.json', 'first\n')
	await project.result('old.json', 'old\n')
}

async function setUp(): Promise<GitProject> {
	const project = await gitProject({ before: prepare })
	made.push(project)
	return project
}

const undoOf = ({ link, project }: GitProject) => undo(stepRunner(), link, project, {})
const at = (folder: string, ref: string) => git(folder, 'rev-parse', ref)
const contains = (folder: string, ref: string, commit: string) =>
	git(folder, 'merge-base', '--is-ancestor', commit, ref)
const result = (folder: string, name: string) => readFile(join(folder, 'results', name), 'utf8')
const staged = { message: 'Mine', untracked: true }

/** All three have the same results, and the hub has lost nothing. */
async function isTogether(project: GitProject, undone: string): Promise<void> {
	const { hub, laptop, worktree } = project
	expect(await at(hub, 'gpu-validation')).toBe(await at(worktree, 'gpu-validation'))
	await contains(hub, 'gpu-validation', undone)
	await contains(laptop, 'master', await at(hub, 'gpu-validation'))
	for (const folder of [laptop, worktree]) expect(await git(folder, 'status', '--porcelain')).toBe('')
}

describe.concurrent('back, undone, and back again', () => {
	test('with the same results: the same commits as before', async () => {
		const project = await setUp()
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		const before = await project.fingerprint()
		const plan = await project.preview('back')
		expect(plan).toMatchObject({ problem: null })
		expect(plan.steps[0]).toMatchObject({
			machine: 'workstation',
			title: 'Take gpu-validation on to what the hub still has',
			commits: { count: 1 },
		})
		expect(plan.notes.join()).toContain('The hub still has 1 commit of gpu-validation that an undo took off')
		expect(await project.fingerprint()).toEqual(before)
		await project.back({ plan: plan.id })
		expect(await at(project.hub, 'gpu-validation')).toBe(undone)
		await isTogether(project, undone)
		await undoOf(project)
		expect(await git(project.worktree, 'status', '--porcelain', '-uall')).toBe(
			'?? results/metrics.json\n?? results/old.json',
		)
	})

	test('with others: what lies there counts, be it changed, new, gone or staged', async () => {
		const project = await setUp()
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		await project.result('metrics.json', 'second\n')
		await git(project.worktree, 'add', 'results/metrics.json')
		await project.result('new.json', 'new\n')
		await rm(join(project.worktree, 'results/old.json'))
		const before = await project.fingerprint()
		await project.back()
		await isTogether(project, undone)
		for (const folder of [project.laptop, project.worktree]) {
			expect(await result(folder, 'metrics.json')).toBe('second\n')
			expect(await result(folder, 'new.json')).toBe('new\n')
			await expect(result(folder, 'old.json')).rejects.toThrow()
		}
		await undoOf(project)
		const after = await project.fingerprint()
		for (const name of ['worktree index', 'laptop index', 'worktree/results/metrics.json'])
			expect(after[name], name).toBe(before[name])
	})

	test('with code that came in between', async () => {
		const project = await setUp()
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		await project.commit('model.py', 'new code\n')
		const plan = await project.preview('up')
		expect(plan.steps.map(({ title }) => title)).toContain('Take gpu-validation on to what the hub still has')
		await project.up({ plan: plan.id })
		await project.result('metrics.json', 'second\n')
		await project.back()
		await isTogether(project, undone)
		expect(await result(project.laptop, 'metrics.json')).toBe('second\n')
	})

	test('where the workstation cannot reach the hub, too', async () => {
		const project = await setUp()
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		await git(project.clone, 'remote', 'set-url', 'origin', '/nowhere')
		await project.result('metrics.json', 'second\n')
		await project.back()
		await isTogether(project, undone)
		expect(await result(project.laptop, 'metrics.json')).toBe('second\n')
	})

	test.each(['fast-forward', 'rebase', 'keep'] as const)('brought back by %s', async (bringBack) => {
		const project = await setUp()
		project.project.git.bringBack = bringBack
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		await project.result('metrics.json', 'second\n')
		await project.back()
		await contains(project.hub, 'gpu-validation', undone)
		const branch = bringBack === 'keep' ? 'gpu-validation' : 'master'
		expect(await git(project.laptop, 'show', `${branch}:results/metrics.json`)).toBe('second')
	})
})

test('a go that was undone, and another one', async () => {
	const project = await setUp()
	await project.commit('model.py', 'wrong\n')
	const { link, project: config } = project
	const go = async (text: string) => {
		const operation = newOperation('go', Date.now())
		await up(stepRunner(), link, config, {}, { operation })
		await project.result('metrics.json', text)
		await back(stepRunner(), link, config, {}, operation)
	}
	await go('of the first\n')
	const undone = await at(project.hub, 'gpu-validation')
	await undoOf(project)
	expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).not.toBe('wrong\n')
	await project.commit('model.py', 'right\n')
	await go('of the second\n')
	await isTogether(project, undone)
	expect(await result(project.laptop, 'metrics.json')).toBe('of the second\n')
	expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('right\n')
})

describe.concurrent('stops, with nothing changed', () => {
	test('where the workstation has gone on without what was undone', async () => {
		const project = await setUp()
		await project.back()
		const undone = await at(project.hub, 'gpu-validation')
		await undoOf(project)
		await commitIn(project.worktree, 'by-hand.txt', '1\n')
		const before = await project.fingerprint()
		const plan = await project.preview('back')
		expect(plan).toMatchObject({ problem: { code: 'undone-on-hub' }, id: '' })
		const problem = await refusal(project.back())
		expect(problem).toMatchObject({
			code: 'undone-on-hub',
			facts: { branch: 'gpu-validation', side: 'The workstation', hub: 'origin', commit: undone },
			next: { kind: 'copy', text: `git merge ${undone}` },
			needsPerson: true,
		})
		expect(await project.fingerprint()).toEqual(before)
		// As it says.
		await rm(join(project.worktree, 'results'), { recursive: true })
		await git(project.worktree, 'merge', '-q', '--no-edit', undone)
		await project.back()
		await isTogether(project, undone)
	})

	test('where somebody else has gone on at the hub', async () => {
		const project = await setUp()
		await project.back()
		await undoOf(project)
		const other = join(project.folder, 'other')
		await git(project.folder, 'clone', '-q', '-b', 'gpu-validation', project.hub, other)
		await commitIn(other, 'theirs.txt', '1\n')
		await git(other, 'push', '-q')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({ code: 'diverged' })
		expect(await project.fingerprint()).toEqual(before)
	})

	test('where a file that is no result was changed by hand and would be overwritten', async () => {
		const project = await setUp()
		await project.back()
		await undoOf(project)
		// The undone commits hold code as well.
		await project.back()
		await commitIn(project.worktree, 'model.py', 'by hand\n')
		const operation = newOperation('back', Date.now())
		await back(stepRunner(), project.link, project.project, {}, operation)
		await undoOf(project)
		expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('by hand\n')
	})
})

describe.concurrent('up with a commit, undone', () => {
	test('and again: the files as they are now, on top of what the hub has', async () => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'first\n')
		await writeFile(join(project.laptop, 'new.py'), 'new\n')
		await project.up({ commit: staged })
		const undone = await at(project.hub, 'master')
		await undoOf(project)
		expect(await readFile(join(project.laptop, 'model.py'), 'utf8')).toBe('first\n')
		await writeFile(join(project.laptop, 'model.py'), 'second\n')
		const before = await project.fingerprint()
		const plan = await project.preview('up', { commit: staged })
		expect(plan.steps[0]).toMatchObject({
			id: 'up-commit',
			machine: 'laptop',
			title: 'Take master on to what the hub still has',
		})
		expect(await project.fingerprint()).toEqual(before)
		await project.up({ commit: staged, plan: plan.id })
		await contains(project.hub, 'master', undone)
		for (const folder of [project.hub, project.laptop, project.clone]) {
			expect(await git(folder, 'show', 'master:model.py')).toBe('second')
			expect(await git(folder, 'show', 'master:new.py')).toBe('new')
		}
		expect(await git(project.laptop, 'status', '--porcelain')).toBe('')
	})

	test('and a commit by hand: it says so, before anything is changed', async () => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'first\n')
		await project.up({ commit: staged })
		const undone = await at(project.hub, 'master')
		await undoOf(project)
		await git(project.laptop, 'commit', '-q', '-a', '-m', 'By hand')
		const before = await project.fingerprint()
		expect(await refusal(project.up())).toMatchObject({
			code: 'undone-on-hub',
			facts: { branch: 'master', side: 'The laptop', commit: undone },
		})
		expect(await project.fingerprint()).toEqual(before)
		await git(project.laptop, 'merge', '-q', '--no-edit', undone)
		await project.up()
		await contains(project.hub, 'master', undone)
	})
})
