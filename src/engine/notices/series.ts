import { directionOf, isBetter } from '../../contract/metric-direction.ts'
import { parameterWords } from '../../contract/run-table.ts'
import { spanWords } from '../../contract/run-words.ts'
import type { ProjectState, Run } from '../../contract/state.ts'
import { endWord } from '../run-notice.ts'
import { type Happening, happening } from './happening.ts'
import { countWords } from './several.ts'

/**
 * Ends of runs that wait for those that were started with them. Nothing of it is on the disk: each is untold in the
 * ledger until then, so a later engine finds it again.
 */
export class HeldSeries {
	readonly #held = new Map<string, Happening>()

	get isEmpty(): boolean {
		return this.#held.size === 0
	}

	has(notice: string): boolean {
		return this.#held.has(notice)
	}

	add(happening: Happening): void {
		this.#held.set(happening.notice.id, happening)
	}

	drop(notice: string): void {
		this.#held.delete(notice)
	}

	/** Lets go of those whose series is over. */
	take(isOver: (series: string) => boolean): Happening[] {
		const over = [...this.#held.values()].filter(({ series }) => series === undefined || isOver(series))
		for (const { notice } of over) this.#held.delete(notice.id)
		return over
	}
}

interface Best {
	/** `best MASE 0.8123`: nothing of it was printed by a run. */
	words: string
	/** The parameters it was reached with; may be empty. */
	by: string
}

/** The best of what the succeeded runs have measured, by the first metric whose better way is known. */
function bestOf(runs: readonly Run[], directions: ProjectState['directions']): Best | null {
	const measured = runs.filter(({ outcome, metrics }) => outcome.status === 'succeeded' && metrics !== null)
	const names = new Set(measured.flatMap(({ metrics }) => Object.keys(metrics ?? {})))
	for (const name of names) {
		const direction = directionOf(name, directions)
		if (direction === null) continue
		let best: { run: Run; value: number } | null = null
		for (const run of measured) {
			const value = Object.entries(run.metrics ?? {}).find(([own]) => own === name)?.[1]
			if (value !== undefined && (best === null || isBetter(value, best.value, direction)))
				best = { run, value }
		}
		if (best)
			return { words: `best ${name} ${Number(best.value.toPrecision(4))}`, by: parameterWords(best.run) }
	}
	return null
}

const endOf = ({ outcome, startedAt }: Run) => (outcome.status === 'running' ? startedAt : outcome.endedAt)

/**
 * The one notice about a series that is over: how many ended how, the best of what they measured, and how long all took.
 * `runs`: all of it, more than one; `covered`: the ends of those that it stands for. Pure.
 */
export function endOfSeries(
	runs: readonly Run[],
	covered: readonly Happening[],
	directions: ProjectState['directions'],
	now: number,
): Happening {
	const [{ project = '', workstation = '' } = {}] = runs
	const words = runs.map(({ outcome }) => endWord(outcome))
	const best = bestOf(runs, directions)
	const endedAt = Math.max(...runs.map(endOf))
	const span = spanWords(endedAt - Math.min(...runs.map(({ startedAt }) => startedAt)))
	const join = (...parts: (string | undefined)[]) => parts.filter((part) => part).join(' · ')
	const by = best?.by ? ` (${best.by})` : ''
	const covers = covered.map(({ notice }) => notice.id)
	const made = happening(
		{
			id: `several:${covers[0]}`,
			kind: 'several',
			title: `${runs.length} runs of ${project} ${words.every((word) => word === 'finished') ? 'finished' : 'ended'} on ${workstation}`,
			body: join(countWords(words), best ? `${best.words}${by}` : undefined, span),
			run: null,
			at: now,
		},
		{
			body: join(countWords(words), best?.words, span),
			project,
			workstation,
			// What failed was told when it did.
			urgent: false,
			at: endedAt,
		},
	)
	return { ...made, notice: { ...made.notice, covers }, message: { ...made.message, covers } }
}
