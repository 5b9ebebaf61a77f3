import { z } from 'zod'
import { problemSchema } from './problem.ts'

/** What waits to travel between the sides of a project: as commits, and as files. */

/** Milliseconds since the epoch, by the laptop's clock. */
const time = z.number()

export const commitSchema = z.object({ id: z.string(), subject: z.string(), author: z.string(), at: time })
export type Commit = z.infer<typeof commitSchema>

/** Commits one side has and the next lacks. `commits` holds the newest few of `count`. */
export const laneSchema = z.object({ count: z.int(), commits: z.array(commitSchema) })
export type Lane = z.infer<typeof laneSchema>

/** What else is so in a repository that a sync should know of. */
export const standingSchema = z.object({
	/** No branch is checked out. */
	detached: z.boolean(),
	/** `merge`, `rebase`, … that somebody has begun there; null: none. */
	ongoing: z.string().nullable(),
	stashes: z.int(),
	/** Git's lock on the index, where it has stayed for longer than a moment. `owner`: the process that holds it. */
	lock: z.object({ path: z.string(), owner: z.string().nullable() }).nullable(),
})
export type Standing = z.infer<typeof standingSchema>

export const pendingSchema = z.object({
	/** When the laptop's repository was read. */
	at: time,
	/** The commit at the laptop's base branch. */
	head: z.string(),
	branch: z.string().nullable(),
	/** The first few of `changedCount`; so are the other lists of files. */
	changedFiles: z.array(z.string()),
	changedCount: z.int(),
	untrackedFiles: z.array(z.string()),
	untrackedCount: z.int(),
	standing: standingSchema,
	/** On the hub's two branches (as of the last contact with the hub), not on the laptop's base; null: not known. */
	fromHub: laneSchema.nullable(),
	/**
	 * On the laptop's base, on neither of the hub's two branches (as of the last contact with the hub). Results
	 * that came from there are not to be sent.
	 */
	toHub: laneSchema.nullable(),
	/** On the laptop's base, not on the workstation's validation branch; null: not known. */
	toWorkstation: laneSchema.nullable(),
	/** On the validation branch (results), not on the laptop's base; null: not known. */
	toLaptop: laneSchema.nullable(),
	/** When the workstation's side was read; null while it never was. */
	remoteAt: time.nullable(),
	remote: z
		.object({
			base: z.string().nullable(),
			validation: z.string().nullable(),
			standing: standingSchema,
			/**
			 * Commits that somebody made on the base branch there: on no branch of the laptop, the hub or the
			 * validation branch, so nothing moves them.
			 */
			baseCommits: laneSchema,
			/** In the worktree, results left out. */
			untrackedFiles: z.array(z.string()),
			untrackedCount: z.int(),
			/** Files changed in the worktree, results left out. */
			changedFiles: z.array(z.string()),
			changedCount: z.int(),
			resultFiles: z.array(z.string()),
			resultCount: z.int(),
		})
		.nullable(),
	problem: problemSchema.nullable(),
})
export type Pending = z.infer<typeof pendingSchema>

/** What waits to travel as files, one way. */
const filesLaneSchema = z.object({
	count: z.int(),
	bytes: z.number(),
	/** The first few by their paths. */
	paths: z.array(z.string()),
})

/** Of a project whose files, or some of them, travel as files. */
export const filesPendingSchema = z.discriminatedUnion('status', [
	z.object({ status: z.literal('unknown') }),
	z.object({ status: z.literal('unreadable'), at: time, problem: problemSchema }),
	z.object({
		status: z.literal('read'),
		/** When the laptop's side was read. */
		at: time,
		/** When both sides last were the same; null: never. */
		syncedAt: time.nullable(),
		toWorkstation: filesLaneSchema,
		/** As of `remoteAt`; null: not known. */
		toLaptop: filesLaneSchema.nullable(),
		remoteAt: time.nullable(),
		/** Changed on both sides, as of `remoteAt`: a person chooses. */
		conflictCount: z.int(),
	}),
])
export type FilesPending = z.infer<typeof filesPendingSchema>
