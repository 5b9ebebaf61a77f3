import { isSafeUrl, type NextStep, type Problem } from '../contract/problem.ts'
import type { Io, Output } from './io.ts'
import { type Colours, coloursFor, plain } from './words.ts'

/** One JSON document on standard output. */
export function printJson(io: Io, value: unknown): void {
	io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** One JSON value on a line of its own. */
export function printJsonLine(io: Io, value: unknown): void {
	io.stdout.write(`${JSON.stringify(value)}\n`)
}

export function print(io: Io, text: string): void {
	io.stdout.write(`${text}\n`)
}

/** For a person; never in the way of what a script reads. */
export function note(io: Io, text: string): void {
	io.stderr.write(`${text}\n`)
}

/** First what is so, then what it means, then what to do. */
export function printProblem(io: Io, problem: Problem, to: Output = io.stderr): void {
	const colours = coloursFor(to, io.env)
	to.write(`${colours.red('✕')} ${colours.bold(plain(problem.title))}\n  ${plain(problem.meaning)}\n`)
	const next = nextLine(problem, nextText(problem.next, io), colours)
	if (next) to.write(`${next}\n`)
}

/** `  → hawser zt restart`. Nothing for what the problem has said already, such as an id to hand on. */
export function nextLine({ meaning }: Problem, next: string | null, colours: Colours): string {
	return next && !plain(meaning).includes(next) ? `  ${colours.dim('→')} ${next}` : ''
}

/** A button of the window as something to type. */
export function nextText(next: NextStep | null, io: Io): string | null {
	switch (next?.kind) {
		case 'copy':
		case 'attach-agent':
			return plain(next.text)
		case 'retry':
			return 'Try again.'
		case 'accept-host-key':
		case 'answer-login':
			return io.terminal
				? 'Start it again to be asked again, or use the window.'
				: 'Start this in a terminal to be asked, or use the window.'
		case 'restart-zerotier':
			return 'hawser zt restart'
		case 'open-url':
			return isSafeUrl(next.url) ? plain(next.url) : null
		case 'open':
			return next.target === 'config' ? null : `hawser ${next.target === 'run' ? 'runs' : 'pending'}`
		default:
			return null
	}
}
