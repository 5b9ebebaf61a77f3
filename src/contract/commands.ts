import { z } from 'zod'
import {
	backupFileSchema,
	backupSchema,
	commitWishSchema,
	plannedKindSchema,
	planSchema,
	safetySchema,
	takeSchema,
	worktreeSchema,
} from './code.ts'
import { pathSchema, refSchema, sshSchema, zerotierNetworkSchema } from './config.ts'
import { probeSchema } from './probe.ts'
import { problemSchema } from './problem.ts'
import { logHitSchema, parametersSchema, runSchema } from './run.ts'
import { operationOutcomeSchema, rungSchema, workstationStateSchema } from './state.ts'
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
	/** Files over the limit are committed too, and so many files or deletions as would else wait for a person's word. */
	big: z.boolean().optional(),
})
/** `full`: of files all are looked at, also those that nobody touched since the last sync. */
const sendSchema = bringSchema.extend({
	commit: commitWishSchema.optional(),
	full: z.boolean().optional(),
})
/** A worktree of a project, the prepared merge's too, by its path on that machine. */
const folderSchema = z.strictObject({
	project: z.string().optional(),
	machine: worktreeSchema.shape.machine,
	path: pathSchema,
})
const oneBackup = z.strictObject({
	project: z.string().optional(),
	machine: backupSchema.shape.machine,
	backup: z.string().min(1),
})
const editorFound = z.object({ editor: z.string() })
const oneRun = z.strictObject({ run: z.string() })
/**
 * `sets`: one run for each, with these parameters beside the settings' own; more than one is a series.
 * `anyway`: also where a log-out would end it.
 */
const startSchema = z.strictObject({
	project: z.string().optional(),
	sets: z.array(parametersSchema).min(1).max(200).optional(),
	anyway: z.boolean().optional(),
})
const onePty = z.strictObject({ pty: z.string() })
const ptySize = { columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) }
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
			full: z.boolean().optional(),
			/** The parameters of the runs that `go` would start. */
			sets: startSchema.shape.sets,
		}),
		output: planSchema,
	},
	up: { input: sendSchema, output: operationStarted },
	run: { input: startSchema, output: operationStarted },
	back: { input: bringSchema, output: operationStarted },
	/** With more than one of `sets` it waits for the whole series, and brings back when all of it succeeded. */
	go: { input: sendSchema.extend(startSchema.shape), output: operationStarted },
	/** Brings back how things were before the project's last operation, on both sides. */
	undo: { input: plannedSchema, output: operationStarted },
	/** What was kept before operations, newest first. */
	listSafety: { input: maybeProject, output: z.object({ safety: z.array(safetySchema) }) },
	/** What syncs of files overwrote or deleted, on both machines, newest first. */
	listBackups: { input: maybeProject, output: z.object({ backups: z.array(backupSchema) }) },
	/** The files of one backup by their paths, at most `most` from `after` on. */
	listBackupFiles: {
		input: oneBackup.extend({ after: z.string().optional(), most: z.int().min(1).max(10_000).optional() }),
		output: z.object({ files: z.array(backupFileSchema), more: z.boolean() }),
	},
	/** Puts files of a backup back in their places on that machine; what is there now is kept in a backup first. */
	restore: {
		input: oneBackup.extend({
			/** Default: all of it. */
			paths: z.array(z.string().min(1)).min(1).optional(),
		}),
		output: operationStarted,
	},
	/** A branch and a worktree of its own on the laptop, in which the merge that would conflict is begun. */
	prepareMerge: {
		input: z.strictObject({ project: z.string().optional() }),
		output: z.object({ path: z.string(), branch: z.string(), files: z.array(z.string()) }),
	},
	/** The name of the editor that would open a worktree; nothing is started by asking. */
	findEditor: { input: folderSchema, output: editorFound },
	/** Opens a worktree in the person's editor, on this laptop; from the workstation over the editor's own ssh. */
	openInEditor: { input: folderSchema, output: editorFound },
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
	removeWorktree: { input: folderSchema, output: done },
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
	/** Takes an ended run, its log and what was collected of it off its workstation. */
	removeRun: { input: oneRun, output: done },
	/** Lines of the log that hold this text, at most `most` from byte `from` on; searched for where the log lies. */
	searchLog: {
		input: z.strictObject({
			run: z.string(),
			text: z.string().min(1).max(200),
			/** Capitals matter. */
			exact: z.boolean().optional(),
			from: z.int().min(0).optional(),
			most: z.int().min(1).max(1000).optional(),
		}),
		/** `next`: where to search on; null: that was all. */
		output: z.object({ hits: z.array(logHitSchema), next: z.number().nullable() }),
	},
	/** The log from a byte offset on; `end` is the offset to ask from next. */
	readLog: {
		input: z.strictObject({ run: z.string(), from: z.int().min(0), most: z.int().min(1).max(1_048_576) }),
		output: z.object({ text: z.string(), end: z.number(), size: z.number() }),
	},
	/**
	 * Pushes `log` events to this face from a byte offset on, until `unfollowLog` or the run's end. `skim`: for eyes; what
	 * comes faster than anyone reads is left out, and an event then begins after the end of the one before.
	 */
	followLog: {
		input: z.strictObject({ run: z.string(), from: z.int().min(0), skim: z.boolean().optional() }),
		output: done,
	},
	unfollowLog: { input: oneRun, output: done },
	/** The run that this face shows to a person right now; its notices then stay quiet. Null: none. */
	lookAt: { input: z.strictObject({ run: z.string().nullable() }), output: done },
	/**
	 * What the project's own Python, its PyTorch, the driver and TiRex say of the GPU. With `download` TiRex may fetch its
	 * weights there.
	 */
	probe: {
		input: z.strictObject({ project: z.string().optional(), download: z.boolean().optional() }),
		output: probeSchema,
	},
	/** Reads now what the project's coding agent does; the answer lies in the state. */
	checkAgent: { input: maybeProject, output: done },
	/** Starts it in its tmux session, in its own worktree and on its own branch; adopts one that goes on. */
	startAgent: { input: startSchema.omit({ sets: true }), output: done },
	/** Ends its session. Its worktree and its branch stay. */
	stopAgent: { input: maybeProject, output: done },
	/** Merges its branch into the laptop's base branch, by the same way and the same rules as `back`. */
	bringAgent: { input: bringSchema, output: operationStarted },
	/**
	 * Opens the person's terminal on the laptop, in it: a shell on the workstation; the tmux session of the project there
	 * (made when it is not there); or its agent's.
	 */
	openTerminal: {
		input: z.strictObject({
			what: z.enum(['shell', 'tmux', 'agent']),
			workstation: z.string().optional(),
			project: z.string().optional(),
		}),
		output: done,
	},
	/** A terminal on the workstation over the live link: its output comes as `pty` events to this face alone. */
	openPty: {
		input: z.strictObject({
			what: z.enum(['shell', 'tmux', 'agent']),
			workstation: z.string().optional(),
			project: z.string().optional(),
			/** The terminal's kind, as $TERM says it. */
			term: z.string().min(1).max(100),
			...ptySize,
		}),
		output: z.object({ pty: z.string(), workstation: z.string() }),
	},
	/** `data`: bytes, in base64. */
	writePty: { input: onePty.extend({ data: z.base64().max(100_000) }), output: done },
	resizePty: { input: onePty.extend(ptySize), output: done },
	closePty: { input: onePty, output: done },
	/** True for the one face that may tell this notice; asked before it is shown. */
	claimNotice: { input: z.strictObject({ notice: z.string() }), output: z.object({ first: z.boolean() }) },
	pause: { input: z.strictObject({ until: z.number().nullable() }), output: done },
} as const

export type CommandName = keyof typeof commands
export type CommandInput<N extends CommandName> = z.input<(typeof commands)[N]['input']>
export type CommandOutput<N extends CommandName> = z.output<(typeof commands)[N]['output']>

export const ptyChunkSchema = z.object({
	pty: z.string(),
	/** Bytes, in base64. */
	data: z.string(),
	/** Its end, after all of its output; null while it goes on. `problem`: why nothing is known of it, such as a lost link. */
	exit: z
		.object({ code: z.int().nullable(), signal: z.string().nullable(), problem: problemSchema.nullable() })
		.nullable(),
})
export type PtyChunk = z.infer<typeof ptyChunkSchema>

export const logChunkSchema = z.object({
	run: z.string(),
	from: z.number(),
	text: z.string(),
	/** The run has ended and this was all. */
	ended: z.boolean(),
})
export type LogChunk = z.infer<typeof logChunkSchema>
