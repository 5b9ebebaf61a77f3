import { useState } from 'react'
import { directionWords } from '../src/contract/metric-direction.ts'
import {
	type MetricColumn,
	parameterWords,
	type RunRow,
	type RunSort,
	type RunTable,
} from '../src/contract/run-table.ts'
import { codeWords, outcomeWords } from '../src/contract/run-words.ts'
import { Button } from './button.tsx'
import { count, dateTime, metricValue } from './words.ts'

/** Beyond these, columns are shown on demand. */
const firstColumns = 6

interface MetricsTableProps {
	table: RunTable
	/** The metric that is drawn: its column comes first. */
	metric: string
	label: string
	sort: RunSort
	onSort(sort: RunSort): void
}

/** Runs × metrics. It scrolls by itself, both ways, under its own header. */
export function MetricsTable({ table, metric, label, sort, onSort }: MetricsTableProps) {
	const [all, setAll] = useState(false)
	const ordered = table.columns
		.map((column, at) => ({ column, at }))
		.sort((one, other) => Number(other.column.name === metric) - Number(one.column.name === metric))
	const shown = all ? ordered : ordered.slice(0, firstColumns)
	const differing = table.parameters.slice(0, table.differing)
	return (
		<>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<section className="metrics-box" tabIndex={0} aria-label={label}>
				<table className="runs-table">
					<thead>
						<tr>
							<Head name="Run" of={{ by: 'started' }} sort={sort} onSort={onSort} />
							{shown.map(({ column }) => (
								<Head
									key={column.name}
									name={column.name}
									column={column}
									of={{ by: { metric: column.name } }}
									sort={sort}
									onSort={onSort}
								/>
							))}
						</tr>
					</thead>
					{table.groups.map(({ series, rows }) => (
						<tbody key={rows[0]?.run.id} className={series === null ? '' : 'series'}>
							{series !== null && (
								<tr>
									<th scope="rowgroup" colSpan={shown.length + 1} className="series-head">
										{count(rows.length, 'run')} started together
									</th>
								</tr>
							)}
							{rows.map((row) => (
								<Row key={row.run.id} row={row} columns={shown} parameters={differing} />
							))}
						</tbody>
					))}
				</table>
			</section>
			{ordered.length > firstColumns && (
				<Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
					{all ? 'Show fewer metrics' : `Show ${count(ordered.length - firstColumns, 'more metric')}`}
				</Button>
			)}
		</>
	)
}

interface HeadProps extends Pick<MetricsTableProps, 'sort' | 'onSort'> {
	name: string
	column?: MetricColumn
	of: RunSort
}

/** Sorts by its column, best or newest first; again: the other way round. */
function Head({ name, column, of, sort, onSort }: HeadProps) {
	const isSorted = JSON.stringify(sort.by) === JSON.stringify(of.by)
	const reversed = isSorted && sort.reversed === true
	// The best of what is better lower stands first when it ascends.
	const ascends = (column?.direction === 'lower') !== reversed
	const words = column?.direction ? directionWords[column.direction] : ''
	return (
		<th
			scope="col"
			className={column ? 'number' : ''}
			aria-sort={isSorted ? (ascends ? 'ascending' : 'descending') : undefined}
		>
			<button
				type="button"
				className="sort"
				title={name}
				onClick={() => onSort({ ...of, reversed: isSorted && !reversed })}
			>
				<span className="sort-name">{name}</span>
				{isSorted && <span aria-hidden="true">{ascends ? ' ↑' : ' ↓'}</span>}
			</button>
			{words !== '' && <span className="direction">{words}</span>}
		</th>
	)
}

interface RowProps {
	row: RunRow
	columns: { column: MetricColumn; at: number }[]
	parameters: readonly string[]
}

function Row({ row: { run, values, isBest }, columns, parameters }: RowProps) {
	const set = parameterWords(run, parameters)
	// The branch is mostly the same for all of them.
	const code = codeWords({ commit: run.commit })
	const { status } = run.outcome
	return (
		<tr>
			<th scope="row">
				<span className="run-of">
					{dateTime(run.startedAt)}
					{code !== '' && (
						<>
							{' · '}
							<code>{code}</code>
						</>
					)}
				</span>
				{set !== '' && <span className="set">{set}</span>}
				{status !== 'succeeded' && (
					<span className="set">{run.queue ? 'waits' : outcomeWords(run.outcome)}</span>
				)}
			</th>
			{columns.map(({ column, at }) => {
				const value = values[at] ?? null
				return (
					<td key={column.name} className={`number ${isBest[at] ? 'best' : ''}`}>
						{value === null ? (
							<>
								<span aria-hidden="true">–</span>
								<span className="sr">none</span>
							</>
						) : (
							metricValue(value)
						)}
						{isBest[at] && <span className="best-word"> best</span>}
					</td>
				)
			})}
		</tr>
	)
}
