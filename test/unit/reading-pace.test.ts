import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ReadingPace } from '../../src/engine/reading-pace.ts'

describe('ReadingPace', () => {
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
	})
	afterEach(() => {
		expect(vi.getTimerCount()).toBe(0)
		vi.useRealTimers()
	})

	const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

	/** Readings that take `takesMs`, with when each began. */
	function readings(takesMs: number) {
		const began: number[] = []
		let at = 0
		const pace = new ReadingPace(async () => {
			expect(at++).toBe(0)
			began.push(performance.now())
			await sleep(takesMs)
			at--
		})
		const start = performance.now()
		return { pace, began: () => began.map((time) => Math.round(time - start)) }
	}

	test('changes close together are one; the first does not wait for the last', async () => {
		const { pace, began } = readings(10)
		for (let n = 0; n < 10; n++) {
			pace.changed()
			await vi.advanceTimersByTimeAsync(30)
		}
		await vi.advanceTimersByTimeAsync(1000)
		expect(began()[0]).toBe(150)
		expect(began().length).toBeLessThanOrEqual(3)
		await pace.end()
	})

	test('a change during a reading is read after it', async () => {
		const { pace, began } = readings(40)
		pace.changed()
		await vi.advanceTimersByTimeAsync(60)
		pace.changed()
		await vi.advanceTimersByTimeAsync(1000)
		expect(began()).toEqual([50, 190])
		await pace.end()
	})

	test('a storm of 20 s gives few readings, the last of them after it; then it is as quick as before', async () => {
		const { pace, began } = readings(30)
		for (let n = 0; n < 2000; n++) {
			pace.changed()
			await vi.advanceTimersByTimeAsync(10)
		}
		await vi.advanceTimersByTimeAsync(5000)
		expect(began().length).toBeLessThan(16)
		expect(began().at(-1)).toBeGreaterThanOrEqual(19_990)
		const before = performance.now()
		pace.changed()
		await vi.advanceTimersByTimeAsync(50)
		expect(performance.now() - before).toBe(50)
		const count = began().length
		await vi.advanceTimersByTimeAsync(1000)
		expect(began().length).toBe(count)
		await pace.end()
	})

	test('asked for, it reads at once, and once more for who asks meanwhile', async () => {
		const { pace, began } = readings(40)
		const first = pace.now()
		await vi.advanceTimersByTimeAsync(10)
		const both = Promise.all([first, pace.now(), pace.now()])
		await vi.advanceTimersByTimeAsync(100)
		await both
		expect(began()).toEqual([0, 40])
		await pace.end()
	})

	test('after its end nothing is read', async () => {
		const { pace, began } = readings(40)
		pace.changed()
		await pace.end()
		pace.changed()
		await vi.advanceTimersByTimeAsync(1000)
		expect(began()).toEqual([])
	})
})
