import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/contract/code.ts'
import type { ProblemCode } from '../../src/contract/problem.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { localScript, remoteScript } from '../../src/engine/git/scripts.ts'
import { planUndo, undo } from '../../src/engine/git/undo.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const { signal } = new AbortController()
const undoOf = (project: GitProject, wish = {}) => undo(stepRunner(), project.link, project.project, wish)
const planOf = (project: GitProject): Promise<Plan> => planUndo(project.link, project.project, signal)

/** All but the hub, what a contact with it left, and what we keep: what an undo has to bring back. */
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

async function prepare(project: GitProject): Promise<void> {
	const { laptop } = project
	await mkdir(join(laptop, 'folder'))
	for (const name of ['swap', 'gone.txt', 'folder/one.txt', 'line\nbreak.txt', '-dash grüße.txt'])
		await writeFile(join(laptop, name), `${name}\n`)
	await git(laptop, 'add', '.')
	await git(laptop, 'commit', '-q', '-m', 'More files')
	await project.up()
}

/** Changes of every kind, committed on the laptop. */
async function change(project: GitProject): Promise<void> {
	const { laptop } = project
	await writeFile(join(laptop, 'model.py'), 'changed\n')
	await rm(join(laptop, 'gone.txt'))
	await rm(join(laptop, 'line\nbreak.txt'))
	await rm(join(laptop, 'swap'))
	await rm(join(laptop, 'folder'), { recursive: true })
	await writeFile(join(laptop, 'folder'), 'a file now\n')
	await mkdir(join(laptop, 'swap/deep'), { recursive: true })
	await writeFile(join(laptop, 'swap/deep/ü "x"\n.txt'), 'a folder now\n')
	await chmod(join(laptop, '-dash grüße.txt'), 0o755)
	await git(laptop, 'add', '-A', '--', '.', ':!notes.txt', ':!own folder')
	await git(laptop, 'commit', '-q', '-m', 'Change everything')
}

/** What a person has around at that moment, on the workstation and on the laptop. */
async function around({ worktree, clone, laptop }: GitProject): Promise<void> {
	for (const at of [worktree, clone, laptop]) {
		await writeFile(join(at, 'notes.txt'), 'a person’s own')
		await mkdir(join(at, 'own folder'), { recursive: true })
		await writeFile(join(at, 'own folder/x'), 'x')
	}
}

async function setUp(hub = 'origin'): Promise<GitProject> {
	const project = await gitProject({ before: prepare, hub })
	made.push(project)
	await around(project)
	return project
}

describe.concurrent.each(['origin', 'direct'])('undo, hub: %s', (hub) => {
	test('of up: both branches and their files; again brings them forth', async () => {
		const project = await setUp(hub)
		await project.result('metrics.json', 'of an earlier run')
		await change(project)
		const before = await picture(project)
		await project.up()
		const after = await picture(project)
		expect(after).not.toEqual(before)
		const plan = await planOf(project)
		expect(plan).toMatchObject({ kind: 'undo', problem: null, project: 'nt' })
		expect(plan.steps.map(({ machine, title }) => [machine, title])).toEqual(
			expect.arrayContaining([
				['workstation', 'Take 1 commit off master'],
				['workstation', 'Take 3 commits off gpu-validation'],
			]),
		)
		const files = plan.steps.find(({ title }) => title.includes('master'))?.files
		expect(files).toEqual(
			expect.arrayContaining([
				{ path: 'gone.txt', change: 'added' },
				{ path: 'line\nbreak.txt', change: 'added' },
				{ path: 'model.py', change: 'modified' },
				{ path: 'swap/deep/ü "x"\n.txt', change: 'deleted' },
			]),
		)
		expect(await picture(project)).toEqual(after)
		expect((await planOf(project)).id).toBe(plan.id)
		await undoOf(project, { plan: plan.id })
		expect(await picture(project)).toEqual(before)
		const redo = await planOf(project)
		expect(redo.steps.map(({ title }) => title)).toContain('Bring 1 commit to master again')
		await undoOf(project)
		expect(await picture(project)).toEqual(after)
		await undoOf(project)
		expect(await picture(project)).toEqual(before)
		await project.up()
		expect(await git(project.worktree, 'rev-list', '--count', 'master..gpu-validation')).toBe('2')
	})

	test('of back: the results are there as they were, uncommitted; the hub keeps its commits', async () => {
		const project = await setUp(hub)
		await change(project)
		await project.up()
		await project.result('metrics.json', 'new')
		await commitIn(project.worktree, 'results/old.json', 'committed')
		await project.result('old.json', 'staged')
		await git(project.worktree, 'add', 'results/old.json')
		await project.result('old.json', 'then edited')
		await writeFile(join(project.worktree, 'model.py'), 'a change that is no result\n')
		await git(project.worktree, 'add', 'model.py')
		await writeFile(join(project.laptop, 'ours.txt'), 'ours\n')
		await git(project.laptop, 'add', 'ours.txt')
		await git(project.laptop, 'commit', '-q', '-m', 'Ours')
		const before = await picture(project)
		await project.back()
		const after = await picture(project)
		await undoOf(project)
		expect(await picture(project)).toEqual(before)
		if (hub === 'origin') {
			const there = await git(project.hub, 'rev-parse', 'gpu-validation')
			expect(await git(project.worktree, 'rev-list', '--count', `gpu-validation..${there}`)).toBe('1')
		}
		await undoOf(project)
		expect(await picture(project)).toEqual(after)
		const notes = (await planOf(project)).notes.join(' ')
		expect(notes.includes('The hub keeps the commits of gpu-validation')).toBe(hub === 'origin')
	})
})

/** Up, a run's results, and back, under one name: as `go` does. */
async function go(project: GitProject, results: () => Promise<void>): Promise<void> {
	const operation = newOperation('go', Date.now())
	const { laptop, link } = project
	const { remote, git: settings } = project.project
	const { remoteWorktree = '' } = settings
	const head = (at: string, ref: string) => git(at, 'rev-parse', ref)
	await git(laptop, 'push', '-q', 'origin', 'master')
	const tip = await head(laptop, 'master')
	const validation = await head(project.clone, 'gpu-validation')
	const places = [remote, remoteWorktree, 'origin', 'master', 'gpu-validation']
	const was = [await head(project.clone, 'master'), validation]
	await remoteScript(
		link,
		'git-up',
		['apply', operation, ...places, ...was, tip, '', '0', 'results/**'],
		signal,
	)
	await results()
	const merged = await head(project.clone, 'gpu-validation')
	const results_ = [remote, remoteWorktree, 'origin', 'gpu-validation', merged, '0', 'Results', 'results/**']
	const { fields } = await remoteScript(link, 'git-back', ['apply', operation, ...results_], signal)
	const land = [
		'apply',
		operation,
		laptop,
		'master',
		tip,
		'origin',
		'gpu-validation',
		fields[0] ?? '',
		'merge',
	]
	await localScript('git-land', land, laptop, signal)
}

describe.concurrent('undo of go', () => {
	test('both branches of both sides, in one step; results of the run stay, uncommitted', async () => {
		const project = await setUp()
		await change(project)
		await project.result('old.json', 'of an earlier run')
		const before = await picture(project)
		await go(project, async () => {
			await project.result('old.json', 'overwritten by the run')
			await project.result('new.json', 'of the run')
		})
		const after = await picture(project)
		expect(await readFile(join(project.laptop, 'results/new.json'), 'utf8')).toBe('of the run')
		const plan = await planOf(project)
		expect(plan.notes[0]).toContain('"go"')
		await undoOf(project)
		const run = join(project.worktree, 'results/new.json')
		expect(await readFile(run, 'utf8')).toBe('of the run')
		expect(await git(project.worktree, 'status', '--porcelain', '-uall', 'results')).toBe(
			'?? results/new.json\n?? results/old.json',
		)
		await rm(run)
		expect(await picture(project)).toEqual(before)
		await writeFile(run, 'of the run')
		await undoOf(project)
		expect(await picture(project)).toEqual(after)
	})

	test('a commit that came in between is not taken off', async () => {
		const project = await setUp()
		await change(project)
		await go(project, async () => {
			await project.result('new.json', 'of the run')
			await commitIn(project.worktree, 'by-hand.txt', 'in between\n')
		})
		const now = await project.fingerprint()
		expect(await refusal(undoOf(project))).toMatchObject({
			code: 'undo-moved',
			facts: { branch: 'gpu-validation', side: 'The workstation' },
		})
		expect(await project.fingerprint()).toEqual(now)
	})
})

interface Case {
	title: string
	arrange: (project: GitProject) => Promise<unknown>
	code: ProblemCode
	facts?: Record<string, unknown>
}

const cases: Case[] = [
	{
		title: 'a branch that moved on the workstation',
		arrange: ({ worktree }) => commitIn(worktree, 'later.txt', 'later\n'),
		code: 'undo-moved',
		facts: {
			side: 'The workstation',
			branch: 'gpu-validation',
			ref: expect.stringMatching(/\/head\/gpu-validation$/),
		},
	},
	{
		title: 'a branch that moved on the laptop',
		arrange: ({ laptop }) => commitIn(laptop, 'later.txt', 'later\n'),
		code: 'undo-moved',
		facts: { side: 'The laptop', branch: 'master' },
	},
	{
		title: 'a branch that is gone',
		arrange: async ({ worktree }) => {
			await git(worktree, 'checkout', '-q', '--detach')
			await git(worktree, 'branch', '-q', '-D', 'gpu-validation')
		},
		code: 'undo-moved',
	},
	{
		title: 'a changed file that would be overwritten',
		arrange: ({ laptop }) => writeFile(join(laptop, 'theirs.txt'), 'edited\n'),
		code: 'tree-dirty',
		facts: { side: 'The laptop', files: ['theirs.txt'] },
	},
	{
		title: 'a staged file that would be overwritten',
		arrange: async ({ laptop }) => {
			await writeFile(join(laptop, 'theirs.txt'), 'edited\n')
			await git(laptop, 'add', 'theirs.txt')
			await writeFile(join(laptop, 'theirs.txt'), 'theirs\n')
		},
		code: 'tree-dirty',
		facts: { files: ['theirs.txt'] },
	},
	{
		title: 'a file that was deleted where another version has to be',
		arrange: ({ laptop }) => rm(join(laptop, 'model.py')),
		code: 'tree-dirty',
		facts: { files: ['model.py'] },
	},
	{
		title: 'a file of nobody’s where one comes back',
		arrange: ({ laptop }) => writeFile(join(laptop, 'line\nbreak.txt'), 'mine'),
		code: 'tree-dirty',
		facts: { files: ['line\nbreak.txt'] },
	},
	{
		title: 'an ignored file in a folder where a file comes back',
		arrange: async ({ laptop }) => {
			await writeFile(join(laptop, '.git/info/exclude'), '*.log\n')
			await mkdir(join(laptop, 'gone.txt'))
			await writeFile(join(laptop, 'gone.txt/x.log'), 'mine')
		},
		code: 'tree-dirty',
		facts: { files: ['gone.txt/x.log'] },
	},
	{
		title: 'a merge that somebody has begun',
		arrange: ({ laptop }) => writeFile(join(laptop, '.git/MERGE_HEAD'), ''),
		code: 'merge-in-progress',
		facts: { side: 'The laptop' },
	},
	{
		title: 'a lock of git’s',
		arrange: ({ clone }) => writeFile(join(clone, '.git/worktrees/nt-gpu/index.lock'), ''),
		code: 'repository-busy',
		facts: { side: 'The workstation' },
	},
]

async function brought(project: GitProject): Promise<void> {
	await prepare(project)
	await rm(join(project.worktree, 'gone.txt'))
	await rm(join(project.worktree, 'line\nbreak.txt'))
	await writeFile(join(project.worktree, 'model.py'), 'theirs\n')
	await git(project.worktree, 'add', '-A')
	await git(project.worktree, 'commit', '-q', '-m', 'By hand')
	await commitIn(project.worktree, 'theirs.txt', 'theirs\n')
	await project.result('metrics.json', '1')
	await project.back()
}

describe.concurrent('refused, with nothing changed', () => {
	test.each(cases)('$title', async ({ arrange, code, facts }) => {
		const project = await gitProject({ before: brought })
		made.push(project)
		await arrange(project)
		const before = await project.fingerprint()
		const plan = await planOf(project)
		expect(plan).toMatchObject({ problem: { code }, id: '' })
		expect(await refusal(undoOf(project))).toMatchObject({ code, facts: facts ?? {} })
		expect(await project.fingerprint()).toEqual(before)
	})

	test('nothing was ever done', async () => {
		const project = await gitProject()
		made.push(project)
		const before = await project.fingerprint()
		expect(await refusal(undoOf(project))).toMatchObject({
			code: 'nothing-to-undo',
			facts: { project: 'nt' },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test('another plan than the one that was shown', async () => {
		const project = await gitProject({ before: brought })
		made.push(project)
		const { id } = await planOf(project)
		await project.commit('later.txt', 'later\n')
		await project.up()
		const before = await project.fingerprint()
		expect(await refusal(undoOf(project, { plan: id }))).toMatchObject({
			code: 'plan-moved',
			facts: { what: expect.any(String) },
		})
		expect(await project.fingerprint()).toEqual(before)
	})
})

test('changes that an undo does not touch are no reason to stop, and stay', async () => {
	const project = await gitProject({ before: brought })
	made.push(project)
	await writeFile(join(project.laptop, 'data.csv'), 'edited\n')
	await writeFile(join(project.laptop, 'swap'), 'staged\n')
	await git(project.laptop, 'add', 'swap')
	await project.result('metrics.json', 'edited after back')
	await undoOf(project)
	expect(await git(project.laptop, 'status', '--porcelain')).toBe(' M data.csv\nM  swap')
	expect(await readFile(join(project.worktree, 'results/metrics.json'), 'utf8')).toBe('edited after back')
	expect(await git(project.worktree, 'status', '--porcelain', '-uall')).toBe('?? results/metrics.json')
})
