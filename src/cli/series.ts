import { outcomeWords } from '../contract/run-words.ts'
import type { OperationOutcome, Run } from '../contract/state.ts'
import { runProblem } from '../engine/runs/run-problem.ts'
import { longest, stopWithLink } from './follow.ts'
import { print, printJsonLine } from './report.ts'
import type { Session } from './session.ts'
import { metricsText, plain } from './words.ts'

/**
 * Waits for all runs of a series, and tells of each as it ends: in words, or as JSON one line a run. The outcome is
 * that of the first one that did not succeed.
 * @throws ProblemError when the link stops for a person
 */
export async function waitForSeries(
	session: Session,
	outcome: OperationOutcome,
	json: boolean | undefined,
): Promise<OperationOutcome> {
	if (outcome.status !== 'succeeded') return outcome
	const waiting = new Set(outcome.series)
	const ended: Run[] = []
	while (waiting.size > 0) {
		const run = await session.until((state) => {
			const found = [...waiting].find((id) => (state.runs[id]?.outcome.status ?? 'running') !== 'running')
			if (found !== undefined) return state.runs[found]
			for (const id of waiting) stopWithLink(state, id)
			return undefined
		}, longest)
		if (!run) break
		waiting.delete(run.id)
		ended.push(run)
		if (json) printJsonLine(session.io, { run })
		else print(session.io, lineOf(run))
		// Told here: no other face needs to tell it again.
		await session.client.call('claimNotice', { notice: `run:${run.id}` })
	}
	const bad = ended.find(({ outcome: { status } }) => status !== 'succeeded')
	if (!bad) return outcome
	const isCancelled = ended.every(
		({ outcome: { status } }) => status === 'succeeded' || status === 'cancelled',
	)
	return { ...outcome, status: isCancelled ? 'cancelled' : 'failed', problem: runProblem(bad) }
}

/** `20261123T101500Z-nt-3f9c21  horizon=24 seed=1  succeeded  mase 0.83` */
function lineOf(run: Run): string {
	const set = Object.entries(run.parameters).map(([name, value]) => `${name}=${value}`)
	const parts = [run.id, set.join(' '), outcomeWords(run.outcome), metricsText(run.metrics)]
	return plain(parts.filter(Boolean).join('  '))
}
