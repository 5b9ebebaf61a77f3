import type { Problem } from '../../contract/problem.ts'
import { spanWords } from '../../contract/run-words.ts'
import type { Run } from '../../contract/state.ts'
import { problem } from '../problems.ts'

const killedWords = {
	signal: 'Something on the workstation ended it; KILL is often memory running out',
	'out-of-memory': 'The memory of the workstation (or of its share of it) ran out, and the system ended it',
	'log-out': 'The log-out ended everything that was started over the connection',
	shutdown: 'The workstation was shutting down',
} as const

const lostWords = {
	restarted: 'The workstation was restarted while it ran',
	vanished: 'Its process was ended from outside, without a word',
	'log-out': 'The log-out ended everything that was started over the connection',
	'node-failed': 'The node of the cluster that it ran on failed',
	forgotten: 'The cluster does not know the job any more, and the run left no word of its end',
} as const

/** What is wrong with how a run ended; null while it is going on and after a success. */
export function runProblem(run: Run): Problem | null {
	const { outcome } = run
	const lastLine = run.lastLine || 'there is none'
	switch (outcome.status) {
		case 'running':
		case 'succeeded':
			return null
		case 'failed':
			return problem('run-failed', { run: run.id, exitCode: outcome.exitCode, lastLine })
		case 'killed': {
			const { signal, cause } = outcome
			return problem('run-killed', { run: run.id, signal, cause, why: killedWords[cause], lastLine })
		}
		case 'timed-out':
			return problem('run-timed-out', { run: run.id, limit: spanWords(outcome.limitMs), lastLine })
		case 'cancelled':
			return problem('run-cancelled', { run: run.id })
		case 'lost':
			return problem('run-lost', { run: run.id, reason: lostWords[outcome.reason] })
	}
}
