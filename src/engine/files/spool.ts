import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldGroups } from './entry-record.ts'

/** A row as a certain number of texts without NUL, of latin1 characters, and back. */
export interface RowFormat<T> {
	width: number
	write(row: T): readonly string[]
	/** The row whose fields begin at `at`. */
	read(fields: readonly string[], at: number): T
}

/** So many rows are held in memory; what is more lies in a file. */
const mostHeld = 5000
/** Little: what waits for longer outlives V8's young generation, and makes the old one grow. */
const flushAt = 64 * 1024

/** Rows in the order they came, however many: they may be read as often as needed, once all are in. */
export class Spool<T> implements AsyncIterable<T> {
	#held: T[] = []
	#count = 0
	#folder: string | null = null
	#file: FileHandle | null = null
	#bytes = 0
	#pending: string[] = []
	#pendingLength = 0
	readonly #format: RowFormat<T>

	constructor(format: RowFormat<T>) {
		this.#format = format
	}

	get count(): number {
		return this.#count
	}

	/** In memory until the next `drain`. */
	add(row: T): void {
		this.#count += 1
		if (this.#file === null) this.#held.push(row)
		else this.#write(row)
	}

	/**
	 * Puts down what is too much to be held; to be called every thousand rows or so.
	 * @throws the file system's error when the temporary folder is full
	 */
	async drain(): Promise<void> {
		if (this.#file === null) {
			if (this.#held.length <= mostHeld) return
			this.#folder = await mkdtemp(join(tmpdir(), '.hawser-spool-'))
			this.#file = await open(join(this.#folder, 'rows'), 'wx+', 0o600)
			for (const held of this.#held) this.#write(held)
			this.#held = []
		}
		if (this.#pendingLength >= flushAt) await this.#flush()
	}

	async *[Symbol.asyncIterator](): AsyncGenerator<T> {
		for (const row of this.#held) yield row
		await this.#flush()
		if (this.#file === null) return
		const { width } = this.#format
		for await (const fields of fieldGroups(this.#file, 0, this.#bytes, width))
			for (let at = 0; at < fields.length; at += width) yield this.#format.read(fields, at)
	}

	/** Nothing can be read any more. */
	async close(): Promise<void> {
		const [file, folder] = [this.#file, this.#folder]
		this.#file = null
		this.#folder = null
		this.#held = []
		this.#pending = []
		await file?.close()
		if (folder !== null) await rm(folder, { recursive: true, force: true })
	}

	#write(row: T): void {
		const text = `${this.#format.write(row).join('\0')}\0`
		this.#pending.push(text)
		this.#pendingLength += text.length
	}

	async #flush(): Promise<void> {
		if (this.#file === null || this.#pendingLength === 0) return
		const bytes = Buffer.from(this.#pending.join(''), 'latin1')
		this.#pending = []
		this.#pendingLength = 0
		for (let done = 0; done < bytes.length; ) {
			const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#bytes)
			done += bytesWritten
			this.#bytes += bytesWritten
		}
	}
}
