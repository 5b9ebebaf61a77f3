import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

const ledgerSchema = z.object({
	/** Runs whose end this laptop waits for: it started them or saw them running. */
	expected: z.array(z.string()).default([]),
	/** Notices that a face has claimed. Never told again. */
	told: z.array(z.string()).default([]),
	/** Runs whose end a person has not looked at. */
	unlooked: z.array(z.string()).default([]),
	/** Runs that have ended and whose end no face has told yet. */
	untold: z.array(z.string()).default([]),
	/** Runs of a `go` whose results are still to be brought back, with their project. */
	toBringBack: z.record(z.string(), z.string()).default({}),
})
type Entries = z.infer<typeof ledgerSchema>

/** The id of the one notice about a run's end. */
export function runNotice(run: string): string {
	return `run:${run}`
}

/** Kept of each list; older entries can no longer come up. */
const mostKept = 2000

/**
 * What must be remembered across restarts so that an event is told once. Kept in `ledger.json` of the data
 * folder; each change is on the disk before it is acted on.
 */
export class Ledger {
	readonly #path: string
	readonly #entries: Entries
	#writing: Promise<void> = Promise.resolve()

	private constructor(path: string, entries: Entries) {
		this.#path = path
		this.#entries = entries
	}

	/** A missing or damaged file is an empty ledger: the worst of it is a notice told twice. */
	static async open(dataFolder: string): Promise<Ledger> {
		const path = join(dataFolder, 'ledger.json')
		try {
			return new Ledger(path, ledgerSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
		} catch {
			return new Ledger(path, ledgerSchema.parse({}))
		}
	}

	isExpected(run: string): boolean {
		return this.#entries.expected.includes(run)
	}

	isLooked(run: string): boolean {
		return !this.#entries.unlooked.includes(run)
	}

	/** Its end was noticed here, and no face has claimed the notice of it. */
	isUntold(run: string): boolean {
		return this.#entries.untold.includes(run)
	}

	projectToBringBack(run: string): string | undefined {
		return this.#entries.toBringBack[run]
	}

	async expect(run: string, bringBackTo: string | null): Promise<void> {
		if (this.isExpected(run) && bringBackTo === null) return
		this.#add('expected', run)
		if (bringBackTo !== null) this.#entries.toBringBack[run] = bringBackTo
		await this.#write()
	}

	/** The run has ended: nobody has looked yet, and it is not waited for any more. */
	async end(run: string): Promise<void> {
		this.#entries.expected = this.#entries.expected.filter((id) => id !== run)
		this.#add('unlooked', run)
		if (!this.#entries.told.includes(runNotice(run))) this.#add('untold', run)
		await this.#write()
	}

	async look(run: string): Promise<void> {
		this.#entries.unlooked = this.#entries.unlooked.filter((id) => id !== run)
		await this.#write()
	}

	/** Nothing of this project is owed any more: a `back` has brought all there was. */
	async broughtBack(project: string): Promise<void> {
		const owed = Object.entries(this.#entries.toBringBack)
		const left = owed.filter(([, owing]) => owing !== project)
		if (left.length === owed.length) return
		this.#entries.toBringBack = Object.fromEntries(left)
		await this.#write()
	}

	/** True for the first claim of a notice, ever. */
	async claim(notice: string): Promise<boolean> {
		if (this.#entries.told.includes(notice)) return false
		this.#add('told', notice)
		this.#entries.untold = this.#entries.untold.filter((run) => runNotice(run) !== notice)
		await this.#write()
		return true
	}

	/** Settles when everything is on the disk. */
	async flush(): Promise<void> {
		await this.#writing
	}

	#add(list: 'expected' | 'told' | 'unlooked' | 'untold', id: string): void {
		if (this.#entries[list].includes(id)) return
		this.#entries[list] = [...this.#entries[list], id].slice(-mostKept)
	}

	#write(): Promise<void> {
		const write = () => writeFileAtomic(this.#path, `${JSON.stringify(this.#entries)}\n`, { mode: 0o600 })
		// A full disk must stop no run: what is here still holds until this process ends.
		this.#writing = this.#writing.then(write).catch(() => {})
		return this.#writing
	}
}
