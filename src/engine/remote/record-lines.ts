import { StringDecoder } from 'node:string_decoder'

/**
 * What our scripts print: lines of a word, a space and text. Lines whose words share a prefix make one
 * record, from `run.begin ID` to `run.end`; any other line stands for itself.
 */
export type RecordItem =
	| { kind: 'line'; word: string; text: string }
	| { kind: 'record'; name: string; id: string; fields: [key: string, value: string][]; end: string }

/** More than any line of ours; a longer one is not ours and is dropped. */
const longestLine = 256 * 1024
const mostFields = 2000

/** Reads the lines of a script. What cannot be a record of ours is skipped and counted, never thrown. */
export class RecordReader {
	/** How many lines were skipped. */
	skipped = 0
	#open: { kind: 'record'; name: string; id: string; fields: [string, string][]; end: string } | null = null
	readonly #records: ReadonlySet<string>
	readonly #words: ReadonlySet<string>

	/** `records`: the names that make records (`run`, `gpu`). `words`: those that stand for themselves. */
	constructor(records: readonly string[], words: readonly string[]) {
		this.#records = new Set(records)
		this.#words = new Set(words)
	}

	/** The record or line that this line completes, or null. */
	take(line: string): RecordItem | null {
		const space = line.indexOf(' ')
		const word = space < 0 ? line : line.slice(0, space)
		const text = space < 0 ? '' : line.slice(space + 1)
		if (this.#words.has(word)) return { kind: 'line', word, text }
		const dot = word.indexOf('.')
		const name = word.slice(0, Math.max(dot, 0))
		const key = word.slice(dot + 1)
		if (!this.#records.has(name)) return this.#skip()
		if (key === 'begin') {
			if (this.#open) this.skipped++
			this.#open = { kind: 'record', name, id: text, fields: [], end: '' }
			return null
		}
		const open = this.#open
		if (open?.name !== name) return this.#skip()
		if (key === 'end') {
			this.#open = null
			open.end = text
			return open
		}
		if (open.fields.length < mostFields) open.fields.push([key, text])
		return null
	}

	#skip(): null {
		this.skipped++
		return null
	}
}

/** Every item of a whole output. */
export function recordsOf(
	output: string,
	records: readonly string[],
	words: readonly string[] = [],
): RecordItem[] {
	const reader = new RecordReader(records, words)
	return output.split('\n').flatMap((line) => reader.take(line) ?? [])
}

/** Cuts a stream of bytes into lines; only \n ends a line. */
export class LineSplitter {
	readonly #decoder = new StringDecoder('utf8')
	#rest = ''

	take(bytes: Buffer): string[] {
		const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
		this.#rest = (lines.pop() ?? '').slice(0, longestLine)
		return lines
	}
}
