import type { Operation, State } from '../src/contract/state.ts'

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
