import type { Notice } from '../../contract/state.ts'
import type { Happening } from './happening.ts'
import type { Message } from './message.ts'

/** More than so many at once become one. */
export const mostAtOnce = 2
/** Others than runs that a summary names. */
const mostNamed = 4

/** `4 finished, 1 failed` */
export function countWords(words: readonly string[]): string {
	const found = new Map<string, number>()
	for (const word of words) found.set(word, (found.get(word) ?? 0) + 1)
	const order = ([one]: [string, number], [other]: [string, number]) =>
		Number(other === 'finished') - Number(one === 'finished') || one.localeCompare(other, 'en')
	return [...found]
		.sort(order)
		.map(([word, count]) => `${count} ${word}`)
		.join(', ')
}

function only(values: readonly (string | null)[]): string | null {
	return new Set(values).size === 1 ? (values[0] ?? null) : null
}

/** One for all of them, of which there are more than one. Pure. */
export function several(all: readonly Happening[], now: number): Happening {
	const runs = all.filter(({ notice }) => notice.kind === 'run-ended')
	const others = all.filter(({ notice }) => notice.kind !== 'run-ended')
	const workstation = only(all.map(({ message }) => message.workstation))
	const named = others.slice(0, mostNamed).map(({ word }) => word)
	if (others.length > mostNamed) named.push(`${others.length - mostNamed} more`)
	const words = {
		id: `several:${all[0]?.notice.id}`,
		kind: 'several' as const,
		title:
			others.length > 0
				? `${all.length} things to know of`
				: `${runs.length} runs ended${workstation === null ? '' : ` on ${workstation}`}`,
		body: [
			runs.length > 0 && others.length > 0 ? 'Runs: ' : '',
			countWords(runs.map(({ word }) => word)),
		].join(''),
		run: null,
		at: now,
	}
	words.body = [words.body, ...named].filter((part) => part !== '').join(' · ')
	const covers = all.map(({ notice }) => notice.id)
	const project = only(all.map(({ message }) => message.project))
	const notice: Notice = { ...words, project, workstation, covers }
	const message: Message = {
		...words,
		covers,
		workstation,
		project,
		urgent: all.some((one) => one.message.urgent),
	}
	return { notice, message, word: words.title }
}

/** Those of one series are one; each of the others is by itself. */
function unitsOf(all: readonly Happening[]): Happening[][] {
	const series = new Map<string, Happening[]>()
	const units: Happening[][] = []
	for (const one of all) {
		const known = one.series === undefined ? undefined : series.get(one.series)
		if (known) {
			known.push(one)
			continue
		}
		const unit = [one]
		units.push(unit)
		if (one.series !== undefined) series.set(one.series, unit)
	}
	return units
}

/**
 * As few as may be told one by one, else one for all. `ofSeries` makes the one notice of what is told of a series; null:
 * it is none.
 */
export function grouped(
	all: readonly Happening[],
	now: number,
	ofSeries: (series: string, covered: readonly Happening[]) => Happening | null,
): Happening[] {
	const units = unitsOf(all)
	if (units.length > mostAtOnce) return [several(all, now)]
	return units.flatMap((unit) => {
		const series = unit[0]?.series
		const one = series === undefined ? null : ofSeries(series, unit)
		return one ?? (unit.length > mostAtOnce ? several(unit, now) : unit)
	})
}
