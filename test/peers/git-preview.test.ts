import { chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { preview } from '../../src/engine/git/preview.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

async function setUp(options?: Parameters<typeof gitProject>[0]): Promise<GitProject> {
	const project = await gitProject(options)
	made.push(project)
	return project
}

const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', ref)

/** Both sides change the same line: what git cannot merge. */
const conflicting = async (project: GitProject) => {
	await commitIn(project.worktree, 'model.py', 'one\ntheirs\nthree\n')
	await commitIn(project.laptop, 'model.py', 'one\nmine\nthree\n')
}

describe.each(['origin', 'direct'])('a preview, hub %s', (hub) => {
	test('of up names what moves where, changes nothing, and binds', async () => {
		const project = await setUp({ hub })
		await project.commit('model.py', 'one\n2\nthree\n', 'Change a line')
		await project.commit('new file.py', 'x\n', 'Add a file')
		const before = await project.fingerprint()
		const plan = await project.preview('up')
		expect(await project.fingerprint()).toEqual(before)
		expect(plan).toMatchObject({ kind: 'up', project: 'nt', conflicts: [], problem: null })
		const [last] = plan.steps.slice(-1)
		expect(plan.steps.map(({ machine }) => machine)).toEqual([
			...(hub === 'direct' ? [] : ['hub']),
			'workstation',
		])
		expect(last).toMatchObject({
			id: 'up-merge',
			commits: { count: 2, commits: [{ subject: 'Add a file' }, { subject: 'Change a line' }] },
			files: [
				{ path: 'model.py', change: 'modified' },
				{ path: 'new file.py', change: 'added' },
			],
			fileCount: 2,
		})
		expect((await project.preview('up')).id).toBe(plan.id)

		await project.commit('late.py', 'x\n', 'Came later')
		const moved = await project.fingerprint()
		expect(await refusal(project.up({ plan: plan.id }))).toMatchObject({ code: 'plan-moved' })
		expect(await project.fingerprint()).toEqual(moved)
		const anew = await project.preview('up')
		expect(anew.id).not.toBe(plan.id)
		await project.up({ plan: anew.id })
		expect(await head(project.worktree)).toBe(await head(project.laptop))
		expect(await project.preview('up')).toMatchObject({ steps: [], problem: null })
	})

	test('of back, with results that are not committed yet', async () => {
		const project = await setUp({ hub })
		await project.result('loss.json', '{}')
		const before = await project.fingerprint()
		const plan = await project.preview('back')
		expect(await project.fingerprint()).toEqual(before)
		expect(plan.problem).toBeNull()
		expect(plan.steps.map(({ machine, fileCount }) => [machine, fileCount])).toEqual([
			['workstation', 1],
			...(hub === 'direct' ? [] : [['hub', 0]]),
			['laptop', 1],
		])
		await project.result('more.json', '{}')
		expect(await refusal(project.back({ plan: plan.id }))).toMatchObject({ code: 'plan-moved' })
		const { id } = await project.preview('back')
		await project.back({ plan: id })
		expect(await readFile(join(project.laptop, 'results/more.json'), 'utf8')).toBe('{}')
		expect(await project.preview('back')).toMatchObject({ steps: [], problem: null })
	})

	test('of a conflict lists the files with the commits of both sides', async () => {
		const project = await setUp({ hub })
		await conflicting(project)
		for (const kind of ['up', 'back'] as const) {
			const before = await project.fingerprint()
			const plan = await project.preview(kind)
			expect(await project.fingerprint()).toEqual(before)
			expect(plan).toMatchObject({
				steps: [],
				problem: { code: 'conflict', facts: { files: ['model.py'] } },
				conflicts: [{ path: 'model.py', laptop: [{}], workstation: [{}] }],
			})
		}
	})

	test.each([
		['laptop', 'one\nmine\nthree\n'],
		['workstation', 'one\ntheirs\nthree\n'],
	] as const)('a conflict is settled by taking the %s’s file on the way up', async (side, text) => {
		const project = await setUp({ hub })
		await conflicting(project)
		const [mine, theirs] = [await head(project.laptop), await head(project.worktree)]
		const take = { 'model.py': side }
		const plan = await project.preview('up', { take })
		expect(plan).toMatchObject({ problem: null, conflicts: [] })
		const { validation } = await project.up({ take, plan: plan.id })
		expect(await head(project.worktree)).toBe(validation)
		expect(await head(project.worktree, 'HEAD^@')).toBe(`${theirs}\n${mine}`)
		expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe(text)
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		expect(await head(project.laptop)).toBe(mine)
		expect(await head(project.clone)).toBe(mine)
	})

	test.each([
		['laptop', 'one\nmine\nthree\n'],
		['workstation', 'one\ntheirs\nthree\n'],
	] as const)('and by taking the %s’s on the way back, results among it', async (side, text) => {
		const project = await setUp({ hub })
		await conflicting(project)
		await project.result('loss.json', '{}')
		const mine = await head(project.laptop)
		await project.back({ take: { 'model.py': side } })
		expect(await readFile(join(project.laptop, 'model.py'), 'utf8')).toBe(text)
		expect(await readFile(join(project.laptop, 'results/loss.json'), 'utf8')).toBe('{}')
		expect(await head(project.laptop, 'HEAD^@')).toBe(`${mine}\n${await head(project.worktree)}`)
		expect(await git(project.laptop, 'status', '--porcelain')).toBe('')
	})
})

test('a preview counts all commits, however many an operation tells of', async () => {
	const project = await setUp({ hub: 'direct' })
	const tree = await git(project.laptop, 'rev-parse', 'HEAD^{tree}')
	let tip = await head(project.laptop)
	for (let n = 0; n < 120; n++) tip = await git(project.laptop, 'commit-tree', '-p', tip, '-m', `${n}`, tree)
	await git(project.laptop, 'update-ref', 'refs/heads/master', tip)
	expect((await project.preview('up')).steps.at(-1)?.commits?.count).toBe(120)
})

describe('a hub that the workstation cannot reach', () => {
	const cutOff = async (project: GitProject) =>
		void (await git(project.clone, 'remote', 'set-url', 'origin', join(project.folder, 'nowhere.git')))

	test('code goes over the link, and to the hub from the laptop', async () => {
		const project = await setUp()
		await cutOff(project)
		const sent = await project.commit('model.py', 'one\n2\nthree\n', 'Change a line')
		const plan = await project.preview('up')
		expect(plan.notes.join()).toContain('cannot reach the hub')
		await project.up({ plan: plan.id })
		for (const at of [project.clone, project.worktree]) expect(await head(at)).toBe(sent)
		expect(await head(project.hub, 'master')).toBe(sent)
	})

	test('results come over the link, and the laptop pushes them', async () => {
		const project = await setUp()
		await cutOff(project)
		await project.result('loss.json', '{}')
		await project.back()
		expect(await head(project.laptop)).toBe(await head(project.worktree))
		expect(await head(project.hub, 'gpu-validation')).toBe(await head(project.worktree))
		const still = await project.fingerprint()
		await project.back()
		expect(await project.fingerprint()).toEqual(still)
	})

	test('nothing that the hub has is overwritten', async () => {
		const project = await setUp()
		await git(project.folder, 'clone', '-q', '-b', 'gpu-validation', project.hub, 'other')
		await commitIn(join(project.folder, 'other'), 'theirs.txt', 'x\n')
		await git(join(project.folder, 'other'), 'push', '-q')
		await cutOff(project)
		await project.result('loss.json', '{}')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({ code: 'diverged' })
		expect(await project.fingerprint()).toEqual(before)
	})
})

test('what only a person can change stops a preview; it says so and is no failure to look', async () => {
	const project = await setUp()
	await writeFile(join(project.worktree, 'model.py'), 'changed\n')
	await project.commit('data.csv', 'a\n', 'Change the data')
	expect(await project.preview('go')).toMatchObject({ steps: [], problem: { code: 'tree-dirty' } })
})

describe('a preview of go says what will run', () => {
	const note = async (sets?: Record<string, string>[]) => {
		const project = await setUp()
		await project.commit('data.csv', 'a\n', 'Change the data')
		const validation = {
			...project.project.validation,
			command: 'try {lr} "{name}"',
			parameters: { lr: '0.1' },
		}
		const { notes, steps, problem } = await preview(
			...([project.link, { ...project.project, validation }, 'go', { sets }] as const),
			...([new AbortController().signal, 1] as const),
		)
		return { last: notes.at(-1), steps: steps.length, problem: problem?.code }
	}

	test('with the parameters that are asked for, before the settings’ own', async () => {
		expect(await note([{ name: "it's" }])).toMatchObject({
			last: `Then "try '0.1' ""'it'\\''s'""" runs, and its results come back.`,
		})
		expect((await note(['1', '2', '3'].map((lr) => ({ lr, name: 'x' })))).last).toBe(
			`Then 3 runs begin, the first with "try '1' ""'x'"""; their results come back when all have succeeded.`,
		)
	})

	test('and what would stop its start, before anything is sent', async () => {
		expect(await note()).toEqual({ last: undefined, steps: 0, problem: 'parameter-missing' })
		expect(await note([{ name: 'x', rate: '1' }])).toMatchObject({ steps: 0, problem: 'parameter-unknown' })
	})
})

describe('a preview is bound to the content of what is to be committed', () => {
	const commit = { message: 'All of it', untracked: true }

	test('on the laptop: the same number of bytes, a link, a mode', async () => {
		const project = await setUp()
		const at = (name: string) => join(project.laptop, name)
		await writeFile(at('model.py'), 'ones\n')
		await writeFile(at('new.sh'), 'echo\n')
		await symlink('model.py', at('link'))
		const edits: [string, () => Promise<unknown>][] = [
			['a changed file', () => writeFile(at('model.py'), 'twos\n')],
			['a new file', () => writeFile(at('new.sh'), 'exit\n')],
			['its mode', () => chmod(at('new.sh'), 0o755)],
			['a link', () => rm(at('link')).then(() => symlink('data.csv', at('link')))],
		]
		for (const [what, edit] of edits) {
			const plan = await project.preview('up', { commit })
			expect((await project.preview('up', { commit })).id, what).toBe(plan.id)
			await edit()
			const before = await project.fingerprint()
			expect((await refusal(project.up({ commit, plan: plan.id }))).code, what).toBe('plan-moved')
			expect(await project.fingerprint()).toEqual(before)
		}
		const { id } = await project.preview('up', { commit })
		// Written again as it was: nothing moved.
		await writeFile(at('model.py'), 'twos\n')
		await project.up({ commit, plan: id })
		expect(await git(project.worktree, 'show', 'HEAD:model.py')).toBe('twos')
	})

	test.each(['up', 'back'] as const)('on the workstation: a result, before %s commits it', async (kind) => {
		const project = await setUp()
		await project.result('odd \n"name".json', 'one')
		const { id } = await project.preview(kind)
		expect((await project.preview(kind)).id).toBe(id)
		await project.result('odd \n"name".json', 'two')
		expect((await refusal(project[kind]({ plan: id }))).code).toBe('plan-moved')
		await project[kind]({ plan: (await project.preview(kind)).id })
	})
})
