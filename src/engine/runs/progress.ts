import { createContext, Script } from 'node:vm'
import type { Run } from '../../contract/state.ts'

/** `31/50`, not a part of a path, a date or a version. */
const ratio = /(?<![\w/.:-])(\d{1,9}) ?\/ ?(\d{1,9})(?![\w/-]|[.:]\d)/
/** `epoch 3 of 10` */
const counted = /(?<![\w/.:-])(\d{1,9}) of (\d{1,9})(?![\w/-]|[.:]\d)/i
const percent = /(?<![\w/.,:-])(\d{1,3}(?:\.\d+)?) ?%/

/** No more of a line is ever looked at. */
const longestLine = 400

/**
 * How far a run is, as its last line tells: by the project's own pattern where it matches, else `31/50`,
 * `epoch 3 of 10`, a tqdm bar, `42 %`. The first count on the line is the outer one. Null when the line tells nothing of
 * the kind. The time left is `Pace`'s to say.
 */
export function parseProgress(line: string, pattern?: string | undefined): Run['progress'] {
	const text = line.slice(0, longestLine)
	if (pattern !== undefined) {
		const groups = matchOwn(pattern, text)
		const found = counts(groups?.done, groups?.all) ?? share(groups?.percent)
		if (found) return found
	}
	const matches = [ratio.exec(text), counted.exec(text)]
		.filter((match) => match !== null)
		.sort((a, b) => a.index - b.index)
	for (const match of matches) {
		const found = counts(match[1], match[2])
		if (found) return found
	}
	return share(percent.exec(text)?.[1])
}

function counts(doneText: string | undefined, allText: string | undefined): Run['progress'] {
	const [done, all] = [numberOf(doneText), numberOf(allText)]
	if (done === null || all === null || all <= 0 || done > all) return null
	return { fraction: done / all, text: `${done} of ${all}`, leftMs: null }
}

function share(text: string | undefined): Run['progress'] {
	const value = numberOf(text)
	return value !== null && value <= 100 ? { fraction: value / 100, text: `${value} %`, leftMs: null } : null
}

/** `12`, `1,200`, `0.5`; null for anything else. */
function numberOf(text: string | undefined): number | null {
	const plain = text?.trim().replaceAll(/(?<=\d)[,_'](?=\d{3})/g, '') ?? ''
	return /^\d{1,15}(\.\d{1,15})?$/.test(plain) ? Number(plain) : null
}

/**
 * A pattern of the settings may take ages for a line that it nearly matches (`(a+)+b`), and nothing else goes on
 * meanwhile. So it has this long; one that took longer three times, which no busy machine explains, is never asked again.
 */
const patternMs = 100
const mostSlow = 3
const script = new Script('new RegExp(pattern, "u").exec(line)?.groups')
const surroundings = createContext({ pattern: '', line: '' })
const slow = new Map<string, number>()

function matchOwn(pattern: string, line: string): Record<string, string | undefined> | null {
	const times = slow.get(pattern) ?? 0
	if (times >= mostSlow) return null
	try {
		Object.assign(surroundings, { pattern, line })
		return script.runInContext(surroundings, { timeout: patternMs }) ?? null
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
			slow.set(pattern, times + 1)
		return null
	}
}

interface Seen {
	first: { at: number; fraction: number }
	last: { at: number; fraction: number }
}

/** A rate from less is a guess. */
const leastMs = 5000
const leastShare = 0.01

/** The time that runs have left, from how their progress moved while they were seen. */
export class Pace {
	readonly #seen = new Map<string, Seen>()

	/**
	 * Takes in how far a run is at `now` (ms); answers in ms how long it has left at the rate seen, null as long as that
	 * says nothing. Progress that falls back belongs to something new and begins anew.
	 */
	left(run: string, fraction: number, now: number): number | null {
		const seen = this.#seen.get(run)
		if (!seen || fraction < seen.last.fraction) {
			const point = { at: now, fraction }
			this.#seen.set(run, { first: point, last: point })
			return null
		}
		if (fraction > seen.last.fraction) seen.last = { at: now, fraction }
		const moved = seen.last.fraction - seen.first.fraction
		const took = seen.last.at - seen.first.at
		if (moved < leastShare || took < leastMs) return null
		const left = ((1 - seen.last.fraction) / moved) * took - (now - seen.last.at)
		// It stands still for longer than all that was left: then nothing is known any more.
		return left >= 0 ? Math.round(left) : null
	}

	forget(run: string): void {
		this.#seen.delete(run)
	}
}
