import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Link, RemoteProcess } from '../link/link.ts'

/**
 * For a script with no input of its own: all that comes is the script, taken in at once, since a byte at a time costs
 * more than most scripts themselves. One that was cut off has no end, and nothing of it is run.
 */
export const wholeBootstrap = `exec /bin/sh -c 's=$(cat); case $s in *"# end") eval "$s" ;; esac'`

/**
 * A line to the workstation that waits for its script: opening one takes two round trips, which pass beside other
 * work. Until the script came whole, nothing runs there.
 */
export interface ReadyLine {
	/** For one script. A line that could not be opened or has ended is opened anew. @throws as `Link.exec` */
	take(signal: AbortSignal): Promise<RemoteProcess>
	/** Ends it when it was not taken. */
	close(): void
}

/**
 * Opens such a line. Whoever asks something in the same turn goes first: a server may allow few sessions.
 * @param signal gives up while it is being opened; it ends nothing that runs on it
 */
export function openAhead(link: Link, signal: AbortSignal): ReadyLine {
	let isFree = true
	let hasEnded = false
	const opening = nextTurn().then(() => link.exec(wholeBootstrap, signal))
	const ended = () => {
		hasEnded = true
	}
	const close = () => {
		opening.then((remote) => remote.close()).catch(() => {})
	}
	opening.then(({ exit }) => exit.then(ended, ended), ended)
	return {
		take: async (using) => {
			isFree = false
			const late = Promise.withResolvers<never>()
			const onAbort = () => {
				close()
				late.reject(using.reason)
			}
			using.addEventListener('abort', onAbort, { once: true })
			try {
				using.throwIfAborted()
				const line = await Promise.race([opening.catch(() => null), late.promise])
				return line && !hasEnded ? line : await link.exec(wholeBootstrap, using)
			} finally {
				using.removeEventListener('abort', onAbort)
			}
		},
		close: () => {
			if (!isFree) return
			hasEnded = true
			close()
		},
	}
}
