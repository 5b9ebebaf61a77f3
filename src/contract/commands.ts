import { z } from 'zod'
import {
	commitWishSchema,
	plannedKindSchema,
	planSchema,
	safetySchema,
	takeSchema,
	worktreeSchema,
} from './code.ts'
import { pathSchema, refSchema, sshSchema, zerotierNetworkSchema } from './config.ts'
import { operationOutcomeSchema, rungSchema, runSchema, workstationStateSchema } from './state.ts'
import { zerotierReadingSchema } from './zerotier.ts'

const nothing = z.strictObject({})
const done = z.object({})
const maybeProject = z.strictObject({ project: z.string().optional() })
const maybeWorkstation = z.strictObject({ workstation: z.string().optional() })
const oneWorkstation = z.strictObject({ workstation: z.string() })
/** `plan`: the id of the preview it is bound to; when something moved since, nothing is done. */
const plannedSchema = z.strictObject({ project: z.string().optional(), plan: z.string().optional() })
const bringSchema = plannedSchema.extend({
	take: takeSchema.optional(),
	/** Files over the limit are committed too. */
	big: z.boolean().optional(),
})
const sendSchema = bringSchema.extend({ commit: commitWishSchema.optional() })
const oneRun = z.strictObject({ run: z.string() })
const operationStarted = z.object({ operation: z.string() })

/**
 * Everything a face can ask for. With one project (or workstation) its name may be left out.
 * A refused command is a problem, never an exception's text.
 */
export const commands = {
	/** Answers once the settings were read and their sessions made. */
	ready: { input: nothing, output: done },
	/** Probes every rung now and says what it found. */
	check: {
		input: maybeWorkstation,
		output: z.object({ workstation: z.string(), holds: z.boolean(), rungs: z.array(rungSchema) }),
	},
	connect: { input: oneWorkstation, output: done },
	disconnect: { input: oneWorkstation, output: done },
	/** Tries at once instead of at the next try; also after a stop. */
	retry: { input: oneWorkstation, output: done },
	/** This laptop woke up, or its network changed: every wanted link that waits is tried at once, one that is up is probed. */
	wake: { input: nothing, output: done },
	/** The answer to a host key's question. The fingerprint must be the one that was shown. */
	answerHostKey: {
		input: z.strictObject({ workstation: z.string(), fingerprint: z.string(), accept: z.boolean() }),
		output: done,
	},
	/**
	 * The answer to a login's question: one answer a prompt (none for `confirm`), null to give up. With `keep` it goes
	 * into the system's keychain; else it is forgotten with the connection.
	 */
	answerLogin: {
		input: z.strictObject({
			workstation: z.string(),
			question: z.string(),
			answers: z.array(z.string().max(10_000)).max(20).nullable(),
			keep: z.boolean(),
		}),
		output: done,
	},
	/** Takes what the keychain holds for this login out of it. */
	forgetLogin: { input: oneWorkstation, output: done },
	/** The ladder and the versions as plain text for a colleague; no secrets, keys, tokens or paths in it. */
	report: { input: maybeWorkstation, output: z.object({ text: z.string() }) },
	/** This laptop's ZeroTier service. */
	readZeroTier: { input: nothing, output: zerotierReadingSchema },
	/** Restarts it, and says whether that helped. The system may ask for an administrator's password. */
	restartZeroTier: { input: nothing, output: operationStarted },
	joinZeroTier: { input: z.strictObject({ network: zerotierNetworkSchema }), output: operationStarted },
	/**
	 * How to open a shell there: the command line for the system's own ssh, for a terminal to run, and the
	 * settings behind it, for a link of the caller's own.
	 */
	shellCommand: {
		input: maybeWorkstation,
		output: z.object({ workstation: z.string(), argv: z.array(z.string()), ssh: sshSchema }),
	},
	/** Reads the GPU now. */
	readGpu: { input: maybeWorkstation, output: workstationStateSchema },
	/** Reads both sides of a project now; the answer lies in the state. */
	readPending: { input: maybeProject, output: done },
	/** What an operation would do now, on which machine; nothing is changed by asking. */
	preview: {
		input: z.strictObject({
			project: z.string().optional(),
			kind: plannedKindSchema,
			commit: commitWishSchema.optional(),
			take: takeSchema.optional(),
			big: z.boolean().optional(),
		}),
		output: planSchema,
	},
	up: { input: sendSchema, output: operationStarted },
	run: { input: maybeProject, output: operationStarted },
	back: { input: bringSchema, output: operationStarted },
	go: { input: sendSchema, output: operationStarted },
	/** Brings back how things were before the project's last operation, on both sides. */
	undo: { input: plannedSchema, output: operationStarted },
	/** What was kept before operations, newest first. */
	listSafety: { input: maybeProject, output: z.object({ safety: z.array(safetySchema) }) },
	/** A branch and a worktree of its own on the laptop, in which the merge that would conflict is begun. */
	prepareMerge: {
		input: z.strictObject({ project: z.string().optional() }),
		output: z.object({ path: z.string(), branch: z.string(), files: z.array(z.string()) }),
	},
	/** Makes what a project needs on both sides and is not there yet. Again changes nothing. */
	setUpProject: { input: maybeProject, output: operationStarted },
	listWorktrees: { input: maybeProject, output: z.object({ worktrees: z.array(worktreeSchema) }) },
	/** With `branch` as it is on that machine, else made from `from` (default: the base branch). */
	addWorktree: {
		input: z.strictObject({
			project: z.string().optional(),
			machine: worktreeSchema.shape.machine,
			path: pathSchema,
			branch: refSchema,
			from: refSchema.optional(),
		}),
		output: worktreeSchema,
	},
	/** Only one that is clean, untracked files included, and whose head is on a remote's branch or another local one. */
	removeWorktree: {
		input: z.strictObject({
			project: z.string().optional(),
			machine: worktreeSchema.shape.machine,
			path: pathSchema,
		}),
		output: done,
	},
	/** Sets up the built-in workstation and its demo project. */
	setUpDemo: { input: nothing, output: operationStarted },
	/** Answers when the operation has ended. */
	waitOperation: { input: z.strictObject({ operation: z.string() }), output: operationOutcomeSchema },
	cancelOperation: { input: z.strictObject({ operation: z.string() }), output: done },
	/** Takes an ended operation off the screen. */
	dismissOperation: { input: z.strictObject({ operation: z.string() }), output: done },
	listRuns: { input: maybeWorkstation, output: z.object({ runs: z.array(runSchema) }) },
	/** TERM, then KILL to all of the run's processes. */
	cancelRun: { input: oneRun, output: done },
	/** A person has seen how it ended. */
	lookRun: { input: oneRun, output: done },
	/** The log from a byte offset on; `end` is the offset to ask from next. */
	readLog: {
		input: z.strictObject({ run: z.string(), from: z.int().min(0), most: z.int().min(1).max(1_048_576) }),
		output: z.object({ text: z.string(), end: z.number(), size: z.number() }),
	},
	/** Pushes `log` events to this face from a byte offset on, until `unfollowLog` or the run's end. */
	followLog: { input: z.strictObject({ run: z.string(), from: z.int().min(0) }), output: done },
	unfollowLog: { input: oneRun, output: done },
	/** True for the one face that may tell this notice; asked before it is shown. */
	claimNotice: { input: z.strictObject({ notice: z.string() }), output: z.object({ first: z.boolean() }) },
	pause: { input: z.strictObject({ until: z.number().nullable() }), output: done },
} as const

export type CommandName = keyof typeof commands
export type CommandInput<N extends CommandName> = z.input<(typeof commands)[N]['input']>
export type CommandOutput<N extends CommandName> = z.output<(typeof commands)[N]['output']>

export const logChunkSchema = z.object({
	run: z.string(),
	from: z.number(),
	text: z.string(),
	/** The run has ended and this was all. */
	ended: z.boolean(),
})
export type LogChunk = z.infer<typeof logChunkSchema>
