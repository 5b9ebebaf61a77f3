import type { Readable, Writable } from 'node:stream'
import { execa, type ResultPromise } from 'execa'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'

/** A child process as data. `file` is found on `env.PATH`; nothing ever goes through a shell. */
export interface Command {
	file: string
	args: readonly string[]
	cwd?: string
	/** The whole environment, not an addition to ours. Default: ours. */
	env?: NodeJS.ProcessEnv
	input?: string | Uint8Array
	/** Ended after this long altogether. Default 60 s. */
	timeoutMs?: number
	/** Ended when it writes nothing for this long. Default: no such limit. */
	silenceMs?: number
	/** The exit codes that are an answer; any other is a `process-failed` problem. Default: 0. */
	expected?: readonly number[]
	signal?: AbortSignal
	/** Output over this many bytes ends it. Default 64 MiB. */
	maxBytes?: number
	/** How many extra pipes it gets, as descriptors 3, 4, …; see `onStart`. */
	extraPipes?: number
	onStart?: (child: StartedProcess) => void
	/** Hears stderr as it comes, for progress. */
	onStderr?: (text: string) => void
	/** Hears stdout as it comes, and then none of it is kept: it may be any amount. */
	onStdout?: (text: string) => void
}

export interface StartedProcess {
	pid: number
	/** The extra pipes: [0] is descriptor 3. Each can be read and written from our side. */
	extraPipes: (Readable & Writable)[]
}

export interface Finished {
	exitCode: number
	stdout: string
	stderr: string
}

/** Time between TERM and KILL for a process that has to go. */
const killDelayMs = 2000
/** Time to read what a child wrote to its extra pipes before it ended. */
const lastWordsMs = 100
/** The same for its output: what it left in the pipes is read in no time, however much it was. */
const outputMs = 1000

/**
 * The one door to child processes. Settles only when the process is gone.
 * @throws ProblemError `process-failed` (an unexpected exit, a missing program), `process-silent`
 *   (over its time), `operation-cancelled`. A process ended by a signal never counts as a success.
 */
export async function run(command: Command): Promise<Finished> {
	const ender = new AbortController()
	let silent = false
	let silenceTimer: NodeJS.Timeout | undefined
	const heard = () => {
		if (command.silenceMs === undefined) return
		clearTimeout(silenceTimer)
		silenceTimer = setTimeout(() => {
			silent = true
			ender.abort()
		}, command.silenceMs)
	}
	const signals = command.signal ? AbortSignal.any([ender.signal, command.signal]) : ender.signal
	const extra = Array.from({ length: command.extraPipes ?? 0 }, () => 'pipe' as const)
	const child: ResultPromise = execa(command.file, [...command.args], {
		cwd: command.cwd,
		env: command.env ?? process.env,
		extendEnv: false,
		stdio: ['pipe', 'pipe', 'pipe', ...extra],
		...(command.input === undefined ? {} : { input: command.input }),
		// With extra pipes they must not be read for us: their owner reads them.
		buffer: {
			...Object.fromEntries(extra.map((_, index) => [`fd${index + 3}`, false])),
			...(command.onStdout ? { stdout: false } : {}),
		},
		reject: false,
		stripFinalNewline: false,
		timeout: command.timeoutMs ?? 60_000,
		maxBuffer: command.maxBytes ?? 64 * 1024 * 1024,
		cancelSignal: signals,
		forceKillAfterDelay: killDelayMs,
		windowsHide: true,
	})
	heard()
	child.stdout?.on('data', (data: Buffer) => {
		heard()
		command.onStdout?.(data.toString())
	})
	child.stderr?.on('data', (data: Buffer) => {
		heard()
		command.onStderr?.(data.toString())
	})
	const extraPipes = child.stdio.slice(3) as unknown as (Readable & Writable)[]
	// A process that outlives the child, such as git's own housekeeping or a hook that hangs, may have
	// inherited its pipes; they would then never close, and this would never settle.
	const closeAfter = (ms: number, pipes: (Readable | null)[]) =>
		setTimeout(() => {
			for (const pipe of pipes) pipe?.destroy()
		}, ms)
	const closers: NodeJS.Timeout[] = []
	child.nodeChildProcess.once('exit', () => {
		if (extraPipes.length > 0) closeAfter(lastWordsMs, extraPipes)
		closers.push(closeAfter(outputMs, [child.stdout, child.stderr]))
	})
	if (child.pid !== undefined) command.onStart?.({ pid: child.pid, extraPipes })
	const result = await child.finally(() => {
		clearTimeout(silenceTimer)
		for (const closer of closers) clearTimeout(closer)
	})

	const facts = { program: command.file, args: command.args.map(String) }
	const stderr = String(result.stderr ?? '')
	if (silent || result.timedOut) throw new ProblemError(problem('process-silent', facts))
	if (result.isCanceled) throw new ProblemError(problem('operation-cancelled', {}))
	if (result.exitCode === undefined || !(command.expected ?? [0]).includes(result.exitCode)) {
		const reason =
			result.exitCode === undefined
				? (result.signal ?? result.originalMessage ?? 'could not be started')
				: `exit code ${result.exitCode}`
		throw new ProblemError(
			problem('process-failed', { ...facts, reason, stderr: stderr.slice(-2000).trim() }),
		)
	}
	return { exitCode: result.exitCode, stdout: String(result.stdout ?? ''), stderr }
}
