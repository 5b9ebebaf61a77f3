import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/contract/code.ts'
import { projectSchema } from '../../src/contract/config.ts'
import type { ProblemCode } from '../../src/contract/problem.ts'
import { lost, takeLedger } from './git-ledger.ts'
import { type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

/** One state of a project, what an operation says to it, and what is left. */
export interface Situation {
	title: string
	operation: 'up' | 'back'
	/** The hub is left out: git pushes and fetches over the link. */
	direct?: true
	/** Why it cannot be shown here, if so. */
	skip?: string | false
	build: (project: GitProject) => Promise<unknown>
	/** `done`, or the code of the problem: then every ref, index and file is as it was. */
	says: ProblemCode | 'done'
	/** It cannot be known before something was changed: that stays, and nothing is lost. */
	late?: true
	/** The journal stays: it is completed as soon as a person has made that possible. */
	unfinished?: true
	/** The steps of the preview: machine and words. Left out: that there are some, when there is something to do. */
	plan?: string[]
	/** Of the problem. */
	facts?: Record<string, unknown>
	/** Done, and there was nothing to do: all is as it was. */
	still?: true
	/** The four branches are not brought together by it; `left` says more. */
	apart?: true
	/** What `git status` says in the folders afterwards, all in one; left out: as before. */
	untidy?: string[]
	/** Files afterwards: text, where a link points to (`→ place`), `executable`; null: nothing is there. */
	left?: Record<string, string | null>
	/** Whatever a table cannot say. */
	also?: (project: GitProject) => Promise<unknown>
}

const made: GitProject[] = []
const fresh = async () => {}

/** Each row with a project of its own; two of them at a time keep the machine busy. */
export function situations(subject: string, rows: readonly Situation[]): void {
	afterAll(async () => {
		for (const project of made.splice(0)) await project.remove()
	})
	describe.concurrent(subject, () => {
		for (const row of rows) {
			const skipped = row.skip ? ` (skipped: ${row.skip})` : ''
			test.skipIf(skipped !== '')(`${row.title}: ${row.operation}, ${row.says}${skipped}`, () => play(row))
		}
	})
}

async function play(row: Situation): Promise<void> {
	const project = await gitProject({ hub: row.direct ? 'direct' : 'origin', before: fresh })
	made.push(project)
	await row.build(project)
	const before = await project.fingerprint()
	const ledger = await takeLedger(project)
	const untidy = await statuses(project)
	const plan = await foretell(project, row)
	expect(await project.fingerprint()).toEqual(before)
	if (row.says === 'done') {
		await project[row.operation]({ plan: plan.id })
		expect(await lost(ledger, project)).toEqual([])
		if (row.still) expect(await project.fingerprint()).toEqual(before)
		else if (!row.apart) await expectTogether(project, row.operation)
		expect(await statuses(project)).toEqual(row.untidy ?? untidy)
		await expectNothingBegun(project)
		// Again is safe: there is nothing left to do.
		const after = await project.fingerprint()
		await project[row.operation]()
		expect(await project.fingerprint()).toEqual(after)
	} else {
		expect(await refusal(project[row.operation]())).toMatchObject({ code: row.says, facts: row.facts ?? {} })
		if (row.unfinished) expect(await readdir(join(project.clone, '.git'))).toContain('hawser-journal')
		else if (row.late) await expectNothingBegun(project)
		else expect(await project.fingerprint()).toEqual(before)
		expect(await lost(ledger, project)).toEqual([])
	}
	const found = Object.keys(row.left ?? {}).map(async (name) => [name, await lookAt(project, name)])
	expect(Object.fromEntries(await Promise.all(found))).toEqual(row.left ?? {})
	await row.also?.(project)
}

/** The preview says what will be said, and by which steps. */
async function foretell(project: GitProject, row: Situation): Promise<Plan> {
	const plan = await project.preview(row.operation)
	const steps = plan.steps.map(({ machine, title }) => `${machine}: ${title}`)
	if (row.late) return plan
	expect(plan.problem?.code ?? 'done').toBe(row.says)
	if (row.plan) expect(steps).toEqual(row.plan)
	else expect(steps.length > 0).toBe(row.says === 'done' && !row.still)
	if (row.says === 'conflict')
		expect(plan.conflicts.map(({ path }) => path)).toEqual(plan.problem?.facts.files)
	return plan
}

/** What a person sees as changed or unknown in each folder; new results are what the operation is there for. */
async function statuses({ laptop, clone, worktree }: GitProject): Promise<string[]> {
	const of = async (at: string) => {
		const said = await git(at, '--no-optional-locks', 'status', '--porcelain', '-z', '-uall').catch(() => '')
		return said.split('\0').filter((line) => line !== '' && (at !== worktree || !/^.. results\//.test(line)))
	}
	return (await Promise.all([laptop, clone, worktree].map(of))).flat()
}

/** After up: base is the same everywhere, and in the validation branch. After back: the laptop has the results. */
async function expectTogether(project: GitProject, operation: 'up' | 'back'): Promise<void> {
	const { hub, laptop, clone, worktree } = project
	const withHub = project.project.git.hub !== 'direct'
	const at = (folder: string, branch: string) => git(folder, 'rev-parse', `refs/heads/${branch}`)
	const base = await at(laptop, 'master')
	const validation = await at(clone, 'gpu-validation')
	expect(await git(worktree, 'rev-parse', 'HEAD')).toBe(validation)
	if (operation === 'up') {
		expect(await at(clone, 'master')).toBe(base)
		if (withHub) expect(await at(hub, 'master')).toBe(base)
		await git(clone, 'merge-base', '--is-ancestor', base, validation)
	} else {
		if (withHub) expect(await at(hub, 'gpu-validation')).toBe(validation)
		await git(laptop, 'merge-base', '--is-ancestor', validation, base)
	}
}

/** No merge, lock or journal stays behind. */
async function expectNothingBegun(project: GitProject): Promise<void> {
	for (const at of [project.laptop, project.worktree])
		await expect(git(at, 'rev-parse', '-q', '--verify', 'MERGE_HEAD')).rejects.toThrow()
	for (const at of [project.laptop, project.clone]) {
		const inside = await readdir(join(at, '.git'), { recursive: true })
		expect(inside.filter((file) => /(^|\/)hawser-[^/]*$|\.lock$/.test(file))).toEqual([])
	}
}

async function lookAt(project: GitProject, name: string): Promise<string | null> {
	const [side, ...rest] = name.split('/')
	const folder = project[side as 'laptop' | 'clone' | 'worktree']
	const path = join(folder, rest.join('/'))
	try {
		const found = await lstat(path)
		if (found.isSymbolicLink()) return `→ ${await readlink(path)}`
		if (found.isDirectory()) return 'a folder'
		if (found.mode & 0o100) return 'executable'
		return await readFile(path, 'utf8')
	} catch {
		return null
	}
}

/** Writes settings of the project anew, as a person does in the settings. */
export function setGit(project: GitProject, change: Partial<GitProject['project']['git']>): void {
	const old = project.project
	project.project.git = projectSchema.parse({ ...old, git: { ...old.git, ...change } }).git
}
