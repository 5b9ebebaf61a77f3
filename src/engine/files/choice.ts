import { createHash } from 'node:crypto'
import type { Difference, Tally } from './compare.ts'
import type { Entry } from './entry.ts'
import { entryFields, entryOf, fieldsOf } from './entry-record.ts'
import type { IndexChange } from './index-file.ts'
import { Lot } from './lot.ts'
import { type RowFormat, Spool } from './spool.ts'

/**
 * Why something stays as it is. `gone-here`, `gone-there`: deleted on one side only, and deleting is off (or not for
 * this way). `changed-there`: changed on the workstation since the last sync, and `up` brings nothing back. `occupied`:
 * something that does not travel stands in its place on the receiving side. `same-name`: the receiver's file system
 * takes it for another one that goes there. `left-rules`: the rules no longer let it travel.
 */
export type Stays = 'gone-here' | 'gone-there' | 'changed-there' | 'occupied' | 'same-name' | 'left-rules'

/** The first few of `count`, by their paths. */
export interface Staying {
	paths: string[]
	count: number
}

const fewPaths = 5
/** So many conflicts are known by name. */
const mostConflicts = 1000

/** A path at which a base is to be noted; `moved`: only once the path was dealt with. */
interface BaseRow extends IndexChange {
	moved: boolean
}

const baseFormat: RowFormat<BaseRow> = {
	width: 2 + entryFields,
	write: ({ path, entry, moved }) => [path, moved ? 'm' : '', ...fieldsOf(entry)],
	read: (fields, at) => ({
		path: fields[at] ?? '',
		moved: fields[at + 1] === 'm',
		entry: entryOf(fields, at + 2),
	}),
}

/** What became of a choice that was carried out to its end. */
export interface Outcome {
	/** Paths that were not moved or deleted after all. */
	failed?: ReadonlySet<string>
	/** What a path was seen to have become on the receiving side, where that is known. */
	now?: ReadonlyMap<string, Entry | null>
}

/** What one operation does. Closed by who asked for it. */
export class Choice {
	readonly send = new Lot()
	readonly fetch = new Lot()
	readonly deleteThere = new Lot()
	readonly deleteHere = new Lot()
	/** The first thousand of `conflictCount` that nothing was chosen for. */
	readonly conflicts: Difference[] = []
	conflictCount = 0
	readonly stays = new Map<Stays, Staying>()
	tally: Tally = { laptop: 0, workstation: 0, base: 0 }
	readonly #base = new Spool(baseFormat)
	readonly #spooled = [this.send, this.fetch, this.deleteThere, this.deleteHere, this.#base]
	readonly #all = new Told()
	readonly #stops = new Told()
	#id: string | null = null

	/** All lots are empty, and nothing waits. */
	get isNothing(): boolean {
		return this.conflictCount === 0 && this.moves === 0
	}

	/** How many entries of the index change. */
	get baseChanges(): number {
		return this.#base.count
	}

	/** How many paths change. */
	get moves(): number {
		return [this.send, this.fetch, this.deleteThere, this.deleteHere].reduce(
			(all, { count }) => all + count,
			0,
		)
	}

	/** The same while nothing moves that it rests on: 32 digits for deletions and conflicts, 32 for all. */
	get id(): string {
		this.#id ??= this.#stops.digest() + this.#all.digest()
		return this.#id
	}

	/** A conflict is `stops` too when a side was chosen: what else it has by then was not shown. */
	add(
		lot: 'send' | 'fetch' | 'deleteThere' | 'deleteHere',
		entry: Entry,
		over: Entry | null,
		isChosen = false,
	): void {
		this[lot].add({ entry, over })
		const deletes = lot === 'deleteThere' || lot === 'deleteHere'
		this.setBase(entry.path, deletes ? null : entry, true)
		this.#all.tell(lot, entry, over)
		if (deletes || isChosen) this.#stops.tell(lot, entry, over)
	}

	addConflict(difference: Difference): void {
		this.conflictCount += 1
		if (this.conflicts.length < mostConflicts) this.conflicts.push(difference)
		for (const hash of [this.#all, this.#stops])
			hash.tell(difference.verdict, difference.laptop, difference.workstation, difference.path)
	}

	stay(why: Stays, path: string): void {
		const staying = this.stays.get(why) ?? { paths: [], count: 0 }
		staying.count += 1
		if (staying.paths.length < fewPaths) staying.paths.push(path)
		this.stays.set(why, staying)
	}

	setBase(path: string, entry: Entry | null, moved = false): void {
		this.#base.add({ path, entry, moved })
	}

	/** To be called every thousand paths or so: see `Spool`. */
	async drain(): Promise<void> {
		for (const lot of this.#spooled) await lot.drain()
	}

	/**
	 * The changes of the index, for `replace`. Without an outcome (nothing was carried out, or it was not to its end): only
	 * what both sides were found to be already. That is always true; to note a path as moved that was not would make the
	 * other side's older version look like a newer one.
	 */
	async *newBase(outcome: Outcome | null): AsyncGenerator<IndexChange> {
		for await (const { path, entry, moved } of this.#base) {
			if (moved && (outcome === null || outcome.failed?.has(path))) continue
			const now = moved ? outcome?.now?.get(path) : undefined
			yield { path, entry: now === undefined ? entry : now }
		}
	}

	async close(): Promise<void> {
		await Promise.all(this.#spooled.map((lot) => lot.close()))
	}
}

/** A hash over rows; one call for many of them. */
class Told {
	readonly #hash = createHash('sha256')
	#pending: string[] = []

	tell(what: string, one: Entry | null, other: Entry | null, path = ''): void {
		this.#pending.push(what, path, ...fieldsOf(one), ...fieldsOf(other))
		if (this.#pending.length >= 8000) this.#flush()
	}

	/** 32 hexadecimal digits. */
	digest(): string {
		this.#flush()
		return this.#hash.digest('hex').slice(0, 32)
	}

	#flush(): void {
		// Each text ended by NUL: none holds one.
		if (this.#pending.length > 0) this.#hash.update(`${this.#pending.join('\0')}\0`, 'latin1')
		this.#pending = []
	}
}
