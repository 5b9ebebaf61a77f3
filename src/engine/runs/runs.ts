import { randomBytes } from 'node:crypto'
import { ProblemError } from '../../contract/client.ts'
import type { WorkstationConfig } from '../../contract/config.ts'
import type { Run } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import type { BatchScript } from '../remote/batch.ts'
import { runScript, type ScriptResult, scriptText } from '../remote/script.ts'
import { endWords, scriptFailed } from '../remote/script-failure.ts'
import { isRunId, parseRuns } from './run-records.ts'
import { startFields } from './runners.ts'
import { slurmProblem } from './slurm.ts'

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
	/** By name, as they were filled into the command. */
	parameters?: Readonly<Record<string, string>> | undefined
	/** Put into its environment. */
	environment?: Readonly<Record<string, string>> | undefined
	/** The series it belongs to. */
	series?: string | null | undefined
	/** The longest it may take. */
	limitMs?: number | null | undefined
	/** Also where a log-out would end it. */
	anyway?: boolean | undefined
	/** What is said to Slurm; read only where that is the runner. */
	slurm?: WorkstationConfig['slurm'] | null
}

/** The exit code of our scripts for a run that is not there. */
export const noSuchRun = 3
/** And for one that has not ended. */
const notEnded = 5
/** Over the 10 s the script itself waits, with room for a busy machine. */
const startTimeoutMs = 40_000
/** Over the 5 s before KILL and the 5 s after it. */
const cancelTimeoutMs = 30_000

/**
 * An id that sorts by time: `20261123T101500Z-nt-3f9c21`, and those of a series by their place in it too:
 * `20261123T101500Z-nt-0073f9c`. `now` in ms since the epoch.
 */
export function newRunId(project: string, now: number, place?: number): string {
	const time = new Date(now).toISOString().replace(/\.\d+|[-:]/g, '')
	const name = project
		.normalize('NFKD')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
	const short = name.slice(0, 24).replace(/^-+|-+$/g, '') || 'run'
	const last =
		place === undefined
			? randomBytes(3).toString('hex')
			: `${String(place).padStart(3, '0')}${randomBytes(2).toString('hex')}`
	return `${time}-${short}-${last}`
}

/**
 * Starts a run on the workstation; settles when it has really begun. Its runner is the one it got: without
 * tmux there it is detached.
 * @throws ProblemError `run-not-started` with the reason, `log-out-ends-runs`, `slurm-…`: nothing was started; and what
 *   `runScript` throws: then nothing is known
 */
export async function startRun(link: Link, request: RunRequest): Promise<Run> {
	const args = [requireId(request.id), request.runner, wrapperText(), ...startFields(request)]
	const result = await runScript(link, 'run-start', args, { timeoutMs: startTimeoutMs })
	const run = parseRuns(result.stdout, request.workstation, Date.now()).at(-1)
	if (result.code === 0 && run) return run
	throw notStarted(result)
}

/** What became of a start: the run that began, or the id of one that never did and never will. */
export interface FoundStarts {
	runs: Run[]
	never: string[]
}

/**
 * Asks what became of starts whose answers were lost. What is in neither list is not known yet.
 * @throws what `runScript` throws
 */
export async function findStarts(
	link: Link,
	workstation: string,
	ids: readonly string[],
): Promise<FoundStarts> {
	const result = await runScript(link, 'run-began', ids.map(requireId), { timeoutMs: startTimeoutMs })
	requireCode('run-began', result)
	const never = [...result.stdout.matchAll(/^never (\S+)$/gm)].map(([, id = '']) => id)
	return {
		runs: parseRuns(result.stdout, workstation, Date.now()),
		never: never.filter((id) => ids.includes(id)),
	}
}

/** What a run is on the workstation, as one line of its start. */
export function wrapperText(): string {
	return `${scriptText('lib')}\n${scriptText('run-wrapper')}`.replaceAll('\n', '\u0002')
}

/** Why run-start.sh or run-series.sh started nothing. */
export function notStarted(result: ScriptResult): ProblemError {
	const slurm = slurmProblem(result.stdout)
	if (slurm) return new ProblemError(slurm)
	const user = /^refused-log-out (.*)$/m.exec(result.stdout)?.[1]
	if (user !== undefined) return new ProblemError(problem('log-out-ends-runs', { user }))
	const refused = /^refused (.*)$/m.exec(result.stdout)?.[1]
	return new ProblemError(problem('run-not-started', { reason: refused ?? reasonOf(result) }))
}

/** The question for the newest 100 runs that a workstation holds, oldest first, and for those `wanted` of the others. */
export function listScript(wanted: readonly string[] = []): BatchScript {
	return { name: 'run-list', args: ['100', ...wanted.filter(isRunId).slice(-100)] }
}

/** The newest 100 runs that this workstation holds, oldest first, and those `wanted` of the others. */
export async function listRuns(
	link: Link,
	workstation: string,
	wanted: readonly string[] = [],
): Promise<Run[]> {
	const result = await runScript(link, 'run-list', listScript(wanted).args)
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
	const slurm = result.code === 0 ? null : slurmProblem(result.stdout)
	if (slurm) throw new ProblemError(slurm)
	requireCode('run-cancel', result)
}

/**
 * Takes an ended run and its log off its workstation.
 * @throws ProblemError `run-unknown`, `run-going`, and what `runScript` throws
 */
export async function removeRun(link: Link, id: string): Promise<void> {
	const result = await runScript(link, 'run-remove', [requireId(id)])
	if (result.code === noSuchRun) throw new ProblemError(problem('run-unknown', { run: id }))
	if (result.code === notEnded) throw new ProblemError(problem('run-going', { run: id }))
	requireCode('run-remove', result)
}

/** Over what it takes to look at some thousand folders and to take gigabytes away. */
const pruneTimeoutMs = 120_000

/**
 * Takes ended runs off the workstation: those older than `days`, then the oldest until all are under `mebibytes`.
 * `spared`: ids of runs that stay. Answers with the ids of those taken away.
 * @throws what `runScript` throws; what was not done is done the next time
 */
export async function pruneRuns(
	link: Link,
	keep: WorkstationConfig['keepRuns'],
	spared: readonly string[],
): Promise<string[]> {
	const args = [String(keep.days), String(keep.mebibytes), ...spared.filter(isRunId)]
	const result = await runScript(link, 'run-prune', args, { timeoutMs: pruneTimeoutMs })
	requireCode('run-prune', result)
	return [...result.stdout.matchAll(/^removed (\S+)$/gm)].map(([, id = '']) => id)
}

/** @throws ProblemError `run-unknown` for what cannot be an id */
export function requireId(id: string): string {
	if (!isRunId(id)) throw new ProblemError(problem('run-unknown', { run: id }))
	return id
}

function requireCode(script: string, result: ScriptResult): void {
	if (result.code !== 0) throw scriptFailed(script, result, result.stderr)
}

function reasonOf(result: ScriptResult): string {
	return result.stderr.trim().slice(-500) || endWords(result)
}
