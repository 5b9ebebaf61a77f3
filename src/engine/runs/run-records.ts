import type { Run, RunOutcome } from '../../contract/state.ts'
import { type RecordItem, recordsOf } from '../remote/record-lines.ts'
import { parseProgress } from './progress.ts'

type RunRecord = Extract<RecordItem, { kind: 'record' }>

/** What a workstation itself knows of a run. */
export type RunFacts = Omit<Run, 'workstation' | 'change' | 'looked'>

/** An id is a folder's name on the workstation; nothing else is ever sent there as one. */
export function isRunId(id: string): boolean {
	return /^[A-Za-z0-9][\w-]{0,99}$/.test(id)
}

/**
 * How far the laptop's clock is ahead of the workstation's, in ms; nothing while the difference could be
 * the way between them.
 */
export function skewOf(clock: string | undefined, now: number): number {
	const theirs = Number(clock ?? '')
	if (!Number.isFinite(theirs) || theirs <= 0) return 0
	const difference = now - theirs
	return Math.abs(difference) < 2000 ? 0 : Math.round(difference / 1000) * 1000
}

/**
 * The runs in the output of run-list.sh or run-start.sh, oldest first; what cannot be read is left out.
 * `now`: when the output came, by the laptop's clock.
 */
export function parseRuns(output: string, workstation: string, now: number): Run[] {
	const items = recordsOf(output, ['run'], ['clock'])
	const clock = items.find((item) => item.kind === 'line')
	const skew = skewOf(clock?.text, now)
	return items.flatMap((item) => {
		const facts = item.kind === 'record' ? runOf(item, skew, now) : null
		return facts ? { ...facts, workstation, change: null, looked: false } : []
	})
}

/** A record of run_record in lib.sh as a run; null when something it needs is missing. */
export function runOf(record: RunRecord, skew: number, now: number): RunFacts | null {
	const fields = new Map(record.fields)
	const startedAt = Number(fields.get('started') ?? Number.NaN)
	const outcome = outcomeOf(fields, skew, now)
	const runner = fields.get('runner')
	if (!isRunId(record.id) || !Number.isFinite(startedAt) || !outcome) return null
	if (runner !== 'tmux' && runner !== 'detached') return null
	const lastLine = lineOf(fields.get('last') ?? '')
	return {
		id: record.id,
		project: fields.get('project') ?? '',
		command: fields.get('command') ?? '',
		branch: fields.get('branch') ?? '',
		commit: fields.get('commit') ?? '',
		runner,
		startedAt: startedAt + skew,
		outcome,
		seenAt: now,
		progress: outcome.status === 'running' ? parseProgress(lastLine) : null,
		lastLine,
		logBytes: countOf(fields.get('size')),
		metrics: metricsOf(record),
	}
}

/** The script cuts at a byte: a character cut in two is left out. */
export function lineOf(text: string): string {
	return text.replace(/\uFFFD+$/, '').trimEnd()
}

export function countOf(text: string | undefined): number {
	return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
}

function outcomeOf(fields: Map<string, string>, skew: number, now: number): RunOutcome | null {
	const how = fields.get('how')
	if (how === undefined) return { status: 'running' }
	const ended = Number(fields.get('ended') ?? Number.NaN)
	const endedAt = Number.isFinite(ended) ? ended + skew : now
	if (how === 'cancelled') return { status: 'cancelled', endedAt }
	if (how === 'vanished' || how === 'restarted') return { status: 'lost', endedAt, reason: how }
	const code = fields.get('code') ?? ''
	if (how !== 'exited' || !/^\d+$/.test(code)) return null
	if (Number(code) === 0) return { status: 'succeeded', endedAt }
	const signal = fields.get('signal') ?? ''
	if (/^[A-Z][A-Z0-9+-]*$/.test(signal)) return { status: 'killed', endedAt, signal }
	return { status: 'failed', endedAt, exitCode: Number(code) }
}

/** Lines `metric "name": number`; a later file wins. Null when there is none. */
function metricsOf(record: RunRecord): Record<string, number> | null {
	const metrics: Record<string, number> = {}
	for (const [key, value] of record.fields) {
		if (key !== 'metric') continue
		try {
			for (const [name, number] of Object.entries(JSON.parse(`{${value}}`)))
				if (typeof number === 'number' && Number.isFinite(number) && name !== '__proto__')
					metrics[name] = number
		} catch {
			// Not JSON, so not a metric.
		}
	}
	return Object.keys(metrics).length > 0 ? metrics : null
}
