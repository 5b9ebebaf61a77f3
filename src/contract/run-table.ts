import { directionOf, isBetter } from './metric-direction.ts'
import type { Direction, Run } from './run.ts'

/** One metric as a column of the table. */
export interface MetricColumn {
	name: string
	/** Null: nothing says which way it is better, so none is best. */
	direction: Direction | null
	/** The best value of a run that succeeded; null where there is none, or no direction. */
	best: number | null
}

export interface RunRow {
	run: Run
	/** In the order of `columns`; null: this run has no such metric. */
	values: (number | null)[]
	/** In the order of `columns`: no succeeded run is better. Several may be. */
	isBest: boolean[]
}

/** Runs that were started together stand together; any other run is a group of its own. */
interface RunGroup {
	series: string | null
	rows: RunRow[]
}

/** A project's runs × their parameters and metrics, for whatever shows or writes them. */
export interface RunTable {
	/** Names of parameters, those that differ between the runs first. */
	parameters: string[]
	/** How many of `parameters` differ. */
	differing: number
	columns: MetricColumn[]
	groups: RunGroup[]
}

export interface RunSort {
	/** A metric by its name; `started` is when the run began. */
	by: { metric: string } | 'started'
	/** `best`: by the metric's direction (without one, the greatest first). Default: the newest, the best first. */
	reversed?: boolean
}

/**
 * The runs in a table: those with metrics, and those started together with one of them; newest first unless `sort` says otherwise. What has no value of the metric
 * that is sorted by stands last, whichever way. `directions`: the settings'.
 */
export function runTable(
	runs: readonly Run[],
	directions: Readonly<Record<string, Direction>> = {},
	sort: RunSort = { by: 'started' },
): RunTable {
	const measured = new Set(runs.flatMap((run) => (run.metrics && run.series !== null ? run.series : [])))
	const shown = runs.filter(
		(run) => run.metrics !== null || (run.series !== null && measured.has(run.series)),
	)
	const columns = columnsOf(shown, directions)
	const rows = shown.map((run) => rowOf(run, columns))
	rows.sort(orderOf(sort, columns))
	return { ...parametersOf(shown), columns, groups: groupsOf(rows) }
}

/** The rows of all groups, one after another. */
export const rowsOf = (table: RunTable): RunRow[] => table.groups.flatMap(({ rows }) => rows)

/** In the order in which they are met, the newest run's first: that is what a project measures now. */
function columnsOf(runs: readonly Run[], directions: Readonly<Record<string, Direction>>): MetricColumn[] {
	const newestFirst = [...runs].sort((one, other) => other.startedAt - one.startedAt)
	const names = new Set(newestFirst.flatMap(({ metrics }) => Object.keys(metrics ?? {})))
	return [...names].map((name) => {
		const direction = directionOf(name, directions)
		const values = runs.flatMap((run) =>
			run.outcome.status === 'succeeded' ? (numberOf(run, name) ?? []) : [],
		)
		const best = values.reduce(
			(one, other) => (isBetter(other, one, direction) ? other : one),
			values[0] ?? 0,
		)
		return { name, direction, best: direction === null || values.length === 0 ? null : best }
	})
}

function numberOf({ metrics }: Run, name: string): number | null {
	// Names come from outside: one may be `constructor`.
	return metrics && Object.hasOwn(metrics, name) ? (metrics[name] ?? null) : null
}

function rowOf(run: Run, columns: readonly MetricColumn[]): RunRow {
	const values = columns.map(({ name }) => numberOf(run, name))
	const succeeded = run.outcome.status === 'succeeded'
	const isBest = columns.map(({ best }, at) => succeeded && best !== null && values[at] === best)
	return { run, values, isBest }
}

function parametersOf(runs: readonly Run[]): Pick<RunTable, 'parameters' | 'differing'> {
	const names = [...new Set(runs.flatMap(({ parameters }) => Object.keys(parameters)))]
	const differ = (name: string) => new Set(runs.map(({ parameters }) => parameters[name])).size > 1
	const differing = names.filter(differ)
	return {
		parameters: [...differing, ...names.filter((name) => !differing.includes(name))],
		differing: differing.length,
	}
}

function orderOf(sort: RunSort, columns: readonly MetricColumn[]): (one: RunRow, other: RunRow) => number {
	const turn = sort.reversed ? -1 : 1
	const byStart = (one: RunRow, other: RunRow) =>
		other.run.startedAt - one.run.startedAt || (one.run.id < other.run.id ? 1 : -1)
	if (sort.by === 'started') return (one, other) => turn * byStart(one, other)
	const { metric } = sort.by
	const at = columns.findIndex(({ name }) => name === metric)
	const up = columns[at]?.direction === 'lower' ? 1 : -1
	return (one, other) => {
		const [a, b] = [one.values[at] ?? null, other.values[at] ?? null]
		if (a === null || b === null) return a === b ? byStart(one, other) : a === null ? 1 : -1
		return turn * up * (a - b) || byStart(one, other)
	}
}

/** A group stands where its first row does. */
function groupsOf(rows: readonly RunRow[]): RunGroup[] {
	const groups = new Map<string, RunGroup>()
	for (const row of rows) {
		const { series, id } = row.run
		const key = series === null ? `run ${id}` : `series ${series}`
		const group = groups.get(key) ?? { series, rows: [] }
		group.rows.push(row)
		groups.set(key, group)
	}
	return [...groups.values()]
}

/** What tells a run from the others, in a few words: `horizon=24 seed=1`. */
export function parameterWords({ parameters }: Pick<Run, 'parameters'>, names?: readonly string[]): string {
	return (names ?? Object.keys(parameters))
		.filter((name) => Object.hasOwn(parameters, name))
		.map((name) => `${name}=${parameters[name]}`)
		.join(' ')
}
