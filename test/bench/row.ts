/** One line of the result: ours beside the plain tool, and the bar it is held to. */
export interface Row {
	name: string
	ours: string
	plain: string
	/** ours / plain where both are the same kind of thing. */
	ratio: number | null
	bar: string
	met: boolean
}

/** @param share 0.5 for the median, 0.95 for p95 */
export function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((one, other) => one - other)
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const ms = (value: number) => `${value.toFixed(0)} ms`

/** Calls `work` `times` times and gives each duration in ms. */
export async function timed(times: number, work: () => Promise<unknown>): Promise<number[]> {
	const durations: number[] = []
	for (let round = 0; round < times; round++) {
		const start = performance.now()
		await work()
		durations.push(performance.now() - start)
	}
	return durations
}

export function printRows(rows: readonly Row[]): void {
	const cells = rows.map((row) => [
		row.name,
		row.ours,
		row.plain,
		row.ratio === null ? '' : `${row.ratio.toFixed(2)} ×`,
		row.bar,
		row.met ? 'met' : 'MISSED',
	])
	const table = [['', 'Hawser', 'plain', 'ratio', 'bar', ''], ...cells]
	const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
	for (const row of table)
		console.log(
			row
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join('  ')
				.trimEnd(),
		)
}
