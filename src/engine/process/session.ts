import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Duplex, Readable, Writable } from 'node:stream'

/** How a process ended: by `code`, or by `signal` (with `SIG`), never both. */
export interface SessionExit {
	code: number | null
	signal: NodeJS.Signals | null
}

/** A child process whose bytes are streamed, the leader of a process session of its own. */
export interface SessionProcess {
	/** Undefined when it could not be started. */
	readonly pid: number | undefined
	readonly stdin: Writable
	readonly stdout: Readable
	readonly stderr: Readable
	/** A fourth pipe, descriptor 3 of the child. */
	readonly extra: Duplex
	/** Settles when the process is gone; its output may still be on its way. A failed start is exit 127. */
	readonly exit: Promise<SessionExit>
	/** Signals it and all its children that stayed in its group. False when none is left. */
	signal(name: NodeJS.Signals): boolean
	/** Lets go of it without ending it: its pipes close, and it holds this process up no longer. */
	release(): void
}

/**
 * The second face of the door to child processes: raw streams, no time limit, and a life of its own.
 * What it starts is not ended with us; whoever wants it gone signals it.
 */
export function spawnSession(
	file: string,
	args: readonly string[],
	options: { cwd: string; env: NodeJS.ProcessEnv },
): SessionProcess {
	const child = spawn(file, args, {
		cwd: options.cwd,
		env: options.env,
		// setsid(2): nothing of ours reaches it by way of a terminal or a process group.
		detached: true,
		stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
		windowsHide: true,
	})
	const { stdin, stdout, stderr } = child
	const extra = child.stdio[3] as Duplex | null
	if (!stdin || !stdout || !stderr || !extra) throw new Error('a child process came without its pipes')
	const pipes = [stdin, stdout, stderr, extra]
	// A reader or writer that went away is told by `exit` and the ends of the streams.
	for (const pipe of pipes) pipe.on('error', () => {})
	return {
		pid: child.pid,
		stdin,
		stdout,
		stderr,
		extra,
		exit: exitOf(child),
		signal: (name) => signalGroup(child.pid, name),
		release() {
			for (const pipe of pipes) pipe.destroy()
			child.unref()
		},
	}
}

function exitOf(child: ChildProcess): Promise<SessionExit> {
	return new Promise((resolve) => {
		child.once('exit', (code, signal) => resolve({ code, signal }))
		child.once('error', () => {
			if (child.pid === undefined) resolve({ code: 127, signal: null })
		})
	})
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): boolean {
	if (pid === undefined || constants.signals[name] === undefined) return false
	try {
		return process.kill(-pid, name)
	} catch {
		return false
	}
}
