const lineFeed = 0x0a

/** Cuts a byte stream into lines. A character cut in two by the stream comes out whole. */
export class LineSplitter {
	readonly #mostBytes: number
	#parts: Buffer[] = []
	#bytes = 0

	constructor(mostBytes: number) {
		this.#mostBytes = mostBytes
	}

	/** The lines that `data` completes; null when a line is over the bound: nothing can be read any more. */
	push(data: Buffer): string[] | null {
		const lines: string[] = []
		let rest = data
		for (let end = rest.indexOf(lineFeed); end >= 0; end = rest.indexOf(lineFeed)) {
			if (this.#bytes + end > this.#mostBytes) return null
			lines.push(Buffer.concat([...this.#parts, rest.subarray(0, end)]).toString())
			this.#parts = []
			this.#bytes = 0
			rest = rest.subarray(end + 1)
		}
		if (rest.length > 0) {
			this.#parts.push(rest)
			this.#bytes += rest.length
		}
		return this.#bytes > this.#mostBytes ? null : lines
	}
}
