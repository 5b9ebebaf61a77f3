import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { alone, laptop, refuse, workstation } from './git.ts'
import { log } from './local.ts'
import { contains, hasCommit, haveCommits, pushOverLink, pushToHub } from './objects.ts'
import {
	added,
	checkLaptop,
	checkMs,
	lookAhead,
	newerOf,
	type Prospect,
	refuseDiverged,
	remoteScript,
	resultLimit,
	sendable,
} from './prospect.ts'
import { remoteWorktree } from './remote.ts'

export const upSteps: PlannedStep[] = [
	{ id: 'up-check', title: 'Check both sides' },
	{ id: 'up-push', title: 'Push to the hub' },
	{ id: 'up-merge', title: 'Merge on the workstation' },
]

/** The most commits an operation tells of. */
const mostCommits = 100

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
): Promise<{ head: string; validation: string; commits: Commit[] }> {
	return await alone(project.local, async () => {
		const { signal } = runner
		const found = await runner.step('up-check', async (say) => {
			const prospect = await lookAhead(link, project, 'up', signal)
			await checkUp(link, project, prospect, signal)
			const commits = await log(
				prospect.folder,
				[`${prospect.validation}..${prospect.tip}`],
				mostCommits,
				signal,
			)
			say(countOf(commits.length))
			return { prospect, commits }
		})
		await runner.step('up-push', (say) => push(link, project, found.prospect, say, signal))
		const validation = await runner.step('up-merge', (say) =>
			merge(link, project, found.prospect, say, signal),
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

async function checkUp(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	signal: AbortSignal,
): Promise<void> {
	const { folder, tip, remote, remoteBase, validation, hubBase, tree } = prospect
	const { hub, base } = project.git
	await checkLaptop(project, prospect, [], signal)
	const dirty = [...new Set([...remote.changedFiles, ...remote.cloneChangedFiles])]
	if (dirty.length > 0) refuse('tree-dirty', { side: workstation, files: dirty })
	if (hubBase !== null) {
		if (!(await hasCommit(folder, hubBase, signal)))
			await haveCommits(link, project, folder, remote, [hubBase], signal)
		if ((await newerOf(folder, tip, hubBase, signal)) === null)
			await refuseDiverged(folder, { branch: base, side: laptop, other: 'the hub' }, signal)
	}
	const newBase = await newerOf(folder, tip, remoteBase, signal)
	if (newBase === null)
		return await refuseDiverged(folder, { branch: base, side: laptop, other: 'the workstation' }, signal)
	const files = [
		...(await added(folder, remoteBase, newBase, signal)).map((file) => `b/${file}`),
		...(await added(folder, validation, tree, signal)).map((file) => `v/${file}`),
	]
	const args = ['check', ...places(project), remoteBase, validation, ...sendable(files)]
	if (hub !== 'direct' || files.length > 0) await remoteScript(link, 'git-up', args, signal, checkMs)
}

function places(project: ProjectConfig): string[] {
	const { hub, base, validation } = project.git
	return [project.remote, remoteWorktree(project), hub, base, validation]
}

async function push(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const { folder, tip, remote, remoteBase, validation, hubBase } = prospect
	const { hub, base } = project.git
	if (hub !== 'direct') {
		if (hubBase !== null && (await contains(folder, hubBase, tip, signal))) return say('already there')
		const count = hubBase === null ? null : await log(folder, [`${hubBase}..${tip}`], mostCommits, signal)
		await pushToHub(folder, hub, { commit: tip, ref: `refs/heads/${base}`, was: hubBase }, signal)
		return say(count ? countOf(count.length) : 'a new branch there')
	}
	const there = await Promise.all([remoteBase, validation].map((id) => contains(folder, id, tip, signal)))
	if (there.includes(true)) return say('already there')
	const ref = `refs/hawser/incoming/${base}`
	if (remote.incoming !== tip)
		await pushOverLink(link, folder, remote, { commit: tip, ref, was: remote.incoming }, signal)
	say('over the link')
}

async function merge(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<string> {
	const { folder, tip, remote, remoteBase, validation } = prospect
	const merged =
		(await contains(folder, validation, tip, signal)) && (await contains(folder, remoteBase, tip, signal))
	const arrived = project.git.hub !== 'direct' || remote.incoming === null
	if (merged && arrived && remote.resultFiles.length === 0) {
		say('already there')
		return validation
	}
	const { results } = project.git
	const args = ['apply', ...places(project), remoteBase, validation, tip, String(resultLimit), ...results]
	const { fields, identity } = await remoteScript(link, 'git-up', args, signal)
	const [, commit = ''] = fields
	say(identity ? `committed as ${identity}` : '')
	return commit
}
