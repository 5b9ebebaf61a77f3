import type { FilesPending } from '../../contract/pending.ts'
import type { Choice } from './choice.ts'
import { shownPath } from './entry.ts'
import type { Lot } from './lot.ts'
import { resultPatterns } from './project.ts'
import { type FilesAround, survey } from './survey.ts'

type Read = Extract<FilesPending, { status: 'read' }>

const mostPaths = 5
const nothing = { count: 0, bytes: 0, paths: [] }

const laneOf = ({ count, bytes, largest }: Lot) => ({
	count,
	bytes,
	paths: largest.slice(0, mostPaths).map(({ entry }) => shownPath(entry.path)),
})

/** What is known of a project's files after one way was compared; `moved`: and then carried out. Pure. */
export function pendingAfter(
	before: FilesPending | null,
	direction: 'up' | 'back',
	{ send, fetch, conflictCount }: Choice,
	at: number,
	moved: boolean,
): Read {
	const known: Read =
		before?.status === 'read'
			? before
			: {
					status: 'read',
					at,
					syncedAt: null,
					toWorkstation: nothing,
					toLaptop: null,
					remoteAt: null,
					conflictCount: 0,
				}
	const seen = { ...known, at, remoteAt: at, conflictCount, syncedAt: moved ? at : known.syncedAt }
	return direction === 'up'
		? { ...seen, toWorkstation: moved ? nothing : laneOf(send) }
		: { ...seen, toLaptop: moved ? nothing : laneOf(fetch) }
}

/** Reads both ways now. @throws ProblemError as `survey` */
export async function readFilesPending(around: FilesAround, signal: AbortSignal): Promise<FilesPending> {
	let pending: FilesPending | null = null
	const ways = resultPatterns(around.project).length > 0 ? (['up', 'back'] as const) : (['up'] as const)
	let conflicts = 0
	for (const direction of ways) {
		const seen = await survey(around, direction, {}, signal)
		try {
			const stop =
				seen.problem && seen.choice.conflictCount === 0 && seen.choice.moves === 0 ? seen.problem : null
			if (stop) return { status: 'unreadable', at: around.now(), problem: stop }
			pending = pendingAfter(pending, direction, seen.choice, around.now(), false)
			conflicts = Math.max(conflicts, seen.choice.conflictCount)
			pending = { ...pending, conflictCount: conflicts, syncedAt: seen.index.head.syncedAt }
		} finally {
			await seen.close()
		}
	}
	return pending ?? { status: 'unknown' }
}
