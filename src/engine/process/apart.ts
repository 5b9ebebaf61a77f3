import { spawn } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How a start went: still there after the wait, or ended by an exit code or a signal. */
export type Start =
	| { status: 'running' }
	| { status: 'ended'; code: number | null; signal: NodeJS.Signals | null; said: string }
	/** It could not be started at all. */
	| { status: 'failed'; said: string }

/** So much of what it wrote to stderr is told, in bytes from the beginning. */
const mostSaid = 2000

/**
 * The fourth face of the door to child processes: starts a program of the person's that lives on by itself, and waits
 * a while for it to fail. Nothing ties it to us: it leads a session of its own, reads nothing, and writes its errors
 * into a file that is gone with it, since a pipe of ours would end it when we end.
 */
export async function startApart(
	argv: readonly string[],
	options: { cwd: string; env: NodeJS.ProcessEnv; waitMs: number },
): Promise<Start> {
	const [program = '', ...args] = argv
	const folder = await mkdtemp(join(tmpdir(), 'hawser-start-'))
	const errors = await open(join(folder, 'stderr'), 'wx+', 0o600).finally(() =>
		rm(folder, { recursive: true, force: true }),
	)
	try {
		const { cwd, env } = options
		const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'ignore', errors.fd] })
		child.unref()
		const { promise, resolve } = Promise.withResolvers<Start>()
		const timer = setTimeout(() => resolve({ status: 'running' }), options.waitMs)
		child.once('exit', (code, signal) => resolve({ status: 'ended', code, signal, said: '' }))
		child.once('error', ({ message }) => resolve({ status: 'failed', said: message }))
		const start = await promise.finally(() => clearTimeout(timer))
		if (start.status !== 'ended') return start
		const { buffer, bytesRead } = await errors.read(Buffer.alloc(mostSaid), 0, mostSaid, 0)
		return { ...start, said: buffer.toString('utf8', 0, bytesRead).trim() }
	} finally {
		await errors.close()
	}
}
