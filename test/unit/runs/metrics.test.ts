import { describe, expect, test } from 'vitest'
import type { Run } from '../../../src/contract/state.ts'
import { compare } from '../../../src/engine/runs/metrics.ts'
import { someRun, startedAt } from '../states.ts'

const at = (minute: number, metrics: Run['metrics'], more: Partial<Run> = {}) =>
	someRun({ id: `r${minute}`, startedAt: startedAt + minute * 60_000, metrics, ...more })

describe('a run’s metrics against those before it', () => {
	test('change is since the last, best is of all, and only where a direction is known', () => {
		const others = [at(1, { mase: 0.5, acc: 0.6, rows: 3 }), at(2, { mase: 0.9, acc: 0.8, rows: 2 })]
		expect(compare(at(3, { mase: 0.8, acc: 0.7, rows: 5, fresh: 1 }), others)).toEqual({
			change: { mase: -0.1, acc: -0.1, rows: 3 },
			best: { mase: 0.5, acc: 0.8 },
		})
	})

	test('the order of the list says nothing', () => {
		const others = [at(2, { mase: 0.9 }), at(1, { mase: 0.5 })]
		expect(compare(at(3, { mase: 0.8 }), others).change).toEqual({ mase: -0.1 })
	})

	test('the settings say the direction', () => {
		const others = [at(1, { rows: 3, mase: 0.5 }), at(2, { rows: 2, mase: 0.9 })]
		expect(compare(at(3, { rows: 1, mase: 1 }), others, { rows: 'higher', mase: 'higher' }).best).toEqual({
			rows: 3,
			mase: 0.9,
		})
	})

	test.each([
		['failed', { outcome: { status: 'failed', endedAt: 1, exitCode: 1 } }],
		['cancelled', { outcome: { status: 'cancelled', endedAt: 1 } }],
		['still running', { outcome: { status: 'running' } }],
		['without metrics', { metrics: null }],
		['later', { startedAt: startedAt + 600_000 }],
		['itself, told of before', { id: 'r3', startedAt: startedAt + 180_000 }],
	] as const)('one that is %s does not count', (_name, more) => {
		const none = { change: null, best: null }
		expect(compare(at(3, { mase: 0.8 }), [at(1, { mase: 0.1 }, more as Partial<Run>)])).toEqual(none)
	})

	test('with the same parameters it is the last of those, also when they were said in another order', () => {
		const others = [
			at(1, { mase: 0.7 }, { parameters: { horizon: '24', seed: '1' } }),
			at(2, { mase: 0.3 }, { parameters: { horizon: '48', seed: '1' } }),
		]
		const run = at(3, { mase: 0.8 }, { parameters: { seed: '1', horizon: '24' } })
		expect(compare(run, others)).toEqual({ change: { mase: 0.1 }, best: { mase: 0.3 } })
	})

	test.each([[{ horizon: '96' }], [{ horizon: '24', seed: '1' }], [{}]])(
		'with parameters %j that none had it is the last of all',
		(parameters) => {
			const others = [
				at(1, { mase: 0.7 }, { parameters: { horizon: '24' } }),
				at(2, { mase: 0.3 }, { parameters: { horizon: '48' } }),
			]
			expect(compare(at(3, { mase: 0.8 }, { parameters }), others).change).toEqual({ mase: 0.5 })
		},
	)

	test('a run without metrics, or the first, has nothing to compare', () => {
		expect(compare(at(3, null), [at(1, { mase: 1 })])).toEqual({ change: null, best: null })
		expect(compare(at(3, { mase: 1 }), [])).toEqual({ change: null, best: null })
	})

	test('a metric may be named as what every object has', () => {
		const run = at(3, { constructor: 1, toString: 2 } as unknown as Run['metrics'])
		const directions = Object.fromEntries([['constructor', 'lower' as const]])
		expect(compare(run, [at(1, { mase: 1 })], directions)).toEqual({ change: null, best: null })
	})
})
