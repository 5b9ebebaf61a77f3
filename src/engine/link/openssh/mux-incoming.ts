import { Readable } from 'node:stream'

/** What nobody reads yet is kept in blocks of this size: it may come byte by byte, each in a message of its own. */
const blockBytes = 32 * 1024
/** A piece smaller than this is copied, so as not to keep the whole of what it came in. */
const smallBytes = 8 * 1024

/** One of the two streams of a channel that are read. */
export class Incoming extends Readable {
	readonly #asked: () => void
	/** The last of them may be filled in part. */
	#blocks: Buffer[] = []
	#held = 0
	/** The reader has asked for more than there was. */
	#wanted = false
	#over = false

	/** `asked`: more is read, or it will never be. */
	constructor(asked: () => void) {
		super({ highWaterMark: 16 * 1024 })
		this.#asked = asked
	}

	/** Bytes that came and were not read. */
	get unread(): number {
		return this.destroyed ? 0 : this.readableLength + this.#held
	}

	arrive(data: Buffer): void {
		if (this.#over || this.destroyed || data.length === 0) return
		if (this.#wanted) {
			this.#wanted = false
			this.push(data.length < smallBytes ? Buffer.from(data) : data)
		} else this.#hold(data)
	}

	/** Nothing more comes. */
	finish(): void {
		this.#over = true
		if (this.#held === 0) this.push(null)
	}

	#hold(data: Buffer): void {
		for (let rest = data; rest.length > 0; ) {
			const used = this.#held % blockBytes
			if (used === 0) this.#blocks.push(Buffer.allocUnsafeSlow(blockBytes))
			const copied = rest.copy(this.#blocks.at(-1) as Buffer, used)
			this.#held += copied
			rest = rest.subarray(copied)
		}
	}

	override _read(): void {
		const [blocks, held] = [this.#blocks, this.#held]
		this.#blocks = []
		this.#held = 0
		this.#wanted = held === 0
		for (const [index, block] of blocks.entries())
			this.push(block.subarray(0, Math.min(blockBytes, held - index * blockBytes)))
		if (this.#over) this.push(null)
		this.#asked()
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		this.#blocks = []
		this.#held = 0
		this.#asked()
		callback(error)
	}
}
