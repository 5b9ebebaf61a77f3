import { type Entry, isSame } from './entry.ts'

/**
 * What is so of a path, going by what the laptop (L) has, what the workstation (R) has, and what both had at the last
 * sync (B):
 *
 * | L | R | B | |
 * |---|---|---|---|
 * | same as R | | same | nothing: null |
 * | same as R | | other or none | `adopt` |
 * | none | none | any | `forget` |
 * | changed or new | as B, or none | | `up` |
 * | as B, or none | changed or new | | `back` |
 * | changed | changed otherwise | | `conflict`, also without B |
 * | as B | none | | `gone-there` |
 * | none | as B | | `gone-here` |
 * | a folder | a file or link | any | `kind-clash`, and the other way round |
 */
export type Verdict =
	| 'up'
	| 'back'
	| 'conflict'
	| 'adopt'
	| 'forget'
	| 'gone-here'
	| 'gone-there'
	| 'kind-clash'

/**
 * Pure. A folder that a side has only because of what is in it counts as one that it has. Nothing is called gone or
 * changed on one side alone unless the other side's version is the one of the last sync: whatever is overwritten or
 * deleted by it was on both sides once.
 */
export function verdictOf(
	laptop: Entry | null,
	workstation: Entry | null,
	base: Entry | null,
): Verdict | null {
	if (laptop === null && workstation === null) return base === null ? null : 'forget'
	if (workstation === null) return base !== null && isSame(laptop, base) ? 'gone-there' : 'up'
	if (laptop === null) return base !== null && isSame(workstation, base) ? 'gone-here' : 'back'
	if ((laptop.kind === 'folder') !== (workstation.kind === 'folder')) return 'kind-clash'
	const [isOldHere, isOldThere] = [isSame(laptop, base), isSame(workstation, base)]
	if (isSame(laptop, workstation)) {
		// Times in whole seconds are the same as several; that one side is not as it was is then the better witness.
		if (base !== null && isOldHere !== isOldThere) return isOldHere ? 'back' : 'up'
		return isOldHere && base?.mtime === sharper(laptop, workstation).mtime ? null : 'adopt'
	}
	// As the last sync's both, and yet not the same: its time was in whole seconds, and tells nothing.
	if (isOldHere === isOldThere) return 'conflict'
	return isOldHere ? 'back' : 'up'
}

/** Of two that are the same: the one whose time is finer than whole seconds. */
export const sharper = (one: Entry, other: Entry): Entry => (one.mtime % 1_000_000_000n === 0n ? other : one)
