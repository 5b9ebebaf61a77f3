import { afterAll, describe, expect, test } from 'vitest'
import { planUndo, undo } from '../../src/engine/git/undo.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'

/** The branch that `bringBack: keep` makes on the laptop, and the undo of that. */

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const { signal } = new AbortController()
const planOf = ({ link, project }: GitProject) => planUndo(link, project, signal)
const undoOf = ({ link, project }: GitProject, wish = {}) => undo(stepRunner(), link, project, wish)
const branches = (folder: string) =>
	git(folder, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads')

async function prepare(project: GitProject): Promise<void> {
	await project.result('metrics.json', '1')
}

async function setUp(hub: string): Promise<GitProject> {
	const project = await gitProject({ before: prepare, hub, git: { bringBack: 'keep' } })
	made.push(project)
	return project
}

describe.concurrent.each(['origin', 'direct'])('hub: %s', (hub) => {
	test('goes, and comes again', async () => {
		const project = await setUp(hub)
		const before = await branches(project.laptop)
		await project.back()
		const after = await branches(project.laptop)
		expect(after).toContain('refs/heads/gpu-validation')
		const plan = await planOf(project)
		expect(plan).toMatchObject({ problem: null })
		expect(plan.steps.map(({ machine, title }) => `${machine}: ${title}`)).toEqual([
			'workstation: Take 1 commit off gpu-validation',
			'laptop: Remove the branch gpu-validation',
		])
		expect(await branches(project.laptop)).toBe(after)
		await undoOf(project, { plan: plan.id })
		expect(await branches(project.laptop)).toBe(before)
		expect((await planOf(project)).steps.map(({ title }) => title)).toContain(
			'Make the branch gpu-validation again',
		)
		await undoOf(project)
		expect(await branches(project.laptop)).toBe(after)
		await undoOf(project)
		expect(await branches(project.laptop)).toBe(before)
		await project.back()
		// Without a hub that has it, the commit is made anew.
		const again = await branches(project.laptop)
		if (hub === 'origin') expect(again).toBe(after)
		expect(again).toContain('refs/heads/gpu-validation')
	})

	test('moved by a later one, goes back to where it was', async () => {
		const project = await setUp(hub)
		await project.back()
		const before = await branches(project.laptop)
		await project.result('metrics.json', '2')
		await project.back()
		await undoOf(project)
		expect(await branches(project.laptop)).toBe(before)
	})
})

test('stops where somebody committed to it, or has it checked out', async () => {
	const project = await setUp('origin')
	await project.back()
	await git(project.laptop, 'checkout', '-q', 'gpu-validation')
	const before = await project.fingerprint()
	const reason = expect.stringContaining('it is checked out at')
	expect((await planOf(project)).problem).toMatchObject({ code: 'git-failed', facts: { reason } })
	expect(await refusal(undoOf(project))).toMatchObject({ code: 'git-failed', facts: { reason } })
	expect(await project.fingerprint()).toEqual(before)
	await commitIn(project.laptop, 'mine.txt', '1\n')
	await git(project.laptop, 'checkout', '-q', 'master')
	const now = await project.fingerprint()
	expect(await refusal(undoOf(project))).toMatchObject({
		code: 'undo-moved',
		facts: { branch: 'gpu-validation', ref: expect.stringMatching(/\/made\/gpu-validation$/) },
	})
	expect(await project.fingerprint()).toEqual(now)
})

test('one that somebody took away already is no reason to stop', async () => {
	const project = await setUp('origin')
	await project.back()
	await git(project.laptop, 'branch', '-q', '-D', 'gpu-validation')
	expect((await planOf(project)).steps.map(({ machine }) => machine)).toEqual(['workstation'])
	await undoOf(project)
})
