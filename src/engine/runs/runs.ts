import { randomBytes } from 'node:crypto'
import { ProblemError } from '../../contract/client.ts'
import type { Run } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { runScript, type ScriptResult, scriptText } from '../remote/script.ts'
import { isRunId, parseRuns } from './run-records.ts'

export interface RunRequest {
	/** From `newRunId`. Starting again with the same id starts nothing and gives the run that is there. */
	id: string
	project: string
	workstation: string
	/** On the workstation; `~` is its home. */
	folder: string
	branch: string
	commit: string
	/** For the login shell there. */
	command: string
	/** Globs of JSON files, relative to `folder`. */
	metrics: readonly string[]
	runner: Run['runner']
}

/** The exit code of our scripts for a run that is not there. */
export const noSuchRun = 3
/** Over the 10 s the script itself waits, with room for a busy machine. */
const startTimeoutMs = 40_000
/** Over the 5 s before KILL and the 5 s after it. */
const cancelTimeoutMs = 30_000

/** An id that sorts by time: `20261123T101500Z-nt-3f9c21`. `now` in ms since the epoch. */
export function newRunId(project: string, now: number): string {
	const time = new Date(now).toISOString().replace(/\.\d+|[-:]/g, '')
	const name = project
		.normalize('NFKD')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
	const short = name.slice(0, 24).replace(/^-+|-+$/g, '') || 'run'
	return `${time}-${short}-${randomBytes(3).toString('hex')}`
}

/**
 * Starts a run on the workstation; settles when it has really begun. Its runner is the one it got: without
 * tmux there it is detached.
 * @throws ProblemError `run-not-started` with the reason, and what `runScript` throws; then nothing is known
 */
export async function startRun(link: Link, request: RunRequest): Promise<Run> {
	const { id, project, folder, branch, commit, command, runner, metrics } = request
	const wrapper = `${scriptText('lib')}\n${scriptText('run-wrapper')}`.replaceAll('\n', '\u0002')
	const args = [requireId(id), project, folder, branch, commit, command, runner, wrapper, ...metrics]
	const result = await runScript(link, 'run-start', args, { timeoutMs: startTimeoutMs })
	const run = parseRuns(result.stdout, request.workstation, Date.now()).at(-1)
	if (result.code === 0 && run) return run
	const refused = /^refused (.*)$/m.exec(result.stdout)?.[1]
	throw new ProblemError(problem('run-not-started', { reason: refused ?? reasonOf(result) }))
}

/** The newest 100 runs that this workstation holds, oldest first. */
export async function listRuns(link: Link, workstation: string): Promise<Run[]> {
	const result = await runScript(link, 'run-list', [])
	requireCode('run-list', result)
	return parseRuns(result.stdout, workstation, Date.now())
}

/**
 * Ends a run and all its processes; settles when it has ended, at the latest after some 10 s. A run that
 * has ended before stays as it is.
 * @throws ProblemError `run-unknown`, and what `runScript` throws
 */
export async function cancelRun(link: Link, id: string): Promise<void> {
	const result = await runScript(link, 'run-cancel', [requireId(id)], { timeoutMs: cancelTimeoutMs })
	if (result.code === noSuchRun) throw new ProblemError(problem('run-unknown', { run: id }))
	requireCode('run-cancel', result)
}

/** @throws ProblemError `run-unknown` for what cannot be an id */
export function requireId(id: string): string {
	if (!isRunId(id)) throw new ProblemError(problem('run-unknown', { run: id }))
	return id
}

function requireCode(script: string, result: ScriptResult): void {
	if (result.code === 0) return
	const code = result.code ?? result.signal ?? 'unknown'
	throw new ProblemError(problem('remote-failed', { script, code, stderr: reasonOf(result) }))
}

function reasonOf(result: ScriptResult): string {
	return result.stderr.trim().slice(-500) || `exit code ${result.code ?? result.signal}`
}
