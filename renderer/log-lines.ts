/** Lines of a log in blocks, so that a new line redraws only the last block. */
export interface LogLines {
	blocks: { id: number; text: string }[]
	/** The lines after the last whole block; the very last one may still grow. */
	tail: string[]
	/** What came after the last carriage return or escape, when a chunk ended within one. */
	held: string
	/** Lines before the first are not here: the log was read from its middle, or they were let go. */
	cut: boolean
}

const blockLines = 250
export const mostLines = 5000

export const emptyLog = (cut: boolean): LogLines => ({ blocks: [], tail: [''], held: '', cut })

// CSI, OSC (ended by BEL or ST) and two-byte escapes, as ECMA-48 has them.
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g
const unfinished = /(?:\r|\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]{0,4096}\u001b?|[ -/]*))$/
const otherControls = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/g

/** What a terminal would show of a line: after a carriage return it is written anew. */
function asShown(line: string): string {
	const at = line.lastIndexOf('\r')
	return at === -1 ? line : line.slice(at + 1)
}

/** Adds text to a log. Pure; escapes are taken out, and only the newest `mostLines` lines are kept. */
export function appendLog(log: LogLines, text: string): LogLines {
	const whole = log.held + text
	const held = unfinished.exec(whole)?.[0] ?? ''
	const plain = whole
		.slice(0, whole.length - held.length)
		.replace(/\r+\n/g, '\n')
		.replace(escapes, '')
		.replace(otherControls, '')
	const [first = '', ...more] = plain.split('\n')
	const tail = [...log.tail.slice(0, -1), asShown((log.tail.at(-1) ?? '') + first), ...more.map(asShown)]
	const blocks = [...log.blocks]
	while (tail.length > blockLines) {
		blocks.push({ id: (blocks.at(-1)?.id ?? -1) + 1, text: `${tail.splice(0, blockLines).join('\n')}\n` })
	}
	const mostBlocks = Math.floor(mostLines / blockLines) - 1
	const kept = blocks.slice(-mostBlocks)
	return { blocks: kept, tail, held, cut: log.cut || kept.length < blocks.length }
}

/** A log that begins in the middle of a line: that line is let go. */
export function withoutFirstLine(text: string): string {
	const at = text.indexOf('\n')
	return at === -1 ? text : text.slice(at + 1)
}
