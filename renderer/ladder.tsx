import type { Rung, WorkstationState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useHawser } from './hawser.tsx'
import { Mark, type MarkShape } from './marks.tsx'
import { NextStepButton } from './next-step.tsx'
import { linkWords } from './report.ts'
import { ago } from './words.ts'

const shapeOf: Record<Rung['verdict'], MarkShape> = {
	ok: 'done',
	failing: 'diamond',
	unknown: 'waiting',
	unused: 'skipped',
}
const wordOf: Record<Rung['verdict'], string> = {
	ok: 'passed',
	failing: 'failing',
	unknown: 'unknown',
	unused: 'not used',
}

/** Every rung with what was found, when, and what to do about it. */
export function Ladder({ workstation }: { workstation: WorkstationState }) {
	const now = useNow()
	return (
		<div className="card ladder">
			<p className="ladder-link">
				<span>{capital(linkWords(workstation, now))}</span>
				<LinkButton workstation={workstation} />
			</p>
			<ol>
				{workstation.rungs.map((rung) => (
					<li key={rung.id} className={`rung rung-${rung.verdict}`}>
						<Mark shape={shapeOf[rung.verdict]} />
						<span className="rung-words">
							<span className="rung-title">{rung.title}</span>{' '}
							<span className="rung-verdict">{wordOf[rung.verdict]}</span>
							{rung.finding && rung.finding !== wordOf[rung.verdict] && ` · ${rung.finding}`}
						</span>
						<span className="rung-age">{rung.at === null ? 'not probed' : ago(rung.at, now)}</span>
						{rung.problem && rung.verdict !== 'ok' && (
							<div className="rung-problem">
								<p className="strong">{rung.problem.title}</p>
								<p>{rung.problem.meaning}</p>
								<NextStepButton
									problem={rung.problem}
									workstation={workstation.name}
									where={`rung-${rung.id}`}
								/>
							</div>
						)}
					</li>
				))}
			</ol>
		</div>
	)
}

function LinkButton({ workstation }: { workstation: WorkstationState }) {
	const { send } = useHawser()
	const input = { workstation: workstation.name }
	return workstation.wanted ? (
		<Button kind="quiet" onClick={() => void send('disconnect', input)}>
			Disconnect
		</Button>
	) : (
		<Button kind="quiet" onClick={() => void send('connect', input)}>
			Connect
		</Button>
	)
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)
