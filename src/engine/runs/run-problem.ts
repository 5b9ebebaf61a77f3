import type { Problem } from '../../contract/problem.ts'
import type { Run } from '../../contract/state.ts'
import { problem } from '../problems.ts'

const lostWords = {
	restarted: 'The workstation was restarted while it ran',
	vanished: 'Its process was ended from outside, without a word',
} as const

/** What is wrong with how a run ended; null while it is going on and after a success. */
export function runProblem(run: Run): Problem | null {
	const { outcome } = run
	const lastLine = run.lastLine || 'there is none'
	if (outcome.status === 'failed')
		return problem('run-failed', { run: run.id, exitCode: outcome.exitCode, lastLine })
	if (outcome.status === 'killed')
		return problem('run-killed', { run: run.id, signal: outcome.signal, lastLine })
	if (outcome.status === 'cancelled') return problem('run-cancelled', { run: run.id })
	if (outcome.status === 'lost')
		return problem('run-lost', { run: run.id, reason: lostWords[outcome.reason] })
	return null
}
