import type { PlannedKind } from '../src/contract/code.ts'

/** What the page's address asks for, so that a notice or the menu can lead there. */
export type Place =
	| { at: 'run'; run: string }
	| { at: 'preview'; kind: PlannedKind; project: string }
	| { at: 'project' | 'agent' | 'restore'; project: string }
	| { at: 'workstation'; workstation: string }
	| { at: 'card'; card: 'runs' | 'notices' }

const kinds: ReadonlySet<string> = new Set<PlannedKind>(['go', 'up', 'back', 'undo', 'agent'])

/** `#run/<id>`, `#preview/<kind>/<project>`, `#project/<name>`, `#agent/<project>`, `#restore/<project>`, `#workstation/<name>`, `#card/runs`, `#card/notices`; anything else is no place. */
export function placeOf(hash: string): Place | null {
	const [, page = '', first = '', second = ''] = /^#([a-z]+)\/([^/]+)(?:\/([^/]+))?$/.exec(hash) ?? []
	try {
		return page === 'preview'
			? previewAt(first, decodeURIComponent(second))
			: second === ''
				? cardAt(page, decodeURIComponent(first))
				: null
	} catch {
		// Half an escape in an address that somebody typed.
		return null
	}
}

function previewAt(kind: string, project: string): Place | null {
	return kinds.has(kind) && project !== '' ? { at: 'preview', kind: kind as PlannedKind, project } : null
}

function cardAt(page: string, name: string): Place | null {
	if (page === 'run') return { at: page, run: name }
	if (page === 'project' || page === 'agent' || page === 'restore') return { at: page, project: name }
	if (page === 'workstation') return { at: page, workstation: name }
	if (page === 'card' && (name === 'runs' || name === 'notices')) return { at: page, card: name }
	return null
}
