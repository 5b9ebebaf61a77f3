import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Heartbeat } from '../../../src/engine/link/heartbeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
	expect(vi.getTimerCount()).toBe(0)
	vi.useRealTimers()
})

/** A connection that answers after `answerMs`; null: never. */
function connection(answerMs: number | null) {
	const line = { answerMs, pings: 0, latencies: [] as number[], lost: [] as { reason: string; at: number }[] }
	const begun = Date.now()
	const heartbeat = new Heartbeat(
		{ intervalMs: 3000, count: 2 },
		{
			ping: (answered) => {
				line.pings += 1
				if (line.answerMs === null) return
				setTimeout(() => {
					heartbeat.heard()
					answered()
				}, line.answerMs)
			},
			latency: (ms) => line.latencies.push(ms),
			lost: (reason) => line.lost.push({ reason, at: Date.now() - begun }),
		},
	)
	return { line, heartbeat, begun }
}

describe('a line that answers', () => {
	test('is asked every interval and measured', async () => {
		const { line, heartbeat } = connection(40)
		await vi.advanceTimersByTimeAsync(9500)
		expect(line).toMatchObject({ pings: 4, latencies: [40, 40, 40, 40], lost: [] })
		heartbeat.stop()
		await vi.advanceTimersByTimeAsync(10)
	})

	test('late answers are no loss while anything arrives', async () => {
		const { line, heartbeat } = connection(14_000)
		const traffic = setInterval(() => heartbeat.heard(), 1000)
		await vi.advanceTimersByTimeAsync(60_000)
		expect(line).toMatchObject({ latencies: [14_000, 14_000, 14_000, 14_000], lost: [] })
		clearInterval(traffic)
		heartbeat.stop()
		await vi.advanceTimersByTimeAsync(14_000)
	})
})

describe('a line that dies', () => {
	test.each([0, 1, 1500, 2999, 3001, 4500])('%d ms after it was made is found within 9 s', async (diesAt) => {
		const { line, begun } = connection(0)
		await vi.advanceTimersByTimeAsync(diesAt)
		line.answerMs = null
		const died = Date.now() - begun
		await vi.advanceTimersByTimeAsync(20_000)
		expect(line.lost).toHaveLength(1)
		expect(line.lost[0]?.reason).toBe('Nothing was heard for 6 s')
		expect((line.lost[0]?.at ?? 0) - died).toBeLessThanOrEqual(9000)
	})

	test('one that only sends, and hears nothing, is found too', async () => {
		const { line, heartbeat } = connection(null)
		const traffic = setInterval(() => heartbeat.heard(), 1000)
		await vi.advanceTimersByTimeAsync(18_000)
		clearInterval(traffic)
		expect(line.lost).toEqual([{ reason: 'It sends, but does not hear this laptop any more', at: 18_000 }])
	})

	test('a question that cannot even be sent ends it at once', async () => {
		const lost: string[] = []
		new Heartbeat(
			{ intervalMs: 3000, count: 2 },
			{
				ping: () => {
					throw new Error('Not connected')
				},
				latency: () => {},
				lost: (reason) => lost.push(reason),
			},
		)
		await vi.advanceTimersByTimeAsync(1)
		expect(lost).toEqual(['Not connected'])
	})
})

describe('after a sleep of hours', () => {
	test('a line that still answers is not given up for the silence of the night', async () => {
		const { line, heartbeat } = connection(40)
		await vi.advanceTimersByTimeAsync(3001)
		line.answerMs = null
		await vi.advanceTimersByTimeAsync(3000)
		vi.setSystemTime(Date.now() + 8 * 3_600_000)
		line.answerMs = 40
		await vi.advanceTimersByTimeAsync(3000)
		heartbeat.heard()
		await vi.advanceTimersByTimeAsync(3000)
		expect(line.lost).toEqual([])
		heartbeat.stop()
		await vi.advanceTimersByTimeAsync(50)
	})

	test('a dead one is found within one interval of the first look', async () => {
		const { line, begun } = connection(40)
		await vi.advanceTimersByTimeAsync(3001)
		line.answerMs = null
		vi.setSystemTime(Date.now() + 8 * 3_600_000)
		const woke = Date.now() - begun
		await vi.advanceTimersByTimeAsync(6001)
		expect(line.lost).toHaveLength(1)
		expect((line.lost[0]?.at ?? 0) - woke).toBeLessThanOrEqual(6001)
	})

	test('a person who asks has the answer within one interval', async () => {
		const { line, heartbeat } = connection(40)
		await vi.advanceTimersByTimeAsync(3100)
		line.answerMs = null
		heartbeat.probe()
		heartbeat.probe()
		await vi.advanceTimersByTimeAsync(3001)
		expect(line.lost).toHaveLength(1)
	})
})
