import type { Entry, Listing } from './entry.ts'
import { ListingCursor, type Sight } from './listing-cursor.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** As the laptop's listing has it. `up: false`: it is listed, but the rules do not let it go up. */
export type LaptopEntry = Entry & { up?: boolean }

/** A listing may say of what it could not see: nothing is told of that, for it is no sign that anything is gone. */
export type SeenListing<T extends Entry = Entry> = Listing<T> & { readonly troubles?: Sight }

/** What is not the same on both sides, or not noted in the base as it is. */
export interface Difference {
	path: string
	/** As the listings have it. A folder that a side has only because of what is in it: null. */
	laptop: LaptopEntry | null
	workstation: Entry | null
	base: Entry | null
	verdict: Verdict
	/** Of `kind-clash`: where one side has a file and the other a folder: this path, or one above it. */
	clash?: string
}

/** How many entries each listing had, those aside that never travel. */
export interface Tally {
	laptop: number
	workstation: number
	base: number
}

/** The differences in the order of their paths, to be taken once. */
export interface Comparison extends AsyncIterable<Difference> {
	/** Complete when all differences were taken. */
	readonly tally: Tally
}

/**
 * Compares both sides with each other and with what both had at the last sync, in one pass: nothing is held but what may
 * still turn out to be a folder on the other side.
 *
 * `.git` is left out on all sides.
 * @throws (while it is taken) ProblemError `files-listing-broken` for a listing out of order, with paths that lead out of
 *   the tree, or with something below a file; whatever the listings throw
 */
export function compare(
	laptop: SeenListing<LaptopEntry>,
	workstation: SeenListing,
	base: Listing,
): Comparison {
	const here = new ListingCursor('The laptop', laptop)
	const there = new ListingCursor('The workstation', workstation)
	const before = new ListingCursor('The last sync', base)
	return {
		get tally() {
			return { laptop: here.count, workstation: there.count, base: before.count }
		},
		[Symbol.asyncIterator]: () => differences(here, there, before),
	}
}

type Place = Pick<Difference, 'path' | 'laptop' | 'workstation' | 'base'>

/** A place whose verdict waits for whether `other` has something below it. */
interface Held extends Place {
	other: ListingCursor | null
	difference?: Difference | null
}

async function* differences(
	here: ListingCursor,
	there: ListingCursor,
	before: ListingCursor,
): AsyncGenerator<Difference> {
	// In the order of their paths; the first one is not settled.
	const held: Held[] = []
	// Of those the ones that wait: their paths begin each other, so they are few.
	let waiting: Held[] = []
	try {
		for (const cursor of [here, there, before]) while (!cursor.goOn()) await cursor.fill()
		for (;;) {
			const path = first(here.head, there.head, before.head)
			const ended = path === null
			if (!ended) {
				const laptop = here.head?.path === path ? here.head : null
				const workstation = there.head?.path === path ? there.head : null
				const base = before.head?.path === path ? before.head : null
				if (laptop) while (!here.goOn()) await here.fill()
				if (workstation) while (!there.goOn()) await there.fill()
				if (base) while (!before.goOn()) await before.fill()
				const place: Held = { path, laptop, workstation, base, other: null }
				judge(place, here, there)
				if (place.difference === undefined) waiting.push(place)
				if (place.difference === undefined || (place.difference && held.length > 0)) held.push(place)
				else if (place.difference) yield place.difference
			}
			if (held.length > 0) {
				for (const place of waiting) settle(place)
				waiting = waiting.filter((place) => place.difference === undefined)
				let settled = 0
				while (settled < held.length && held[settled]?.difference !== undefined) settled += 1
				for (const { difference } of held.splice(0, settled)) if (difference) yield difference
			}
			if (ended) return
		}
	} finally {
		await Promise.all([here.close(), there.close(), before.close()])
	}
}

/** Sets the difference, null for none; or `other`, where that is to be seen later. */
function judge(place: Held, here: ListingCursor, there: ListingCursor): void {
	const { path, laptop, workstation } = place
	const hidden = (!laptop && here.hides(path)) || (!workstation && there.hides(path))
	if (laptop) here.requireNoLeafAbove(path)
	if (workstation) there.requireNoLeafAbove(path)
	const above = (laptop && there.leaves.of(path)) ?? (workstation && here.leaves.of(path)) ?? null
	if (laptop) here.note(laptop)
	if (workstation) there.note(workstation)
	if (hidden) place.difference = null
	else if (above !== null) place.difference = { ...own(place), verdict: 'kind-clash', clash: above }
	else if ((laptop === null) === (workstation === null))
		place.difference = differenceOf(place, laptop, workstation)
	else {
		place.other = laptop ? there : here
		settle(place)
	}
}

function settle(place: Held): void {
	const below = place.other?.hasBelow(place.path) ?? null
	if (below === null) return
	const { path, laptop, workstation } = place
	const folder: Entry | null = below
		? { path, kind: 'folder', size: 0, mtime: 0n, executable: false, target: '' }
		: null
	place.difference = differenceOf(place, laptop ?? folder, workstation ?? folder)
}

function differenceOf(place: Held, laptop: Entry | null, workstation: Entry | null): Difference | null {
	const verdict = verdictOf(laptop, workstation, place.base)
	if (verdict === null) return null
	const difference: Difference = { ...own(place), verdict }
	if (verdict === 'kind-clash') difference.clash = place.path
	return difference
}

const own = ({ path, laptop, workstation, base }: Held): Place => ({ path, laptop, workstation, base })

function first(...heads: (Entry | null)[]): string | null {
	let path: string | null = null
	for (const head of heads) if (head && (path === null || head.path < path)) path = head.path
	return path
}
