import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

export interface Prompt {
	/** Shown as it is: whoever asks sees to it that nothing in it moves the cursor. */
	question: string
	/** Nothing of what is typed shows. */
	hidden: boolean
	/** Takes the question back. */
	signal: AbortSignal
}

export interface PromptTerminal {
	input: NodeJS.ReadStream
	output: NodeJS.WriteStream
	/** Ctrl-C: readline takes it for itself. */
	onInterrupt(): void
}

/**
 * One line from a person on a terminal, without its end; null at the end of input (Ctrl-D) and when it is taken
 * back. It is kept in no history. However it ends, the terminal is as it was, before anything else runs.
 */
export function prompt(
	{ question, hidden, signal }: Prompt,
	terminal: PromptTerminal,
): Promise<string | null> {
	const { input, output } = terminal
	return new Promise((settle) => {
		if (signal.aborted) return settle(null)
		const lines = createInterface({
			input,
			// Raw mode keeps the terminal from echoing; readline's own echo goes nowhere.
			output: hidden ? nowhere() : output,
			terminal: true,
			historySize: 0,
		})
		const end = (answer: string | null) => {
			signal.removeEventListener('abort', giveUp)
			input.removeListener('error', giveUp)
			// Only ours: by its own it lets go of the keys, or it would go on to echo them.
			lines.removeListener('close', giveUp)
			lines.close()
			// What the person typed to end a visible line has shown already.
			if (hidden || answer === null) output.write('\n')
			settle(answer)
		}
		const giveUp = () => end(null)
		signal.addEventListener('abort', giveUp, { once: true })
		input.once('error', giveUp)
		lines.on('close', giveUp)
		lines.on('SIGINT', terminal.onInterrupt)
		if (hidden) output.write(question)
		lines.question(hidden ? '' : question, end)
	})
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })
