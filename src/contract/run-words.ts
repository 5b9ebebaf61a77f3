import type { Run, RunOutcome } from './run.ts'

const causes = {
	signal: '',
	'out-of-memory': ' (out of memory)',
	'log-out': ' (by the log-out)',
	shutdown: ' (in a shutdown)',
} as const

const losses = {
	restarted: 'lost in a restart',
	vanished: 'lost without a word',
	'log-out': 'lost at the log-out',
	'node-failed': 'lost with its node',
	forgotten: 'lost: unknown to the cluster',
} as const

/** How a run ended, in a few words that follow its name. The same in every face. */
export function outcomeWords(outcome: RunOutcome): string {
	switch (outcome.status) {
		case 'failed':
			return `failed with exit code ${outcome.exitCode}`
		case 'killed':
			return `killed by ${outcome.signal}${causes[outcome.cause]}`
		case 'timed-out':
			return `stopped at its limit of ${spanWords(outcome.limitMs)}`
		case 'lost':
			return losses[outcome.reason]
		default:
			return outcome.status
	}
}

/** `4 s`, `12 min`, `3 h 20 min` */
export function spanWords(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000))
	if (seconds < 60) return `${seconds} s`
	const minutes = Math.round(seconds / 60)
	if (minutes < 60) return `${minutes} min`
	const rest = minutes % 60
	return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}

/** `in tmux`, `in Slurm as job 17`; empty for a detached process. */
export function runnerWords(run: Pick<Run, 'runner' | 'job'>): string {
	if (run.runner === 'tmux') return 'in tmux'
	if (run.runner === 'slurm') return run.job === null ? 'in Slurm' : `in Slurm as job ${run.job}`
	return ''
}

/**
 * What code a run has, in a few characters: `gpu-validation@41d07e2`. Of a run whose files travelled as files there may
 * be no branch or no commit; empty: neither.
 */
export function codeWords({ branch = '', commit }: { branch?: string; commit: string }): string {
	return [branch, commit.slice(0, 7)].filter((part) => part !== '').join('@')
}
