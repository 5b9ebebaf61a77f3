import { ProblemError } from '../contract/client.ts'
import type { Operation, OperationOutcome, Run, State } from '../contract/state.ts'
import { runProblem } from '../engine/runs/run-problem.ts'
import type { Progress } from './progress.ts'
import type { Session } from './session.ts'

/** How long the end of a log may take to come after the operation's own end (ms). */
const lastWords = 3000
/** The longest wait for a run (ms); a timer holds no more than 24 days. */
export const longest = 20 * 24 * 3_600_000

/**
 * Shows an operation until it has ended. The run it starts is shown with it, and its log where the
 * progress wants one. `known` are the runs from before it.
 */
export async function follow(
	session: Session,
	operation: string,
	progress: Progress,
	known: ReadonlySet<string>,
): Promise<OperationOutcome> {
	const { client } = session
	const log = logOf(session, progress)
	const stop = client.watch((state) => {
		const shown = state.operations[operation]
		if (!shown || session.interrupted.aborted) return
		const run = runOf(state, shown, known)
		if (run) log.start(run.id)
		progress.update(shown, run)
	})
	try {
		const outcome = await client.call('waitOperation', { operation })
		if (outcome.run && outcome.problem?.code !== 'operation-cancelled') await log.ended(lastWords)
		return outcome
	} finally {
		stop()
		log.stop()
		progress.end()
	}
}

export function runIds(state: State): Set<string> {
	return new Set(Object.keys(state.runs))
}

/** The run of an operation: one of its project that was not there before, or that goes on from before. */
function runOf(state: State, operation: Operation, known: ReadonlySet<string>): Run | null {
	if (operation.kind !== 'go' && operation.kind !== 'run') return null
	const step = operation.steps.find(({ id }) => id === 'validate')?.status
	const adopted = step === 'running' || step === 'done' || step === 'failed'
	const own = Object.values(state.runs)
		.filter((run) => run.project === operation.project && run.workstation === operation.workstation)
		.filter((run) => !known.has(run.id) || (adopted && run.outcome.status === 'running'))
		.sort((one, other) => other.startedAt - one.startedAt)
	return own[0] ?? null
}

interface LogFollowing {
	start(run: string): void
	ended(limitMs: number): Promise<void>
	stop(): void
}

/** The log of the one run an operation has. A log that cannot be followed is not worth a failure. */
function logOf({ client }: Session, progress: Progress): LogFollowing {
	let followed: string | null = null
	let tell: () => void = () => {}
	const end = new Promise<void>((settle) => {
		tell = settle
	})
	const stop = client.onLog(({ run, text, ended }) => {
		if (run !== followed) return
		if (text) progress.log(text)
		if (ended) tell()
	})
	return {
		start(run) {
			if (followed !== null || !progress.wantsLog) return
			followed = run
			client.call('followLog', { run, from: 0 }).catch(tell)
		},
		async ended(limitMs) {
			if (followed === null) return
			let timer: NodeJS.Timeout | undefined
			const late = new Promise<void>((settle) => {
				timer = setTimeout(settle, limitMs)
			})
			await Promise.race([end, late])
			clearTimeout(timer)
		},
		stop,
	}
}

/**
 * The end of a run that an operation only started, as if the operation had waited for it.
 * @throws ProblemError when the link stops for a person
 */
export async function waitForRun(
	session: Session,
	outcome: OperationOutcome,
	progress: Progress,
): Promise<OperationOutcome> {
	const id = outcome.run?.id
	if (outcome.status !== 'succeeded' || id === undefined) return outcome
	const log = logOf(session, progress)
	log.start(id)
	try {
		const run = await session.until((state) => endedRun(state, id), longest)
		await log.ended(lastWords)
		return run ? outcomeOfRun(run, outcome) : outcome
	} finally {
		log.stop()
		progress.end()
	}
}

function endedRun(state: State, id: string): Run | undefined {
	const run = state.runs[id]
	if (run && run.outcome.status !== 'running') return run
	stopWithLink(state, id)
	return undefined
}

/** @throws ProblemError when the link of a run waits for a person: nothing more will come over it */
export function stopWithLink(state: State, run: string): void {
	const workstation = state.runs[run]?.workstation
	const link = workstation === undefined ? undefined : state.workstations[workstation]?.link
	if (link?.status === 'stopped') throw new ProblemError(link.problem)
}

function outcomeOfRun(run: Run, before: OperationOutcome): OperationOutcome {
	const { outcome } = run
	if (outcome.status === 'running') return before
	const exitCode = outcome.status === 'succeeded' ? 0 : outcome.status === 'failed' ? outcome.exitCode : null
	const status = outcome.status === 'succeeded' || outcome.status === 'cancelled' ? outcome.status : 'failed'
	return {
		...before,
		status,
		problem: runProblem(run),
		run: { id: run.id, exitCode, durationMs: outcome.endedAt - run.startedAt },
		metrics: run.metrics,
	}
}
