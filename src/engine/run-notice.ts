import { outcomeWords, spanWords } from '../contract/run-words.ts'
import type { Run, RunOutcome } from '../contract/state.ts'
import { runNotice } from './ledger.ts'
import { type Happening, happening } from './notices/happening.ts'

function metricText(metrics: Run['metrics'], change: Run['change']): string | null {
	const [name, value] = Object.entries(metrics ?? {})[0] ?? []
	if (name === undefined || value === undefined) return null
	const text = `${name} ${Number(value.toPrecision(4))}`
	const difference = change?.[name]
	if (difference === undefined) return text
	const sign = difference < 0 ? '−' : '+'
	return `${text} (${sign}${Number(Math.abs(difference).toPrecision(3))})`
}

function endWords({ outcome }: Run): string {
	if (outcome.status === 'succeeded') return 'finished'
	const was = outcome.status === 'running' || outcome.status === 'failed' ? '' : 'was '
	return `${was}${outcomeWords(outcome)}`
}

const words: Record<RunOutcome['status'], string> = {
	running: 'running',
	succeeded: 'finished',
	failed: 'failed',
	killed: 'killed',
	'timed-out': 'stopped at the limit',
	cancelled: 'cancelled',
	lost: 'lost',
}

/** In a summary: `3 finished, 1 failed`. */
export const endWord = ({ status }: RunOutcome): string => words[status]

/** What went as it should, or as somebody wished, is told with the rest of its series; anything else at once. */
const isCalm = ({ status }: RunOutcome) => status === 'succeeded' || status === 'cancelled'

/**
 * The one notice about a run's end: title says how, body how long and with what result. What leaves this laptop is
 * without the log's last line, which may hold anything. Pure.
 */
export function endOf(run: Run, now: number): Happening {
	const { status } = run.outcome
	const endedAt = run.outcome.status === 'running' ? now : run.outcome.endedAt
	const span = spanWords(endedAt - run.startedAt)
	const metric = status === 'succeeded' ? metricText(run.metrics, run.change) : null
	const join = (...parts: (string | null)[]) =>
		parts.filter((part) => part !== null && part !== '').join(' · ')
	const told = happening(
		{
			id: runNotice(run.id),
			kind: 'run-ended',
			title: `${run.project} ${endWords(run)} on ${run.workstation}`,
			body: join(span, metric ?? run.lastLine),
			run: run.id,
			at: now,
		},
		{
			body: join(span, metric),
			project: run.project,
			workstation: run.workstation,
			urgent: !isCalm(run.outcome),
			at: endedAt,
		},
		endWord(run.outcome),
	)
	return run.series !== null && isCalm(run.outcome) ? { ...told, series: run.series } : told
}
