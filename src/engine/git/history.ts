import type { Ancestry } from './facts.ts'

/**
 * What is reachable from any of `from` and from none of `without`, newest first as in `lists`; null when the lists
 * do not reach far enough to know. Each list is the newest part of some branches' history, parents after children.
 */
export function difference(
	from: string | readonly string[],
	without: string | readonly string[],
	lists: readonly (readonly Ancestry[])[],
): string[] | null {
	if (from === without) return []
	const parents = new Map<string, readonly string[]>()
	for (const list of lists) for (const { id, parents: of } of list) parents.set(id, of)
	const excluded = reach([without].flat(), parents)
	const tips = [from].flat().filter((id) => !excluded.known.has(id) && !excluded.unknown.has(id))
	if (tips.length === 0) return []
	const included = reach(tips, parents, excluded)
	if (included.unknown.size > 0) return null
	// Where the walk from `without` leaves what is known, it could still come upon what `from` has, unless
	// that is where the history of `from` was cut off: what lies below is older than everything listed.
	const cut = reach(tips, parents).unknown
	for (const id of excluded.unknown) if (!cut.has(id)) return null
	const order = new Map([...parents.keys()].map((id, index) => [id, index]))
	return [...included.known].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
}

interface Reach {
	/** Commits that were walked through. */
	known: Set<string>
	/** Commits whose parents are not known. */
	unknown: Set<string>
}

function reach(
	starts: readonly string[],
	parents: ReadonlyMap<string, readonly string[]>,
	stop?: Reach,
): Reach {
	const found: Reach = { known: new Set(), unknown: new Set() }
	const left = [...starts]
	for (let id = left.pop(); id !== undefined; id = left.pop()) {
		if (found.known.has(id) || stop?.known.has(id) || stop?.unknown.has(id)) continue
		const of = parents.get(id)
		if (of === undefined) found.unknown.add(id)
		else {
			found.known.add(id)
			left.push(...of)
		}
	}
	return found
}
