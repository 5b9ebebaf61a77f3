import { ProblemError } from '../../contract/client.ts'
import type { Run } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { runScript, scriptText } from '../remote/script.ts'
import { parseRuns } from './run-records.ts'
import { startFields } from './runners.ts'
import { notStarted, type RunRequest, requireId, startRun, wrapperText } from './runs.ts'

/** As for one run, and a folder for each takes its time. */
const startTimeoutMs = 60_000

/**
 * Starts several runs of one project on one workstation: one after another, apart from this connection, or as one array
 * of Slurm. Settles when all of them are there: one has begun and the others wait for it, or all wait in the queue.
 * One that fails does not stop those after it, and one that is cancelled is passed over. `requests`: all with the same
 * folder, branch, commit, runner and settings of Slurm. `series`: an id, as `newRunId` makes them; starting again with
 * the same one gives the runs that are there. The answer is in the order of the requests.
 * @throws as `startRun`; then none of them was started
 */
export async function startSeries(
	link: Link,
	requests: readonly RunRequest[],
	series: string,
): Promise<Run[]> {
	const [first] = requests
	if (!first) return []
	if (requests.length === 1) return [await startRun(link, first)]
	const result = await runScript(link, 'run-series', seriesArguments(requests, series), {
		timeoutMs: startTimeoutMs,
	})
	if (result.code !== 0) throw notStarted(result)
	const runs = new Map(parseRuns(result.stdout, first.workstation, Date.now()).map((run) => [run.id, run]))
	return requests.map(({ id }) => {
		const run = runs.get(id)
		if (run) return run
		throw new ProblemError(
			problem('remote-garbled', { script: 'run-series', stderr: result.stderr.slice(-500) }),
		)
	})
}

/** What run-series.sh is told: what all runs share once, then for each its id and what is its own. */
export function seriesArguments(requests: readonly RunRequest[], series: string): string[] {
	const fields = requests.map((request) => startFields({ ...request, series }))
	const [head = [], ...rest] = fields
	const common = head.filter((field) => rest.every((other) => other.includes(field)))
	const own = requests.flatMap(({ id }, at) => [
		`run ${requireId(id)}`,
		...(fields[at] ?? []).filter((field) => !common.includes(field)),
	])
	const sequence = `${scriptText('lib')}\n${scriptText('run-sequence')}`.replaceAll('\n', '\u0002')
	return [requireId(series), requests[0]?.runner ?? 'tmux', wrapperText(), sequence, ...common, ...own]
}
