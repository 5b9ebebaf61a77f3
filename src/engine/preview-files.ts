import { ProblemError } from '../contract/client.ts'
import type { Plan, PlannedKind } from '../contract/code.ts'
import { filePlaces } from './files/places.ts'
import { fileSteps, outlineFiles } from './files/plan.ts'
import { type FilesAround, type FilesWish, survey } from './files/survey.ts'
import { fileTools } from './files/tools.ts'
import { problem, problemOf } from './problems.ts'
import { commandsOf, startNote } from './runs/command.ts'
import type { StartWish } from './runs/start-wish.ts'
import { moves } from './sync-files.ts'

/** What `up`, `back` or `go` would do with the files of a files project. Changes nothing. */
export async function previewFiles(
	around: FilesAround,
	kind: PlannedKind,
	wish: FilesWish & Pick<StartWish, 'sets'>,
	signal: AbortSignal,
): Promise<Plan> {
	const { project } = around
	if (kind === 'undo' || kind === 'agent')
		throw new ProblemError(problem('strategy-unsupported', { strategy: project.strategy, kind }))
	const outline = await outlineOf(around, kind === 'back' ? 'back' : 'up', wish, signal)
	const notes = kind === 'go' ? [startNote(commandsOf(project, wish))] : []
	return {
		kind,
		project: project.name,
		at: around.now(),
		...outline,
		notes: [...outline.notes, ...notes],
	}
}

/** The plan of a git project, with what of it travels as files. */
export async function withFiles(
	plan: Plan,
	around: FilesAround,
	wish: FilesWish,
	signal: AbortSignal,
): Promise<Plan> {
	const direction = plan.kind === 'back' ? 'back' : 'up'
	if (plan.kind === 'undo' || plan.kind === 'agent' || !moves(direction, around.project)) return plan
	const files = await outlineOf(around, direction, wish, signal)
	return {
		...plan,
		id: `${plan.id}+${files.id}`,
		steps: [...plan.steps, ...files.steps],
		conflicts: [...plan.conflicts, ...files.conflicts],
		notes: [...plan.notes, ...files.notes],
		...(files.leftOut ? { leftOut: files.leftOut } : {}),
		problem: plan.problem ?? files.problem,
	}
}

async function outlineOf(
	around: FilesAround,
	direction: 'up' | 'back',
	wish: FilesWish,
	signal: AbortSignal,
): Promise<Omit<Plan, 'kind' | 'project' | 'at'>> {
	const places = filePlaces(around.project, around.dataFolder)
	const isApart = direction === 'back' && places.own !== places.ownInto
	const [seen, { lack, words }] = await Promise.all([
		survey(around, direction, wish, signal),
		// Without rsync the rest is shown all the same.
		fileTools(around.link, places, isApart).then(
			({ pair }) => ({ lack: null, words: pair.words }),
			(error: unknown) => ({ lack: problemOf(error), words: null }),
		),
	])
	try {
		const outline = outlineFiles(seen.choice, seen.problem ?? lack)
		const moves = outline.steps.some(({ id }) => id === fileSteps.send || id === fileSteps.fetch)
		const program = moves && words !== null ? [`Moved by ${words}.`] : []
		return { ...outline, notes: [...outline.notes, ...seen.notes, ...program], leftOut: seen.leftOut }
	} finally {
		await seen.close()
	}
}
