import type { State, Summary, WorkstationState } from '../src/contract/state.ts'
import { useNow } from './clock.ts'
import { elementId, useDetail } from './details.tsx'
import { useHawserState, useView } from './hawser.tsx'
import { Ladder } from './ladder.tsx'
import { lineOf, type Stop, type StopVerdict } from './line.ts'
import { loginQuestion, loginSummary } from './login-words.ts'
import { Glyph, Mark, type MarkShape } from './marks.tsx'

/** "This Mac" where it is one. */
const laptop = /mac/i.test(navigator.userAgent) ? 'This Mac' : 'This laptop'

/**
 * The line of the summary. A problem's own words stand in its card right below, so here it is only said
 * what kind it is.
 */
function summaryWords({ glyph, line, problem, workstation }: Summary, all: State['workstations']): string {
	if (!problem) return line
	const asking = workstation === null ? undefined : all[workstation]
	const question = problem.code === 'login-asks' && asking ? loginQuestion(asking) : null
	if (question) return loginSummary(question)
	if (glyph === 'down') return 'No path to the workstation'
	if (problem.code.startsWith('run-')) return 'A run did not succeed'
	return problem.needsPerson ? 'Waits for you' : 'Not all is well'
}

export function Header() {
	const { summary, workstations } = useHawserState()
	const { gone } = useView()
	const glyph = gone ? 'off' : summary.glyph
	const all = Object.values(workstations)
	const one = all.length === 1 ? all[0] : undefined
	return (
		<header>
			<div className="top">
				<h1 title={one?.name}>{one?.name ?? 'Hawser'}</h1>
				<p className={`summary glyph-${glyph}`} aria-live="polite">
					<Glyph glyph={glyph} />
					<span>{gone ? 'Unknown' : summaryWords(summary, workstations)}</span>
				</p>
			</div>
			{all.map((workstation) => (
				<section
					key={workstation.name}
					id={elementId(`line:${workstation.name}`)}
					tabIndex={-1}
					aria-label={`Line to ${workstation.name}`}
					className="workstation"
				>
					{!one && <h2>{workstation.name}</h2>}
					<Line workstation={workstation} />
				</section>
			))}
		</header>
	)
}

const shapeOf: Record<StopVerdict, MarkShape> = {
	ok: 'dot',
	failing: 'diamond',
	asking: 'ask',
	trying: 'running',
	unknown: 'ring',
	unused: 'ring',
}
const wordOf: Record<StopVerdict, string> = {
	ok: 'holds',
	failing: 'is broken',
	asking: 'waits for your answer',
	trying: 'is being tried',
	unknown: 'is not known',
	unused: 'is not used',
}

function Line({ workstation }: { workstation: WorkstationState }) {
	const now = useNow()
	const { stops, ropes } = lineOf(workstation, laptop, now)
	const detail = useDetail(`ladder:${workstation.name}`)
	return (
		<>
			<button type="button" className="line" title="Show every check" {...detail.trigger}>
				{stops.map((stop, index) => (
					<span key={stop.id} className="leg">
						<StopView stop={stop} />
						{index < ropes.length && <span className={`rope rope-${ropes[index]}`} aria-hidden="true" />}
					</span>
				))}
			</button>
			{detail.isOpen && (
				<div {...detail.panel}>
					<Ladder workstation={workstation} />
				</div>
			)}
		</>
	)
}

function StopView({ stop }: { stop: Stop }) {
	return (
		<span className={`stop stop-${stop.verdict}`}>
			<span className="stop-mark">
				<Mark shape={shapeOf[stop.verdict]} />
			</span>
			<span className="stop-title">{stop.title}</span>
			<span className="sr"> {wordOf[stop.verdict]}, </span>
			<span className="stop-note">{stop.note}</span>
			<span className="sr">. </span>
		</span>
	)
}
