import type { Facts } from '../contract/problem.ts'

/** A fact as words; a fact that is not there is said to be unknown. */
export function factText(fact: Facts[string] | undefined): string {
	if (Array.isArray(fact)) {
		const shown = fact.slice(0, 5).join(', ')
		return fact.length > 5 ? `${shown} and ${fact.length - 5} more` : shown
	}
	return fact === undefined || fact === '' ? 'unknown' : String(fact)
}
