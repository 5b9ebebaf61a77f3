import type { FileChange } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { problemOf } from '../problems.ts'
import type { Ancestry } from './facts.ts'
import { alone, laptop, refuse, workstation } from './git.ts'
import { commitChanges, planCommit } from './laptop-commit.ts'
import { lfsFiles } from './lfs.ts'
import { log } from './local.ts'
import { contains, hasCommit, haveCommits, pushOverLink, pushToHub } from './objects.ts'
import { planId, requirePlan } from './plan-id.ts'
import {
	checkLaptop,
	type Foreseen,
	foresee,
	limitOf,
	lookAhead,
	newerOf,
	type Prospect,
	refuseBig,
	refuseDiverged,
} from './prospect.ts'
import { remoteWorktree } from './remote.ts'
import { newOperation } from './safety.ts'
import { checkMs, remoteScript, sendable } from './scripts.ts'
import { added, changesBetween, written } from './trees.ts'
import type { Wish } from './wish.ts'

export const commitStep: PlannedStep = { id: 'up-commit', title: 'Commit the changes' }
export const upSteps: PlannedStep[] = [
	{ id: 'up-check', title: 'Check both sides' },
	{ id: 'up-push', title: 'Push to the hub' },
	{ id: 'up-merge', title: 'Merge on the workstation' },
]

/** The most commits an operation tells of. */
export const mostCommits = 100

/** All that is known before code goes up. */
export interface Upward {
	id: string
	prospect: Prospect
	foreseen: Foreseen
	/** What the commit holds that is made first; null: none is. */
	toCommit: FileChange[] | null
	/** How the commits reach the workstation. `link` also where it cannot reach the hub. */
	way: 'hub' | 'link'
	/** New for the workstation, newest first. */
	commits: (Commit & Ancestry)[]
	/** What changes in its worktree of the validation branch. */
	changes: FileChange[]
}

/** Looks whether and how code can go up. Changes nothing. @throws ProblemError for whatever stands in the way */
export async function prepareUp(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	wish: Wish,
	signal: AbortSignal,
): Promise<Upward> {
	const { folder, tip, remote, validation } = prospect
	const limit = limitOf(wish)
	const toCommit = wish.commit ? await planCommit(project, wish.commit, signal, limit) : null
	refuseBig(remote, project, limit)
	// Nothing of this waits for anything else; what stands in the way is told in this order.
	const [merging, landing, joining, telling] = await Promise.allSettled([
		foresee(project, prospect, 'up', wish.take, signal),
		toCommit === null ? checkLaptop(project, prospect, 'merge', tip, [], signal) : undefined,
		joinBranches(link, project, prospect, signal),
		log(folder, [`${validation}..${tip}`], mostCommits, signal),
	])
	const foreseen = settledValue(merging)
	settledValue(landing)
	const dirty = [...new Set([...remote.changedFiles, ...remote.cloneChangedFiles])]
	if (dirty.length > 0) refuse('tree-dirty', { side: workstation, files: dirty })
	const commits = settledValue(telling)
	const { changes } = foreseen
	const kept = await lfsFiles(folder, foreseen.tree, written(changes), signal)
	const files = [
		...settledValue(joining).map((file) => `b/${file}`),
		...added(changes).map((file) => `v/${file}`),
		...kept.map((file) => `l/${file}`),
	]
	const way = await checkWay(link, project, prospect, files, signal)
	const id = planId('up', prospect, wish, toCommit)
	return { id, prospect, foreseen, toCommit, way, commits, changes }
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
	if (settled.status === 'rejected') throw settled.reason
	return settled.value
}

/** The laptop's base branch has all that the hub's and the workstation's have. Answers with the files new for that one. */
async function joinBranches(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	signal: AbortSignal,
): Promise<string[]> {
	const { folder, tip, remote, remoteBase, hubBase } = prospect
	const { base } = project.git
	if (hubBase !== null) {
		if (hubBase !== remoteBase && !(await hasCommit(folder, hubBase, signal)))
			await haveCommits(link, project, folder, remote, [hubBase], signal)
		if ((await newerOf(folder, tip, hubBase, signal)) === null)
			await refuseDiverged(folder, { branch: base, side: laptop, other: 'the hub' }, signal)
	}
	const newBase = await newerOf(folder, tip, remoteBase, signal)
	if (newBase === null)
		return await refuseDiverged(folder, { branch: base, side: laptop, other: 'the workstation' }, signal)
	return added(await changesBetween(folder, remoteBase, newBase, signal))
}

async function checkWay(
	link: Link,
	project: ProjectConfig,
	{ remoteBase, validation }: Prospect,
	files: readonly string[],
	signal: AbortSignal,
): Promise<Upward['way']> {
	const { hub } = project.git
	const check = (where: string) =>
		remoteScript(
			link,
			'git-up',
			['check', '', ...places(project, where), remoteBase, validation, ...sendable(files)],
			signal,
			checkMs,
		)
	if (hub === 'direct') {
		if (files.length > 0) await check(hub)
		return 'link'
	}
	try {
		await check(hub)
		return 'hub'
	} catch (error) {
		const { code } = problemOf(error)
		if (code !== 'hub-unreachable' && code !== 'hub-missing') throw error
		await check('direct')
		return 'link'
	}
}

/** `hub` as the workstation is to see it. */
function places(project: ProjectConfig, hub: string): string[] {
	const { base, validation } = project.git
	return [project.remote, remoteWorktree(project), hub, base, validation]
}

export interface UpAround {
	/** What its safety refs are filed under: a `go` is undone as one. */
	operation?: string | undefined
	/** What else may stop it before the first change; asked beside its own checks. */
	guard?: (() => Promise<void>) | undefined
}

/**
 * Sends the laptop's base branch out: to the hub, into the workstation's base branch, and merged into its
 * validation branch. Refuses before anything is changed; again is safe after any interruption.
 * Answers with the laptop's base commit, the workstation's validation commit, and what was new there.
 * @throws ProblemError
 */
export async function up(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
	wish: Wish = {},
	{ operation = newOperation('up', Date.now()), guard = async () => {} }: UpAround = {},
): Promise<{ head: string; validation: string; commits: Commit[] }> {
	return await alone(project.local, async () => {
		const { signal } = runner
		const prepare = async (wanted: Wish) =>
			await prepareUp(link, project, await lookAhead(link, project, signal), wanted, signal)
		let found = await runner.step('up-check', async (say) => {
			const [guarded, prepared] = await Promise.allSettled([guard(), prepare(wish)])
			if (guarded.status === 'rejected') throw guarded.reason
			if (prepared.status === 'rejected') throw prepared.reason
			requirePlan(wish, prepared.value.id)
			say(countOf(prepared.value.commits.length))
			return prepared.value
		})
		const { commit } = wish
		if (commit) {
			found = await runner.step('up-commit', async (say) => {
				await commitChanges(project, commit, operation, signal, limitOf(wish))
				const { commit: _, ...rest } = wish
				const again = await prepare(rest)
				say(found.toCommit?.length === 1 ? '1 file' : `${found.toCommit?.length} files`)
				return again
			})
		}
		await runner.step('up-push', (say) => push(link, project, found, say, signal))
		const validation = await runner.step('up-merge', (say) =>
			merge(link, project, found, { operation, wish }, say, signal),
		)
		return {
			head: found.prospect.tip,
			validation,
			commits: found.commits.map(({ id, subject, author, at }) => ({ id, subject, author, at })),
		}
	})
}

export function countOf(commits: number): string {
	if (commits === 0) return 'nothing new'
	const more = commits >= mostCommits ? ' or more' : ''
	return commits === 1 ? '1 commit' : `${commits}${more} commits`
}

async function push(
	link: Link,
	project: ProjectConfig,
	{ prospect, foreseen, way, commits }: Upward,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const { folder, tip, remote, remoteBase, validation, hubBase } = prospect
	const { hub, base } = project.git
	const said: string[] = []
	if (hub !== 'direct' && hubBase !== tip && !(hubBase && (await contains(folder, hubBase, tip, signal)))) {
		const more = () => log(folder, [`${hubBase}..${tip}`], mostCommits, signal)
		const count = hubBase === null ? null : hubBase === validation ? commits : await more()
		await pushToHub(folder, hub, { commit: tip, ref: `refs/heads/${base}`, was: hubBase }, signal)
		said.push(count ? countOf(count.length) : 'a new branch there')
	}
	const carried = foreseen.merge ?? tip
	const there = async () =>
		(await contains(folder, remoteBase, carried, signal)) ||
		(await contains(folder, validation, carried, signal))
	if ((way === 'link' || foreseen.merge) && !(await there())) {
		const ref = `refs/hawser/incoming/${base}`
		if (remote.incoming !== carried)
			await pushOverLink(link, folder, remote, { commit: carried, ref, was: remote.incoming }, signal)
		said.push('over the link')
	}
	say(said.length === 0 ? 'already there' : said.join(', '))
}

async function merge(
	link: Link,
	project: ProjectConfig,
	{ prospect, foreseen, way }: Upward,
	{ operation, wish }: { operation: string; wish: Wish },
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<string> {
	const { folder, tip, remote, remoteBase, validation } = prospect
	const merged =
		(await contains(folder, validation, tip, signal)) && (await contains(folder, remoteBase, tip, signal))
	const arrived = way === 'hub' || remote.incoming === null
	if (merged && arrived && remote.resultFiles.length === 0) {
		say('already there')
		return validation
	}
	const { hub, results } = project.git
	const where = way === 'hub' && foreseen.merge === null ? hub : 'direct'
	const args = [
		'apply',
		operation,
		...places(project, where),
		remoteBase,
		validation,
		tip,
		foreseen.merge ?? '',
		String(limitOf(wish)),
		...results,
	]
	const { fields, identity } = await remoteScript(link, 'git-up', args, signal)
	const [, commit = ''] = fields
	say(identity ? `committed as ${identity}` : '')
	return commit
}
