import { factText } from '../fact-text.ts'
import { retry } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** What was found on the workstation itself. */
export const workstationWords = {
	'remote-timeout': (f) => ({
		title: 'The workstation took too long to answer',
		meaning: `It was asked for “${f('script')}” and said nothing for ${f('seconds')} s. It may be very busy, or its disk may hang.`,
		next: retry,
	}),
	'remote-failed': (f) => ({
		title: 'A step on the workstation failed',
		meaning: `“${f('script')}” ended with ${f('code')}: ${f('stderr')}`,
	}),
	'remote-killed': (f) => ({
		title: 'A step on the workstation was ended from outside',
		meaning: `“${f('script')}” ${f('signal') === factText(undefined) ? 'ended there without a word: it, its shell or its connection was killed' : `was killed with the signal ${f('signal')}`}. Somebody did so, or the system, for want of memory. What was done up to then stays; start again.`,
		next: retry,
	}),
	'remote-garbled': (f) => ({
		title: 'The workstation’s answer could not be read',
		meaning: `“${f('script')}” came back as something else. Its login shell may print text or end early: ${f('stderr')}`,
	}),
	'tool-missing': (f) => ({
		title: `The workstation has no ${f('tool')}`,
		meaning: `Without it, ${f('disables')}. Install it there.`,
		...waits,
	}),
	'tool-old': (f) => ({
		title: `The workstation’s ${f('tool')} is too old`,
		meaning: `It is ${f('version')}; with one older than ${f('needed')}, ${f('disables')}. Update it there.`,
		...waits,
	}),
	'gpu-no-tool': () => ({
		title: 'No nvidia-smi on the workstation',
		meaning: 'Nothing can be read from a GPU. Either it has none, or NVIDIA’s driver is not installed.',
	}),
	'gpu-no-driver': (f) => ({
		title: 'The GPU’s driver does not answer',
		meaning: `nvidia-smi says: ${f('reason')}. A restart of the workstation usually helps after a driver update.`,
	}),
	'gpu-none': () => ({
		title: 'The workstation has no GPU that its driver can see',
		meaning: 'nvidia-smi runs, but lists no device.',
	}),
	'gpu-unreadable': (f) => ({
		title: 'The GPU’s readings could not be understood',
		meaning: `nvidia-smi answered: ${f('reason')}.`,
	}),
	'disk-low': (f) => ({
		title: 'The workstation’s disk is almost full',
		meaning: `${f('free')} are free where ${f('path')} lies. Code and results may not fit: make room there.`,
	}),
	'clock-skew': (f) => ({
		title: 'The workstation’s clock is off',
		meaning: `It is ${f('off')}. Ages and run times come out wrong, and git and make may take an old file for a new one. Set it there, or switch its time service on.`,
	}),
} satisfies Catalogue
