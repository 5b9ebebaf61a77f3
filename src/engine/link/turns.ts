import pLimit from 'p-limit'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'

/** OpenSSH allows ten sessions on a connection and counts one until its command is gone, so a few are spare. */
const sessions = 8
/** How long a command waits for its turn. */
const turnMs = 30_000
/** Waits before asking again, when a server still counts a session that was just closed. */
const openAgainMs = [100, 400, 1500]

/** Shares the few sessions that a server allows on one connection. */
export class Turns {
	readonly #limit = pLimit(sessions)
	readonly #waiting = new Set<(why: Problem) => void>()

	/**
	 * Waits for a session; what it gives frees it again.
	 * @throws ProblemError `channel-refused` after 30 s, `operation-cancelled`, and what `end` was given
	 */
	#take(what: string, signal?: AbortSignal): Promise<() => void> {
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

	/**
	 * Opens a session when there is a turn for it. `open` is given what frees the turn, to be called when the session
	 * has ended. It is tried again while the server refuses, as `isFull` tells from its problem.
	 * @throws ProblemError as `#take` does, and what `open` throws
	 */
	async session<T>(
		what: string,
		open: (free: () => void) => Promise<T>,
		isFull: (why: Problem) => boolean,
		signal?: AbortSignal,
	): Promise<T> {
		const free = await this.#take(what, signal)
		try {
			for (const again of openAgainMs) {
				try {
					return await open(free)
				} catch (error) {
					// Any other refusal, such as of a terminal, would only be repeated.
					if (!(error instanceof ProblemError && isFull(error.problem))) throw error
					await new Promise((resolve) => setTimeout(resolve, again))
				}
			}
			return await open(free)
		} catch (error) {
			free()
			throw error
		}
	}

	/** Nobody's turn comes any more. */
	end(why: Problem): void {
		for (const refuse of [...this.#waiting]) refuse(why)
	}
}
