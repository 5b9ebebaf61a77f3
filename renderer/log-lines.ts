import { classesOf, type LogStyle, plainStyle, restyle } from './log-style.ts'

/** Text that looks the same. `look`: class names, empty for plain text. */
export interface LogPart {
	look: string
	text: string
}

/** Some lines, drawn as one. A line that goes on for ever goes on in the next block. */
export interface LogBlock {
	id: number
	parts: readonly LogPart[]
	lines: number
	/** Of the log itself, escapes and all. */
	bytes: number
	/** The line that a search led to. */
	hit: boolean
}

/** Lines of a log, in blocks, so that a new line redraws only the last one. */
export interface LogLines {
	/** The last one may still grow. */
	blocks: readonly LogBlock[]
	/** Within the last line: its parts since the last line break, not in a block yet. */
	line: readonly LogPart[]
	/** Bytes of the log that stand for `line`. */
	lineBytes: number
	style: LogStyle
	/** A carriage return came: what comes next overwrites the line. */
	returned: boolean
	/** An escape that the last text ended within. */
	held: string
	nextId: number
}

const blockLines = 50
const blockText = 16_384
export const mostLines = 5000
/** Lines may be long: no more of them than this (UTF-16 units). */
export const mostText = 1_500_000

export const emptyLog: LogLines = {
	blocks: [],
	line: [],
	lineBytes: 0,
	style: plainStyle,
	returned: false,
	held: '',
	nextId: 0,
}

// CSI; OSC, DCS, SOS, PM and APC (ended by BEL or ST); two-byte escapes, as ECMA-48 has them. One that is longer than
// any real one is none.
const pieces =
	/([^\u0000-\u001f\u007f]+|\t+)|\n|\r|\u001b(?:\[([0-?]{0,256})[ -/]{0,16}([@-~])|[\]PX^_][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|[ -/]{0,16}[0-~])/g
const unfinished = /\u001b(?:\[[0-?]{0,256}[ -/]{0,16}|[\]PX^_][^\u0007\u001b]{0,4096}\u001b?|[ -/]{0,16})$/

const encoder = new TextEncoder()
export const byteLength = (text: string) => encoder.encode(text).length

/** Adds text at the end. Pure. */
export function appendLog(log: LogLines, text: string): LogLines {
	const whole = log.held + text
	const held = unfinished.exec(whole)?.[0] ?? ''
	const writer = new Writer(log)
	writer.write(whole.slice(0, whole.length - held.length))
	return writer.done(held)
}

/** A line, whole or not, as the one that a search led to. Pure. */
export function asHit(log: LogLines): LogLines {
	const rest = { id: log.nextId, parts: log.line, lines: 0, bytes: log.lineBytes, hit: true }
	const blocks = log.blocks.map((block) => ({ ...block, hit: true }))
	if (log.lineBytes === 0) return { ...log, blocks }
	return { ...log, blocks: [...blocks, rest], line: [], lineBytes: 0, nextId: log.nextId + 1 }
}

/** What is in one log after what is in another. Both begin and end with whole lines; pure. */
export function joinLogs(before: LogLines, after: LogLines): LogLines {
	const shift = before.nextId - (after.blocks[0]?.id ?? after.nextId)
	// The ids of what is on the screen stay: the earlier ones count down from there.
	const blocks = before.blocks.map((block) => ({ ...block, id: block.id - shift }))
	return { ...after, blocks: [...blocks, ...after.blocks] }
}

class Writer {
	readonly #blocks: LogBlock[]
	readonly #log: LogLines
	/** The parts of the block that is being filled, its last line left out. */
	#parts: LogPart[] = []
	#lines = 0
	#length = 0
	#bytes = 0
	#line: LogPart[]
	#lineLength: number
	#lineBytes: number
	#style: LogStyle
	#look: string
	#returned: boolean
	#nextId: number

	constructor(log: LogLines) {
		this.#log = log
		this.#blocks = [...log.blocks]
		const last = this.#blocks.at(-1)
		this.#nextId = log.nextId
		if (last && !last.hit && last.lines < blockLines && textLength(last.parts) < blockText) {
			this.#blocks.pop()
			this.#nextId = last.id
			this.#parts = [...last.parts]
			this.#lines = last.lines
			this.#length = textLength(last.parts)
			this.#bytes = last.bytes
		}
		this.#line = [...log.line]
		this.#lineLength = textLength(log.line)
		this.#lineBytes = log.lineBytes
		this.#style = log.style
		this.#look = classesOf(log.style)
		this.#returned = log.returned
	}

	write(text: string): void {
		/** Up to here the bytes are counted. */
		let counted = 0
		pieces.lastIndex = 0
		for (let found = pieces.exec(text); found; found = pieces.exec(text)) {
			const [piece, shown, parameters, final] = found
			if (shown !== undefined) this.#show(shown)
			else if (piece === '\r') this.#returned = true
			else if (piece === '\n') {
				this.#lineBytes += byteLength(text.slice(counted, pieces.lastIndex))
				counted = pieces.lastIndex
				this.#endLine('\n')
			} else if (final === 'm' && parameters !== undefined && /^[\d;:]*$/.test(parameters)) {
				this.#style = restyle(this.#style, parameters)
				this.#look = classesOf(this.#style)
			}
			if (this.#lineLength >= blockText) {
				this.#lineBytes += byteLength(text.slice(counted, pieces.lastIndex))
				counted = pieces.lastIndex
				this.#endLine('')
			}
		}
		this.#lineBytes += byteLength(text.slice(counted))
	}

	done(held: string): LogLines {
		this.#endBlock()
		const log = {
			line: this.#line,
			lineBytes: this.#lineBytes,
			style: this.#style,
			returned: this.#returned,
			held,
			nextId: this.#nextId,
		}
		return { ...this.#log, ...log, blocks: this.#blocks }
	}

	#show(text: string): void {
		if (this.#returned) {
			this.#line = []
			this.#lineLength = 0
			this.#returned = false
		}
		add(this.#line, this.#look, text)
		this.#lineLength += text.length
	}

	#endLine(end: string): void {
		for (const { look, text } of this.#line) add(this.#parts, look, text)
		add(this.#parts, this.#line.at(-1)?.look ?? this.#parts.at(-1)?.look ?? '', end)
		this.#length += this.#lineLength + end.length
		this.#bytes += this.#lineBytes
		if (end !== '') this.#lines++
		this.#line = []
		this.#lineLength = 0
		this.#lineBytes = 0
		this.#returned = false
		if (this.#lines >= blockLines || this.#length >= blockText) this.#endBlock()
	}

	#endBlock(): void {
		if (this.#bytes === 0) return
		const { blocks, parts, lines, bytes } = {
			blocks: this.#blocks,
			parts: this.#parts,
			lines: this.#lines,
			bytes: this.#bytes,
		}
		blocks.push({ id: this.#nextId++, parts, lines, bytes, hit: false })
		this.#parts = []
		this.#lines = 0
		this.#length = 0
		this.#bytes = 0
	}
}

function add(parts: LogPart[], look: string, text: string): void {
	if (text === '') return
	const last = parts.at(-1)
	if (last?.look === look) parts[parts.length - 1] = { look, text: last.text + text }
	else parts.push({ look, text })
}

const textLength = (parts: readonly LogPart[]) => parts.reduce((sum, { text }) => sum + text.length, 0)

/** The text as it is shown. */
export const shownText = (log: LogLines) =>
	[...log.blocks.flatMap(({ parts }) => parts), ...log.line].map(({ text }) => text).join('')

/** Lets go of whole blocks at one end, so that no more than `mostLines` stay; `bytes` are those let go of. Pure. */
export function shorten(log: LogLines, end: 'first' | 'last'): { log: LogLines; bytes: number } {
	let lines = log.blocks.reduce((sum, block) => sum + block.lines, 0)
	let length = log.blocks.reduce((sum, block) => sum + textLength(block.parts), 0)
	let bytes = 0
	const blocks = [...log.blocks]
	while ((lines > mostLines || length > mostText) && blocks.length > 1) {
		const gone = end === 'first' ? blocks.shift() : blocks.pop()
		lines -= gone?.lines ?? 0
		length -= gone ? textLength(gone.parts) : 0
		bytes += gone?.bytes ?? 0
	}
	if (bytes === 0) return { log, bytes }
	if (end === 'first') return { log: { ...log, blocks }, bytes }
	// What comes next is not what came last.
	return {
		log: { ...emptyLog, blocks, nextId: log.nextId },
		bytes: bytes + log.lineBytes + byteLength(log.held),
	}
}

/** Up to and with the first line break: what begins in the middle of the log begins in the middle of a line. */
export function partialLine(text: string): string {
	return text.slice(0, text.indexOf('\n') + 1)
}
