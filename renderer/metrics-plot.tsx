import { useState } from 'react'
import { directionWords } from '../src/contract/metric-direction.ts'
import { parameterWords, type RunRow } from '../src/contract/run-table.ts'
import { codeWords, outcomeWords } from '../src/contract/run-words.ts'
import { nearest, type Plot, plotSize } from './metrics-scale.ts'
import { count, dateTime, metricValue } from './words.ts'

/**
 * One metric over the runs, the oldest left. A slider under it chooses a run by keyboard, the pointer by being over it;
 * what is chosen is told in words. Drawn by hand: it is one line with points, and a chart library would be many times
 * the window's own size.
 */
export function MetricsPlot({ plot, rows }: { plot: Plot; rows: readonly RunRow[] }) {
	const { points, column } = plot
	const [wished, setChosen] = useState<string | null>(null)
	const found = points.findIndex(({ at }) => rows[at]?.run.id === wished)
	const index = found < 0 ? points.length - 1 : found
	const chosen = points[index]
	const row = chosen && rows[chosen.at]
	if (!chosen || !row) return null
	const choose = (at: number) => setChosen(rows[points[at]?.at ?? 0]?.run.id ?? null)
	const words = [
		`${column.name} ${metricValue(chosen.value)}${chosen.isBest ? ' (best)' : ''}`,
		dateTime(row.run.startedAt),
		codeWords({ commit: row.run.commit }),
		parameterWords(row.run),
		row.run.outcome.status === 'succeeded' ? '' : outcomeWords(row.run.outcome),
	].filter((part) => part !== '')
	const way = column.direction ? `, ${directionWords[column.direction]}` : ''
	const label = `${column.name} over ${count(points.length, 'run')}${way}: between ${metricValue(plot.least)} and ${metricValue(plot.most)}`
	return (
		<div className="plot">
			<div className="plot-drawing">
				<span className="plot-most">{metricValue(plot.most)}</span>
				<span className="plot-least">{metricValue(plot.least)}</span>
				<svg
					viewBox={`0 0 ${plotSize.width} ${plotSize.height}`}
					role="img"
					aria-label={label}
					onPointerMove={(event) => {
						const box = event.currentTarget.getBoundingClientRect()
						choose(nearest(plot, ((event.clientX - box.left) / box.width) * plotSize.width))
					}}
				>
					<path
						className="plot-ground"
						d={`M0 ${plotSize.top}H${plotSize.width}M0 ${plotSize.bottom}H${plotSize.width}`}
					/>
					<path className="plot-line" d={plot.line} />
					<path className="plot-at" d={`M${chosen.x} ${plotSize.top}V${plotSize.bottom}`} />
					{points.map((point) => (
						<Point key={rows[point.at]?.run.id} point={point} dense={points.length > 60} />
					))}
					<circle className="plot-chosen" cx={chosen.x} cy={chosen.y} r={6} />
				</svg>
			</div>
			{points.length > 1 && (
				<input
					type="range"
					className="plot-slider"
					aria-label={`Run of ${column.name}`}
					min={0}
					max={points.length - 1}
					value={index}
					aria-valuetext={words.join(', ')}
					onChange={(event) => choose(Number(event.target.value))}
				/>
			)}
			<p className="plot-words" aria-hidden={points.length > 1}>
				{words.join(' · ')}
			</p>
		</div>
	)
}

/** The best is a diamond; a run that did not succeed is hollow. */
function Point({
	point: { x, y, isBest, isHollow },
	dense,
}: {
	point: Plot['points'][number]
	dense: boolean
}) {
	if (isBest) return <path className="plot-best" d={`M${x} ${y - 5}l5 5-5 5-5-5z`} />
	if (isHollow) return <circle className="plot-hollow" cx={x} cy={y} r={2.5} />
	return <circle className="plot-point" cx={x} cy={y} r={dense ? 1.25 : 2.5} />
}
