import { networkInterfaces } from 'node:os'
import type { Io, Output, Terminal } from './io.ts'
import { prompt } from './prompt.ts'

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/**
 * `when-exit`, which `conf` brings along, sends a signal to this process once more from within its handler: it comes
 * with the next turn of the event loop, however long that takes.
 */
const echoTurns = 3

/** The real world. */
export function processIo(): Io {
	return {
		stdout: outputOf(process.stdout),
		stderr: outputOf(process.stderr),
		env: process.env,
		now: Date.now,
		interfaces: () => Object.keys(networkInterfaces()),
		terminal: terminalOf(),
		ask,
		confirm: async (question, signal) => {
			const answer = await ask(`${question} [y/N] `, false, signal)
			return /^y(es)?$/i.test(answer?.trim() ?? '')
		},
		onInterrupt(listener) {
			let echoes = false
			const hear = () => {
				if (echoes) return
				echoes = true
				afterTurns(echoTurns, () => {
					echoes = false
				})
				listener()
			}
			for (const signal of interrupts) process.on(signal, hear)
			return () => {
				for (const signal of interrupts) process.removeListener(signal, hear)
			}
		},
		exit: (code) => process.exit(code),
	}
}

function afterTurns(turns: number, then: () => void): void {
	setImmediate(() => (turns > 1 ? afterTurns(turns - 1, then) : then()))
}

function outputOf(stream: NodeJS.WriteStream): Output {
	// Whoever read this has gone (`| head`): there is nobody left to work for.
	stream.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit(0)
	})
	return {
		write: (text) => void stream.write(text),
		isTTY: stream.isTTY === true,
		get columns() {
			return stream.columns ?? 80
		},
	}
}

function terminalOf(): Terminal | null {
	const { stdin, stdout } = process
	if (!stdin.isTTY || !stdout.isTTY) return null
	return {
		input: stdin,
		output: stdout,
		kind: process.env.TERM ?? 'xterm-256color',
		setRaw: (raw) => void stdin.setRawMode(raw),
		size: () => ({ columns: stdout.columns, rows: stdout.rows }),
		onResize(listener) {
			stdout.on('resize', listener)
			return () => stdout.removeListener('resize', listener)
		},
	}
}

const ask: Io['ask'] = (question, hidden, signal) =>
	prompt(
		{ question, hidden, signal },
		{
			input: process.stdin,
			output: process.stderr,
			// Passed on as the signal it would have been.
			onInterrupt: () => process.kill(process.pid, 'SIGINT'),
		},
	)
