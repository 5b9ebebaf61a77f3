import type { Notice, Run } from '../contract/state.ts'
import { runNotice } from './ledger.ts'

function endWords(run: Run): string {
	const { outcome } = run
	switch (outcome.status) {
		case 'running':
			return 'running'
		case 'succeeded':
			return 'finished'
		case 'failed':
			return `failed with exit code ${outcome.exitCode}`
		case 'killed':
			return `was killed by ${outcome.signal}`
		case 'cancelled':
			return 'was cancelled'
		case 'lost':
			return outcome.reason === 'restarted' ? 'was lost: the workstation restarted' : 'was lost'
	}
}

/** `4 s`, `12 min`, `3 h 20 min` */
export function durationText(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000))
	if (seconds < 60) return `${seconds} s`
	const minutes = Math.round(seconds / 60)
	if (minutes < 60) return `${minutes} min`
	const rest = minutes % 60
	return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}

function metricText(metrics: Run['metrics'], change: Run['change']): string | null {
	const [name, value] = Object.entries(metrics ?? {})[0] ?? []
	if (name === undefined || value === undefined) return null
	const text = `${name} ${Number(value.toPrecision(4))}`
	const difference = change?.[name]
	if (difference === undefined) return text
	const sign = difference < 0 ? '−' : '+'
	return `${text} (${sign}${Number(Math.abs(difference).toPrecision(3))})`
}

/** The one message about a run's end: title says how, body how long and with what result. Pure. */
export function noticeOf(run: Run, now: number): Notice {
	const endedAt = run.outcome.status === 'running' ? now : run.outcome.endedAt
	const result =
		run.outcome.status === 'succeeded' ? (metricText(run.metrics, run.change) ?? run.lastLine) : run.lastLine
	return {
		id: runNotice(run.id),
		title: `${run.project} ${endWords(run)} on ${run.workstation}`,
		body: [durationText(endedAt - run.startedAt), result].filter((part) => part !== '').join(' · '),
		run: run.id,
		at: now,
	}
}
