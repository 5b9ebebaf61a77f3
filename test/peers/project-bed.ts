import type { ProjectConfig } from '../../src/contract/config.ts'
import type { Pending, ProjectState, State } from '../../src/contract/state.ts'
import { ProjectSession } from '../../src/engine/project-session.ts'
import { Store } from '../../src/engine/store.ts'
import { emptyState } from '../unit/states.ts'

/** A project's session by itself, with the state it writes. */
export interface ProjectBed {
	session: ProjectSession
	pending(): ProjectState['pending']
	/** Readings of the laptop's side that were shown. */
	readings(): number
	/** Settles once the laptop's side was read and looks so. */
	until(looks: (pending: Pending) => boolean): Promise<void>
	untilState(looks: (pending: ProjectState['pending']) => boolean): Promise<void>
}

export function projectBed(config: ProjectConfig): ProjectBed {
	const state: State = emptyState()
	const store = new Store(state, () => state.summary)
	const session = new ProjectSession(config, { store, now: Date.now, runner: 'tmux' })
	let readings = 0
	const pending = () => store.state.projects[config.name]?.pending ?? { status: 'unknown' as const }
	store.onChanges(() => readings++)
	const untilState: ProjectBed['untilState'] = async (looks) => {
		const { promise, resolve } = Promise.withResolvers<void>()
		const look = () => {
			if (looks(pending())) resolve()
		}
		const stop = store.onChanges(look)
		look()
		await promise.finally(stop)
	}
	return {
		session,
		pending,
		readings: () => readings,
		until: (looks) => untilState((found) => found.status === 'read' && looks(found)),
		untilState,
	}
}
