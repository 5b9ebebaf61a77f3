import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { ProblemError } from '../../src/contract/client.ts'
import type { LinkState } from '../../src/contract/state.ts'
import type { Link, RemoteExit, RemoteProcess } from '../../src/engine/link/link.ts'
import { problem } from '../../src/engine/problems.ts'

export interface LocalLink extends Link {
	/** Breaks every channel, as a lost connection does: pipes close, nothing is killed. */
	drop(): void
	/** The pids of what was started through it and has not ended. */
	running(): number[]
}

/**
 * A link to this machine: commands run under `/bin/sh` with an environment of their own. What a real link
 * adds (logins, windows, channels) is tested elsewhere.
 */
export function localLink(home: string, env: Record<string, string> = {}): LocalLink {
	const open = new Map<ChildProcessWithoutNullStreams, (error: ProblemError) => void>()
	const state: LinkState = {
		status: 'up',
		since: 0,
		endpoint: 'local',
		through: [],
		transport: { kind: 'ssh2', reason: '' },
		latencyMs: 0,
	}
	const unused = () => {
		throw new Error('a local link has none')
	}
	const breakOff = (child: ChildProcessWithoutNullStreams, error: ProblemError) => {
		open.get(child)?.(error)
		for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
	}
	return {
		state,
		onState: () => () => {},
		connect() {},
		async disconnect() {},
		retry() {},
		wake() {},
		answerHostKey() {},
		answerLogin() {},
		async whenUp() {},
		exec(command) {
			const child = spawn('/bin/sh', ['-c', command], {
				cwd: home,
				// A session of its own, as sshd gives it.
				detached: true,
				env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, SHELL: '/bin/sh', ...env },
			})
			child.stdin.on('error', () => {})
			const exit = new Promise<RemoteExit>((resolve, reject) => {
				open.set(child, reject)
				child.once('close', (code, signal) => resolve({ code, signal }))
				child.once('exit', () => open.delete(child))
			})
			exit.catch(() => {})
			const { stdin, stdout, stderr } = child
			const close = () => breakOff(child, new ProblemError(problem('operation-cancelled', {})))
			const remote: RemoteProcess = { stdin, stdout, stderr, exit, close }
			return Promise.resolve(remote)
		},
		shell: unused,
		forward: unused,
		async dispose() {
			for (const child of open.keys())
				breakOff(child, new ProblemError(problem('link-closed', { host: 'local' })))
		},
		drop() {
			const lost = new ProblemError(problem('link-lost', { host: 'local', reason: 'dropped by the test' }))
			for (const child of open.keys()) breakOff(child, lost)
		},
		running: () => [...open.keys()].flatMap((child) => child.pid ?? []),
	}
}
