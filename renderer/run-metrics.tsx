import { directionOf, directionWords, isBetter } from '../src/contract/metric-direction.ts'
import type { Run } from '../src/contract/state.ts'
import { useHawserState } from './hawser.tsx'
import { metricChange, metricValue } from './words.ts'

/** A run's metrics against the run before it and the best of all before it. */
export function RunMetrics({ run }: { run: Run }) {
	const directions = useHawserState().projects[run.project]?.directions
	return (
		<table className="metrics">
			<caption className="sr">Metrics</caption>
			<thead>
				<tr>
					<th scope="col">Metric</th>
					<th scope="col" className="number">
						Value
					</th>
					<th scope="col" className="number">
						Since the run before
					</th>
					<th scope="col" className="number">
						Best before
					</th>
				</tr>
			</thead>
			<tbody>
				{Object.entries(run.metrics ?? {}).map(([name, value]) => {
					const direction = directionOf(name, directions)
					const moved = ownOf(run.change, name)
					const best = ownOf(run.best, name)
					return (
						<tr key={name}>
							<th scope="row">
								{name}
								{direction && <span className="direction">{directionWords[direction]}</span>}
							</th>
							<td className="number">{metricValue(value)}</td>
							<td className="number">{moved === undefined ? 'none to compare' : metricChange(moved)}</td>
							<td className="number">
								{best === undefined ? <None /> : metricValue(best)}
								{best !== undefined &&
									isBetter(value, best, direction) &&
									run.outcome.status === 'succeeded' && <span className="best-word">this is better</span>}
							</td>
						</tr>
					)
				})}
			</tbody>
		</table>
	)
}

function None() {
	return (
		<>
			<span aria-hidden="true">–</span>
			<span className="sr">none</span>
		</>
	)
}

/** Names come from outside: one may be `constructor`. */
const ownOf = (numbers: Run['change'], name: string): number | undefined =>
	numbers && Object.hasOwn(numbers, name) ? numbers[name] : undefined
