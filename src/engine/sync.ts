import { ProblemError } from '../contract/client.ts'
import type { ProjectConfig, WorkstationConfig } from '../contract/config.ts'
import type { Problem } from '../contract/problem.ts'
import type { Run } from '../contract/state.ts'
import { back } from './git/back.ts'
import { remoteWorktree } from './git/remote.ts'
import { newOperation } from './git/safety.ts'
import { setUp } from './git/setup.ts'
import { undo } from './git/undo.ts'
import { type UpAround, up } from './git/up.ts'
import type { Wish } from './git/wish.ts'
import type { Link } from './link/link.ts'
import type { StepRunner } from './operation.ts'
import { leaving, type OperationResult } from './operations.ts'
import { problem } from './problems.ts'
import type { RunBook } from './run-book.ts'
import { runProblem } from './runs/run-problem.ts'
import { cancelRun, newRunId, startRun } from './runs/runs.ts'
import type { SyncKind } from './sync-steps.ts'

/** How long an operation waits for a link that is not up yet. */
const linkTimeoutMs = 30_000

/** What a sync needs to know and touch; made by the engine for one project. */
export interface SyncContext {
	project: ProjectConfig
	wish: Wish
	workstation: WorkstationConfig
	link: Link
	book: RunBook
	/** Reads both sides anew, so that what is shown is as things are. */
	refresh(): Promise<void>
	/** Why the connected workstation's shell did not answer the last reading; null when it did. */
	silence(): Problem | null
	/** The workstation's runs of this project that are still going, newest first. */
	running(): Run[]
	/** The validation branch on the workstation, as last read; null when it is not known. */
	validationHead(): string | null
	/** Whether the laptop has commits that the workstation lacks; null when it is not known. */
	hasCommitsToSend(): boolean | null
	/** All results were brought back: nothing is owed any more. */
	broughtBack(): Promise<void>
	now(): number
}

/** Does one sync from start to end; `result` learns what was done as it is done. */
export async function sync(
	kind: SyncKind,
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
): Promise<void> {
	if (context.project.strategy !== 'git')
		throw new ProblemError(problem('strategy-unsupported', { strategy: context.project.strategy }))
	try {
		await connect(context, runner, kind !== 'up')
		if (kind === 'up') await sendUp(context, runner, result, { guard: () => lookAround(context) })
		else if (kind === 'back') await bringBack(context, runner, result, context.wish)
		else if (kind === 'undo') await undoLast(context, runner)
		else if (kind === 'setup') await setUp(runner, context.link, context.project)
		else if (kind === 'run') await startFresh(context, runner, result, context.validationHead() ?? '', null)
		else await go(context, runner, result)
	} finally {
		await context.refresh().catch(() => {})
	}
}

/** `look`: what is there is read in this step. Else whoever comes next does it, beside questions of its own. */
async function connect(context: SyncContext, runner: StepRunner, look: boolean): Promise<void> {
	await runner.step('connect', async () => {
		context.link.connect()
		await context.link.whenUp(linkTimeoutMs, runner.signal)
		if (look) await lookAround(context)
	})
}

/** Reads both sides, and what runs there. */
async function lookAround(context: SyncContext): Promise<void> {
	await context.refresh()
	// Every further question would wait as long for nothing.
	const silence = context.silence()
	if (silence) throw new ProblemError(silence)
}

async function sendUp(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	{ operation, guard = async () => {} }: UpAround,
): Promise<{ validation: string }> {
	const sent = await up(runner, context.link, context.project, context.wish, {
		operation,
		guard: async () => {
			await guard()
			refuseWhileRunning(context)
		},
	})
	result.commits = { ...result.commits, up: sent.commits }
	return sent
}

async function undoLast(context: SyncContext, runner: StepRunner): Promise<void> {
	refuseWhileRunning(context)
	await undo(runner, context.link, context.project, context.wish)
}

async function bringBack(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	wish: Wish,
	operation?: string,
): Promise<void> {
	const brought = await back(runner, context.link, context.project, wish, operation)
	result.commits = { ...result.commits, back: brought.commits }
	await context.broughtBack()
}

/** Code must not change under a run, and two runs must not write the same results. */
function refuseWhileRunning(context: SyncContext): void {
	const [run] = context.running()
	if (run) throw new ProblemError(problem('run-in-progress', { run: run.id }))
}

async function startFresh(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	commit: string,
	bringBackTo: string | null,
): Promise<Run> {
	refuseWhileRunning(context)
	const { project } = context
	return await runner.step('start', async (say) => {
		const run = await startRun(context.link, {
			id: newRunId(project.name, context.now()),
			project: project.name,
			workstation: context.workstation.name,
			folder: remoteWorktree(project),
			branch: project.git.validation,
			commit,
			command: project.validation.command,
			metrics: project.validation.metrics,
			runner: context.workstation.runner,
		})
		await context.book.started(run, bringBackTo)
		result.run = { id: run.id, exitCode: null, durationMs: null }
		say(run.runner === 'tmux' ? 'in tmux' : 'detached')
		return run
	})
}

async function go(context: SyncContext, runner: StepRunner, result: OperationResult): Promise<void> {
	const operation = newOperation('go', context.now())
	const run = adoptable(context) ?? (await sendAndStart(context, runner, result, operation))
	await runner.step('validate', async (say) => {
		const end = await waitForEnd(context, runner, run, say)
		learn(result, end)
		const found = runProblem(end)
		if (found) throw new ProblemError(found)
		// What was read last is older than the end.
		say('')
	})
	await bringBack(context, runner, result, { big: context.wish.big }, operation)
}

/**
 * A run that an interrupted `go` left going and that is still the right one: it validates what is on the
 * workstation now, and the laptop has nothing newer to send.
 */
function adoptable(context: SyncContext): Run | null {
	const [run] = context.running()
	if (!run || run.commit !== context.validationHead() || context.hasCommitsToSend() !== false) return null
	return run
}

async function sendAndStart(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	operation: string,
): Promise<Run> {
	const { validation } = await sendUp(context, runner, result, { operation })
	const run = await startFresh(context, runner, result, validation, context.project.name)
	// A run can take hours: what went up is shown as gone, and the GPU as busy, from its start on.
	context.refresh().catch(() => {})
	return run
}

/** Waits through every loss of the link. Cancelling cancels the run too; leaving does not. */
async function waitForEnd(
	context: SyncContext,
	runner: StepRunner,
	run: Run,
	say: (detail: string) => void,
): Promise<Run> {
	try {
		return await context.book.whenEnded(run.id, runner.signal, (seen) => say(seen.progress?.text ?? ''))
	} catch (error) {
		if (!runner.signal.aborted) throw error
		if (runner.signal.reason !== leaving) await cancelRun(context.link, run.id).catch(() => {})
		throw new ProblemError(problem('operation-cancelled', {}))
	}
}

function learn(result: OperationResult, run: Run): void {
	const { outcome } = run
	if (outcome.status === 'running') return
	const exitCode = outcome.status === 'succeeded' ? 0 : outcome.status === 'failed' ? outcome.exitCode : null
	result.run = { id: run.id, exitCode, durationMs: outcome.endedAt - run.startedAt }
	result.metrics = run.metrics
}
