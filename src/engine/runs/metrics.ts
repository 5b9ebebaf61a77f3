import { directionOf, isBetter } from '../../contract/metric-direction.ts'
import type { Direction } from '../../contract/run.ts'
import type { Run } from '../../contract/state.ts'

type Numbers = Record<string, number>

/** What a run's metrics are measured by, metric by metric; null where there is nothing to compare. */
interface Compared {
	/** This run minus the one before it: the last with the same parameters where there is one, else the last. */
	change: Numbers | null
	/** The best of all before it, of metrics whose direction is known. */
	best: Numbers | null
}

/**
 * `others`: runs of the same project, in any order; those that succeeded with metrics and began before it count.
 * `directions`: the settings'.
 */
export function compare(
	run: Run,
	others: readonly Run[],
	directions: Readonly<Record<string, Direction>> = {},
): Compared {
	if (run.metrics === null) return { change: null, best: null }
	const before = others.filter(
		(other) =>
			other.startedAt < run.startedAt && other.metrics !== null && other.outcome.status === 'succeeded',
	)
	const alike = before.filter((other) => hasSame(other.parameters, run.parameters))
	const change = changeSince(run.metrics, lastOf(alike.length > 0 ? alike : before)?.metrics)
	return { change: orNull(change), best: orNull(bestOf(run.metrics, before, directions)) }
}

function changeSince(metrics: Numbers, before: Run['metrics'] | undefined): Numbers {
	const change: Numbers = {}
	for (const [name, value] of Object.entries(metrics)) {
		const old = ownOf(before, name)
		// Rounded: 0.3 - 0.1 has digits that nobody measured.
		if (old !== undefined) change[name] = Number((value - old).toPrecision(12))
	}
	return change
}

function bestOf(
	metrics: Numbers,
	before: readonly Run[],
	directions: Readonly<Record<string, Direction>>,
): Numbers {
	const best: Numbers = {}
	for (const name of Object.keys(metrics)) {
		const direction = directionOf(name, directions)
		if (direction === null) continue
		for (const { metrics: theirs } of before) {
			const value = ownOf(theirs, name)
			const known = ownOf(best, name)
			if (value !== undefined && (known === undefined || isBetter(value, known, direction)))
				best[name] = value
		}
	}
	return best
}

function lastOf(runs: readonly Run[]): Run | undefined {
	return runs.reduce<Run | undefined>(
		(last, run) => (last && last.startedAt >= run.startedAt ? last : run),
		undefined,
	)
}

/** Also when they were said in another order. */
function hasSame(one: Run['parameters'], other: Run['parameters']): boolean {
	const names = Object.keys(one)
	return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

/** Names come from outside: one may be `constructor`. */
const ownOf = (numbers: Numbers | null | undefined, name: string): number | undefined =>
	numbers && Object.hasOwn(numbers, name) ? numbers[name] : undefined

const orNull = (numbers: Numbers) => (Object.keys(numbers).length > 0 ? numbers : null)
