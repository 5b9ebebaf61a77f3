import { isUtf8 } from 'node:buffer'
import type { LogChunk } from '../../contract/commands.ts'
import { afterMarker } from '../remote/script.ts'

/** What log-follow.sh prints, as chunks of whole characters. */
export class LogChunks {
	/** The whole log's size, once the run has ended. */
	size: number | null = null
	readonly #run: string
	readonly #onChunk: (chunk: LogChunk) => void | Promise<void>
	#next: number
	#rest: Buffer = Buffer.alloc(0)
	#begun = false
	/** While what comes is left out: the word that ends this. */
	#skipTo: Buffer | null = null

	constructor(run: string, from: number, onChunk: (chunk: LogChunk) => void | Promise<void>) {
		this.#run = run
		this.#next = from
		this.#onChunk = onChunk
	}

	get isWhole(): boolean {
		const has = this.#begun && this.#skipTo === null
		return has && this.size !== null && this.#next + this.#rest.length >= this.size
	}

	get skipping(): boolean {
		return this.#skipTo !== null
	}

	/** Leaves out all that comes up to `word`, a byte offset and a line break. Returns the byte up to which it was told. */
	skip(word: string): number {
		this.#skipTo = Buffer.from(`${word} `)
		return this.#next
	}

	async take(bytes: Buffer): Promise<void> {
		this.#rest = Buffer.concat([this.#rest, bytes])
		if (!this.#begun) {
			const answer = afterMarker(this.#rest.toString('latin1'))
			if (answer === null) return
			this.#begun = true
			this.#rest = Buffer.from(answer, 'latin1')
		}
		if (this.#skipTo && !this.#skipped(this.#skipTo)) return
		await this.#tell(wholeLength(this.#rest), false)
	}

	async finish(): Promise<void> {
		await this.#tell(this.#skipTo ? 0 : this.#rest.length, true)
	}

	/** Lets go of what is left out. False while its end has not come. */
	#skipped(word: Buffer): boolean {
		const at = this.#rest.indexOf(word)
		if (at === -1) {
			this.#rest = this.#rest.subarray(Math.max(0, this.#rest.length - word.length))
			return false
		}
		this.#rest = this.#rest.subarray(at)
		const end = this.#rest.indexOf('\n')
		if (end === -1) return false
		this.#next = Number(this.#rest.subarray(word.length, end))
		this.#rest = this.#rest.subarray(end + 1)
		this.#skipTo = null
		return true
	}

	async #tell(length: number, ended: boolean): Promise<void> {
		if (length === 0 && !ended) return
		const from = this.#next
		const text = textOf(this.#rest.subarray(0, length))
		this.#rest = this.#rest.subarray(length)
		this.#next += length
		await this.#onChunk({ run: this.#run, from, text, ended })
	}
}

/** How many of these bytes come before a character that is not all there yet. */
export function wholeLength(bytes: Buffer): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const byte = bytes[bytes.length - back] ?? 0
		if (byte < 0x80) break
		if (byte < 0xc0) continue
		const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
		return needs > back ? bytes.length - back : bytes.length
	}
	return bytes.length
}

/** As UTF-8; every byte that is none becomes `?`, so that the text stays as long as the bytes. */
export function textOf(bytes: Buffer): string {
	if (isUtf8(bytes)) return bytes.toString()
	let text = ''
	for (let at = 0; at < bytes.length; ) {
		const byte = bytes[at] ?? 0
		const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
		const piece = bytes.subarray(at, at + length)
		const good = piece.length === length && isUtf8(piece)
		text += good ? piece.toString() : '?'
		at += good ? length : 1
	}
	return text
}
