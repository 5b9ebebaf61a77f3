import { openConfig } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** What a person typed or wrote. */
export const settingsWords = {
	'config-invalid': (f) => ({
		title: `The settings have a mistake at ${f('path')}`,
		meaning: `${f('message')}. The last good settings, if any, stay in use; ${f('file')} was not changed.`,
		next: openConfig,
		...waits,
	}),
	'config-unreadable': (f) => ({
		title: 'The settings file cannot be read',
		meaning: `${f('reason')}. The last good settings, if any, stay in use; ${f('file')} was not changed.`,
		next: openConfig,
		...waits,
	}),
	'config-unwritable': (f) => ({
		title: 'The settings file cannot be written',
		meaning: `${f('reason')}. ${f('file')} is as it was.`,
		next: openConfig,
		...waits,
	}),
	'workstation-unknown': (f) => ({
		title: `There is no workstation named ${f('name')}`,
		meaning: `The settings know: ${f('known')}.`,
	}),
	'project-unknown': (f) => ({
		title: `There is no project named ${f('name')}`,
		meaning: `The settings know: ${f('known')}.`,
	}),
	'project-ambiguous': (f) => ({
		title: 'Which project is meant is not clear',
		meaning: `There is more than one: ${f('known')}. Name one of them.`,
	}),
	'run-unknown': (f) => ({
		title: `There is no run ${f('run')}`,
		meaning: 'It may have been removed from the workstation. The list of runs shows those that are there.',
	}),
	'input-invalid': (f) => ({
		title: 'That request was not understood',
		meaning: `${f('command')}: ${f('message')}.`,
	}),
} satisfies Catalogue
