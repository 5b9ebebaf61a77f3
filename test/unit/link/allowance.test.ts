import { describe, expect, test } from 'vitest'
import { Allowance } from '../../../src/engine/link/allowance.ts'

const kib = 1024

/**
 * A sender that always has more, on a line of so many bytes a millisecond: what is allowed goes out, and comes to the
 * other end a round trip later, or later still where it has to queue. Gives what was under way, round for round.
 */
function play(bytesPerMs: number, tripMs: number, rounds: number, least = 64 * kib): number[] {
	let now = 0
	const allowance = new Allowance({ ms: tripMs }, least, () => now)
	const seen: number[] = []
	for (let round = 0; round < rounds; round++) {
		const underWay = allowance.bytes
		// What fits into a round trip is carried in it; the rest waits its turn.
		now += Math.max(tripMs, underWay / bytesPerMs)
		allowance.wanting()
		allowance.took(underWay)
		seen.push(allowance.bytes)
	}
	return seen
}

describe('what may be under way', () => {
	test.each([
		['100 Mbit/s, 30 ms', 12_500, 30],
		['20 Mbit/s, 30 ms', 2500, 30],
		['1 Gbit/s, 5 ms', 125_000, 5],
		['100 Mbit/s, 100 ms', 12_500, 100],
	])('fills a line of %s with a queue of 40 ms at most', (_name, bytesPerMs, tripMs) => {
		const last = play(bytesPerMs, tripMs, 100).at(-1) ?? 0
		const queueMs = last / bytesPerMs - tripMs
		if (last < 2 * kib * kib) expect(queueMs).toBeGreaterThan(0)
		expect(queueMs).toBeLessThanOrEqual(41)
	})

	test('is never more than the window of SSH, nor less than keeps it going', () => {
		expect(Math.max(...play(1_000_000, 50, 100))).toBe(2 * kib * kib)
		expect(Math.min(...play(10, 30, 100, 160 * kib))).toBe(160 * kib)
	})

	test('a sender with little to send does not lower it', () => {
		let now = 0
		const allowance = new Allowance({ ms: 30 }, 64 * kib, () => now)
		const before = allowance.bytes
		for (let round = 0; round < 20; round++) {
			now += 200
			allowance.took(100)
		}
		expect(allowance.bytes).toBe(before)
	})
})
