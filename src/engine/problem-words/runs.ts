import { type Catalogue, waits } from './catalogue.ts'

/** Runs. */
export const runsWords = {
	'run-in-progress': (f) => ({
		title: 'A run of this project is still going',
		meaning: `${f('run')} runs on the workstation. Wait for its end or cancel it; nothing was changed.`,
		...waits,
	}),
	'run-failed': (f) => ({
		title: `The run failed with exit code ${f('exitCode')}`,
		meaning: `Its last line: ${f('lastLine')}`,
	}),
	'run-killed': (f) => ({
		title: `The run was killed by ${f('signal')}`,
		meaning: `Something on the workstation ended it; KILL is often memory running out. Its last line: ${f('lastLine')}`,
	}),
	'run-lost': (f) => ({
		title: 'The run is gone and left no exit code',
		meaning: `${f('reason')}. Its log up to then is kept.`,
	}),
	'run-cancelled': () => ({
		title: 'The run was cancelled',
		meaning: 'Its log and what it wrote are still on the workstation.',
	}),
	'run-not-started': (f) => ({
		title: 'The run could not be started',
		meaning: `The workstation said: ${f('reason')}.`,
	}),
} satisfies Catalogue
