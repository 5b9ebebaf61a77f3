import type { Change, State } from './state.ts'

/** The state after one change. Apart from the schemas, so that a face need not carry them. */
export function applyChange(state: State, change: Change): State {
	if (change.key === undefined) return { ...state, [change.slice]: change.value }
	const entries: Record<string, unknown> = { ...state[change.slice] }
	if (change.value === undefined || change.value === null) delete entries[change.key]
	else entries[change.key] = change.value
	return { ...state, [change.slice]: entries }
}
