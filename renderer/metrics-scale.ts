import type { MetricColumn, RunRow } from '../src/contract/run-table.ts'

/** In the drawing's own units. */
export const plotSize = { width: 340, height: 96, top: 10, bottom: 86, side: 8 }

interface PlotPoint {
	/** Its row. */
	at: number
	value: number
	x: number
	y: number
	isBest: boolean
	/** The run did not succeed. */
	isHollow: boolean
}

export interface Plot {
	column: MetricColumn
	points: PlotPoint[]
	/** An SVG path; a run without a value is a gap. */
	line: string
	least: number
	most: number
}

/** A column of the table as a drawing. `rows`: oldest first. */
export function plotOf(rows: readonly RunRow[], column: MetricColumn, columnAt: number): Plot {
	const values = rows.flatMap(({ values }) => values[columnAt] ?? [])
	const [least, most] = [Math.min(...values), Math.max(...values)]
	const { width, top, bottom, side } = plotSize
	const step = (width - 2 * side) / Math.max(1, rows.length - 1)
	const points: PlotPoint[] = []
	let line = ''
	let drawing = false
	for (const [at, row] of rows.entries()) {
		const value = row.values[columnAt] ?? null
		if (value === null) {
			drawing = false
			continue
		}
		const x = round(rows.length === 1 ? width / 2 : side + at * step)
		// Halved: the difference of two great numbers may be too great for a number.
		const share = most === least ? 0.5 : (value / 2 - least / 2) / (most / 2 - least / 2)
		const y = round(bottom - share * (bottom - top))
		points.push({
			at,
			value,
			x,
			y,
			isBest: row.isBest[columnAt] ?? false,
			isHollow: row.run.outcome.status !== 'succeeded',
		})
		line += `${drawing ? 'L' : 'M'}${x} ${y}`
		drawing = true
	}
	return { column, points, line, least, most }
}

const round = (value: number) => Math.round(value * 10) / 10

/** The point nearest to `x`, as its place in `points`. */
export function nearest({ points }: Plot, x: number): number {
	let found = 0
	for (const [at, point] of points.entries())
		if (Math.abs(point.x - x) < Math.abs((points[found]?.x ?? 0) - x)) found = at
	return found
}
