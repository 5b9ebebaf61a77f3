import { ProblemError } from '../../contract/client.ts'
import type { FileChange, Plan, PlannedKind, PlanStep } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import type { Lane } from '../../contract/state.ts'
import { factText } from '../fact-text.ts'
import type { Link } from '../link/link.ts'
import { commandsOf, startNote } from '../runs/command.ts'
import type { StartWish } from '../runs/start-wish.ts'
import { adoptionNote, adoptionStep } from './adopt.ts'
import { type Backward, prepareBack } from './back.ts'
import { type Leftover, LeftoversError, settleNote, settleStep } from './leftovers.ts'
import { cargoNote, cargoUp, noCargo } from './lfs-moves.ts'
import { lane } from './local.ts'
import { contains } from './objects.ts'
import { mostFiles } from './pending.ts'
import { settleId } from './plan-id.ts'
import { lookAhead, type Prospect } from './prospect.ts'
import { conflictsOf } from './resolve.ts'
import { dirtySubmodules } from './submodules.ts'
import { planUndo } from './undo.ts'
import { prepareUp, type Upward } from './up.ts'
import type { Wish } from './wish.ts'

type Outline = Omit<Plan, 'kind' | 'project' | 'at'>

/**
 * What an operation would do now. Changes nothing; what would stop it is in the plan.
 * @throws ProblemError when a side cannot be read at all: the link, a timeout, a cancel
 */
export async function preview(
	link: Link,
	project: ProjectConfig,
	kind: Exclude<PlannedKind, 'agent'>,
	wish: Wish & Pick<StartWish, 'sets'>,
	signal: AbortSignal,
	now: number,
): Promise<Plan> {
	if (kind === 'undo') return await planUndo(link, project, signal)
	const whole = { kind, project: project.name, at: now }
	const commands = kind === 'go' ? orRefused(() => commandsOf(project, wish)) : []
	if (commands instanceof ProblemError) return { ...whole, ...stopped(commands.problem) }
	const prospect = await orStopped(lookAhead(link, project, signal, { leaves: true })).catch(orLeftovers)
	if (prospect instanceof LeftoversError) return { ...whole, ...outlineLeftovers(prospect.leftovers) }
	if (prospect instanceof ProblemError) return { ...whole, ...stopped(prospect.problem) }
	const prepared =
		kind === 'back'
			? await orStopped(prepareBack(link, project, prospect, wish, signal))
			: await orStopped(prepareUp(link, project, prospect, wish, signal))
	if (prepared instanceof ProblemError) {
		const outline = stopped(prepared.problem)
		const files = prepared.problem.code === 'conflict' ? prepared.problem.facts.files : []
		const { folder, tip, validation } = prospect
		const sides = { folder, laptop: tip, workstation: validation }
		const conflicts = Array.isArray(files) && files.length > 0 ? await conflictsOf(sides, files, signal) : []
		return { ...whole, ...outline, conflicts }
	}
	const outline =
		'way' in prepared
			? await outlineUp(project, commands, prepared, signal)
			: await outlineBack(project, prepared, signal)
	return { ...whole, ...outline }
}

/** What only a person can change is part of the answer; anything else is a failure to look. */
async function orStopped<T>(work: Promise<T>): Promise<T | ProblemError> {
	try {
		return await work
	} catch (error) {
		if (error instanceof ProblemError && error.problem.needsPerson) return error
		throw error
	}
}

/** What could not be started is not sent up for it either. */
function orRefused<T>(work: () => T): T | ProblemError {
	try {
		return work()
	} catch (error) {
		if (error instanceof ProblemError) return error
		throw error
	}
}

function orLeftovers(error: unknown): LeftoversError {
	if (error instanceof LeftoversError) return error
	throw error
}

/** What lies under them cannot be told before they are cleared up, and a preview does not do that. */
function outlineLeftovers(leftovers: readonly Leftover[]): Outline {
	const steps = leftovers.map(settleStep)
	return { id: settleId(leftovers), steps, conflicts: [], notes: [settleNote], problem: null }
}

const stopped = (problem: Problem): Outline => ({ id: '', steps: [], conflicts: [], notes: [], problem })

function step(
	about: Pick<PlanStep, 'id' | 'machine' | 'title'>,
	commits: Lane | null,
	files: readonly FileChange[] = [],
): PlanStep {
	return { ...about, commits, files: files.slice(0, mostFiles), fileCount: files.length }
}

async function outlineUp(
	project: ProjectConfig,
	commands: readonly string[],
	{ id, prospect, adoption, adoptionBase, toCommit, way, commits, changes, contents }: Upward,
	signal: AbortSignal,
): Promise<Outline> {
	const { folder, tip, hubBase, remote, remoteBase, validation: there } = prospect
	const { hub, base, validation } = project.git
	const steps: PlanStep[] = []
	const notes: string[] = []
	if (adoptionBase) {
		steps.push(adoptionStep(adoptionBase, 'up-commit'))
		notes.push(adoptionNote(adoptionBase))
	}
	if (toCommit && toCommit.length > 0)
		steps.push(step({ id: 'up-commit', machine: 'laptop', title: `Commit on ${base}` }, null, toCommit))
	const commitFirst = steps.length > 0
	if (hub !== 'direct' && (commitFirst || !(hubBase && (await contains(folder, hubBase, tip, signal))))) {
		const pushed = hubBase === null ? null : await lane(folder, [hubBase], tip, signal)
		const title = hubBase === null ? `Push ${base} to ${hub}, as a new branch` : `Push ${base} to ${hub}`
		steps.push(step({ id: 'up-push', machine: 'hub', title }, pushed))
	}
	const isThere = commits.length === 0 && (await contains(folder, remoteBase, tip, signal)) && !commitFirst
	if (!isThere || remote.resultFiles.length > 0) {
		if (adoption) {
			steps.push(adoptionStep(adoption, 'up-merge'))
			notes.push(adoptionNote(adoption))
		}
		const title = `Fast-forward ${base}, merge it into ${validation}`
		steps.push(
			step(
				{ id: 'up-merge', machine: 'workstation', title },
				await lane(folder, [there], tip, signal),
				changes,
			),
		)
	}
	if (commitFirst)
		notes.push('The new commit goes up with the rest; what else changes with it is not listed.')
	if (hub !== 'direct' && way === 'link')
		notes.push('The workstation cannot reach the hub: the commits go there over the link.')
	const cargo = way === 'link' ? await cargoUp(folder, contents, toCommit ?? [], signal) : noCargo
	if (cargo.count > 0) notes.push(cargoNote(cargo))
	if (remote.resultFiles.length > 0)
		notes.push(`${resultsOf(remote.resultFiles.length)} on the workstation are committed there first.`)
	notes.push(...(await strayNotes(project, prospect, signal)))
	const dirty = await dirtySubmodules(folder, signal)
	if (dirty.length > 0)
		notes.push(`What is not committed in ${factText(dirty)} stays there: submodules are left alone.`)
	if (commands.length > 0) notes.push(startNote(commands))
	return { id, steps, conflicts: [], notes, problem: null }
}

/** Commits that somebody made on the base branch of the workstation: code goes up there, and nothing comes back. */
async function strayNotes(
	{ git: { base, validation: branch } }: ProjectConfig,
	{ folder, tip, remoteBase, validation, hubBase }: Prospect,
	signal: AbortSignal,
): Promise<string[]> {
	const { count } = await lane(folder, [tip, validation, hubBase], remoteBase, signal)
	if (count === 0) return []
	const [commits, stay, they, come] =
		count === 1 ? ['1 commit', 'stays', 'it', 'comes'] : [`${count} commits`, 'stay', 'they', 'come']
	return [
		`${commits} that only ${base} on the workstation has ${stay} there. Merged into ${branch} there, ${they} ${come} back.`,
	]
}

const resultsOf = (count: number) => (count === 1 ? 'The new result file' : `The ${count} new result files`)

const titles = {
	merge: (base: string, validation: string) => `Merge ${validation} into ${base}`,
	'fast-forward': (base: string) => `Fast-forward ${base}`,
	rebase: (base: string) => `Rebase the results onto ${base}`,
	keep: (_base: string, validation: string) => `Keep the results on ${validation}`,
}

async function outlineBack(
	project: ProjectConfig,
	{ id, prospect, adoption, pusher, commits, changes, cargo }: Backward,
	signal: AbortSignal,
): Promise<Outline> {
	const { folder, tip, validation, hubValidation, remote } = prospect
	const { hub, base, validation: branch, bringBack } = project.git
	const steps: PlanStep[] = []
	const notes: string[] = []
	if (adoption) {
		steps.push(adoptionStep(adoption, 'back-commit'))
		notes.push(adoptionNote(adoption))
	}
	const results = remote.resultFiles.map(
		(path): FileChange => ({
			path,
			change: remote.resultSizes[path] === undefined ? 'deleted' : 'modified',
		}),
	)
	if (results.length > 0)
		steps.push(
			step(
				{ id: 'back-commit', machine: 'workstation', title: `Commit the results on ${branch}` },
				null,
				results,
			),
		)
	if (pusher !== null && (results.length > 0 || hubValidation !== validation)) {
		const pushed = hubValidation === null ? null : await lane(folder, [hubValidation], validation, signal)
		steps.push(step({ id: 'back-commit', machine: 'hub', title: `Push ${branch} to ${hub}` }, pushed))
	}
	if (commits.length > 0 || results.length > 0) {
		const brought = await lane(folder, [tip], validation, signal)
		const files = [...changes.filter(({ path }) => !remote.resultFiles.includes(path)), ...results]
		const title = titles[bringBack](base, branch)
		steps.push(step({ id: 'back-merge', machine: 'laptop', title }, brought, files))
	}
	if (pusher === 'laptop')
		notes.push(
			'The workstation cannot reach the hub: the results come over the link, and the laptop pushes them.',
		)
	if (cargo.count > 0) notes.push(cargoNote(cargo))
	notes.push(...(await strayNotes(project, prospect, signal)))
	return { id, steps, conflicts: [], notes, problem: null }
}
