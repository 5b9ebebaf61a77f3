import type { Entry } from './entry.ts'
import { entryFields, entryOf, fieldsOf } from './entry-record.ts'
import { type RowFormat, Spool } from './spool.ts'

/** One path that is to change on a side. */
export interface Transfer {
	/** The version that is moved; of what is deleted, the version that was seen there. */
	entry: Entry
	/** What it takes the place of; null: nothing that was seen. */
	over: Entry | null
}

const transferFormat: RowFormat<Transfer> = {
	width: 2 * entryFields,
	write: ({ entry, over }) => [...fieldsOf(entry), ...fieldsOf(over)],
	read: (fields, at) => {
		const entry = entryOf(fields, at)
		if (entry === null) throw new Error('a record is empty')
		return { entry, over: entryOf(fields, at + entryFields) }
	},
}

/** So many are known by name without reading all. */
const mostLargest = 100

/** What one operation does to one side in one way, in the order of the paths. Not held in memory when it is much. */
export class Lot {
	readonly #rows = new Spool(transferFormat)
	#bytes = 0
	#solidBytes = 0
	#newCount = 0
	#largest: Transfer[] = []

	get count(): number {
		return this.#rows.count
	}

	/** All of them together. */
	get bytes(): number {
		return this.#bytes
	}

	/** Those of files with holes aside: nobody knows how much room they take. */
	get solidBytes(): number {
		return this.#solidBytes
	}

	/** How many take no other's place. */
	get newCount(): number {
		return this.#newCount
	}

	/** Some of them, the largest first. */
	get largest(): readonly Transfer[] {
		return this.#ordered().slice(0, mostLargest)
	}

	add(transfer: Transfer): void {
		this.#rows.add(transfer)
		this.#bytes += transfer.entry.size
		if (!transfer.entry.sparse) this.#solidBytes += transfer.entry.size
		if (transfer.over === null) this.#newCount += 1
		this.#largest.push(transfer)
		if (this.#largest.length >= 4 * mostLargest) this.#largest = this.#ordered().slice(0, mostLargest)
	}

	/** See `Spool`. */
	async drain(): Promise<void> {
		await this.#rows.drain()
	}

	transfers(): AsyncIterable<Transfer> {
		return this.#rows
	}

	async *entries(): AsyncGenerator<Entry> {
		for await (const { entry } of this.#rows) yield entry
	}

	async close(): Promise<void> {
		await this.#rows.close()
	}

	/** A stable sort: equals stay in the order of their paths. */
	#ordered(): Transfer[] {
		return this.#largest.sort((one, other) => other.entry.size - one.entry.size)
	}
}
