import type { NextStep } from '../contract/problem.ts'
import { typed } from './quote.ts'

export const retry: NextStep = { kind: 'retry', label: 'Try now' }
export const openConfig: NextStep = { kind: 'open', label: 'Open settings', target: 'config' }
/** A command to copy, word by word: what came from outside stays one word of it. */
export const copy = (label: string, ...words: string[]): NextStep => ({
	kind: 'copy',
	label,
	text: words.map(typed).join(' '),
})
/** The same for commands that follow each other. */
export const copySteps = (label: string, ...commands: string[][]): NextStep => ({
	kind: 'copy',
	label,
	text: commands.map((words) => words.map(typed).join(' ')).join(' && '),
})
