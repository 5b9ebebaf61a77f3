import { z } from 'zod'
import { agentSchema } from './agent.ts'
import { commitSchema, filesPendingSchema, pendingSchema } from './pending.ts'
import { factSchema, problemSchema } from './problem.ts'
import { directionSchema, parametersSchema, runnerSchema, runSchema } from './run.ts'

export type { AgentState } from './agent.ts'
export type { Commit, FilesPending, Lane, Pending, Standing } from './pending.ts'
export type { Run, RunnerKind, RunOutcome } from './run.ts'

/** Milliseconds since the epoch, by the laptop's clock. */
const time = z.number()

// ——— the link ———

/** What a person is asked before a host is trusted. */
export const hostKeyQuestionSchema = z.object({
	host: z.string(),
	port: z.int(),
	keyType: z.string(),
	/** As OpenSSH prints it: `SHA256:…` */
	fingerprint: z.string(),
})
export type HostKeyQuestion = z.infer<typeof hostKeyQuestionSchema>

/** What only a person can say or do for a login. */
export const loginQuestionSchema = z.object({
	/** The answer names it: another question may have come meanwhile. */
	id: z.string(),
	/**
	 * `prompts`: the server asks by itself (keyboard-interactive), such as for a one-time code. `confirm`: yes or no.
	 * `touch`: nothing to type, a hardware key waits for its button.
	 */
	kind: z.enum(['passphrase', 'password', 'prompts', 'confirm', 'touch']),
	host: z.string(),
	user: z.string(),
	/** The key file of a passphrase; else empty. */
	file: z.string(),
	/** What the server or the system's ssh says to it; may be empty. Shown, never interpreted. */
	title: z.string(),
	prompts: z.array(z.object({ text: z.string(), hidden: z.boolean() })),
	/** The answer before was wrong. */
	again: z.boolean(),
	/** The answer may be kept in the system's keychain. */
	mayKeep: z.boolean(),
})
export type LoginQuestion = z.infer<typeof loginQuestionSchema>

/** What speaks SSH: `openssh` is the system's own ssh as one multiplexed connection. */
export const transportSchema = z.object({
	kind: z.enum(['ssh2', 'openssh']),
	/** Why the system's ssh is used; empty for ssh2. */
	reason: z.string(),
})
export type Transport = z.infer<typeof transportSchema>

export const linkSchema = z.discriminatedUnion('status', [
	z.object({ status: z.literal('off') }),
	/** Wanted, but this laptop has no network: nothing is tried until there is one. */
	z.object({ status: z.literal('waiting'), since: time }),
	/** With why the try before it failed, if one did. */
	z.object({
		status: z.literal('dialling'),
		since: time,
		attempt: z.int(),
		problem: problemSchema.nullable(),
	}),
	/** The host's key is being checked; with a question: it is unknown and waits for a person. */
	z.object({ status: z.literal('host-key'), since: time, question: hostKeyQuestionSchema.nullable() }),
	/** Logging in; with a question: it waits for a person. */
	z.object({ status: z.literal('login'), since: time, question: loginQuestionSchema.nullable() }),
	z.object({
		status: z.literal('up'),
		since: time,
		/** `host:port` */
		endpoint: z.string(),
		/** The jump hosts it goes through, first to last, each `host:port`. */
		through: z.array(z.string()),
		transport: transportSchema,
		/** Round trip of the last keep-alive. */
		latencyMs: z.number().nullable(),
	}),
	/** Down since then, and it will try again by itself. */
	z.object({ status: z.literal('lost'), problem: problemSchema, since: time, nextTryAt: time }),
	/** Down, and only a person can help. */
	z.object({ status: z.literal('stopped'), problem: problemSchema, since: time }),
])
export type LinkState = z.infer<typeof linkSchema>

// ——— the ladder ———

export const rungIds = [
	'network',
	'zerotier-service',
	'zerotier-network',
	'zerotier-peer',
	'port',
	'host-key',
	'login',
	'tools',
	'gpu',
	'disk',
] as const
export const rungSchema = z.object({
	id: z.enum(rungIds),
	title: z.string(),
	verdict: z.enum(['ok', 'failing', 'unknown', 'unused']),
	/** A few words: what was found. */
	finding: z.string(),
	/** What else was found, by plain words (`node id`, `git`), in the order to show it. No secrets. */
	facts: z.record(z.string(), factSchema),
	/** Its `next` and `meaning` are the remedy. */
	problem: problemSchema.nullable(),
	/** When it was probed; null while it never was. */
	at: time.nullable(),
})
export type Rung = z.infer<typeof rungSchema>

// ——— the GPU ———

/** A number, or the words that stand for it (`N/A`, `Not Supported`, …). Never a zero in its place. */
export const readingSchema = z.union([z.object({ value: z.number() }), z.object({ missing: z.string() })])
export type Reading = z.infer<typeof readingSchema>

export const gpuDeviceSchema = z.object({
	index: z.int(),
	uuid: z.string(),
	name: z.string(),
	driver: z.string(),
	/** Per cent. */
	utilisation: readingSchema,
	memoryUsedMiB: readingSchema,
	memoryTotalMiB: readingSchema,
	/** Degrees Celsius. */
	temperature: readingSchema,
	/** Watts. */
	power: readingSchema,
	powerLimit: readingSchema,
})
export type GpuDevice = z.infer<typeof gpuDeviceSchema>

export const gpuProcessSchema = z.object({
	pid: z.int(),
	name: z.string(),
	gpu: z.string(),
	memoryMiB: readingSchema,
})
export type GpuProcess = z.infer<typeof gpuProcessSchema>

export const gpuSchema = z.discriminatedUnion('status', [
	z.object({ status: z.literal('unknown') }),
	z.object({ status: z.literal('absent'), at: time, problem: problemSchema }),
	z.object({
		status: z.literal('read'),
		at: time,
		/** True for the built-in workstation: the numbers are made up and shown as such. */
		simulated: z.boolean(),
		devices: z.array(gpuDeviceSchema),
		processes: z.array(gpuProcessSchema),
	}),
])
export type GpuState = z.infer<typeof gpuSchema>

// ——— workstations ———

export const workstationStateSchema = z.object({
	name: z.string(),
	builtIn: z.boolean(),
	/** The person wants it connected. */
	wanted: z.boolean(),
	link: linkSchema,
	rungs: z.array(rungSchema),
	/** How ZeroTier reaches it; null: not known, or not through ZeroTier. */
	peer: z
		.object({
			path: z.enum(['direct', 'relayed', 'tunneled']),
			latencyMs: z.number().nullable(),
			/** When its last packet came. */
			heardAt: time.nullable(),
		})
		.nullable(),
	/** A passphrase or password of this login lies in the keychain, because somebody asked for that. */
	keepsLogin: z.boolean(),
	gpu: gpuSchema,
	/** The last minutes of utilisation for the sparkline, oldest first: per cent, or null for unread. */
	utilisation: z.array(z.object({ at: time, value: z.number().nullable() })),
})
export type WorkstationState = z.infer<typeof workstationStateSchema>

// ——— projects ———

export const projectStateSchema = z.object({
	name: z.string(),
	workstation: z.string(),
	strategy: z.enum(['git', 'files']),
	local: z.string(),
	remote: z.string(),
	hub: z.string(),
	base: z.string(),
	validation: z.string(),
	/** As it runs when no other parameters are asked for; one that has no value stands in it as `{name}`. */
	command: z.string(),
	/** The command's parameters as the settings have them. */
	parameters: parametersSchema,
	/** Which way each metric is better, where the settings say so. */
	directions: z.record(z.string(), directionSchema),
	runner: runnerSchema,
	/** Null: the settings name no coding agent. */
	agent: agentSchema.nullable(),
	pending: z.discriminatedUnion('status', [
		z.object({ status: z.literal('unknown') }),
		/** No git in this project: see `files`. */
		z.object({ status: z.literal('unused') }),
		z.object({ status: z.literal('unreadable'), at: time, problem: problemSchema }),
		z.object({ status: z.literal('read') }).extend(pendingSchema.shape),
	]),
	/** Null: nothing of it travels as files. */
	files: filesPendingSchema.nullable(),
})
export type ProjectState = z.infer<typeof projectStateSchema>

// ——— operations ———

export const stepSchema = z.object({
	id: z.string(),
	title: z.string(),
	status: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
	detail: z.string(),
	/** From 0 to 1, for a bar; left out where it is not known. */
	share: z.number().optional(),
	startedAt: time.nullable(),
	endedAt: time.nullable(),
})
export type Step = z.infer<typeof stepSchema>

const filesMovedSchema = z.object({ count: z.int(), deleted: z.int(), bytes: z.number() })
export type FilesMoved = z.infer<typeof filesMovedSchema>

export const operationOutcomeSchema = z.object({
	status: z.enum(['succeeded', 'failed', 'cancelled', 'stopped']),
	problem: problemSchema.nullable(),
	run: z
		.object({ id: z.string(), exitCode: z.int().nullable(), durationMs: z.number().nullable() })
		.nullable(),
	/** All runs of a series that it started, in their order; else empty. */
	series: z.array(z.string()),
	/** What went up and what came back. */
	commits: z.object({ up: z.array(commitSchema), back: z.array(commitSchema) }),
	/** What travelled as files; left out where none do. */
	files: z.object({ up: filesMovedSchema, back: filesMovedSchema }).optional(),
	metrics: z.record(z.string(), z.number()).nullable(),
})
export type OperationOutcome = z.infer<typeof operationOutcomeSchema>

export const operationSchema = z.object({
	id: z.string(),
	kind: z.enum([
		'up',
		'run',
		'back',
		'go',
		'undo',
		'setup',
		'agent',
		'restore',
		'demo',
		'zerotier-restart',
		'zerotier-join',
	]),
	/** Empty for what is about no project. */
	project: z.string(),
	workstation: z.string(),
	startedAt: time,
	endedAt: time.nullable(),
	steps: z.array(stepSchema),
	cancelling: z.boolean(),
	outcome: operationOutcomeSchema.nullable(),
})
export type Operation = z.infer<typeof operationSchema>

// ——— notices ———

export const noticeSchema = z.object({
	/**
	 * The same event always has the same id: `run:<run id>`, `person:<workstation or project>:<what>:<since>`, `away:<workstation>:<since>`,
	 * `agent:<project>:<since>`, `several:<first id>`.
	 */
	id: z.string(),
	kind: z.enum(['run-ended', 'waits-for-person', 'out-of-reach', 'agent', 'several']),
	title: z.string(),
	body: z.string(),
	/** The run that a click opens. */
	run: z.string().nullable(),
	/** Of which it tells, so that a click leads there. Null: of none, or of several. */
	project: z.string().nullable(),
	workstation: z.string().nullable(),
	/** The notices that this one stands for: told with it, never by themselves. */
	covers: z.array(z.string()),
	at: time,
})
export type Notice = z.infer<typeof noticeSchema>

// ——— the whole ———

export const glyphs = ['attention', 'down', 'working', 'paused', 'ok', 'off'] as const
export const summarySchema = z.object({
	glyph: z.enum(glyphs),
	line: z.string(),
	problem: problemSchema.nullable(),
	/** The workstation the problem is about, for its next step. */
	workstation: z.string().nullable(),
})
export type Summary = z.infer<typeof summarySchema>

export const stateSchema = z.object({
	app: z.object({
		version: z.string(),
		dataFolder: z.string(),
		startedAt: time,
		/** Nothing is synced or probed by itself until then; null: not paused. */
		pausedUntil: time.nullable(),
		/** The last notice did not reach the webhook: when that was given up, and why. Absent: it did, or none was sent. */
		unsent: z.object({ at: time, problem: problemSchema }).optional(),
	}),
	config: z.object({ path: z.string(), problem: problemSchema.nullable() }),
	workstations: z.record(z.string(), workstationStateSchema),
	projects: z.record(z.string(), projectStateSchema),
	runs: z.record(z.string(), runSchema),
	operations: z.record(z.string(), operationSchema),
	notices: z.record(z.string(), noticeSchema),
	summary: summarySchema,
})
export type State = z.infer<typeof stateSchema>

/**
 * One step from a state to the next: a whole slice, or one entry of a keyed slice. `value` undefined
 * with a key: that entry is gone.
 */
export const changeSchema = z.object({
	slice: z.enum(['app', 'config', 'workstations', 'projects', 'runs', 'operations', 'notices', 'summary']),
	key: z.string().optional(),
	value: z.unknown(),
})
export type Change = z.infer<typeof changeSchema>
