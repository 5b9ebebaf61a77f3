import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Run } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import type { Engine } from './engine.ts'
import { useHawser, useView } from './hawser.tsx'
import { appendLog, emptyLog, type LogLines, withoutFirstLine } from './log-lines.ts'

/** So much of the end of a log is read first. */
const tailBytes = 65_536
const nearBottom = 12

/**
 * Reads the end of a run's log and follows it from there. `show` gets the whole each time. Returns the
 * disposer, which also stops the following.
 */
function followRun(engine: Engine, run: Run, show: (log: LogLines) => void): () => void {
	let log = emptyLog(false)
	let stopped = false
	let next = 0
	let drawing = 0
	const add = (text: string) => {
		log = appendLog(log, text)
		// Many chunks may come between two pictures; one drawing serves them all.
		if (drawing === 0)
			drawing = requestAnimationFrame(() => {
				drawing = 0
				show(log)
			})
	}
	const stopListening = engine.onLog((chunk) => {
		if (chunk.run !== run.id || chunk.from < next || stopped) return
		next = chunk.from + 1
		add(chunk.text)
	})
	const begin = async () => {
		const size = run.logBytes
		const from = Math.max(0, size - tailBytes)
		const answer = await engine.command('readLog', { run: run.id, from, most: tailBytes })
		if (stopped) return
		if (!answer.ok) {
			add(answer.problem.title)
			return
		}
		log = emptyLog(from > 0)
		next = answer.output.end
		add(from > 0 ? withoutFirstLine(answer.output.text) : answer.output.text)
		if (run.outcome.status === 'running' || answer.output.end < answer.output.size)
			await engine.command('followLog', { run: run.id, from: answer.output.end })
	}
	void begin()
	return () => {
		stopped = true
		stopListening()
		cancelAnimationFrame(drawing)
		void engine.command('unfollowLog', { run: run.id })
	}
}

export function LogView({ run }: { run: Run }) {
	const { engine } = useHawser()
	const { connection } = useView()
	const [log, setLog] = useState<LogLines | null>(null)
	const [stuck, setStuck] = useState(true)
	const box = useRef<HTMLElement>(null)
	const first = useRef(run)
	first.current = run

	// A new connection begins anew: the engine forgot who followed.
	// biome-ignore lint/correctness/useExhaustiveDependencies: the run's later changes come as log chunks
	useEffect(() => followRun(engine, first.current, setLog), [engine, connection, run.id])

	useLayoutEffect(() => {
		const element = box.current
		if (element && log && stuck) element.scrollTop = element.scrollHeight
	}, [log, stuck])

	const notice = () => {
		const element = box.current
		if (element) setStuck(element.scrollHeight - element.scrollTop - element.clientHeight < nearBottom)
	}
	return (
		<div className="log-place">
			<section
				className="log"
				ref={box}
				onScroll={notice}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
				tabIndex={0}
				aria-label={`Log of ${run.project}`}
			>
				{log === null ? (
					<p className="quiet">Reading…</p>
				) : (
					<pre>
						{log.cut && <span className="log-cut">Earlier lines are not shown.{'\n'}</span>}
						{log.blocks.map((block) => (
							<Block key={block.id} text={block.text} />
						))}
						{log.tail.join('\n')}
					</pre>
				)}
			</section>
			{!stuck && (
				<Button kind="plain" className="button log-end" onClick={() => setStuck(true)}>
					To the end
				</Button>
			)}
		</div>
	)
}

const Block = memo(({ text }: { text: string }) => <span className="log-block">{text}</span>)
