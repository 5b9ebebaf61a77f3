import type { Readable } from 'node:stream'

/** Cuts a stream of bytes at its NULs, into latin1 strings of bytes. */
export class NulSplitter {
	#rest: Buffer[] = []

	/** The records that these bytes complete, after those given. The bytes may be overwritten then. */
	take(bytes: Buffer, records: string[] = []): string[] {
		let start = 0
		for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
			if (this.#rest.length > 0) {
				this.#rest.push(bytes.subarray(start, end))
				records.push(Buffer.concat(this.#rest).toString('latin1'))
				this.#rest = []
			} else {
				// A string of its own: a piece of a larger one would keep all of that in memory.
				records.push(bytes.toString('latin1', start, end))
			}
			start = end + 1
		}
		if (start < bytes.length) this.#rest.push(Buffer.from(bytes.subarray(start)))
		return records
	}

	/** Whether it was cut off in the middle of a record. */
	get isCut(): boolean {
		return this.#rest.length > 0
	}
}

/** The records of a stream, as many at a time as came. What is after the last NUL is dropped. */
export async function* nulRecords(stream: Readable): AsyncGenerator<string[]> {
	const splitter = new NulSplitter()
	for await (const bytes of stream) {
		const records = splitter.take(bytes as Buffer)
		if (records.length > 0) yield records
	}
}
