import { useEffect, useRef, useState } from 'react'
import type { Run } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useHawser } from './hawser.tsx'
import { LogView } from './log-view.tsx'
import { useLookAt } from './look-at.ts'
import { RunFacts } from './run-facts.tsx'
import { RunMetrics } from './run-metrics.tsx'

/** A run opened in place. Opening it is looking at how it ended. */
export function RunDetail({ run }: { run: Run }) {
	const { engine } = useHawser()
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
	useLookAt(run.id, !ended)
	useEffect(() => {
		place.current?.scrollIntoView({ block: 'nearest' })
	}, [])
	return (
		<div className="run-detail" ref={place}>
			<RunFacts run={run} />
			{run.metrics && <RunMetrics run={run} />}
			<LogView key={run.id} run={run} />
			{!ended && <CancelRun run={run} />}
		</div>
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
