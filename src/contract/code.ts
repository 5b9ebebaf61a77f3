import { z } from 'zod'
import { problemSchema } from './problem.ts'
import { commitSchema, laneSchema } from './state.ts'

/** What moves code, and what it would do: previews, conflicts, worktrees, and what is kept to undo with. */

export const machineSchema = z.enum(['laptop', 'hub', 'workstation'])
export type Machine = z.infer<typeof machineSchema>

export const fileChangeSchema = z.object({
	path: z.string(),
	change: z.enum(['added', 'modified', 'deleted']),
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
})
export type PlanStep = z.infer<typeof planStepSchema>

/** A file that both sides changed so that git cannot merge it. */
export const conflictSchema = z.object({
	path: z.string(),
	/** The commits of each side that changed it, newest first, a few of them. */
	laptop: z.array(commitSchema),
	workstation: z.array(commitSchema),
})
export type Conflict = z.infer<typeof conflictSchema>

export const plannedKindSchema = z.enum(['up', 'back', 'go', 'undo', 'agent'])
export type PlannedKind = z.infer<typeof plannedKindSchema>

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
