import type { PlannedKind } from '../src/contract/code.ts'
import type { Operation, OperationOutcome, State } from '../src/contract/state.ts'

/** Moves a project's code or runs it, so that it stands in the project's card. */
export const isOfProject = ({ kind }: Operation) => kind !== 'demo' && !isOfZeroTier(kind)

export const isOfZeroTier = (kind: Operation['kind']) =>
	kind === 'zerotier-restart' || kind === 'zerotier-join'

/** The operation to show: the one under way, else the last that was not dismissed. */
export function operationOf(state: State, fits: (operation: Operation) => boolean): Operation | null {
	const own = Object.values(state.operations).filter(fits)
	own.sort((a, b) => Number(b.endedAt === null) - Number(a.endedAt === null) || b.startedAt - a.startedAt)
	return own[0] ?? null
}

const planned: ReadonlySet<string> = new Set<PlannedKind>(['up', 'back', 'go', 'undo', 'agent'])

/** Whether there can be a preview of it. */
export const isPlanned = (kind: Operation['kind']): kind is PlannedKind => planned.has(kind)

/** Whether it changed branches, as far as it tells: only then is there something of it to undo. */
export function hasMoved({ kind, steps }: Operation, { status, commits }: OperationOutcome): boolean {
	if (!isPlanned(kind)) return false
	if (commits.up.length + commits.back.length > 0) return true
	if (status === 'succeeded') return kind === 'undo'
	return steps.some((step) => step.status === 'done' && !/^connect$|-check$/.test(step.id))
}
