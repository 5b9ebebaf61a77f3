import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planUndo, undo } from '../../src/engine/git/undo.ts'
import { problemOf } from '../../src/engine/problems.ts'
import { deadlyBed } from './deadly-bed.ts'
import { deadlyGit } from './deadly-git.ts'
import { type GitProject, gitProject, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const { searchPath, made } = deadlyBed(deadlyGit)

async function prepare(project: GitProject): Promise<void> {
	await project.commit('long.txt', 'before\n')
	await project.up()
	await mkdir(join(project.laptop, 'deep/er'), { recursive: true })
	await project.commit('deep/er/new.txt', 'new\n')
	await project.commit('long.txt', 'a line of text\n'.repeat(5000))
	await git(project.laptop, 'rm', '-q', 'data.csv')
	await project.commit('model.py', 'changed\n')
	await project.result('metrics.json', '1')
	await project.result('staged.json', '1')
	await git(project.worktree, 'add', 'results/staged.json')
}

/** Branches, indexes and files; `.git` tells what of ours was left lying. */
async function picture(project: GitProject): Promise<Record<string, string>> {
	const all = await project.fingerprint()
	const kept = (line: string) => !/refs\/(hawser|remotes)\//.test(line)
	return Object.fromEntries(
		Object.entries(all)
			.filter(([name]) => !name.startsWith('hub'))
			.map(([name, text]) => [
				name,
				name.endsWith(' refs') ? text.split('\n').filter(kept).join('\n') : text,
			]),
	)
}

async function setUp(side: 'workstation' | 'laptop', before: (project: GitProject) => Promise<void>) {
	const project = await gitProject({ before })
	made.push(project)
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: searchPath }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	const point = join(side === 'laptop' ? project.laptop : project.clone, '../point')
	const again = () => undo(stepRunner(), project.link, project.project, {})
	return { project, point, again, strike: (at: string) => writeFile(point, `${at}\n`) }
}

const around = (verb: string, numbers: number[]) =>
	numbers.flatMap((number) => [`before ${verb} ${number}`, `after ${verb} ${number}`])

async function killed(work: Promise<unknown>, point: string): Promise<void> {
	await expect(work).rejects.toThrow()
	expect(existsSync(point)).toBe(false)
}

describe.concurrent('undo of up, killed on the workstation', () => {
	// Of update-ref: that it undoes, then for each branch what is kept and the move, then that it ended.
	test.each([
		...around('update-ref', [1, 3, 5]),
		'after update-ref 6',
		'after checkout-index 1',
		'amid checkout-index 1',
		'amid checkout-index 2',
		'before update-index 17',
	])('%s: again completes, and then it can be undone', async (at) => {
		const { project, point, again, strike } = await setUp('workstation', prepare)
		const before = await picture(project)
		await project.up()
		const after = await picture(project)
		await strike(at)
		await killed(again(), point)
		await again().catch((error: unknown) => {
			throw new Error(`${at}: ${JSON.stringify(problemOf(error))}`)
		})
		expect(await picture(project)).toEqual(before)
		await again()
		expect(await picture(project)).toEqual(after)
	})

	test('and killed again while it clears up', async () => {
		const { project, point, again, strike } = await setUp('workstation', prepare)
		const before = await picture(project)
		await project.up()
		await strike('amid checkout-index 1')
		await killed(again(), point)
		await strike('before checkout-index 1')
		await killed(again(), point)
		await again()
		expect(await picture(project)).toEqual(before)
	})

	test('what a person wrote in between is never overwritten', async () => {
		const { project, point, again, strike } = await setUp('workstation', prepare)
		await project.up()
		await strike('before update-ref 3')
		await killed(again(), point)
		await writeFile(join(project.worktree, 'model.py'), 'a person’s own\n')
		for (const work of [again, project.up])
			await expect(work()).rejects.toMatchObject({
				problem: { code: 'tree-dirty', facts: { files: ['model.py'] } },
			})
		expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('a person’s own\n')
	})

	test('an up instead completes or undoes it, too', async () => {
		const { project, point, again, strike } = await setUp('workstation', prepare)
		await project.up()
		const after = await picture(project)
		await strike('amid checkout-index 1')
		await killed(again(), point)
		await project.up()
		expect(await picture(project)).toEqual(after)
	})
})

async function brought(project: GitProject): Promise<void> {
	await prepare(project)
	await project.up()
	await writeFile(join(project.worktree, 'model.py'), 'theirs\n')
	await writeFile(join(project.worktree, 'long.txt'), 'short\n')
	await git(project.worktree, 'commit', '-q', '-a', '-m', 'By hand')
	await project.result('new.json', '1')
}

describe.concurrent('undo of back, killed on the laptop', () => {
	test.each(['before update-ref 1', ...around('update-ref', [3]), 'after checkout-index 1'])(
		'%s: again goes on with the laptop, and an undo of it undoes both',
		async (at) => {
			const { project, point, again, strike } = await setUp('laptop', brought)
			const before = await picture(project)
			await project.back()
			const after = await picture(project)
			await strike(at)
			await killed(again(), point)
			const { signal } = new AbortController()
			const plan = await planUndo(project.link, project.project, signal)
			expect(plan).toMatchObject({ problem: null })
			expect(plan.steps.filter((step) => step.machine === 'workstation')).toEqual([])
			await again()
			expect(await picture(project)).toEqual(before)
			await again()
			expect(await picture(project)).toEqual(after)
		},
	)
})

/** As if nothing had ever been kept. */
async function forgotten(project: GitProject): Promise<void> {
	await prepare(project)
	const refs = await git(project.clone, 'for-each-ref', '--format=%(refname)', 'refs/hawser/safety/')
	for (const ref of refs.split('\n')) await git(project.clone, 'update-ref', '-d', ref)
}

describe.concurrent('an up that was killed', () => {
	// Of update-ref: results kept, where they were committed, base kept and moved, validation kept and moved.
	test.each([
		'before commit 1',
		'after commit 1',
		...around('update-ref', [1, 2, 4, 6]),
		'before read-tree 2',
	])('%s: can be undone as far as it came', async (at) => {
		const { project, point, again, strike } = await setUp('workstation', forgotten)
		const before = await picture(project)
		await strike(at)
		await killed(project.up(), point)
		await again().catch((error: unknown) => {
			expect(problemOf(error).code).toBe('nothing-to-undo')
		})
		expect(await picture(project)).toEqual(before)
	})
})
