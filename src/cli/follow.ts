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
 * Shows an operation until it has ended. The run it starts or takes up is shown with it, and its log
 * where the progress wants one.
 */
export async function follow(
	session: Session,
	operation: string,
	progress: Progress,
): Promise<OperationOutcome> {
	const { client } = session
	const log = logOf(session, progress)
	let own: string | undefined
	let looks = false
	const stop = client.watch((state) => {
		const shown = state.operations[operation]
		if (!shown || session.interrupted.aborted) return
		own ??= runOf(state, shown)
		if (own !== undefined) {
			if (!looks) lookAt(session, own)
			looks = true
			log.start(own)
		}
		progress.update(shown, own === undefined ? null : (state.runs[own] ?? null))
	})
	try {
		const outcome = await client.call('waitOperation', { operation })
		if (outcome.run?.durationMs !== undefined && outcome.run.durationMs !== null) {
			// A run so short that it was never seen running has a log all the same.
			log.start(outcome.run.id)
			await log.ended(lastWords)
			// Told here: no other face needs to tell it again.
			await client.call('claimNotice', { notice: `run:${outcome.run.id}` })
		}
		return outcome
	} finally {
		stop()
		log.stop()
		progress.end()
	}
}

/** In a terminal its end is shown to a person: no other face needs to tell it. */
export function lookAt({ client, io }: Session, run: string): void {
	if (io.stdout.isTTY) client.call('lookAt', { run }).catch(() => {})
}

/** The run that an operation has started or taken up, once it has. */
function runOf(state: State, operation: Operation): string | undefined {
	const begun = operation.steps.some(
		({ id, status }) => (id === 'start' || id === 'validate') && status !== 'waiting' && status !== 'skipped',
	)
	if (!begun) return undefined
	return Object.values(state.runs)
		.filter((run) => run.project === operation.project && run.workstation === operation.workstation)
		.filter((run) => run.outcome.status === 'running')
		.sort((one, other) => other.startedAt - one.startedAt)[0]?.id
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
	lookAt(session, id)
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
