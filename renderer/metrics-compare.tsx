import { useId, useMemo, useState } from 'react'
import { directionWords } from '../src/contract/metric-direction.ts'
import { runCsv } from '../src/contract/run-csv.ts'
import { parameterWords, type RunSort, rowsOf, runTable } from '../src/contract/run-table.ts'
import type { ProjectState, Run } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { MetricsPlot } from './metrics-plot.tsx'
import { plotOf } from './metrics-scale.ts'
import { MetricsTable } from './metrics-table.tsx'
import { count, mainMetric } from './words.ts'

const oldestFirst: RunSort = { by: 'started', reversed: true }

/** A project's runs side by side: one metric drawn, all of them in a table, the whole as CSV. */
export function Compare({
	name,
	runs,
	directions,
}: { name: string; runs: Run[] } & Pick<ProjectState, 'directions'>) {
	const [sort, setSort] = useState<RunSort>({ by: 'started' })
	const [wished, setWished] = useState<string | null>(null)
	const select = useId()
	const table = useMemo(() => runTable(runs, directions, sort), [runs, directions, sort])
	const metric = table.columns.some((column) => column.name === wished)
		? wished
		: mainMetric(Object.fromEntries(table.columns.map((column) => [column.name, 0])))
	const columnAt = table.columns.findIndex((column) => column.name === metric)
	const column = table.columns[columnAt]
	const inOrder = useMemo(() => rowsOf(runTable(runs, directions, oldestFirst)), [runs, directions])
	const ordered = useMemo(
		() => [...inOrder].sort((one, other) => one.run.startedAt - other.run.startedAt),
		[inOrder],
	)
	if (!column || metric === null) return <p className="quiet">No run has metrics yet.</p>
	const plot = plotOf(ordered, column, columnAt)
	const same = parameterWords(ordered[0]?.run ?? { parameters: {} }, table.parameters.slice(table.differing))
	return (
		<div className="compare">
			<div className="compare-head">
				<label htmlFor={select}>Metric</label>
				<select id={select} value={metric} onChange={(event) => setWished(event.target.value)}>
					{table.columns.map(({ name }) => (
						<option key={name} value={name}>
							{name}
						</option>
					))}
				</select>
				<span className="direction">
					{column.direction ? directionWords[column.direction] : 'not known which way is better'}
				</span>
			</div>
			{plot.points.length > 1 ? (
				<MetricsPlot plot={plot} rows={ordered} />
			) : (
				<p className="quiet small">One run has it so far: there is nothing to draw.</p>
			)}
			<MetricsTable
				table={table}
				metric={metric}
				label={`${count(ordered.length, 'run')} of ${name}`}
				sort={sort}
				onSort={setSort}
			/>
			{same !== '' && <p className="quiet small same">All with {same}.</p>}
			<div className="buttons">
				<CopyButton label="Copy as CSV" text={() => Promise.resolve(runCsv(table))} />
				<Button onClick={() => download(`${name}-metrics.csv`, runCsv(table))}>Save as CSV</Button>
			</div>
		</div>
	)
}

function download(name: string, text: string) {
	const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
	const link = document.createElement('a')
	link.href = url
	link.download = name.replaceAll(/[^\w.-]+/g, '-')
	link.click()
	// The browser takes the text in before the next turn.
	setTimeout(() => URL.revokeObjectURL(url), 0)
}
