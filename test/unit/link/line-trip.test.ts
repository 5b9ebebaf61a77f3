import { describe, expect, test } from 'vitest'
import { LineTrip } from '../../../src/engine/link/line-trip.ts'

/** A trip after these answers; `busy` of them came beside a big transfer. */
function after(...answers: [ms: number, busy?: boolean][]): number {
	const trip = new LineTrip()
	for (const [ms, busy] of answers) {
		if (busy) trip.carried += 1_000_000
		trip.measured(ms)
	}
	return trip.ms
}

describe('the round trip of a line that nothing rides on', () => {
	test.each<[string, Parameters<typeof after>, number]>([
		['before the first answer: something middling', [], 50],
		['the shortest of the quiet ones', [[34], [31], [33]], 31],
		['answers beside a transfer make it no longer', [[30], [90, true], [95, true]], 30],
		['but may make it shorter', [[30], [28, true]], 28],
		[
			'a line that became longer is known as such',
			[[30], ...Array.from({ length: 20 }, () => [200] as [number])],
			200,
		],
	])('%s', (_name, answers, ms) => {
		expect(after(...answers)).toBe(ms)
	})
})
