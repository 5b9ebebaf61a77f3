import type { Run } from '../../contract/state.ts'

/**
 * Metric by metric, a run's value minus that of the last succeeded run before it that has metrics. Null
 * when there is nothing to compare. `earlier`: the runs of the same project that began before, in any order.
 */
export function changeOf(metrics: Run['metrics'], earlier: readonly Run[]): Record<string, number> | null {
	if (!metrics) return null
	const before = earlier
		.filter((run) => run.outcome.status === 'succeeded' && run.metrics !== null)
		.reduce<Run | null>((newest, run) => (newest && newest.startedAt >= run.startedAt ? newest : run), null)
	const change: Record<string, number> = {}
	for (const [name, value] of Object.entries(metrics)) {
		const old = before?.metrics?.[name]
		// Rounded: 0.3 - 0.1 has digits that nobody measured.
		if (old !== undefined) change[name] = Number((value - old).toPrecision(12))
	}
	return Object.keys(change).length > 0 ? change : null
}
