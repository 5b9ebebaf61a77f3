import { setImmediate as nextTurn } from 'node:timers/promises'
import { ProblemError } from '../contract/client.ts'
import type { ProjectConfig, WorkstationConfig } from '../contract/config.ts'
import type { Problem } from '../contract/problem.ts'
import type { FilesPending, Run } from '../contract/state.ts'
import { bringAgent } from './agents/bring-agent.ts'
import type { FilesWatch } from './files/files-watch.ts'
import { back } from './git/back.ts'
import { newOperation } from './git/safety.ts'
import { setUp } from './git/setup.ts'
import { undo } from './git/undo.ts'
import { type Sent, type UpAround, up } from './git/up.ts'
import type { Wish } from './git/wish.ts'
import type { Link } from './link/link.ts'
import type { StepRunner } from './operation.ts'
import type { OperationResult } from './operations.ts'
import { problem } from './problems.ts'
import type { Rider } from './remote/batch.ts'
import type { RunBook } from './run-book.ts'
import type { StartWish } from './runs/start-wish.ts'
import { moves, planParts, syncFiles } from './sync-files.ts'
import { adoptable, planRuns, refuseWhileRunning, startRuns, waitForRuns } from './sync-run.ts'
import type { SyncKind } from './sync-steps.ts'

/** How long an operation waits for a link that is not up yet. */
const linkTimeoutMs = 30_000

/** What a sync needs to know and touch; made by the engine for one project. */
export interface SyncContext {
	project: ProjectConfig
	wish: Wish & StartWish
	workstation: WorkstationConfig
	/** The id of the operation that this is. */
	operation(): string
	link: Link
	book: RunBook
	/** Absolute. */
	dataFolder: string
	/** What was touched of the laptop's files; null: nobody knows. */
	filesWatch: FilesWatch | null
	/** What waits of the project's files is shown as it was found. */
	showFiles(change: (before: FilesPending | null) => FilesPending): void
	/** Reads both sides anew, so that what is shown is as things are. */
	refresh(): Promise<void>
	/** Reads the laptop's side anew. */
	readLocal(): Promise<void>
	/** The question for the workstation's runs. */
	runsRider(): Rider
	/** The questions for the workstation's side of this project, and of those that share its clone. */
	codeRiders(): Rider[]
	/** Why the connected workstation's shell did not answer the last reading; null when it did. */
	silence(): Problem | null
	/** The workstation's runs of this project that are still going, newest first. */
	running(): Run[]
	/** All runs of a series, also those that have ended, in their order. */
	runsOf(series: string): Run[]
	/** The validation branch on the workstation, as last read; null when it is not known. */
	validationHead(): string | null
	/** Whether the laptop has commits that the workstation lacks; null when it is not known. */
	hasCommitsToSend(): boolean | null
	/** All results were brought back: nothing is owed any more. */
	broughtBack(): Promise<void>
	now(): number
}

/** Only git can do these. */
const gitKinds: ReadonlySet<SyncKind> = new Set(['undo', 'setup', 'agent'])

/** Does one sync from start to end; `result` learns what was done as it is done. */
export async function sync(
	kind: SyncKind,
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
): Promise<void> {
	const { project } = context
	if (project.strategy !== 'git' && gitKinds.has(kind))
		throw new ProblemError(problem('strategy-unsupported', { strategy: project.strategy, kind }))
	let isShown = false
	try {
		await connect(context, runner, kind !== 'up' && !(kind === 'back' && project.strategy === 'files'))
		if (kind === 'up' && project.strategy === 'git' && !moves('up', project))
			isShown = await sendAndShow(context, runner, result)
		else if (kind === 'up') {
			await sendUp(context, runner, result, {}, 'up')
			// What waits of its files was noted with the comparison; what runs there is told by itself.
			isShown = project.strategy === 'files'
		} else if (kind === 'back') {
			await bringBack(context, runner, result, context.wish)
			isShown = project.strategy === 'files'
		} else if (kind === 'undo') await undoLast(context, runner)
		else if (kind === 'setup') await setUp(runner, context.link, context.project)
		else if (kind === 'agent') await bringOfAgent(context, runner, result)
		else if (kind === 'run') await runThere(context, runner, result)
		else await go(context, runner, result)
	} finally {
		if (!isShown) await context.refresh().catch(() => {})
	}
}

/**
 * Sends up; what is there before and after it is asked along with its own questions. Answers whether both sides
 * are shown as they are afterwards.
 */
async function sendAndShow(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
): Promise<boolean> {
	let near: Promise<void> | null = null
	const { asked } = await sendUp(context, runner, result, {
		rider: context.runsRider(),
		pushed: () => {
			// What the workstation is to do goes out first.
			near = nextTurn().then(() => context.readLocal().catch(() => {}))
		},
		after: context.codeRiders(),
	})
	if (asked === null) return false
	await near
	return await asked.then(
		() => true,
		() => false,
	)
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
	around: UpAround,
	kind: 'up' | 'go' = 'up',
): Promise<Sent> {
	const { project, link, wish } = context
	const plan = planParts(wish.plan, project)
	if (project.strategy === 'files') {
		await syncFiles(context, 'up', kind, { ...wish, plan: plan.files }, runner, result)
		return { head: '', commits: [], validation: '', asked: null }
	}
	const sent = await up(
		runner,
		link,
		project,
		{ ...wish, plan: plan.git },
		{
			...around,
			guard: () => refuseWhileRunning(context),
		},
	)
	result.commits = { ...result.commits, up: sent.commits }
	await syncFiles(context, 'up', kind, { ...wish, plan: plan.files }, runner, result)
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
	const { project, link } = context
	const plan = planParts(wish.plan, project)
	if (project.strategy === 'git') {
		const brought = await back(runner, link, project, { ...wish, plan: plan.git }, operation)
		result.commits = { ...result.commits, back: brought.commits }
	}
	const kind = operation === undefined ? 'back' : 'go'
	await syncFiles(context, 'back', kind, { ...wish, plan: plan.files }, runner, result)
	await context.broughtBack()
}

/** What the validation owes is owed as before. */
async function bringOfAgent(
	{ link, project, wish }: SyncContext,
	runner: StepRunner,
	result: OperationResult,
): Promise<void> {
	const brought = await bringAgent(runner, link, project, wish)
	result.commits = { ...result.commits, back: brought.commits }
}

async function go(context: SyncContext, runner: StepRunner, result: OperationResult): Promise<void> {
	const operation = newOperation('go', context.now())
	const runs = adoptable(context) ?? (await sendAndStart(context, runner, result, operation))
	await waitForRuns(context, runner, result, runs)
	await bringBack(context, runner, result, { big: context.wish.big }, operation)
}

async function sendAndStart(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	operation: string,
): Promise<Run[]> {
	const planned = planRuns(context)
	const { validation } = await sendUp(context, runner, result, { operation }, 'go')
	const options = { commit: validation, bringBackTo: context.project.name }
	const runs = await startRuns(context, runner, result, planned, options)
	// A run can take hours: what went up is shown as gone, and the GPU as busy, from its start on.
	context.refresh().catch(() => {})
	return runs
}

/** Starts what is wished of what is there. */
async function runThere(context: SyncContext, runner: StepRunner, result: OperationResult): Promise<void> {
	const options = { commit: context.validationHead() ?? '', bringBackTo: null }
	await startRuns(context, runner, result, planRuns(context), options)
}
