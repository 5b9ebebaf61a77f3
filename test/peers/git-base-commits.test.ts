import { afterEach, describe, expect, test } from 'vitest'
import { caresOf } from '../../src/contract/pending-words.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

/** Somebody committed on the base branch of the workstation's clone, by hand. */
async function setUp(hub: string, commits = 2): Promise<GitProject> {
	const project = await gitProject({ hub })
	made.push(project)
	for (let n = 1; n <= commits; n++) await commitIn(project.clone, `by hand ${n}.txt`, `${n}`)
	return project
}

const titles = async (project: GitProject) => caresOf(await project.pending()).map(({ title }) => title)
const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', ref)

describe.each(['origin', 'direct'])(
	'commits made by hand on the workstation’s base branch, hub %s',
	(hub) => {
		test('are pending, in words of their own, however many', async () => {
			const project = await setUp(hub, 22)
			const { remote } = await project.pending()
			expect(remote?.baseCommits.count).toBe(22)
			expect(remote?.baseCommits.commits[0]).toMatchObject({ subject: 'Change by hand 22.txt' })
			expect(remote?.baseCommits.commits).toHaveLength(20)
			expect(await titles(project)).toEqual(['22 commits on the workstation’s base branch go nowhere'])
		})

		test('alone there: up goes past them, and says so; nothing of them is lost', async () => {
			const project = await setUp(hub)
			const stray = await head(project.clone, 'master')
			for (const kind of ['up', 'back'] as const) {
				const plan = await project.preview(kind)
				expect(plan).toMatchObject({ problem: null, steps: [] })
				expect(plan.notes).toEqual([
					'2 commits that only master on the workstation has stay there. Merged into gpu-validation there, they come back.',
				])
			}
			await project.up()
			await project.back()
			expect(await head(project.clone, 'master')).toBe(stray)
			expect(await head(project.laptop)).not.toBe(stray)
			// As the words say.
			await git(project.worktree, 'merge', '-q', '--ff-only', 'master')
			expect(await titles(project)).toEqual([])
			await project.back()
			expect(await head(project.laptop)).toBe(stray)
			await project.up()
			expect(await titles(project)).toEqual([])
		})

		test('with new ones of the laptop: up stops at a divergence before anything is changed', async () => {
			const project = await setUp(hub, 1)
			await project.commit('model.py', 'mine\n')
			const before = await project.fingerprint()
			const expected = { code: 'diverged', facts: { branch: 'master', other: 'the workstation' } }
			expect((await project.preview('up')).problem).toMatchObject(expected)
			expect(await refusal(project.up())).toMatchObject(expected)
			expect(await project.fingerprint()).toEqual(before)
			expect(await titles(project)).toEqual(['1 commit on the workstation’s base branch goes nowhere'])
			// And the way out that is named.
			await git(project.worktree, 'merge', '-q', '--no-edit', 'master')
			await project.back()
			await project.up()
			expect(await head(project.clone, 'master')).toBe(await head(project.laptop))
			expect(await titles(project)).toEqual([])
		})
	},
)

test('commits that the hub has, or the laptop by now, are no matter', async () => {
	const project = await setUp('origin')
	await git(project.clone, 'push', '-q', 'origin', 'master')
	expect(await titles(project)).toEqual([])
	const other = await setUp('direct')
	await git(other.laptop, 'fetch', '-q', other.clone, 'master')
	await git(other.laptop, 'merge', '-q', '--ff-only', 'FETCH_HEAD')
	expect(await titles(other)).toEqual([])
})
