const alternate = { on: '\u001b[?1049h', off: '\u001b[?1049l' }

/** What a program switched on in a terminal and did not switch off again, because the line to it broke. */
export class ScreenState {
	#tail = ''
	#isAlternate = false

	/** To be shown all that is printed, in order. */
	see(data: Buffer): void {
		const text = this.#tail + data.toString('latin1')
		const [on, off] = [text.lastIndexOf(alternate.on), text.lastIndexOf(alternate.off)]
		if (on !== off) this.#isAlternate = on > off
		this.#tail = text.slice(1 - alternate.on.length)
	}

	/** What makes it an ordinary terminal again: mouse, pasting and focus as keys, cursor, colours; then the screen. */
	reset(): string {
		const modes = [1, 1000, 1002, 1003, 1004, 1006, 2004].map((mode) => `\u001b[?${mode}l`).join('')
		return `${modes}\u001b>\u001b[?25h\u001b[0m${this.#isAlternate ? alternate.off : ''}\r\n`
	}
}
