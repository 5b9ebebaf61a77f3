import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { type Message, messageSchema } from './notices/message.ts'

const startSchema = z.object({
	workstation: z.string(),
	project: z.string(),
	operation: z.string(),
	kind: z.enum(['run', 'go']),
})
export type UnansweredStart = z.infer<typeof startSchema>

const ledgerSchema = z.object({
	/** Runs whose end this laptop waits for: it started them or saw them running. */
	expected: z.array(z.string()).default([]),
	/** Of those, the ones whose start has not been answered: where, and by which operation. */
	starts: z.record(z.string(), startSchema).default({}),
	/** Notices that a face has claimed. Never told again. */
	told: z.array(z.string()).default([]),
	/** Runs whose end a person has not looked at. */
	unlooked: z.array(z.string()).default([]),
	/** Runs that have ended and whose end no face has told yet. */
	untold: z.array(z.string()).default([]),
	/** Runs of a `go` whose results are still to be brought back, with their project. */
	toBringBack: z.record(z.string(), z.string()).default({}),
	/** Since when something stands that is told once while it stands, by its key (ms since the epoch). */
	episodes: z.record(z.string(), z.number()).default({}),
	/** Notices that were sent to a webhook, or wait for it in `unsent`. Never sent anew. */
	sent: z.array(z.string()).default([]),
	/** Messages that no webhook has taken yet, oldest first. */
	unsent: z.array(messageSchema.extend({ queuedAt: z.number() })).default([]),
})
type Entries = z.infer<typeof ledgerSchema>

/** The id of the one notice about a run's end. */
export function runNotice(run: string): string {
	return `run:${run}`
}

/** Kept of each list; older entries can no longer come up. */
const mostKept = 2000
/** Messages that wait for a webhook that does not answer. */
const mostUnsent = 200

/**
 * What must be remembered across restarts so that an event is told once. Kept in `ledger.json` of the data
 * folder; each change is on the disk before it is acted on.
 */
export class Ledger {
	readonly #path: string
	readonly #entries: Entries
	#writing: Promise<void> = Promise.resolve()
	/** Has not begun: what changes until then goes with it. */
	#nextWrite: Promise<void> | null = null

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

	/** Runs whose end is still to come, or to be told here. */
	pending(): string[] {
		return [...this.#entries.expected, ...this.#entries.untold]
	}

	projectToBringBack(run: string): string | undefined {
		return this.#entries.toBringBack[run]
	}

	/** Starts that nobody has answered, by their run. */
	starts(): Readonly<Record<string, UnansweredStart>> {
		return this.#entries.starts
	}

	/** Its start is about to be asked for. */
	async start(run: string, start: UnansweredStart): Promise<void> {
		this.#entries.starts[run] = start
		await this.expect(run, start.kind === 'go' ? start.project : null)
	}

	/** `bringBackTo`: the project that its results are owed to. */
	async expect(run: string, bringBackTo: string | null): Promise<void> {
		if (this.isExpected(run) && bringBackTo === null) return
		this.#add('expected', run)
		if (bringBackTo !== null) this.#entries.toBringBack[run] = bringBackTo
		await this.#write()
	}

	/** It has begun. */
	async answered(run: string): Promise<void> {
		if (this.#entries.starts[run] === undefined) return
		delete this.#entries.starts[run]
		await this.#write()
	}

	/** It was not started after all. */
	async unexpect(run: string): Promise<void> {
		delete this.#entries.starts[run]
		this.#entries.expected = this.#entries.expected.filter((id) => id !== run)
		delete this.#entries.toBringBack[run]
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

	isTold(notice: string): boolean {
		return this.#entries.told.includes(notice)
	}

	/** True for the first claim of a notice, ever. Those that it `covers` are told with it. */
	async claim(notice: string, covers: readonly string[] = []): Promise<boolean> {
		const first = !this.isTold(notice)
		const all = new Set([notice, ...covers])
		for (const id of all) this.#add('told', id)
		this.#entries.untold = this.#entries.untold.filter((run) => !all.has(runNotice(run)))
		if (first || covers.length > 0) await this.#write()
		return first
	}

	/** Since when this stands: as an earlier engine saw it, or from now on. */
	begin(episode: string, now: number): number {
		const since = this.#entries.episodes[episode]
		if (since !== undefined) return since
		this.#entries.episodes[episode] = now
		void this.#write()
		return now
	}

	/** What comes after it is told anew. */
	endEpisodes(which: (episode: string) => boolean): void {
		const over = Object.keys(this.#entries.episodes).filter(which)
		if (over.length === 0) return
		for (const episode of over) delete this.#entries.episodes[episode]
		void this.#write()
	}

	isSent(notice: string): boolean {
		return this.#entries.sent.includes(notice)
	}

	unsent(): readonly (Message & { queuedAt: number })[] {
		return this.#entries.unsent
	}

	/** From here on it is to be sent, by this engine or a later one; those it covers only with it. */
	async queue(messages: readonly Message[], now: number): Promise<void> {
		for (const message of messages) for (const id of [message.id, ...message.covers]) this.#add('sent', id)
		const queued = messages.map((message) => ({ ...message, queuedAt: now }))
		this.#entries.unsent = [...this.#entries.unsent, ...queued].slice(-mostUnsent)
		await this.#write()
	}

	/** It was taken, or is not worth sending any more. */
	async settle(message: string): Promise<void> {
		this.#entries.unsent = this.#entries.unsent.filter(({ id }) => id !== message)
		await this.#write()
	}

	/** Settles when everything is on the disk. */
	async flush(): Promise<void> {
		await this.#writing
	}

	#add(list: 'expected' | 'told' | 'unlooked' | 'untold' | 'sent', id: string): void {
		if (this.#entries[list].includes(id)) return
		this.#entries[list] = [...this.#entries[list], id].slice(-mostKept)
	}

	/** Of many changes in one turn, such as the runs of one list, each is on the disk after one write. */
	#write(): Promise<void> {
		if (this.#nextWrite) return this.#nextWrite
		const write = () => {
			this.#nextWrite = null
			return writeFileAtomic(this.#path, `${JSON.stringify(this.#entries)}\n`, { mode: 0o600 })
		}
		// A full disk must stop no run: what is here still holds until this process ends.
		this.#nextWrite = this.#writing.then(write).catch(() => {})
		this.#writing = this.#nextWrite
		return this.#nextWrite
	}
}
