import { ProblemError } from '../contract/client.ts'
import { runnerWords } from '../contract/run-words.ts'
import type { Run } from '../contract/state.ts'
import { remoteWorktree } from './git/remote.ts'
import type { StepRunner } from './operation.ts'
import { leaving, type OperationResult } from './operations.ts'
import { problem, problemOf } from './problems.ts'
import { durationOf, fillCommand } from './runs/command.ts'
import { runProblem } from './runs/run-problem.ts'
import { runnerOf } from './runs/runners.ts'
import { cancelRun, newRunId, type RunRequest, startRun } from './runs/runs.ts'
import { startSeries } from './runs/series.ts'
import type { SyncContext } from './sync.ts'

/** The part of a sync that starts runs and waits for them. */

/** Code must not change under a run, and two runs must not write the same results. */
export function refuseWhileRunning(context: SyncContext): void {
	const [run] = context.running()
	if (run) throw new ProblemError(problem('run-in-progress', { run: run.id }))
}

/** What would be started now, a run for each wished set of parameters; all but the commit. */
type Planned = Omit<RunRequest, 'commit'>

/** @throws ProblemError for parameters or a runner that cannot be: before anything was done */
export function planRuns(context: SyncContext): Planned[] {
	const { project, workstation, wish } = context
	const { kind, slurm } = runnerOf(project, workstation)
	const sets = wish.sets ?? [{}]
	const isSeries = sets.length > 1
	const series = isSeries ? newRunId(project.name, context.now()) : null
	return sets.map((set, at) => ({
		id: newRunId(project.name, context.now(), isSeries ? at : undefined),
		project: project.name,
		workstation: workstation.name,
		folder: project.strategy === 'git' ? remoteWorktree(project) : project.remote,
		branch: project.strategy === 'git' ? project.git.validation : '',
		...fillCommand(project, set),
		environment: project.validation.environment,
		metrics: project.validation.metrics,
		limitMs: project.validation.limit === undefined ? null : durationOf(project.validation.limit),
		runner: kind,
		slurm,
		series,
		anyway: wish.anyway,
	}))
}

/** Then nothing was started. */
const refusals: ReadonlySet<string> = new Set([
	...['run-not-started', 'log-out-ends-runs', 'slurm-missing', 'slurm-refused'],
])

/**
 * Starts them all. `bringBackTo`: the project whose results are wanted at their end.
 * @throws ProblemError `operation-cancelled` when it was cancelled meanwhile: then what has begun is cancelled too
 */
export async function startRuns(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	planned: readonly Planned[],
	options: { commit: string; bringBackTo: string | null },
): Promise<Run[]> {
	refuseWhileRunning(context)
	return await runner.step('start', async (say) => {
		const requests = planned.map((plan) => ({ ...plan, commit: options.commit }))
		const [first] = requests
		if (!first) return []
		const series = first.series ?? null
		const each = (what: (id: string) => Promise<void>) => Promise.all(requests.map(({ id }) => what(id)))
		const kind = options.bringBackTo === null ? 'run' : 'go'
		const [workstation, project] = [context.workstation.name, context.project.name]
		const start = { workstation, project, operation: context.operation(), kind } as const
		await each((id) => context.book.starting(id, start))
		const starting =
			series === null
				? startRun(context.link, first).then((run) => [run])
				: startSeries(context.link, requests, series)
		const runs = await starting.catch(async (error: unknown) => {
			if (refusals.has(problemOf(error).code)) await each((id) => context.book.notStarted(id))
			// Such as when the link was lost: they may have begun all the same. It is asked once it is up again.
			else for (const { id } of requests) context.book.startLost(id)
			throw error
		})
		for (const run of runs) await context.book.started(run, options.bringBackTo)
		learn(result, runs)
		if (runner.signal.aborted) await giveUp(context, runner, runs)
		const [one] = runs
		const where = one ? runnerWords(one) || 'detached' : ''
		say(runs.length > 1 ? `${runs.length} runs, ${where}` : where)
		return runs
	})
}

/**
 * Runs that an interrupted `go` left going and that are still the right ones: they validate what is on the workstation
 * now, the laptop has nothing newer to send, and no other parameters are wished. Null when there are none.
 */
export function adoptable(context: SyncContext): Run[] | null {
	const [run] = context.running()
	if (!run || run.commit !== context.validationHead() || context.hasCommitsToSend() !== false) return null
	const { sets } = context.wish
	if (sets === undefined) return run.series === null ? [run] : context.runsOf(run.series)
	const [set] = sets
	const isSame = sets.length === 1 && fillCommand(context.project, set).command === run.command
	return isSame && run.series === null ? [run] : null
}

/**
 * Waits for the end of all of them, through every loss of the link. Cancelling cancels them too; leaving does not.
 * @throws ProblemError what became of the first that did not succeed
 */
export async function waitForRuns(
	context: SyncContext,
	runner: StepRunner,
	result: OperationResult,
	runs: readonly Run[],
): Promise<void> {
	if (runner.signal.aborted) await giveUp(context, runner, runs)
	await runner.step('validate', async (say) => {
		const ends: Run[] = []
		const hear = (seen: Run) => {
			const text = seen.queue ? `waits: ${seen.queue.reason}` : (seen.progress?.text ?? '')
			const of = runs.length > 1 ? `run ${ends.length + 1} of ${runs.length}` : ''
			say([of, text].filter((part) => part !== '').join(', '))
		}
		try {
			for (const run of runs) {
				hear(run)
				ends.push(await context.book.whenEnded(run.id, runner.signal, hear))
			}
		} catch (error) {
			if (!runner.signal.aborted) throw error
			await giveUp(context, runner, runs)
		}
		learn(result, ends)
		for (const end of ends) {
			const found = runProblem(end)
			if (found) throw new ProblemError(found)
		}
		// What was read last is older than the end.
		say('')
	})
}

/** Cancels them, the last first: one that ends lets the next begin. When it is this process that ends, they go on. */
async function giveUp(context: SyncContext, { signal }: StepRunner, runs: readonly Run[]): Promise<never> {
	const going = new Set(signal.reason === leaving ? [] : context.running().map(({ id }) => id))
	for (const { id } of runs.toReversed()) if (going.has(id)) await cancelRun(context.link, id).catch(() => {})
	throw new ProblemError(problem('operation-cancelled', {}))
}

/** What an operation says of its runs: of several the first that failed, else the last. */
function learn(result: OperationResult, runs: readonly Run[]): void {
	const run = runs.find((one) => runProblem(one) !== null) ?? runs.at(-1)
	if (!run) return
	if (runs.length > 1) result.series = runs.map(({ id }) => id)
	const { outcome } = run
	const exitCode = outcome.status === 'succeeded' ? 0 : outcome.status === 'failed' ? outcome.exitCode : null
	const durationMs = outcome.status === 'running' ? null : outcome.endedAt - run.startedAt
	result.run = { id: run.id, exitCode, durationMs }
	result.metrics = run.metrics
}
