import { ProblemError } from '../contract/client.ts'
import type { Facts, Problem, ProblemCode } from '../contract/problem.ts'
import { factText } from './fact-text.ts'
import type { Words } from './problem-words/catalogue.ts'
import { codeWords } from './problem-words/code.ts'
import { filesWords } from './problem-words/files.ts'
import { linkWords } from './problem-words/link.ts'
import { networkWords } from './problem-words/network.ts'
import { probeWords } from './problem-words/probe.ts'
import { programWords } from './problem-words/program.ts'
import { runsWords } from './problem-words/runs.ts'
import { settingsWords } from './problem-words/settings.ts'
import { workstationWords } from './problem-words/workstation.ts'

/**
 * The only place that words a failure: first what is so, then what it means and what to do. Facts are
 * named in each entry; they may come from the outside, so they are shown and never interpreted.
 */
const catalogue: Record<ProblemCode, (fact: (name: string) => string) => Words> = {
	...settingsWords,
	...networkWords,
	...linkWords,
	...workstationWords,
	...codeWords,
	...filesWords,
	...runsWords,
	...probeWords,
	...programWords,
}

/** Makes a problem and its words from a code and what is known. */
export function problem(code: ProblemCode, facts: Facts): Problem {
	const words = catalogue[code]((name) => factText(facts[name]))
	return {
		code,
		facts,
		title: words.title,
		// What a tool said often ends in a full stop of its own.
		meaning: words.meaning.replaceAll(/([\p{L}\p{N})\]'"”])\.\.(?=\s|$)/gu, '$1.'),
		next: words.next ?? null,
		needsPerson: words.needsPerson ?? false,
	}
}

/** The laptop's disk, or what a person may use of it, has no room: only here does this process write files itself. */
const isFull = (error: unknown): error is NodeJS.ErrnoException =>
	error instanceof Error && ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')

/** Any thrown value as a problem: one of ours as it is, a full disk by its name, anything else as `internal`. */
export function problemOf(error: unknown): Problem {
	if (error instanceof ProblemError) return error.problem
	if (isFull(error)) return problem('disk-full', { reason: error.message })
	return problem('internal', { message: error instanceof Error ? error.message : String(error) })
}
