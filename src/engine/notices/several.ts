import type { Notice } from '../../contract/state.ts'
import type { Happening } from './happening.ts'
import type { Message } from './message.ts'

/** More than so many at once become one. */
export const mostAtOnce = 2
/** Others than runs that a summary names. */
const mostNamed = 4

function counts(runs: readonly Happening[]): string {
	const found = new Map<string, number>()
	for (const { word } of runs) found.set(word, (found.get(word) ?? 0) + 1)
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
		body: [runs.length > 0 && others.length > 0 ? 'Runs: ' : '', counts(runs)].join(''),
		run: null,
		at: now,
	}
	words.body = [words.body, ...named].filter((part) => part !== '').join(' · ')
	const covers = all.map(({ notice }) => notice.id)
	const notice: Notice = { ...words, covers }
	const message: Message = {
		...words,
		covers,
		workstation,
		project: only(all.map((one) => one.message.project)),
		urgent: all.some((one) => one.message.urgent),
	}
	return { notice, message, word: words.title }
}

/** As few as may be told one by one, else one for all. */
export function grouped(all: readonly Happening[], now: number): Happening[] {
	return all.length > mostAtOnce ? [several(all, now)] : [...all]
}
