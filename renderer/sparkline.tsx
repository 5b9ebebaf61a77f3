import type { WorkstationState } from '../src/contract/state.ts'

type History = WorkstationState['utilisation']

const width = 96
const height = 34
const edge = 2

/** Utilisation over the last minutes. A moment that was not read is a gap, not a zero. */
export function Sparkline({ history }: { history: History }) {
	const values = history.map((point) => point.value).filter((value) => value !== null)
	if (values.length < 2) return null
	const words = `Use over the last minutes: between ${Math.min(...values)} and ${Math.max(...values)} %, now ${values.at(-1)} %`
	return (
		<svg
			className="spark"
			viewBox={`0 0 ${width} ${height}`}
			preserveAspectRatio="none"
			role="img"
			aria-label={words}
		>
			<path className="spark-ground" d={`M0 ${height - edge}H${width}`} />
			<path className="spark-line" d={sparkPath(history)} />
		</svg>
	)
}

/** An SVG path over the history's own span of time; each gap begins a new piece. */
function sparkPath(history: History): string {
	const first = history[0]?.at ?? 0
	const span = Math.max(1, (history.at(-1)?.at ?? 0) - first)
	let drawing = false
	let path = ''
	for (const { at, value } of history) {
		if (value === null) {
			drawing = false
			continue
		}
		const x = ((at - first) / span) * width
		const y = height - edge - (Math.min(100, Math.max(0, value)) / 100) * (height - 2 * edge)
		path += `${drawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
		drawing = true
	}
	return path
}
