import { useEffect, useRef, useState } from 'react'
import type { Run } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useHawser } from './hawser.tsx'
import { LogView } from './log-view.tsx'
import { ago, bytes, clockTime, metricChange, metricValue, short } from './words.ts'

/** A run opened in place. Opening it is looking at how it ended. */
export function RunDetail({ run }: { run: Run }) {
	const { engine } = useHawser()
	const now = useNow()
	const ended = run.outcome.status !== 'running'
	const place = useRef<HTMLDivElement>(null)
	const unseen = ended && !run.looked
	useEffect(() => {
		if (!unseen) return
		// An end that nobody has before their eyes was not looked at yet.
		const look = () => {
			if (!document.hidden) void engine.command('lookRun', { run: run.id })
		}
		look()
		document.addEventListener('visibilitychange', look)
		return () => document.removeEventListener('visibilitychange', look)
	}, [engine, run.id, unseen])
	useEffect(() => {
		place.current?.scrollIntoView({ block: 'nearest' })
	}, [])
	return (
		<div className="run-detail" ref={place}>
			<dl className="run-facts">
				<dt>Command</dt>
				<dd>
					<code>{run.command}</code>
				</dd>
				<dt>Commit</dt>
				<dd>
					<code>
						{run.branch}@{short(run.commit)}
					</code>
				</dd>
				<dt>Started</dt>
				<dd>
					{clockTime(run.startedAt, now)} on {run.workstation}
					{run.runner === 'tmux' ? ', in tmux' : ''}
				</dd>
				<dt>Log</dt>
				<dd>
					{bytes(run.logBytes)}, as of {ago(run.seenAt, now)}
				</dd>
			</dl>
			{run.metrics && <Metrics metrics={run.metrics} change={run.change} />}
			<LogView key={run.id} run={run} />
			{!ended && <CancelRun run={run} />}
		</div>
	)
}

function Metrics({ metrics, change }: { metrics: Record<string, number>; change: Run['change'] }) {
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
				</tr>
			</thead>
			<tbody>
				{Object.entries(metrics).map(([name, value]) => {
					const moved = change?.[name]
					return (
						<tr key={name}>
							<th scope="row">{name}</th>
							<td className="number">{metricValue(value)}</td>
							<td className="number">{moved === undefined ? 'none to compare' : metricChange(moved)}</td>
						</tr>
					)
				})}
			</tbody>
		</table>
	)
}

/** Hours of work may hang on it, so it is asked once more, in place. */
function CancelRun({ run }: { run: Run }) {
	const { send } = useHawser()
	const [asked, setAsked] = useState(false)
	if (!asked)
		return (
			<div className="buttons">
				<Button onClick={() => setAsked(true)}>Cancel run</Button>
			</div>
		)
	return (
		<fieldset className="buttons">
			<legend className="sr">Cancel this run?</legend>
			<Button kind="danger" autoFocus onClick={() => void send('cancelRun', { run: run.id })}>
				Yes, cancel it
			</Button>
			<Button onClick={() => setAsked(false)}>Let it run</Button>
		</fieldset>
	)
}
