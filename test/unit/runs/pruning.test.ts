import { expect, test } from 'vitest'
import { Pruning } from '../../../src/engine/runs/pruning.ts'

const day = 86_400_000

function setUp() {
	let now = 1_000_000
	let times = 0
	let fails = false
	const prune = async () => {
		times++
		if (fails) throw new Error('the link went')
	}
	const pruning = new Pruning(prune, () => now)
	return {
		pruning,
		times: () => times,
		fail: (value: boolean) => {
			fails = value
		},
		pass: (ms: number) => {
			now += ms
		},
	}
}

test('after a list: not at once, then once a day', async () => {
	const { pruning, times, pass } = setUp()
	pruning.listed()
	expect(times()).toBe(0)
	pass(60_000)
	pruning.listed()
	await pruning.settled()
	pass(day - 1)
	pruning.listed()
	expect(times()).toBe(1)
	pass(1)
	pruning.listed()
	expect(times()).toBe(2)
})

test('after an end; of many that end together after one', async () => {
	const { pruning, times, pass } = setUp()
	pass(60_000)
	for (let run = 0; run < 100; run++) pruning.ended()
	await pruning.settled()
	pruning.ended()
	expect(times()).toBe(1)
	pass(600_000)
	pruning.ended()
	expect(times()).toBe(2)
})

test('a failure is tried again before the day is over', async () => {
	const { pruning, times, pass, fail } = setUp()
	fail(true)
	pass(60_000)
	pruning.listed()
	await pruning.settled()
	fail(false)
	pass(60_000)
	pruning.listed()
	expect(times()).toBe(1)
	pass(600_000)
	pruning.listed()
	expect(times()).toBe(2)
})
