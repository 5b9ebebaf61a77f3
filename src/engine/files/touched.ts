import { isBelow, outermost } from './sorted.ts'

/** So many places are looked at one by one; with more of them all of the tree is. */
const mostPlaces = 1000
/** Their names together: all of them are said to git and to the workstation. */
const mostBytes = 100_000

/**
 * What was touched of a tree since both sides were last in step. A place is a path with everything below it, a latin1
 * string of bytes; the empty one is the whole tree. Pure, and bounded.
 *
 * Each touch has a number; a mark is the number of the last one at that moment.
 */
export class Touched {
	/** With the number of the last touch. */
	readonly #places = new Map<string, number>()
	#last = 0
	/** The last time that it could not be said what was touched, and why. */
	#lost: { at: number; why: string } = { at: 0, why: '' }

	touch(path: string): void {
		this.#last += 1
		if (path === '') this.lose('all of it was touched')
		else this.#places.set(path, this.#last)
		if (this.#places.size > mostPlaces) this.lose('too much was touched')
	}

	/** Anything may have been touched. */
	lose(why: string): void {
		this.#last += 1
		this.#lost = { at: this.#last, why }
		this.#places.clear()
	}

	mark(): number {
		return this.#last
	}

	/** Whether it was lost after that, and why. */
	lostSince(mark: number): string | null {
		return this.#lost.at > mark ? this.#lost.why : null
	}

	/** Everything touched up to the mark was dealt with; what was touched later stays. */
	settle(mark: number): void {
		for (const [place, at] of this.#places) if (at <= mark) this.#places.delete(place)
	}

	/** All that were touched, some perhaps within another one. */
	all(): string[] {
		return [...this.#places.keys()]
	}

	/** What is to be looked at, none within another; null: all of the tree. */
	places(): string[] | null {
		const places = outermost(this.all())
		return isFew(places) ? places : null
	}
}

/** Whether these are few enough to be looked at one by one. */
export const isFew = (places: readonly string[]): boolean =>
	places.length <= mostPlaces &&
	!places.includes('') &&
	places.reduce((bytes, place) => bytes + place.length + 1, 0) <= mostBytes

/** The folders that a path is in, from the top; not the root. */
export function placesAbove(path: string): string[] {
	const above: string[] = []
	for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
		above.push(path.slice(0, slash))
	return above
}

/** Says of paths whether they are in one of these places or, as a leaf, in the way of one. */
export function inPlaces(places: readonly string[]): (path: string) => boolean {
	const own = new Set(places)
	const ways = new Set(places.flatMap(placesAbove))
	return (path) => {
		if (own.has(path) || ways.has(path)) return true
		for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
			if (own.has(path.slice(0, slash))) return true
		return false
	}
}

/** Of what is in a folder, what leads to these places or is in one of them. */
export const leadsTo = (path: string, places: readonly string[]): boolean =>
	places.some((place) => isBelow(path, place) || isBelow(place, path))
