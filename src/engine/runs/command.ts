import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { problem } from '../problems.ts'
import { quote } from '../quote.ts'
import type { StartWish } from './start-wish.ts'

/** What a project's run is asked to do. */
export interface FilledCommand {
	/** For a shell. */
	command: string
	/** Every parameter of the settings and of the set, with the value it has now. */
	parameters: Record<string, string>
}

/**
 * The command of the settings with the values of its parameters: those of `set` before the settings' own. `{name}`
 * becomes the value whatever that holds, as one word or a part of one, also inside the command's quotes; `{{` is a brace,
 * and every other brace is the shell's (`${HOME}`, `{1..3}`, `{}`).
 * @throws ProblemError `parameter-unknown` for a name in `set` that neither the command nor the settings have,
 *   `parameter-missing` for one in the command that has no value
 */
export function fillCommand(
	project: ProjectConfig,
	set: Readonly<Record<string, string>> = {},
): FilledCommand {
	const { command, parameters: own } = project.validation
	const named = parameterNames(command)
	const known = [...new Set([...Object.keys(own), ...named])]
	for (const name of Object.keys(set)) {
		if (known.includes(name)) continue
		const facts = { name, project: project.name, known: known.join(', ') || 'none' }
		throw new ProblemError(problem('parameter-unknown', facts))
	}
	const values = new Map([...Object.entries(own), ...Object.entries(set)])
	for (const [name, value] of values) requireLine(name, value)
	const missing = named.find((name) => !values.has(name))
	if (missing !== undefined)
		throw new ProblemError(problem('parameter-missing', { name: missing, project: project.name }))
	return { command: fill(command, values), parameters: Object.fromEntries(values) }
}

/** The command as it runs when nothing else is asked for, to be shown: a parameter that has no value yet stays `{name}`. */
export function commandByDefault({ validation: { command, parameters } }: ProjectConfig): string {
	return fill(command, new Map(Object.entries(parameters)))
}

function fill(command: string, values: ReadonlyMap<string, string>): string {
	const parts = partsOf(command).map((part) => {
		if (part.name === null) return part.text
		const value = values.get(part.name)
		if (value === undefined) return `{${part.name}}`
		return `${part.quotes}${inBackquotes(quote(value), part.depth)}${part.reopen}`
	})
	return parts.join('')
}

/** The parameters that a command names, each once. */
export function parameterNames(command: string): string[] {
	return [...new Set(partsOf(command).flatMap(({ name }) => name ?? []))]
}

/**
 * Text as it is, or a parameter with what closes the quotes around it and opens them again, and how many pairs of
 * backquotes it stands in.
 */
type Part = { name: null; text: string } | { name: string; quotes: string; reopen: string; depth: number }

type Quotes = "'" | '"' | "$'" | '`' | ''

/** Each pair takes one backslash away before what is in it is read. */
function inBackquotes(text: string, depth: number): string {
	return depth === 0 ? text : inBackquotes(text.replaceAll(/[\\`$]/g, '\\$&'), depth - 1)
}

/** What of a command stands for itself, in the order in which it is looked for. */
const tokens = /\\.|\{\{|\$\{|\$\(|\$'|\{([A-Za-z_][A-Za-z0-9_]*)\}|['"()`]|[^\\{$'"()`]+|./gs

/** Follows the shell's quotes as far as it takes to know which a parameter stands in. */
function partsOf(command: string): Part[] {
	const parts: Part[] = []
	// What is open, outermost first: quotes, and command substitutions ('' and '`'), in which quotes begin anew.
	const open: Quotes[] = ['']
	for (const [token, name] of command.matchAll(tokens)) {
		const quotes = open.at(-1) ?? ''
		const isPlain = quotes === '' || quotes === '`'
		if (name !== undefined) {
			const reopen = isPlain ? '' : quotes
			parts.push({ name, quotes: reopen.slice(-1), reopen, depth: open.filter((one) => one === '`').length })
			continue
		}
		// In single quotes a backslash is itself, and what follows it counts.
		if (quotes === "'" && token.length === 2 && token.endsWith("'")) open.pop()
		else if (quotes === "'" || quotes === "$'") {
			if (token === "'") open.pop()
		} else if (token === quotes) open.pop()
		else if (token === '"' || token === '`' || (isPlain && (token === "'" || token === "$'")))
			open.push(token)
		else if (token === '$(' || (isPlain && token === '(')) open.push('')
		else if (token === ')' && quotes === '' && open.length > 1) open.pop()
		parts.push({ name: null, text: token === '{{' ? '{' : token })
	}
	return parts
}

/** A value stands on one line of the run's file. */
function requireLine(name: string, value: string): string {
	if (value.length <= 4096 && !/[\u0000-\u001f]/.test(value)) return value
	const message = `the value of ${name} must be one line of at most 4096 characters, without control characters`
	throw new ProblemError(problem('input-invalid', { command: 'run', message }))
}

const units: Record<string, number> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `45 min` of the settings in ms; null for what is no such text. */
export function durationOf(text: string): number | null {
	const [, count, unit = ''] = /^(\d{1,6}) ?(s|min|h|d)$/.exec(text) ?? []
	return count === undefined ? null : Number(count) * (units[unit] ?? 0) || null
}

/** The commands of the runs that are wished for, one for each set, filled in. @throws ProblemError as `fillCommand` */
export const commandsOf = (project: ProjectConfig, { sets = [{}] }: Pick<StartWish, 'sets'>) =>
	sets.map((set) => fillCommand(project, set).command)

/** What runs when all is up, as it runs there. */
export function startNote([command, ...others]: readonly string[]): string {
	if (others.length === 0) return `Then "${command}" runs, and its results come back.`
	return `Then ${others.length + 1} runs begin, the first with "${command}"; their results come back when all have succeeded.`
}
