import { factText } from '../fact-text.ts'
import { copy } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** A program's name as the first word of a title. */
const sentence = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`

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
	'editor-missing': (f) => ({
		title:
			f('editor') === factText(undefined) ? 'No editor was found' : `${sentence(f('editor'))} was not found`,
		meaning: `Name yours in the settings, such as "editor": ["code"], or open ${f('path')} by hand.`,
		next: copy('Copy the path', f('path')),
		...waits,
	}),
	'editor-terminal': (f) => ({
		title: `The editor ${f('editor')} needs a terminal`,
		meaning: `Open ${f('path')} with it in one, or name an editor with a window in the settings, such as "editor": ["code"].`,
		// On the other machine the command would be another one.
		next:
			f('machine') === 'workstation'
				? copy('Copy the path', f('path'))
				: copy('Copy the command', f('editor'), f('path')),
		...waits,
	}),
	'editor-remote': (f) => ({
		title: `${sentence(f('editor'))} cannot open a folder on the workstation`,
		meaning: `${f('reason')}. The folder is ${f('path')} on ${f('host')}.`,
		next: copy('Copy the path', f('path')),
		...waits,
	}),
	'editor-failed': (f) => ({
		title: `${sentence(f('editor'))} did not open`,
		meaning: `It ended with ${f('reason')}. The folder is ${f('path')}.`,
		next: copy('Copy the path', f('path')),
		...waits,
	}),
	'process-failed': (f) => ({
		title: `${f('program')} failed`,
		meaning: `It ended with ${f('reason')}: ${f('stderr')}`,
	}),
	'process-silent': (f) => ({
		title: `${f('program')} took too long`,
		meaning: 'It was ended. Nothing is left half done; start again.',
	}),
	'disk-full': (f) => ({
		title: 'This laptop’s disk is full',
		meaning: `Something could not be written: ${f('reason')}. What was written before stays whole. Make space, then start again.`,
		...waits,
	}),
	internal: (f) => ({
		title: 'Something went wrong inside Hawser',
		meaning: `${f('message')}. Please report it.`,
	}),
} satisfies Catalogue
