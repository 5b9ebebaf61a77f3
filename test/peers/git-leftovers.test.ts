import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { unfinishedMove } from '../../src/engine/git/leftovers.ts'
import { deadlyBed } from './deadly-bed.ts'
import { deadlyGit } from './deadly-git.ts'
import { type GitProject, gitProject, refusal } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const { searchPath, made } = deadlyBed(deadlyGit)

/** An operation that was killed in the middle of a move, on one side. */
async function killed(side: 'laptop' | 'workstation', at: string): Promise<GitProject> {
	const project = await gitProject()
	made.push(project)
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: searchPath }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	await project.commit('model.py', 'changed\n')
	if (side === 'laptop') {
		await project.up()
		await project.result('metrics.json', '1')
	}
	const point = join(side === 'laptop' ? project.laptop : project.clone, '../point')
	await writeFile(point, `${at}\n`)
	await refusal(side === 'laptop' ? project.back() : project.up())
	expect(existsSync(point)).toBe(false)
	return project
}

/** All there is in the three repositories, our own marks included. */
async function everything(project: GitProject): Promise<Record<string, string>> {
	const journals = [project.laptop, project.clone].map((at) =>
		readFile(join(at, '.git/hawser-journal'), 'utf8').catch(() => 'none'),
	)
	return { ...(await project.fingerprint()), journals: (await Promise.all(journals)).join() }
}

describe('a preview after an operation that was killed', () => {
	test.each([
		['workstation', 'after read-tree 1', 'Finish or undo moving master'],
		['workstation', 'after read-tree 2', 'Finish or undo moving gpu-validation'],
		['workstation', 'after fetch 1', 'Clear up after an operation that was cut off'],
		['laptop', 'after read-tree 1', 'Finish or undo moving master'],
	] as const)('on the %s, %s: changes nothing, and says that this comes first', async (side, at, title) => {
		const project = await killed(side, at)
		const kind = side === 'laptop' ? 'back' : 'up'
		const before = await everything(project)
		const plan = await project.preview(kind)
		expect(await everything(project)).toEqual(before)
		expect(plan).toMatchObject({ problem: null, conflicts: [], steps: [{ machine: side, title }] })
		expect(plan.steps).toHaveLength(1)
		expect(plan.notes.join()).toContain('cut off')
		expect((await project.preview(kind)).id).toBe(plan.id)
		// Bound to it, that is what is done, and no more.
		expect((await refusal(project[kind]({ plan: plan.id }))).code).toBe('plan-moved')
		expect((await everything(project)).journals).toBe('none,none')
		for (const at of [project.laptop, project.clone, project.worktree])
			expect(await git(at, 'status', '--porcelain', '--untracked-files=no')).toBe('')
		const rest = await project.preview(kind)
		expect(rest.steps.map(({ id }) => id)).not.toContain('settle')
		await project[kind]({ plan: rest.id })
		expect(await project.preview(kind)).toMatchObject({ steps: [], problem: null })
	})
})

test('a journal tells of a move that was begun and not ended', () => {
	const move = 'move a b c d e f refs/heads/master /home/a b/nt'
	expect(unfinishedMove('owner 1 x 2\n')).toBeNull()
	expect(unfinishedMove(`owner 1 x 2\n${move}\n`)).toBe('master')
	expect(unfinishedMove(`${move}\nmoved\n`)).toBeNull()
	expect(unfinishedMove(`${move}\nmoved\n${move.replace('master', 'gpu/x')}\nref refs/heads/y\n`)).toBe(
		'gpu/x',
	)
})
