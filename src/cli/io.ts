import type { Readable, Writable } from 'node:stream'
import type { TerminalSize } from '../engine/link/link.ts'

/** Where text goes. `columns` only means something on a terminal. */
export interface Output {
	write(text: string): void
	isTTY: boolean
	columns: number
}

/** The terminal this program was started in, for a shell that takes it over. */
export interface Terminal {
	input: Readable
	output: Writable
	/** Its kind, as in `TERM`. */
	kind: string
	/** With true every key goes through as it is, Ctrl-C too. */
	setRaw(raw: boolean): void
	size(): TerminalSize
	/** Returns the disposer. */
	onResize(listener: () => void): () => void
}

/** The world of one call of `hawser`: everything it reads from and writes to. */
export interface Io {
	stdout: Output
	stderr: Output
	env: NodeJS.ProcessEnv
	/** ms since the epoch. */
	now(): number
	/** The names of this laptop's network interfaces that have an address. */
	interfaces(): string[]
	/** Null when there is nobody to type. */
	terminal: Terminal | null
	/** Asks a person on the terminal; false for anything but yes. */
	confirm(question: string, signal: AbortSignal): Promise<boolean>
	/**
	 * One line from a person on the terminal; with `hidden` nothing of it shows, and it is kept nowhere. Null at the
	 * end of input (Ctrl-D), and when `signal` takes the question back: at once, and the terminal is as it was.
	 */
	ask(question: string, hidden: boolean, signal: AbortSignal): Promise<string | null>
	/** Ctrl-C, or being told to end. Without a listener the process just ends. Returns the disposer. */
	onInterrupt(listener: () => void): () => void
	/** Ends the process now. */
	exit(code: number): void
}
