import { describe, expect, test } from 'vitest'
import { LineTrip } from '../../../../src/engine/link/line-trip.ts'
import { firstWindow, ReceiveWindow, SendWindow } from '../../../../src/engine/link/openssh/mux-windows.ts'

const kib = 1024
const most = 0xffffffff

describe('what may go out', () => {
	test('is what was granted, and less by what was sent', () => {
		const window = new SendWindow(1000, new LineTrip(), true)
		expect(window.room).toBe(1000)
		window.sent(400)
		expect(window.room).toBe(600)
		window.granted(50)
		expect(window.room).toBe(650)
	})

	test('is held to what the line carries where more is granted soon', () => {
		const window = new SendWindow(most, new LineTrip(), true)
		expect(window.room).toBe(256 * kib)
		window.sent(256 * kib)
		expect(window.room).toBe(0)
		window.granted(96 * kib)
		expect(window.room).toBe(96 * kib)
	})

	test('is all of it where the other side may wait with its grants', () => {
		const window = new SendWindow(most, new LineTrip(), false)
		expect(window.room).toBe(most)
		window.sent(most)
		expect(window.room).toBe(0)
		window.granted(1)
		expect(window.room).toBe(1)
	})

	test('a session that begins with nothing, as OpenSSH’s do, is not taken for a full one', () => {
		const trip = new LineTrip()
		const window = new SendWindow(0, trip, true)
		expect(window.room).toBe(0)
		window.granted(2048 * kib)
		expect(window.room).toBe(256 * kib)
		expect(trip.carried).toBe(0)
	})

	test.each([true, false])(
		'grants of what was never sent make it no less, nor endless (limited: %s)',
		(limited) => {
			const trip = new LineTrip()
			const window = new SendWindow(0, trip, limited)
			for (let count = 0; count < 1000; count++) {
				window.granted(most)
				expect(window.room).toBeGreaterThan(0)
				window.sent(Math.min(window.room, 32 * kib))
				expect(window.room).toBeGreaterThanOrEqual(0)
			}
			// What was never under way was not carried.
			expect(trip.carried).toBeLessThanOrEqual(1000 * 32 * kib)
			if (limited) expect(window.room).toBeLessThanOrEqual(2048 * kib)
		},
	)
})

describe('what may come in', () => {
	test('is counted to the byte', () => {
		const window = new ReceiveWindow(new LineTrip())
		window.arrived(firstWindow - 1)
		window.arrived(0)
		window.arrived(1)
		expect(() => window.arrived(1)).toThrow(RangeError)
	})

	test('is granted anew as it comes, not byte by byte', () => {
		const window = new ReceiveWindow(new LineTrip())
		expect(window.grant(0)).toBe(0)
		window.arrived(1000)
		expect(window.grant(0)).toBe(0)
		window.arrived(firstWindow / 8 - 1000)
		expect(window.grant(0)).toBe(firstWindow / 8)
		// And that much more may come.
		window.arrived(firstWindow)
		expect(() => window.arrived(1)).toThrow(RangeError)
	})

	test('is not granted while a mebibyte lies unread, and then it is', () => {
		const window = new ReceiveWindow(new LineTrip())
		window.arrived(firstWindow)
		expect(window.grant(kib * kib)).toBe(0)
		expect(window.grant(kib * kib - 1)).toBe(firstWindow)
	})

	test('is never negative, also when the line has become slow', async () => {
		const window = new ReceiveWindow(new LineTrip())
		let granted = firstWindow
		let came = 0
		const until = performance.now() + 400
		while (performance.now() < until) {
			window.arrived(100)
			came += 100
			const more = window.grant(0)
			expect(more).toBeGreaterThanOrEqual(0)
			granted += more
			await new Promise((resolve) => setTimeout(resolve, 5))
		}
		// It became the least there is: what was granted before is used up first.
		expect(granted - came).toBeLessThanOrEqual(firstWindow)
		expect(granted - came).toBeGreaterThan(0)
	})
})
