import { z } from 'zod'

/** Milliseconds since the epoch, by the laptop's clock. */
const time = z.number()

export const runnerSchema = z.enum(['tmux', 'detached', 'slurm'])
export type RunnerKind = z.infer<typeof runnerSchema>

export const runOutcomeSchema = z.discriminatedUnion('status', [
	/** Also while it waits for its turn: then `queue` says for what. */
	z.object({ status: z.literal('running') }),
	z.object({ status: z.literal('succeeded'), endedAt: time }),
	z.object({ status: z.literal('failed'), endedAt: time, exitCode: z.int() }),
	/**
	 * Ended by a signal that Hawser did not send. `cause`: the kernel (or Slurm) ran out of memory; the log-out ended
	 * what the user had started; the workstation was shutting down; or nothing more is known than the signal.
	 */
	z.object({
		status: z.literal('killed'),
		endedAt: time,
		signal: z.string(),
		cause: z.enum(['signal', 'out-of-memory', 'log-out', 'shutdown']),
	}),
	/** It took longer than its limit: TERM, then KILL. */
	z.object({ status: z.literal('timed-out'), endedAt: time, limitMs: z.number() }),
	z.object({ status: z.literal('cancelled'), endedAt: time }),
	/**
	 * It is gone and left no exit code: the workstation restarted, its shell was killed, the log-out ended all the user
	 * had started, or (Slurm) its node failed or the cluster does not know the job any more.
	 */
	z.object({
		status: z.literal('lost'),
		endedAt: time,
		reason: z.enum(['restarted', 'vanished', 'log-out', 'node-failed', 'forgotten']),
	}),
])
export type RunOutcome = z.infer<typeof runOutcomeSchema>

/** By name, in the order of the settings: what the command's `{name}` stand for. */
export const parametersSchema = z.record(z.string(), z.string())

export const runSchema = z.object({
	/** Sortable and unique: `20261123T101500Z-nt-3f9c`. It is the folder's name under `~/.hawser/runs`. */
	id: z.string(),
	workstation: z.string(),
	project: z.string(),
	/** As it was run, its parameters filled in. */
	command: z.string(),
	/** Where it runs, on the workstation. */
	folder: z.string(),
	branch: z.string(),
	commit: z.string(),
	parameters: parametersSchema,
	/** What the settings put into its environment. */
	environment: z.record(z.string(), z.string()),
	/** The runs that were started together, one after another or as one Slurm array; null: it is alone. */
	series: z.string().nullable(),
	runner: runnerSchema,
	/** Slurm's id of it (`123`, `123_4`); null for other runners. */
	job: z.string().nullable(),
	/** It waits for its turn: in Slurm's queue (with Slurm's own reason), or for the run before it. */
	queue: z.object({ reason: z.string(), startsAt: time.nullable() }).nullable(),
	/** When its command began; while it waits in a queue: when it was asked for. */
	startedAt: time,
	outcome: runOutcomeSchema,
	/** When the workstation last told of it. */
	seenAt: time,
	/** `leftMs`: the time left at the rate seen so far; null: not known. */
	progress: z.object({ fraction: z.number(), text: z.string(), leftMs: z.number().nullable() }).nullable(),
	lastLine: z.string(),
	logBytes: z.number(),
	/** The longest it may take; null: no limit. */
	limitMs: z.number().nullable(),
	/**
	 * What its processes were seen to hold: seconds times devices with a compute context of theirs, and the most GPU
	 * memory at once. Null: nothing was seen (no GPU, or its processes cannot be told apart there).
	 */
	gpu: z.object({ seconds: z.number(), peakMemoryMiB: z.number() }).nullable(),
	metrics: z.record(z.string(), z.number()).nullable(),
	/** Metric by metric: this run minus the last succeeded run before it. */
	change: z.record(z.string(), z.number()).nullable(),
	/** Metric by metric: the best of the succeeded runs before it, for metrics whose direction is known. */
	best: z.record(z.string(), z.number()).nullable(),
	/** Its end was looked at by a person. */
	looked: z.boolean(),
})
export type Run = z.infer<typeof runSchema>

/** Which way a metric is better. */
export const directionSchema = z.enum(['lower', 'higher'])
export type Direction = z.infer<typeof directionSchema>

export const logHitSchema = z.object({
	/** From 1 on. */
	line: z.int(),
	/** Where the line begins in the log, in bytes: `readLog` goes on from there. */
	offset: z.number(),
	/** The line as plain text, cut to 400 bytes. */
	text: z.string(),
})
export type LogHit = z.infer<typeof logHitSchema>
