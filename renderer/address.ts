import type { PlannedKind } from '../src/contract/code.ts'

/** What the page's address asks to be opened, so that a notice or the menu can lead there. */
export type Place = { at: 'run'; run: string } | { at: 'preview'; kind: PlannedKind; project: string }

const kinds: ReadonlySet<string> = new Set<PlannedKind>(['go', 'up', 'back', 'undo', 'agent'])

/** `#run/<id>` or `#preview/<kind>/<project>`; anything else is no place. */
export function placeOf(hash: string): Place | null {
	const [, page = '', first = '', second = ''] = /^#([a-z]+)\/([^/]+)(?:\/([^/]+))?$/.exec(hash) ?? []
	try {
		if (page === 'run' && second === '') return { at: 'run', run: decodeURIComponent(first) }
		if (page === 'preview' && kinds.has(first) && second !== '')
			return { at: 'preview', kind: first as PlannedKind, project: decodeURIComponent(second) }
	} catch {
		// Half an escape in an address that somebody typed.
	}
	return null
}
