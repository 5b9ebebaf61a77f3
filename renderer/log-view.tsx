import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { sizeWords } from '../src/contract/size-words.ts'
import type { Run } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useHawser, useView } from './hawser.tsx'
import type { LogBlock, LogPart } from './log-lines.ts'
import { LogReader, type LogShown } from './log-reader.ts'
import { LogSearch } from './log-search.tsx'

const nearEnd = 12
const nearStart = 60
/** Blocks of lines that are drawn while the end is in sight, and so many more each time one scrolls up to the first. */
const fewBlocks = 3
const moreBlocks = 10

/** A run's log: its end, followed while it is in sight; earlier and later parts as one scrolls, hits as one searches. */
export function LogView({ run }: { run: Run }) {
	const { engine } = useHawser()
	const { connection } = useView()
	const [shown, setShown] = useState<LogShown | null>(null)
	/** The end is in sight, and stays there whatever comes. */
	const [stuck, setStuck] = useState(true)
	/** A person stopped it; else it goes on when the end comes in sight. */
	const [held, setHeld] = useState(false)
	/** The first block that is drawn, by its id, once one has scrolled up: what nobody sees costs nothing. */
	const [drawnFrom, setDrawnFrom] = useState<number | null>(null)
	/** Jumps to hits that were drawn. The end is left with the drawing, not before: what is in sight till then may be it. */
	const [jumps, setJumps] = useState(0)
	if (shown && shown.jumps !== jumps) {
		setJumps(shown.jumps)
		if (shown.jumps > jumps) {
			setStuck(false)
			setDrawnFrom(Number.NEGATIVE_INFINITY)
		}
	}
	const blocks = shown?.log.blocks ?? []
	const first = firstDrawn(blocks, stuck ? null : drawnFrom)
	const drawn = blocks.slice(first)
	const box = useRef<HTMLElement>(null)
	const field = useRef<HTMLInputElement>(null)
	const reader = useRef<LogReader>(null)
	const latest = useRef(run)
	latest.current = run
	const noteScroll = useScroll(box, shown, drawn[0]?.id ?? 0, stuck)

	// A new connection begins anew: the engine forgot who followed.
	// biome-ignore lint/correctness/useExhaustiveDependencies: the run's later changes are told to the reader
	useEffect(() => {
		const made = new LogReader(engine, latest.current, setShown)
		reader.current = made
		return () => made.dispose()
	}, [engine, connection, run.id])
	useEffect(() => reader.current?.update(run), [run])

	const lastTop = useRef(0)
	const hear = () => {
		const element = box.current
		if (!element || !shown) return
		noteScroll()
		const up = element.scrollTop < lastTop.current
		lastTop.current = element.scrollTop
		const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd
		const goesOn = isGoing(run) && !held
		// As it is, not as it was last drawn: one may be up and back at the end between two drawings.
		const following = reader.current?.isFollowing ?? false
		if (atEnd && !following && (shown.end < shown.size || (goesOn && !stuck)))
			void reader.current?.later(goesOn)
		// What one reads must not move away.
		if (!atEnd && up && following) reader.current?.pause()
		if (!atEnd && up && element.scrollTop < nearStart) earlier()
		else if (!atEnd && stuck) setDrawnFrom(drawn[0]?.id ?? 0)
		setStuck(atEnd && (following || shown.end >= shown.size))
	}
	const earlier = () => {
		setStuck(false)
		setDrawnFrom((drawn[0]?.id ?? 0) - moreBlocks)
		if (first < moreBlocks) void reader.current?.earlier()
	}
	const toEnd = () => {
		setHeld(false)
		setStuck(true)
		void reader.current?.toEnd()
	}
	const hold = () => {
		setHeld(true)
		reader.current?.pause()
	}
	const hearKeys = (event: KeyboardEvent) => {
		if (
			event.key.toLowerCase() !== 'f' ||
			!(event.metaKey || event.ctrlKey) ||
			event.shiftKey ||
			event.altKey
		)
			return
		event.preventDefault()
		field.current?.select()
	}
	const away = shown !== null && (!stuck || (!shown.following && shown.end < shown.size))
	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for what is inside
		<div className="log-place" onKeyDown={hearKeys}>
			<LogSearch run={run} field={field} onHit={(hit) => void reader.current?.jump(hit.offset)}>
				{isGoing(run) && shown?.following && !away && <Button onClick={hold}>Pause</Button>}
				{isGoing(run) && held && !away && <Button onClick={toEnd}>Follow</Button>}
			</LogSearch>
			<div className="log-frame">
				<section
					className="log"
					ref={box}
					onScroll={hear}
					// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
					tabIndex={0}
					aria-label={`Log of ${run.project}`}
				>
					{shown === null ? (
						<p className="quiet">Reading…</p>
					) : (
						<Lines shown={shown} drawn={drawn} onEarlier={earlier} />
					)}
				</section>
				{away && (
					<Button className="button plain log-end" onClick={toEnd}>
						To the end
					</Button>
				)}
			</div>
		</div>
	)
}

const isGoing = (run: Run) => run.outcome.status === 'running'

/**
 * Keeps the end in sight while it is, what is in sight when lines come or go before it, and shows a hit that was gone to.
 * Returns what is to be called after a scroll.
 */
function useScroll(
	box: { current: HTMLElement | null },
	shown: LogShown | null,
	from: number,
	stuck: boolean,
) {
	/** The first block in sight, and how far below the edge it begins, as of the box's place then. */
	const anchor = useRef<{ block: HTMLElement; below: number; top: number } | null>(null)
	const jumps = useRef(0)
	const note = () => {
		const element = box.current
		if (!element) return
		const blocks = element.querySelectorAll<HTMLElement>('.log-block')
		const block = [...blocks].find((one) => one.offsetTop + one.offsetHeight > element.scrollTop)
		const top = element.scrollTop
		anchor.current = block ? { block, below: block.offsetTop - top, top } : null
	}
	// biome-ignore lint/correctness/useExhaustiveDependencies: whatever was drawn anew
	useLayoutEffect(() => {
		const element = box.current
		if (!element || !shown) return
		const hit = shown.jumps > jumps.current ? element.querySelector<HTMLElement>('.log-hit') : null
		jumps.current = shown.jumps
		if (hit) element.scrollTop = hit.offsetTop - element.clientHeight / 3
		else if (stuck) element.scrollTop = element.scrollHeight
		else if (anchor.current?.block.isConnected) {
			const { block, below, top } = anchor.current
			// How far one has scrolled since, which was not heard yet, stays.
			element.scrollTop = block.offsetTop - below + (element.scrollTop - top)
		}
		if (!stuck) note()
	}, [box, shown, from, stuck])
	return note
}

/** From which block on is drawn: the one with that id, or the last few. */
function firstDrawn(blocks: readonly LogBlock[], from: number | null): number {
	if (from === null) return Math.max(0, blocks.length - fewBlocks)
	return Math.max(
		0,
		blocks.findIndex(({ id }) => id >= from),
	)
}

function Lines({
	shown,
	drawn,
	onEarlier,
}: {
	shown: LogShown
	drawn: readonly LogBlock[]
	onEarlier: () => void
}) {
	const { log, start, skipped, problem } = shown
	const all = drawn.length === log.blocks.length
	return (
		<>
			{problem !== null && <p className="log-note">{problem}</p>}
			{(start > 0 || !all) && (
				<p className="log-note">
					{skipped > 0 && all && `${sizeWords(skipped)} came faster than one can read and were skipped. `}
					<Button kind="quiet" onClick={onEarlier}>
						Show earlier lines
					</Button>
				</p>
			)}
			<pre>
				{drawn.map((block) => (
					<Block key={block.id} block={block} />
				))}
				<Parts parts={log.line} />
			</pre>
		</>
	)
}

const Block = memo(({ block }: { block: LogBlock }) => (
	<span className={block.hit ? 'log-block log-hit' : 'log-block'}>
		<Parts parts={block.parts} />
	</span>
))

// Parts are never moved, only added at the end: their place is their name.
const Parts = ({ parts }: { parts: readonly LogPart[] }) =>
	parts.map(({ look, text }, index) =>
		look === '' ? (
			text
		) : (
			// biome-ignore lint/suspicious/noArrayIndexKey: as said
			<span key={index} className={look}>
				{text}
			</span>
		),
	)
