import pLimit from 'p-limit'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'

/** OpenSSH allows ten sessions on a connection and counts one until its command is gone; one listens for life. */
const sessions = 8
/** How long a command waits for its turn. */
const turnMs = 30_000

/** Shares the few sessions that a server allows on one connection. */
export class Turns {
	readonly #limit = pLimit(sessions)
	readonly #waiting = new Set<(why: Problem) => void>()

	/**
	 * Waits for a session; what it gives frees it again.
	 * @throws ProblemError `channel-refused` after 30 s, `operation-cancelled`, and what `end` was given
	 */
	take(what: string, signal?: AbortSignal): Promise<() => void> {
		return new Promise((resolve, reject) => {
			let decided = false
			const decide = (why: Problem | null) => {
				if (decided) return false
				decided = true
				clearTimeout(timer)
				this.#waiting.delete(refuse)
				signal?.removeEventListener('abort', onAbort)
				if (why) reject(new ProblemError(why))
				return true
			}
			const refuse = (why: Problem) => void decide(why)
			const onAbort = () => refuse(problem('operation-cancelled', {}))
			const reason = `all ${sessions} sessions of the connection are in use`
			const timer = setTimeout(() => refuse(problem('channel-refused', { what, reason })), turnMs)
			this.#waiting.add(refuse)
			signal?.addEventListener('abort', onAbort, { once: true })
			if (signal?.aborted) return onAbort()
			void this.#limit(() => {
				if (decide(null)) return new Promise<void>((free) => resolve(free))
			})
		})
	}

	/** Nobody's turn comes any more. */
	end(why: Problem): void {
		for (const refuse of [...this.#waiting]) refuse(why)
	}
}
