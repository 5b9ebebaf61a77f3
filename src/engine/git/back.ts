import type { FileChange } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { problemOf } from '../problems.ts'
import { type Adoption, adopt, adoptValidation } from './adopt.ts'
import type { Ancestry } from './facts.ts'
import { alone, workstation } from './git.ts'
import { refuseMissingLfs } from './lfs.ts'
import { cargoBack, fetchBack, type LfsCargo, noCargo } from './lfs-moves.ts'
import { log } from './local.ts'
import { contains, hasCommit, haveCommits, pushToHub } from './objects.ts'
import { planId, requirePlan } from './plan-id.ts'
import {
	checkLaptop,
	type Foreseen,
	foresee,
	limitOf,
	lookAhead,
	type Prospect,
	refuseBig,
	refuseDiverged,
} from './prospect.ts'
import { remoteWorktree } from './remote.ts'
import { newOperation } from './safety.ts'
import { checkMs, localScript, remoteScript } from './scripts.ts'
import { added, changesBetween, replaced, written } from './trees.ts'
import { countOf, mostCommits } from './up.ts'
import type { Wish } from './wish.ts'

export const backSteps: PlannedStep[] = [
	{ id: 'back-check', title: 'Check the results' },
	{ id: 'back-commit', title: 'Commit the results on the workstation' },
	{ id: 'back-merge', title: 'Merge on the laptop' },
]

/** All that is known before results come back. */
export interface Backward {
	id: string
	/** Its validation branch as it is once it was taken on. */
	prospect: Prospect
	/** What the hub still has after an undo, and comes first; null: nothing. */
	adoption: Adoption | null
	/** Null: nothing is merged into the base branch. */
	foreseen: Foreseen | null
	/** Who pushes the results to the hub; null: nobody does. The laptop where the workstation cannot reach it. */
	pusher: 'workstation' | 'laptop' | null
	/** New for the laptop as far as it is committed, newest first. */
	commits: (Commit & Ancestry)[]
	/** What changes on the laptop, uncommitted results left out. */
	changes: FileChange[]
	/** What Git LFS keeps of the results and comes over the link; none where a server of LFS has it. */
	cargo: LfsCargo
}

/** Looks whether and how results can come back. Changes nothing. @throws ProblemError for whatever stands in the way */
export async function prepareBack(
	link: Link,
	project: ProjectConfig,
	now: Prospect,
	wish: Wish,
	signal: AbortSignal,
): Promise<Backward> {
	const adoption = await adoptValidation(link, project, now, true, signal)
	const prospect = adoption ? { ...now, validation: adoption.to } : now
	const { folder, tip, validation, remote } = prospect
	const { bringBack } = project.git
	refuseBig(remote, project, limitOf(wish))
	const keep = bringBack === 'keep'
	const foreseen = keep ? null : await foresee(project, prospect, 'back', wish.take, signal)
	const [changes, commits] = await Promise.all([
		foreseen ? changesBetween(folder, tip, foreseen.tree, signal) : [],
		log(folder, [`${tip}..${validation}`], mostCommits, signal),
	])
	if (foreseen)
		await refuseMissingLfs(folder, foreseen.tree, [...written(changes), ...remote.resultFiles], signal)
	const files = [...new Set([...added(changes), ...remote.resultFiles, ...replaced(changes)])]
	const mode = foreseen?.merge ? 'merge' : bringBack
	await checkLaptop(project, prospect, mode, foreseen?.merge ?? validation, files, signal)
	const pusher = await checkPush(link, project, prospect, adoption, wish, signal)
	const cargo = pusher === 'workstation' ? noCargo : await cargoBack(prospect, signal)
	const id = planId('back', now, wish, null)
	return { id, prospect, adoption, foreseen, pusher, commits, changes, cargo }
}

async function checkPush(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	adoption: Adoption | null,
	wish: Wish,
	signal: AbortSignal,
): Promise<Backward['pusher']> {
	const expected = adoption ? `${adoption.from} ${adoption.to}` : prospect.validation
	const asked = { ...prospect, validation: expected }
	const check = (hub: string) =>
		remoteScript(link, 'git-back', request('check', '', hub, project, asked, wish), signal, checkMs)
	const { hub, validation: branch } = project.git
	try {
		await check(hub)
		return hub === 'direct' ? null : 'workstation'
	} catch (error) {
		const { code } = problemOf(error)
		if (code !== 'hub-unreachable' && code !== 'hub-missing') throw error
	}
	await check('direct')
	const { folder, remote, validation, hubValidation } = prospect
	if (hubValidation !== null) {
		if (!(await hasCommit(folder, hubValidation, signal)))
			await haveCommits(link, project, folder, remote, [hubValidation], signal)
		if (!(await contains(folder, validation, hubValidation, signal)))
			await refuseDiverged(folder, { branch, side: workstation, other: 'the hub' }, signal)
	}
	return 'laptop'
}

function request(
	mode: string,
	operation: string,
	hub: string,
	project: ProjectConfig,
	{ validation }: Prospect,
	wish: Wish,
): string[] {
	const { git, remote, name } = project
	return [
		mode,
		operation,
		remote,
		remoteWorktree(project),
		hub,
		git.validation,
		validation,
		String(limitOf(wish)),
		`Results of ${name}`,
		...git.results,
	]
}

/**
 * Brings results back: the workstation commits them on its validation branch and pushes that to the hub; the
 * laptop merges it into its base branch, or as `bringBack` says. The hub's base branch is left alone: the next `up`
 * brings it there. Refuses before anything is changed; again is safe after any interruption.
 * Answers with the laptop's base commit and what was new for it.
 * @param operation what its safety refs are filed under: a `go` is undone as one
 * @throws ProblemError
 */
export async function back(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
	wish: Wish = {},
	operation = newOperation('back', Date.now()),
): Promise<{ head: string; commits: Commit[] }> {
	return await alone(project.local, async () => {
		const { signal } = runner
		const found = await runner.step('back-check', async (say) => {
			const prospect = await lookAhead(link, project, signal)
			const prepared = await prepareBack(link, project, prospect, wish, signal)
			requirePlan(wish, prepared.id)
			const files = prospect.remote.resultFiles.length
			say(files === 0 ? 'no new files' : files === 1 ? '1 file' : `${files} files`)
			return prepared
		})
		const commit = await runner.step('back-commit', async (say) => {
			const { adoption, prospect } = found
			if (adoption) await adopt(link, project, prospect.folder, adoption, operation, signal)
			const hub = found.pusher === 'workstation' ? project.git.hub : 'direct'
			const args = request('apply', operation, hub, project, found.prospect, wish)
			const { fields, identity } = await remoteScript(link, 'git-back', args, signal)
			say(identity ? `committed as ${identity}` : fields[1] === '0' ? 'nothing to commit' : '')
			return fields[0] ?? ''
		})
		return await runner.step('back-merge', (say) =>
			land(link, project, found, commit, operation, wish, say, signal),
		)
	})
}

async function land(
	link: Link,
	project: ProjectConfig,
	found: Backward,
	commit: string,
	operation: string,
	wish: Wish,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<{ head: string; commits: Commit[] }> {
	const { prospect, pusher } = found
	const { folder, tip, remote, hubValidation } = prospect
	const { hub, base, validation, bringBack } = project.git
	const isNeeded = pusher !== 'workstation' || found.foreseen?.merge
	if (isNeeded && !(await hasCommit(folder, commit, signal)))
		await haveCommits(link, project, folder, remote, [commit], signal)
	if (pusher !== 'workstation') await fetchBack(link, project, folder, [commit, `^${tip}`], say, signal)
	if (pusher === 'laptop' && commit !== hubValidation) {
		const ref = `refs/heads/${validation}`
		await pushToHub(folder, hub, { commit, ref, was: hubValidation }, signal)
	}
	const where = pusher === 'workstation' ? hub : 'direct'
	let [target, mode] = [commit, bringBack as string]
	if (found.foreseen?.merge) {
		// Sides were taken; the results committed since then are merged on top of that.
		const now = { ...prospect, validation: commit }
		const again = await foresee(project, now, 'back', wish.take, signal)
		;[target, mode] = [again.merge ?? commit, 'merge']
	}
	const args = ['apply', operation, folder, base, tip, where, validation, target, mode]
	const { fields, identity } = await localScript('git-land', args, folder, signal)
	const commits = await log(folder, [`${tip}..${commit}`], mostCommits, signal)
	say(identity ? `${countOf(commits.length)}, committed as ${identity}` : countOf(commits.length))
	return {
		head: fields[0] ?? tip,
		commits: commits.map(({ id, subject, author, at }) => ({ id, subject, author, at })),
	}
}
