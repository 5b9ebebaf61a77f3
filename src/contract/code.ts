import { z } from 'zod'
import { commitSchema, laneSchema } from './pending.ts'
import { problemSchema } from './problem.ts'

/** What moves code, and what it would do: previews, conflicts, worktrees, and what is kept to undo with. */

export const machineSchema = z.enum(['laptop', 'hub', 'workstation'])
export type Machine = z.infer<typeof machineSchema>

export const fileChangeSchema = z.object({
	path: z.string(),
	change: z.enum(['added', 'modified', 'deleted']),
	/** Its size, where the plan is about files rather than commits. */
	bytes: z.number().optional(),
})
export type FileChange = z.infer<typeof fileChangeSchema>

export const planStepSchema = z.object({
	/** That of the operation's step. */
	id: z.string(),
	/** Where something changes. */
	machine: machineSchema,
	/** What happens there, in a few words: "Fast-forward master". */
	title: z.string(),
	/** The commits that it brings there; null where none are moved. */
	commits: laneSchema.nullable(),
	/** The first few of `fileCount`: what changes in the files that are checked out there, or is committed. */
	files: z.array(fileChangeSchema),
	fileCount: z.int(),
	/** All of these files together, where they travel as files. */
	bytes: z.number().optional(),
})
export type PlanStep = z.infer<typeof planStepSchema>

/** One side's version of a file that travels as a file; null in its place: it was deleted there. */
export const fileVersionSchema = z.object({ bytes: z.number(), changedAt: z.number() }).nullable()
export type FileVersion = z.infer<typeof fileVersionSchema>

/** A file that both sides changed: so that git cannot merge it, or since the last sync of files. */
export const conflictSchema = z.object({
	path: z.string(),
	/** The commits of each side that changed it, newest first, a few of them. */
	laptop: z.array(commitSchema),
	workstation: z.array(commitSchema),
	/** Of a file that travels as a file, which no commits changed. */
	versions: z.object({ laptop: fileVersionSchema, workstation: fileVersionSchema }).optional(),
})
export type Conflict = z.infer<typeof conflictSchema>

export const plannedKindSchema = z.enum(['up', 'back', 'go', 'undo', 'agent'])
export type PlannedKind = z.infer<typeof plannedKindSchema>

/** What stays behind of a tree of files, and why. */
export const leftOutSchema = z.object({
	/** As a person wrote it, with where: `*.ckpt (.gitignore, line 3)`. */
	rule: z.string(),
	/** The first few of `count`; a folder ends in a slash and counts as one. */
	paths: z.array(z.string()),
	count: z.int(),
	/** How many of them git tracks: those are likely missed. */
	tracked: z.int(),
})
export type LeftOut = z.infer<typeof leftOutSchema>

export const planSchema = z.object({
	/** The same for as long as nothing that it rests on has moved. Applying may be bound to it. */
	id: z.string(),
	kind: plannedKindSchema,
	project: z.string(),
	at: z.number(),
	/** Only what would change something. None: everything is there already. */
	steps: z.array(planStepSchema),
	conflicts: z.array(conflictSchema),
	/** Worth knowing, and no reason to stop: sentences. */
	notes: z.array(z.string()),
	/** Of files that travel as files; left out where none do. */
	leftOut: z.array(leftOutSchema).optional(),
	/** What would stop it before the first change. */
	problem: problemSchema.nullable(),
})
export type Plan = z.infer<typeof planSchema>

/** Whose version of a file that conflicts is taken, by its path. The other one is kept safe first. */
export const takeSchema = z.record(z.string(), z.enum(['laptop', 'workstation']))
export type Take = z.infer<typeof takeSchema>

/** A commit of what was changed on the laptop, made before it goes up. */
export const commitWishSchema = z.strictObject({
	message: z.string().min(1).max(10_000),
	/** Files that git does not know yet too; ignored ones never. */
	untracked: z.boolean(),
})
export type CommitWish = z.infer<typeof commitWishSchema>

export const worktreeSchema = z.object({
	machine: z.enum(['laptop', 'workstation']),
	path: z.string(),
	/** Null: detached. */
	branch: z.string().nullable(),
	head: z.string(),
	/** The clone itself: it cannot be removed. */
	main: z.boolean(),
	/** The one that the settings name for the validation branch. */
	validation: z.boolean(),
	/** Changed and untracked files, ignored ones left out. */
	changedCount: z.int(),
	untrackedCount: z.int(),
	/** Commits of its head that are on no remote's branch and no other local branch: they would be lost with it. */
	unpushedCount: z.int(),
	/** Git's word for it: somebody wants it kept. */
	locked: z.boolean(),
	/** Its folder is gone. */
	missing: z.boolean(),
})
export type Worktree = z.infer<typeof worktreeSchema>

/** What an operation found before it changed anything, on one machine. */
export const safetySchema = z.object({
	machine: z.enum(['laptop', 'workstation']),
	operation: z.string(),
	kind: z.string(),
	at: z.number(),
	/** Branches and the commits they were at. */
	heads: z.array(z.object({ branch: z.string(), commit: z.string() })),
})
export type Safety = z.infer<typeof safetySchema>

/** What an operation overwrote or deleted on one machine, kept there; a restore keeps what it replaces in the same way. */
export const backupSchema = z.object({
	/** Its folder's name there: when, and the operation. Sorts by time. */
	id: z.string(),
	machine: z.enum(['laptop', 'workstation']),
	kind: z.enum(['up', 'back', 'go', 'restore']),
	at: z.number(),
	count: z.int(),
	bytes: z.number(),
})
export type Backup = z.infer<typeof backupSchema>

export const backupFileSchema = z.object({
	path: z.string(),
	bytes: z.number(),
	/** When that version was last changed. */
	changedAt: z.number(),
})
export type BackupFile = z.infer<typeof backupFileSchema>
