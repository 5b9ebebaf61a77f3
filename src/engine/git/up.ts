import type { FileChange } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { problemOf } from '../problems.ts'
import type { Rider } from '../remote/batch.ts'
import { openAhead, type ReadyLine } from '../remote/ready-line.ts'
import { type Adoption, adopt, adoptBase, adoptValidation } from './adopt.ts'
import type { Ancestry } from './facts.ts'
import { alone, laptop, refuse, workstation } from './git.ts'
import { commitChanges, planCommit } from './laptop-commit.ts'
import { lfsFiles } from './lfs.ts'
import { cargoOf, cargoWords, contentsUp, sendUp } from './lfs-moves.ts'
import type { LfsContent } from './lfs-pointers.ts'
import { log } from './local.ts'
import { contains, hasCommit, haveCommits, pushOverLink, pushToHub } from './objects.ts'
import { contentsOf, planId, requirePlan } from './plan-id.ts'
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
import { checkMs, remoteScript, remoteScriptThen, sendable } from './scripts.ts'
import { added, changesBetween, replaced, written } from './trees.ts'
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
	/** Its validation branch as it is once it was taken on. */
	prospect: Prospect
	/** What the hub still has after an undo, and comes first: of the validation branch, and of base before a commit. */
	adoption: Adoption | null
	adoptionBase: Adoption | null
	foreseen: Foreseen
	/** What the commit holds that is made first; null: none is. */
	toCommit: FileChange[] | null
	/** How the commits reach the workstation. `link` also where it cannot reach the hub. */
	way: 'hub' | 'link'
	/** New for the workstation, newest first. */
	commits: (Commit & Ancestry)[]
	/** What changes in its worktree of the validation branch. */
	changes: FileChange[]
	/** What Git LFS keeps of these commits and the workstation lacks; none where a server of LFS has it. */
	contents: LfsContent[]
}

/** Looks whether and how code can go up. Changes nothing. @throws ProblemError for whatever stands in the way */
export async function prepareUp(
	link: Link,
	project: ProjectConfig,
	now: Prospect,
	wish: Wish,
	signal: AbortSignal,
	takeLine: () => ReadyLine | undefined = () => undefined,
): Promise<Upward> {
	const adoption = await adoptValidation(link, project, now, false, signal)
	const prospect = adoption ? { ...now, validation: adoption.to } : now
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
	const inBase = settledValue(joining)
	const adoptionBase = toCommit?.length ? await adoptBase(link, project, prospect, signal) : null
	const files = [
		...kept.map((file) => `l/${file}`),
		...added(inBase).map((file) => `b/${file}`),
		...added(changes).map((file) => `v/${file}`),
		...replaced(inBase).map((file) => `B/${file}`),
		...replaced(changes).map((file) => `V/${file}`),
	]
	const way = await checkWay(link, project, now, files, signal, takeLine())
	const range = [foreseen.merge ?? tip, `^${now.validation}`, `^${now.remoteBase}`]
	const contents = way === 'link' ? await contentsUp(link, project, folder, range, signal) : []
	const id = planId('up', now, wish, toCommit && (await contentsOf(folder, toCommit, signal)))
	return { id, prospect, adoption, adoptionBase, foreseen, toCommit, way, commits, changes, contents }
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
	if (settled.status === 'rejected') throw settled.reason
	return settled.value
}

/** The laptop's base branch has all that the hub's and the workstation's have. Answers with what changes in that one. */
async function joinBranches(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	signal: AbortSignal,
): Promise<FileChange[]> {
	const { folder, tip, remote, remoteBase, hubBase } = prospect
	const { base } = project.git
	if (hubBase !== null) {
		if (hubBase !== remoteBase && !(await hasCommit(folder, hubBase, signal)))
			await haveCommits(link, project, folder, remote, [hubBase], signal)
		if ((await newerOf(folder, tip, hubBase, signal)) === null) {
			await adoptBase(link, project, prospect, signal)
			await refuseDiverged(folder, { branch: base, side: laptop, other: 'the hub' }, signal)
		}
	}
	const newBase = await newerOf(folder, tip, remoteBase, signal)
	if (newBase === null)
		return await refuseDiverged(folder, { branch: base, side: laptop, other: 'the workstation' }, signal)
	return await changesBetween(folder, remoteBase, newBase, signal)
}

async function checkWay(
	link: Link,
	project: ProjectConfig,
	{ remoteBase, validation }: Prospect,
	files: readonly string[],
	signal: AbortSignal,
	ready?: ReadyLine,
): Promise<Upward['way']> {
	const { hub } = project.git
	const check = (where: string, line?: ReadyLine) =>
		remoteScript(
			link,
			'git-up',
			['check', '', ...places(project, where), remoteBase, validation, ...sendable(files)],
			signal,
			checkMs,
			line,
		)
	if (hub === 'direct') {
		if (files.length > 0) await check(hub, ready)
		return 'link'
	}
	try {
		await check(hub, ready)
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
	/** What is asked beside its own first question, for `guard` to know. */
	rider?: Rider | undefined
	/** What else may stop it before the first change; told before what its own checks found. */
	guard?: (() => void) | undefined
	/** Called when the laptop's side will not change any more. */
	pushed?: (() => void) | undefined
	/** What is asked after its last change, in the same round trip. */
	after?: readonly Rider[] | undefined
}

export interface Sent {
	/** The laptop's base commit. */
	head: string
	/** The workstation's validation commit. */
	validation: string
	/** What was new there. */
	commits: Commit[]
	/** Settles when the questions `after` were answered, rejects when not all were; null: they were not asked. */
	asked: Promise<void> | null
}

/**
 * Sends the laptop's base branch out: to the hub, into the workstation's base branch, and merged into its
 * validation branch. Refuses before anything is changed; again is safe after any interruption.
 * @throws ProblemError
 */
export async function up(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
	wish: Wish = {},
	around: UpAround = {},
): Promise<Sent> {
	const { operation = newOperation('up', Date.now()), rider, guard = () => {}, pushed, after = [] } = around
	const lines: ReadyLine[] = []
	// Not beside a git that rides on the link: a server may allow few sessions.
	const ready = () => {
		if (project.git.hub === 'direct') return undefined
		const line = openAhead(link, runner.signal)
		lines.push(line)
		return line
	}
	const work = async () => {
		const { signal } = runner
		// Beside each question the line for the next one is opened.
		let next: ReadyLine | undefined
		const takeNext = () => {
			const line = next
			next = ready()
			return line
		}
		const prepare = async (wanted: Wish) => {
			const looking = lookAhead(link, project, signal, { rider })
			next ??= ready()
			const prospect = await looking.finally(guard)
			return await prepareUp(link, project, prospect, wanted, signal, takeNext)
		}
		let found = await runner.step('up-check', async (say) => {
			const prepared = await prepare(wish)
			requirePlan(wish, prepared.id)
			say(countOf(prepared.commits.length))
			return prepared
		})
		const { commit } = wish
		if (commit) {
			found = await runner.step('up-commit', async (say) => {
				const { adoptionBase, prospect } = found
				if (adoptionBase) await adopt(link, project, prospect.folder, adoptionBase, operation, signal)
				await commitChanges(project, commit, operation, signal, limitOf(wish))
				const { commit: _, ...rest } = wish
				const again = await prepare(rest)
				say(found.toCommit?.length === 1 ? '1 file' : `${found.toCommit?.length} files`)
				return again
			})
		}
		if (found.way === 'link' || found.foreseen.merge !== null) next?.close()
		await runner.step('up-push', (say) => push(link, project, found, say, signal))
		pushed?.()
		const merged = await runner.step('up-merge', (say) =>
			merge(link, project, found, { operation, wish, after, line: next }, say, signal),
		)
		return {
			...merged,
			head: found.prospect.tip,
			commits: found.commits.map(({ id, subject, author, at }) => ({ id, subject, author, at })),
		}
	}
	return await alone(project.local, work).finally(() => {
		for (const line of lines) line.close()
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
	{ prospect, foreseen, way, commits, contents }: Upward,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const { folder, tip, remote, remoteBase, validation, hubBase } = prospect
	const { hub, base } = project.git
	const said: string[] = []
	if (contents.length > 0) {
		await sendUp(link, project, folder, contents, say, signal)
		said.push(cargoWords(cargoOf(contents)))
	}
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
	{ prospect, adoption, foreseen, way }: Upward,
	{
		operation,
		wish,
		after,
		line,
	}: { operation: string; wish: Wish; after: readonly Rider[]; line: ReadyLine | undefined },
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<Pick<Sent, 'validation' | 'asked'>> {
	const { folder, tip, remote, remoteBase, validation } = prospect
	const merged =
		(await contains(folder, validation, tip, signal)) && (await contains(folder, remoteBase, tip, signal))
	const arrived = way === 'hub' || remote.incoming === null
	if (merged && arrived && remote.resultFiles.length === 0) {
		say('already there')
		return { validation, asked: null }
	}
	if (adoption) await adopt(link, project, folder, adoption, operation, signal)
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
	const { answer, asked } = await remoteScriptThen(link, 'git-up', args, after, signal, line)
	const [, commit = ''] = answer.fields
	say(answer.identity ? `committed as ${answer.identity}` : '')
	return { validation: commit, asked }
}
