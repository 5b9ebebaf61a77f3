import type { PlannedKind } from '../contract/code.ts'
import type { Notice } from '../contract/state.ts'

/** What the window is to show: something opened, or a card brought into view. */
export type Place =
	| { run: string }
	| { preview: PlannedKind; project: string }
	| { project: string }
	/** The backups of that project's files. */
	| { restore: string }
	/** The coding agent of that project. */
	| { agent: string }
	/** Its question where it asks one, else its line. */
	| { workstation: string }
	| { card: 'runs' | 'notices' }

/** As the page's address has it, after `#`. */
export function fragmentOf(place: Place): string {
	if ('preview' in place) return `preview/${place.preview}/${encodeURIComponent(place.project)}`
	return Object.entries(place)
		.map(([at, name]) => `${at}/${encodeURIComponent(name)}`)
		.join()
}

/** Where a click on a notice leads; null: to the window as it is. */
export function placeOfNotice({ kind, run, project, workstation, covers }: Notice): Place | null {
	if (run !== null) return { run }
	if (kind === 'several' && covers.every((id) => id.startsWith('run:'))) return { card: 'runs' }
	if (project !== null) return kind === 'agent' ? { agent: project } : { project }
	if (workstation !== null) return kind === 'several' ? null : { workstation }
	// What waits for a person and is about neither: messages that do not go out.
	return kind === 'waits-for-person' ? { card: 'notices' } : null
}
