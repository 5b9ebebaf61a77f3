import { useEffect, useRef, useState } from 'react'
import type { Probe } from '../src/contract/probe.ts'
import { lacksWeights, probeRows } from '../src/contract/probe-words.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { WorkstationState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetail } from './details.tsx'
import { useHawser, useHawserState, useView } from './hawser.tsx'
import { Mark } from './marks.tsx'
import { NextStepButton } from './next-step.tsx'
import { ago } from './words.ts'

/** For each project of a workstation: what its own Python says of the GPU, when asked for. */
export function Probes({ workstation }: { workstation: WorkstationState }) {
	const { projects } = useHawserState()
	const own = Object.values(projects).filter((project) => project.workstation === workstation.name)
	return own.map(({ name }) => (
		<ProbeOfProject key={name} project={name} workstation={workstation} several={own.length > 1} />
	))
}

interface ProbeOfProjectProps {
	project: string
	workstation: WorkstationState
	several: boolean
}

function ProbeOfProject({ project, workstation, several }: ProbeOfProjectProps) {
	const detail = useDetail(`probe:${project}`)
	const { gone } = useView()
	const { asking, answer, problem, ask } = useProbe(project)
	const why = gone
		? 'Hawser is not running.'
		: workstation.link.status === 'up'
			? null
			: `${workstation.name} is not connected.`
	const open = () => {
		if (!detail.isOpen && !answer && !asking) ask(false)
		detail.trigger.onClick()
	}
	return (
		<div className="probe">
			<Button
				kind="quiet"
				title="Ask the project’s own Python about PyTorch, the GPU and TiRex"
				why={detail.isOpen || answer ? null : why}
				{...detail.trigger}
				onClick={open}
			>
				{several ? `Probe ${project}` : 'Probe'}
				<span className="turn" aria-hidden="true" />
			</Button>
			{detail.isOpen && (
				<section
					className="probe-answer"
					aria-label={`Probe of ${project}`}
					aria-busy={asking}
					{...detail.panel}
				>
					<div role="status">
						{asking && (
							<p className="quiet small">
								Asking its Python. A first import can take a minute, two are the most.
							</p>
						)}
					</div>
					{problem && <Trouble problem={problem} project={project} workstation={workstation.name} />}
					{answer && <Answer answer={answer} />}
					{!asking && (
						<div className="buttons">
							<Button why={why} onClick={() => ask(false)}>
								Ask again
							</Button>
							{answer && lacksWeights(answer) && (
								<Button why={why} title="Some 140 MB, onto the workstation" onClick={() => ask(true)}>
									Download the weights
								</Button>
							)}
						</div>
					)}
				</section>
			)}
		</div>
	)
}

/** Asks for a probe; an answer that comes after another question, or to a card that is gone, is dropped. */
function useProbe(project: string) {
	const { engine } = useHawser()
	const [asking, setAsking] = useState(false)
	const [answer, setAnswer] = useState<Probe | null>(null)
	const [problem, setProblem] = useState<Problem | null>(null)
	const turn = useRef(0)
	useEffect(
		() => () => {
			turn.current++
		},
		[],
	)
	const ask = (download: boolean) => {
		const mine = ++turn.current
		setAsking(true)
		setProblem(null)
		void engine.command('probe', { project, ...(download ? { download } : {}) }).then((said) => {
			if (mine !== turn.current) return
			setAsking(false)
			if (said.ok) setAnswer(said.output)
			else setProblem(said.problem)
		})
	}
	return { asking, answer, problem, ask }
}

const shapes = { ok: 'done', failing: 'failed', unused: 'slashed' } as const
const heard = { ok: 'fine: ', failing: 'wrong: ', unused: 'not used: ' } as const

function Answer({ answer }: { answer: Probe }) {
	const now = useNow()
	return (
		<>
			<ul className="probe-rows">
				{probeRows(answer).map(({ name, finding, verdict }) => (
					<li key={name} className={`probe-row probe-${verdict}`}>
						<Mark shape={shapes[verdict]} />
						<span className="sr">{heard[verdict]}</span>
						<span className="probe-name">{name}</span>
						<span className="probe-finding">{finding}</span>
					</li>
				))}
			</ul>
			{answer.problems.map((each) => (
				<Trouble key={each.code} problem={each} project={answer.project} workstation={answer.workstation} />
			))}
			<p className="quiet small">Asked {ago(answer.at, now)}.</p>
		</>
	)
}

interface TroubleProps {
	problem: Problem
	project: string
	workstation: string
}

function Trouble({ problem, project, workstation }: TroubleProps) {
	return (
		<div className="trouble">
			<p className="strong">{problem.title}</p>
			<p>{problem.meaning}</p>
			{problem.next && (
				<div className="buttons">
					<NextStepButton
						problem={problem}
						workstation={workstation}
						project={project}
						where={`probe:${project}:${problem.code}`}
					/>
				</div>
			)}
		</div>
	)
}
