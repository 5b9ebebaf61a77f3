import type { Readable, Writable } from 'node:stream'
import { ProblemError } from '../../contract/client.ts'
import { gist, gitEnvironment, refuse } from '../git/git.ts'
import { problem } from '../problems.ts'
import { spawnSession } from '../process/session.ts'

/** A git whose output is too much to be held. */
export interface GitStream {
	stdin: Writable
	stdout: Readable
	/**
	 * Settles when it has ended and its output was read.
	 * Rejects with ProblemError `git-missing`, `git-failed`, when it did not end well.
	 */
	done: Promise<void>
	/** Ends it. `done` then settles, whatever came of it. */
	close(): void
}

/** Which repository git works in: that of the folder it is started in, or one of ours. */
export interface GitPlace {
	/** Absolute. */
	folder: string
	env?: Record<string, string>
	/** Settings that hold for the call. */
	settings?: readonly string[]
}

const always = ['core.fsmonitor=false', 'core.quotePath=false']

/** Starts a git that only reads. */
export function startGit(place: GitPlace, args: readonly string[]): GitStream {
	const settings = [...always, ...(place.settings ?? [])].flatMap((setting) => ['-c', setting])
	const child = spawnSession('git', [...settings, ...args], {
		cwd: place.folder,
		env: { ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0', ...place.env },
	})
	const { stdin, stdout, stderr } = child
	let said = ''
	stderr.on('data', (data: Buffer) => {
		said = (said + data.toString()).slice(-2000)
	})
	let closed = false
	const read = new Promise<void>((resolve) => stdout.once('close', () => resolve()))
	const done = Promise.all([child.exit, read]).then(([{ code, signal }]) => {
		child.release()
		if (code === 0 || closed) return
		const side = 'The laptop'
		if (code === 127 && child.pid === undefined) refuse('git-missing', { side, reason: 'git was not found' })
		const reason = gist(said) || (signal ?? `exit code ${code}`)
		refuse('git-failed', { side, what: args[0] ?? 'work', reason })
	})
	// Who stops early does not wait for it.
	done.catch(() => {})
	return {
		stdin,
		stdout,
		done,
		close: () => {
			if (closed) return
			closed = true
			child.signal('SIGKILL')
			child.release()
		},
	}
}

/**
 * What a git answers, if it does within `ms`; else it is ended.
 * @throws ProblemError `process-silent`, or as `work`
 */
export async function inTime<T>(git: GitStream, what: string, ms: number, work: Promise<T>): Promise<T> {
	const late = Promise.withResolvers<never>()
	const timer = setTimeout(() => {
		late.reject(new ProblemError(problem('process-silent', { program: 'git', args: [what] })))
		git.close()
	}, ms)
	try {
		return await Promise.race([work, late.promise])
	} finally {
		clearTimeout(timer)
	}
}
