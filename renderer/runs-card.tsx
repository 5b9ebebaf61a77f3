import { useEffect, useState } from 'react'
import { parameterWords } from '../src/contract/run-table.ts'
import { codeWords, outcomeWords } from '../src/contract/run-words.ts'
import type { Run } from '../src/contract/state.ts'
import { placeOf } from './address.ts'
import { cardId } from './arrival.ts'
import { Bar } from './bar.tsx'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetail, useDetails } from './details.tsx'
import { useHawserState } from './hawser.tsx'
import { Mark, type MarkShape } from './marks.tsx'
import { Compare } from './metrics-compare.tsx'
import { RunDetail } from './run-detail.tsx'
import { queueWords, waitingWords } from './run-facts.tsx'
import { ago, count, duration, mainMetric, metricChange, metricValue } from './words.ts'

const endedShown = 3
const waitingShown = 2

export function RunsCard({ several }: { several: boolean }) {
	const state = useHawserState()
	const [all, setAll] = useAll()
	const { opened } = useDetails()
	// What an address opened is not hidden among the rest.
	const isOpen = ({ id }: Run) => opened.includes(`run:${id}`)
	const runs = Object.values(state.runs).sort((a, b) => b.startedAt - a.startedAt)
	const unended = runs.filter((run) => run.outcome.status === 'running')
	// The rest of a long series is a number.
	const waiting = unended.filter(({ queue }) => queue !== null).toReversed()
	const next = waiting.filter((run, index) => index < waitingShown || isOpen(run))
	const running = [...unended.filter(({ queue }) => queue === null), ...next]
	const more = waiting.length - next.length
	const ended = runs.filter((run) => run.outcome.status !== 'running')
	if (runs.length === 0 && Object.keys(state.projects).length === 0) return null
	const shown = ended.filter((run, index) => all || index < endedShown || isOpen(run))
	const reached = Object.values(state.workstations).every(({ link }) => link.status === 'up')
	const row = (run: Run) => (
		<RunRow
			key={run.id}
			run={run}
			several={several}
			linked={state.workstations[run.workstation]?.link.status === 'up'}
		/>
	)
	return (
		<section id={cardId('card', 'runs')} tabIndex={-1} className="card" aria-label="Runs">
			<h2>Runs</h2>
			{runs.length === 0 && (
				<p className="quiet">
					{reached ? 'None yet. Sync and validate starts the first.' : 'Unknown until it is connected.'}
				</p>
			)}
			<ul className="runs">
				{running.map(row)}
				{more > 0 && <li className="quiet small waiting">{waitingWords(more)}</li>}
				{shown.map(row)}
			</ul>
			{(all ? ended.length > endedShown : shown.length < ended.length) && (
				<Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
					{all ? 'Show fewer' : `Show ${count(ended.length - shown.length, 'earlier run')}`}
				</Button>
			)}
			{[...new Set(runs.flatMap((run) => (run.metrics ? run.project : [])))].map((project) => (
				<CompareRuns key={project} project={project} runs={runs} />
			))}
		</section>
	)
}

/** Whether all that have ended are shown; an address that leads here asks for that. */
function useAll() {
	const [all, setAll] = useState(areAsked)
	useEffect(() => {
		const follow = () => setAll((before) => before || areAsked())
		window.addEventListener('hashchange', follow)
		return () => window.removeEventListener('hashchange', follow)
	}, [])
	return [all, setAll] as const
}

function areAsked(): boolean {
	const place = placeOf(location.hash)
	return place?.at === 'card' && place.card === 'runs'
}

/** Opens a project's runs side by side. */
function CompareRuns({ project, runs }: { project: string; runs: Run[] }) {
	const detail = useDetail(`compare:${project}`)
	const { projects } = useHawserState()
	const own = runs.filter((run) => run.project === project)
	return (
		<div className="compare-place">
			<Button kind="quiet" {...detail.trigger}>
				Compare runs of {project}
			</Button>
			{detail.isOpen && (
				<div {...detail.panel}>
					<Compare name={project} runs={own} directions={projects[project]?.directions ?? noDirections} />
				</div>
			)}
		</div>
	)
}

const noDirections = {}

type Status = Run['outcome']['status']
const shapeOf: Record<Status, MarkShape> = {
	running: 'ring',
	succeeded: 'done',
	failed: 'failed',
	killed: 'failed',
	'timed-out': 'failed',
	cancelled: 'slashed',
	lost: 'slashed',
}

function RunRow({ run, several, linked }: { run: Run; several: boolean; linked: boolean }) {
	const detail = useDetail(`run:${run.id}`)
	const { status } = run.outcome
	const unseen = status !== 'running' && status !== 'succeeded' && status !== 'cancelled' && !run.looked
	return (
		<li className={`run run-${status} ${unseen ? 'run-unseen' : ''} ${linked ? '' : 'run-far'}`}>
			<button type="button" className="run-row" {...detail.trigger}>
				<Mark shape={shapeOf[status]} />
				{status === 'running' ? (
					<RunningWords run={run} several={several} linked={linked} />
				) : (
					<EndedWords run={run} several={several} />
				)}
			</button>
			{run.queue && <Queue queue={run.queue} />}
			{status === 'running' && !run.queue && <Progress run={run} late={!linked} />}
			{detail.isOpen && (
				<div {...detail.panel}>
					<RunDetail run={run} />
				</div>
			)}
		</li>
	)
}

interface RowWords {
	run: Run
	several: boolean
}

function RunningWords({ run, several, linked }: RowWords & { linked: boolean }) {
	const now = useNow()
	return (
		<>
			<span className="run-name">
				<span className="sr">{run.queue ? 'waits' : 'running'}: </span>
				{run.project} · {parameterWords(run) || codeWords(run) || run.command}
				{several && ` · ${run.workstation}`}
			</span>
			<span className={`run-when ${linked ? '' : 'late'}`}>
				{linked
					? `${run.queue ? 'waits ' : ''}${duration(now - run.startedAt)}`
					: `last seen ${ago(run.seenAt, now)}`}
			</span>
		</>
	)
}

function EndedWords({ run, several }: RowWords) {
	const now = useNow()
	if (run.outcome.status === 'running') return null
	const metric = run.outcome.status === 'succeeded' && run.metrics ? mainMetric(run.metrics) : null
	return (
		<>
			<span className="run-name">
				{run.project} · {!metric && outcomeWords(run.outcome)}
				{metric && <MetricWords run={run} metric={metric} />}
				{metric && <span className="sr">, succeeded</span>}
				{several && ` · ${run.workstation}`}
			</span>
			<span className="run-when">
				{ago(run.outcome.endedAt, now)} · {duration(run.outcome.endedAt - run.startedAt)}
			</span>
		</>
	)
}

function MetricWords({ run, metric }: { run: Run; metric: string }) {
	const change = run.change?.[metric]
	return (
		<>
			{metric} {metricValue(run.metrics?.[metric] ?? 0)}
			{change !== undefined && ` (${metricChange(change)})`}
		</>
	)
}

function Queue({ queue }: { queue: NonNullable<Run['queue']> }) {
	const words = queueWords(queue, useNow())
	return (
		<p className="queue" title={words}>
			{words}
		</p>
	)
}

function Progress({ run, late }: { run: Run; late: boolean }) {
	return (
		<div className={`progress ${late ? 'late' : ''}`}>
			{run.progress && (
				<>
					<Bar share={run.progress.fraction} label={`Progress of ${run.project}`} words={run.progress.text} />
					<span className="progress-text">{run.progress.text}</span>
				</>
			)}
			{run.lastLine && run.lastLine !== run.progress?.text && (
				<code className="last-line" title={run.lastLine}>
					{run.lastLine}
				</code>
			)}
		</div>
	)
}
