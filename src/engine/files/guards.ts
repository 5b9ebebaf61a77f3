import type { Problem } from '../../contract/problem.ts'
import { sizeWords } from '../../contract/size-words.ts'
import { problem } from '../problems.ts'
import type { Choice } from './choice.ts'
import { shownPath } from './entry.ts'
import type { IndexHead } from './index-file.ts'

/** A side's root as it is now. */
export interface RootSeen {
	/** As a person wrote it. */
	path: string
	isThere: boolean
	/** Absolute, all links resolved; null: it is not there, or not known. */
	realPath: string | null
	isEmpty: boolean
	/** Null: not known. */
	freeBytes: number | null
}

export interface GuardFacts {
	direction: 'up' | 'back'
	laptop: RootSeen
	workstation: RootSeen
	head: IndexHead
	/** How many entries both sides had at the last sync. */
	baseCount: number
	/** A person says that so much is meant. */
	big?: boolean
}

/** More files than these, or more deletions, or a greater part of all, wait for a person's word. */
export const mostMoved = 10_000
export const mostDeletions = 25
const mostDeletedPart = 0.1
const spare = 1.05

const sides = { laptop: 'The laptop', workstation: 'The workstation' } as const

/**
 * What stops an operation for its roots, before anything is listed: a folder that was moved or emptied, a disk that is
 * not mounted. Only a receiver that holds nothing may be filled again, when that is asked for.
 */
export function guardRoots(facts: GuardFacts): Problem | null {
	const from = facts.direction === 'up' ? 'laptop' : 'workstation'
	const to = facts.direction === 'up' ? 'workstation' : 'laptop'
	const source = facts[from]
	if (!source.isThere) return problem('files-root-missing', { side: sides[from], path: source.path })
	for (const side of [from, to] as const) {
		const [was, now] = [facts.head[side], facts[side].realPath]
		if (was !== null && now !== null && was !== now)
			return problem('files-root-moved', { side: sides[side], path: facts[side].path, found: now, was })
	}
	if (facts.baseCount === 0) return null
	const isEmpty = (side: 'laptop' | 'workstation') => !facts[side].isThere || facts[side].isEmpty
	const empty = (side: 'laptop' | 'workstation', way: string) =>
		problem('files-root-empty', { side: sides[side], path: facts[side].path, count: facts.baseCount, way })
	if (isEmpty(from)) return empty(from, 'Bring them back, or mount the disk.')
	if (isEmpty(to) && !facts.big) return empty(to, 'If it is meant to be filled again, start with --big.')
	return null
}

/** What stops an operation for what it would do; conflicts aside. */
export function guardChoice(choice: Choice, facts: GuardFacts): Problem | null {
	const { send, fetch, deleteThere, deleteHere, tally } = choice
	const lots = [
		{ to: 'workstation', moves: send, deletes: deleteThere, has: tally.workstation },
		{ to: 'laptop', moves: fetch, deletes: deleteHere, has: tally.laptop },
	] as const
	for (const { to, deletes, has } of lots) {
		const of = Math.min(tally.base, has)
		const isMany = deletes.count > mostDeletions || deletes.count > of * mostDeletedPart
		if (deletes.count > 0 && isMany && !facts.big)
			return problem('files-many-deletions', { side: sides[to], count: deletes.count, of })
	}
	const count = send.count + fetch.count
	if (count > mostMoved && !facts.big) return problem('files-many', { count, limit: mostMoved })
	for (const { to, moves } of lots) {
		const free = facts[to].freeBytes
		if (free === null || moves.solidBytes * spare <= free) continue
		return problem('files-no-room', {
			side: sides[to],
			needed: sizeWords(moves.solidBytes),
			free: sizeWords(free),
		})
	}
	return null
}

const fewNames = 50

/** What stops an operation because a person has to choose first. */
export function conflictProblem({ conflicts, conflictCount }: Choice): Problem | null {
	if (conflictCount === 0) return null
	const clashes = conflicts.filter(({ verdict }) => verdict === 'kind-clash')
	const shown = (clashes.length > 0 ? clashes : conflicts).slice(0, fewNames)
	const files = shown.map(({ path, clash }) => shownPath(clash ?? path))
	if (clashes.length > 0) return problem('files-kind-clash', { files })
	return problem('files-conflict', { files, count: conflictCount })
}
