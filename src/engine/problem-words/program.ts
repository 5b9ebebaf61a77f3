import { copy } from '../next-steps.ts'
import type { Catalogue } from './catalogue.ts'

/** This program and its own machine. */
export const programWords = {
	'operation-cancelled': () => ({
		title: 'Cancelled',
		meaning: 'What was done up to then stays; starting again goes on from there.',
	}),
	'operation-busy': (f) => ({
		title: `${f('project')} is busy`,
		meaning: `“${f('operation')}” is under way. Wait for it, or cancel it.`,
	}),
	'engine-unreachable': (f) => ({
		title: 'Hawser’s engine does not answer',
		meaning: `${f('reason')}. Start Hawser again.`,
	}),
	'port-taken': (f) => ({
		title: `Port ${f('port')} cannot be used on this laptop`,
		meaning: `The system says: ${f('reason')}. Leave the port out to have one picked.`,
	}),
	'window-missing': (f) => ({
		title: 'The window has not been built',
		meaning: `There is no ${f('file')}. Build it once.`,
		next: copy('Copy the command', 'npm', 'run', 'build'),
	}),
	'terminal-missing': () => ({
		title: 'A shell needs a terminal',
		meaning: 'Its input or output is a file or a pipe here. Start it in a terminal window.',
	}),
	'process-failed': (f) => ({
		title: `${f('program')} failed`,
		meaning: `It ended with ${f('reason')}: ${f('stderr')}`,
	}),
	'process-silent': (f) => ({
		title: `${f('program')} took too long`,
		meaning: 'It was ended. Nothing is left half done; start again.',
	}),
	internal: (f) => ({
		title: 'Something went wrong inside Hawser',
		meaning: `${f('message')}. Please report it.`,
	}),
} satisfies Catalogue
