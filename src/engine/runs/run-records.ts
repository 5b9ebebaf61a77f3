import { z } from 'zod'
import { runnerSchema } from '../../contract/run.ts'
import type { Run, RunOutcome } from '../../contract/state.ts'
import { type RecordItem, recordsOf } from '../remote/record-lines.ts'
import { parseProgress } from './progress.ts'
import { reasonWords } from './slurm.ts'

type RunRecord = Extract<RecordItem, { kind: 'record' }>

/** What a workstation itself knows of a run. */
export type RunFacts = Omit<Run, 'workstation' | 'change' | 'best' | 'looked'>

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
		return facts ? { ...facts, workstation, change: null, best: null, looked: false } : []
	})
}

/**
 * A record of run_record in run-lib.sh as a run; null when something it needs is missing. It may come from an older or a
 * newer Hawser: what is not known is skipped, and what is not there has a value that says so.
 */
export function runOf(record: RunRecord, skew: number, now: number): RunFacts | null {
	const fields = new Map(record.fields)
	// `began` is when its turn came.
	const started = timeOf(fields.get('began')) ?? timeOf(fields.get('started'))
	if (!isRunId(record.id) || started === null) return null
	const limitMs = timeOf(fields.get('limit'))
	const outcome = outcomeOf(fields, skew, now, limitMs)
	const lastLine = lineOf(fields.get('last') ?? '')
	const going = outcome.status === 'running'
	return {
		id: record.id,
		project: fields.get('project') ?? '',
		command: fields.get('command') ?? '',
		folder: fields.get('folder') ?? '',
		branch: fields.get('branch') ?? '',
		commit: fields.get('commit') ?? '',
		parameters: pairsOf(record, 'param'),
		environment: pairsOf(record, 'env'),
		series: fields.get('series') || null,
		runner: runnerSchema.catch('detached').parse(fields.get('runner')),
		job: fields.get('job') || null,
		queue: going ? queueOf(fields, skew) : null,
		startedAt: started + skew,
		outcome,
		seenAt: now,
		progress: going ? parseProgress(lastLine) : null,
		lastLine,
		logBytes: countOf(fields.get('size')),
		limitMs,
		gpu: gpuOf(fields.get('gpu-seconds'), fields.get('gpu-peak')),
		metrics: metricsOf(record),
	}
}

/** What the workstation saw a run hold of its GPUs; null when it saw nothing. */
export function gpuOf(seconds: string | undefined, peak: string | undefined): Run['gpu'] {
	if (seconds === undefined || peak === undefined) return null
	return { seconds: countOf(seconds), peakMemoryMiB: countOf(peak) }
}

function queueOf(fields: Map<string, string>, skew: number): Run['queue'] {
	const reason = fields.get('queue-reason')
	if (reason === undefined) return null
	const starts = timeOf(fields.get('queue-starts'))
	const words = fields.get('runner') === 'slurm' ? reasonWords(lineOf(reason)) : lineOf(reason)
	return { reason: words, startsAt: starts === null ? null : starts + skew }
}

/** Lines `key NAME VALUE`; a value may be empty or hold blanks. */
function pairsOf(record: RunRecord, wanted: string): Record<string, string> {
	const pairs = record.fields.flatMap(([key, text]): [string, string][] => {
		const [, name, value] = /^([A-Za-z_]\w*)(?: (.*))?$/s.exec(text) ?? []
		return key === wanted && name !== undefined && name !== '__proto__' ? [[name, value ?? '']] : []
	})
	return Object.fromEntries(pairs)
}

function timeOf(text: string | undefined): number | null {
	return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** The script cuts at a byte: a character cut in two is left out. */
export function lineOf(text: string): string {
	return text.replace(/\uFFFD+$/, '').trimEnd()
}

export function countOf(text: string | undefined): number {
	return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
}

function outcomeOf(
	fields: Map<string, string>,
	skew: number,
	now: number,
	limitMs: number | null,
): RunOutcome {
	const how = fields.get('how')
	if (how === undefined) return { status: 'running' }
	const ended = timeOf(fields.get('ended'))
	const endedAt = ended === null ? now : ended + skew
	if (how === 'cancelled') return { status: 'cancelled', endedAt }
	if (how === 'timed-out') return { status: 'timed-out', endedAt, limitMs: limitMs ?? 0 }
	const cause = causeSchema.catch(null).parse(fields.get('cause') ?? null)
	const signal = /^[A-Z][A-Z0-9+-]*$/.exec(fields.get('signal') ?? '')?.[0]
	// All of it gone at once, its wrapper too.
	if (how === 'vanished' && cause === 'log-out') return { status: 'lost', endedAt, reason: 'log-out' }
	if (cause !== null) return { status: 'killed', endedAt, signal: signal ?? 'KILL', cause }
	const reason = lossSchema.catch(null).parse(how)
	if (reason !== null) return { status: 'lost', endedAt, reason }
	const code = timeOf(fields.get('code'))
	// An end that this version has no word for is one all the same.
	if (code === null) return { status: 'lost', endedAt, reason: 'vanished' }
	if (signal !== undefined) return { status: 'killed', endedAt, signal, cause: 'signal' }
	if (code === 0) return { status: 'succeeded', endedAt }
	return { status: 'failed', endedAt, exitCode: code }
}

const causeSchema = z.enum(['out-of-memory', 'log-out', 'shutdown']).nullable()
const lossSchema = z.enum(['restarted', 'vanished', 'node-failed', 'forgotten']).nullable()

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
