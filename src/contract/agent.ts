import { z } from 'zod'
import { problemSchema } from './problem.ts'

/** Milliseconds since the epoch, by the laptop's clock. */
const time = z.number()

/**
 * A coding agent in a tmux session on the workstation, in a worktree and on a branch of its own.
 * `absent`: its command is not there; `problem` offers how to install it, to be read before it is run.
 */
export const agentSchema = z.discriminatedUnion('status', [
	z.object({ status: z.literal('unknown') }),
	z.object({ status: z.literal('absent'), at: time, command: z.string(), problem: problemSchema }),
	z.object({
		/** `waits`: it has asked the person something, or rang the bell, and is quiet since. */
		status: z.enum(['idle', 'running', 'waits', 'ended']),
		at: time,
		command: z.string(),
		/** As the command says itself; empty when it does not. */
		version: z.string(),
		/** Null: it cannot be told. */
		loggedIn: z.boolean().nullable(),
		/** The known trouble with a login over SSH, and what helps. */
		problem: problemSchema.nullable(),
		branch: z.string(),
		worktree: z.string(),
		/** Commits on its branch that the project's base branch on the workstation lacks. */
		commits: z.int(),
		/** Files in its worktree that are in no commit. */
		changedCount: z.int(),
		/** When it last became what `status` says; null for `idle`. */
		since: time.nullable(),
		/** The last line with words on its screen. Shown, never interpreted. */
		lastLine: z.string(),
		/** The exit code of one that has ended, where it left one. */
		exitCode: z.int().nullable(),
	}),
])
export type AgentState = z.infer<typeof agentSchema>
