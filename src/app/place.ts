import type { PlannedKind } from '../contract/code.ts'

/** What the window is to show. */
export type Place = { run: string } | { preview: PlannedKind; project: string }

/** As the page's address has it, after `#`. */
export function fragmentOf(place: Place): string {
	return 'run' in place
		? `run/${encodeURIComponent(place.run)}`
		: `preview/${place.preview}/${encodeURIComponent(place.project)}`
}
