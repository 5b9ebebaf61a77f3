import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useId, useRef, useState } from 'react'
import type { LogHit } from '../src/contract/run.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import type { Run } from '../src/contract/state.ts'
import type { Engine } from './engine.ts'
import { useHawser } from './hawser.tsx'

interface Found {
	text: string
	exact: boolean
	hits: readonly LogHit[]
	/** Where to search on, in bytes; null: these are all. */
	next: number | null
	/** The hit that is shown. */
	at: number
	busy: boolean
	problem: string | null
}

/** More hits than this at once are not asked for. */
const most = 200

/**
 * Searches on from what was found, until there is a hit more, all was searched, or `isWanted` says no. `tell` hears how
 * far it got.
 */
async function searchOn(
	engine: Engine,
	run: string,
	found: Found,
	tell: (found: Found) => boolean,
): Promise<Found> {
	let now = found
	while (now.next !== null && now.hits.length === found.hits.length) {
		const { text, exact, next } = now
		const answer = await engine.command('searchLog', { run, text, exact, from: next, most })
		if (!answer.ok) return { ...now, busy: false, problem: answer.problem.title }
		now = { ...now, hits: [...now.hits, ...answer.output.hits], next: answer.output.next }
		if (!tell(now)) return now
	}
	return { ...now, busy: false }
}

/** A field that searches the whole log, where it lies; Enter goes from hit to hit. */
export function LogSearch({
	run,
	field,
	onHit,
	children,
}: {
	run: Run
	field: Ref<HTMLInputElement>
	onHit: (hit: LogHit) => void
	/** What else is done to the log, beside the search. */
	children?: ReactNode
}) {
	const { engine } = useHawser()
	const id = useId()
	const [text, setText] = useState('')
	const [exact, setExact] = useState(false)
	const [found, setFound] = useState<Found | null>(null)
	/** Counts searches: what an outdated one finds is nobody's. */
	const turn = useRef(0)
	useEffect(() => () => void turn.current++, [])

	const goTo = (to: Found) => {
		setFound(to)
		const hit = to.hits[to.at]
		if (hit) onHit(hit)
	}
	const more = async (from: Found, at: number) => {
		const mine = ++turn.current
		setFound({ ...from, busy: true, problem: null })
		const isMine = () => mine === turn.current
		const got = await searchOn(engine, run.id, { ...from, busy: true, problem: null }, (sofar) => {
			if (isMine()) setFound(sofar)
			return isMine()
		})
		if (isMine()) goTo({ ...got, at: at < got.hits.length ? at : 0 })
	}
	const step = (by: 1 | -1) => {
		if (text === '') return
		if (!found || found.text !== text || found.exact !== exact)
			return void more({ text, exact, hits: [], next: 0, at: 0, busy: true, problem: null }, 0)
		if (found.busy) return
		const at = found.at + by
		if (at >= found.hits.length && found.next !== null) return void more(found, at)
		const count = found.hits.length
		if (count > 0) goTo({ ...found, at: (at + count) % count })
	}
	const clear = () => {
		turn.current++
		setText('')
		setFound(null)
	}
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.nativeEvent.isComposing) return
		if (event.key === 'Enter') {
			event.preventDefault()
			step(event.shiftKey ? -1 : 1)
		} else if (event.key === 'Escape' && (text !== '' || found)) {
			// It closes the search, not the run.
			event.preventDefault()
			event.stopPropagation()
			clear()
		}
	}
	return (
		<search className="log-search" aria-label={`Search the log of ${run.project}`}>
			<label className="sr" htmlFor={id}>
				Search the whole log
			</label>
			<input
				id={id}
				ref={field}
				type="search"
				className="field"
				placeholder="Search the whole log"
				value={text}
				maxLength={200}
				autoComplete="off"
				spellCheck={false}
				onChange={(event) => (event.target.value === '' ? clear() : setText(event.target.value))}
				onKeyDown={onKeyDown}
			/>
			<button
				type="button"
				className="button log-small"
				aria-pressed={exact}
				title="Match capitals"
				onClick={() => setExact(!exact)}
			>
				<span aria-hidden="true">Aa</span>
				<span className="sr">Match capitals</span>
			</button>
			<Step label="Previous hit" sign="↑" onClick={() => step(-1)} />
			<Step label="Next hit" sign="↓" onClick={() => step(1)} />
			{children}
			<p className="log-found" role="status">
				{found && words(found, run)}
			</p>
		</search>
	)
}

function Step({ label, sign, onClick }: { label: string; sign: string; onClick: () => void }) {
	return (
		<button type="button" className="button log-small" title={label} onClick={onClick}>
			<span aria-hidden="true">{sign}</span>
			<span className="sr">{label}</span>
		</button>
	)
}

function words({ hits, next, at, busy, problem }: Found, run: Run): string {
	if (problem !== null) return problem
	if (busy)
		return next ? `Searching… ${sizeWords(next)} of ${sizeWords(Math.max(next, run.logBytes))}` : 'Searching…'
	const hit = hits[at]
	if (!hit) return 'Not in this log'
	const count = next === null ? `${hits.length}` : `${hits.length} or more`
	return `${at + 1} of ${count}, line ${hit.line.toLocaleString('en')}`
}
