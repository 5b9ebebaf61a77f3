import type { Facts } from '../src/contract/problem.ts'
import type { Rung } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useDetail } from './details.tsx'
import { count } from './words.ts'

/** So many are read at a glance; more are shown when asked for. */
const few = 4

/** What else a check found, as quiet pairs. */
export function RungFacts({ workstation, rung }: { workstation: string; rung: Rung }) {
	const detail = useDetail(`facts:${workstation}:${rung.id}`)
	const facts = Object.entries(rung.facts)
	if (facts.length === 0) return null
	if (facts.length <= few)
		return (
			<div className="rung-facts-place">
				<FactList facts={facts} />
			</div>
		)
	return (
		<div className="rung-facts-place">
			<Button kind="quiet" {...detail.trigger}>
				{count(facts.length, 'detail')}
				<span className="sr"> of {rung.title}</span>
				<span className="turn" aria-hidden="true" />
			</Button>
			{detail.isOpen && (
				<div {...detail.panel}>
					<FactList facts={facts} />
				</div>
			)}
		</div>
	)
}

function FactList({ facts }: { facts: [name: string, value: Facts[string]][] }) {
	return (
		<dl className="rung-facts">
			{facts.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd dir="auto">{factWords(value)}</dd>
				</div>
			))}
		</dl>
	)
}

function factWords(value: Facts[string]): string {
	if (typeof value === 'boolean') return value ? 'yes' : 'no'
	if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
	return value === '' ? 'unknown' : String(value)
}
