import { describe, expect, test } from 'vitest'
import { setsOf } from '../../../src/cli/sets.ts'
import type { OperationOutcome, Run } from '../../../src/contract/state.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { outcome, run, state } from './states.ts'

describe('--set', () => {
	test.each<[string[], Record<string, string>[] | undefined]>([
		[[], undefined],
		[['seed=1'], [{ seed: '1' }]],
		[
			['horizon=24,48', 'seed=1,2'],
			[
				{ horizon: '24', seed: '1' },
				{ horizon: '24', seed: '2' },
				{ horizon: '48', seed: '1' },
				{ horizon: '48', seed: '2' },
			],
		],
		[
			['seed=1', 'seed=2,1'],
			[{ seed: '1' }, { seed: '2' }],
		],
		[['name="a,b",c'], [{ name: 'a,b' }, { name: 'c' }]],
		[['name="say ""so""",x=1'], [{ name: 'say "so"' }, { name: 'x=1' }]],
		[['name='], [{ name: '' }]],
		[['name=a,,b'], [{ name: 'a' }, { name: '' }, { name: 'b' }]],
		[['path=a"b'], [{ path: 'a"b' }]],
		[['text= two  words '], [{ text: ' two  words ' }]],
	])('%j', (texts, sets) => {
		expect(setsOf(texts, 'run')).toEqual(sets)
	})

	test.each([
		[['seed'], '--set seed: say name=value or name=value,value'],
		[['=1'], '--set =1: say name=value or name=value,value'],
		[['1x=1'], '--set 1x=1: say name=value or name=value,value'],
		[['name="a'], '--set name="a: a quote is not closed, or something stands behind it'],
		[['name="a"b'], '--set name="a"b: a quote is not closed, or something stands behind it'],
		[[`a=${numbers(15)}`, `b=${numbers(15)}`], '--set: these lists make 225 runs; 200 is the most at once'],
	])('%j is refused', (texts, message) => {
		expect(() => setsOf(texts, 'run')).toThrow(
			expect.objectContaining({
				problem: expect.objectContaining({ code: 'input-invalid', facts: { command: 'run', message } }),
			}),
		)
	})
})

function numbers(count: number): string {
	return Array.from({ length: count }, (_, index) => index).join(',')
}

describe('run --set', () => {
	const of = (seed: string, over: Partial<Run> = {}) =>
		run({ id: `20261123T10150${seed}Z-nt-3f9c`, parameters: { seed }, ...over })
	const ids = ['1', '2', '3'].map((seed) => of(seed).id)
	const started = outcome({ run: { id: of('1').id, exitCode: null, durationMs: null }, series: ids })

	function engineWith(last: OperationOutcome = started) {
		const engine: FakeEngine = new FakeEngine(
			{ run: () => ({ operation: 'op' }), up: () => ({ operation: 'up' }), waitOperation: () => last },
			state({ runs: Object.fromEntries(['1', '2', '3'].map((seed) => [of(seed).id, of(seed)])) }),
		)
		return engine
	}
	const askedOf = (engine: FakeEngine, wanted: string) =>
		engine.asked.filter(({ name }) => name === wanted).map(({ input }) => input)

	test('asks for a run of each', async () => {
		const engine = engineWith()
		const { code } = await finished(engine, ['run', 'nt', '--set', 'seed=1,2', '--set', 'x=a', '--anyway'])
		const sets = ['1', '2'].map((seed) => ({ seed, x: 'a' }))
		expect(askedOf(engine, 'run')).toEqual([{ project: 'nt', sets, anyway: true }])
		expect(code).toBe(0)
	})

	test('a preview of go is told of them too', async () => {
		const engine = engineWith()
		engine.handlers.preview = () => ({
			...{ id: '', kind: 'go' as const, project: 'nt', at: 1 },
			...{ steps: [], conflicts: [], notes: ['Then it runs.'], problem: null },
		})
		await finished(engine, ['go', 'nt', '--dry-run', '--set', 'seed=1,2'])
		expect(askedOf(engine, 'preview')).toEqual([
			{ project: 'nt', kind: 'go', sets: [{ seed: '1' }, { seed: '2' }] },
		])
	})

	test('go without an app: what moves code is told nothing of runs', async () => {
		const engine = engineWith()
		const { text } = await finished(engine, ['go', '--set', 'seed=1,2,3'], { hosted: true })
		expect(askedOf(engine, 'up')).toEqual([{}])
		expect(askedOf(engine, 'run')).toEqual([{ sets: ['1', '2', '3'].map((seed) => ({ seed })) }])
		expect(text).toContain('3 runs go on:')
	})

	test('a list that is wrong asks for nothing', async () => {
		const engine = engineWith()
		const { code, error } = await finished(engine, ['run', '--set', 'seed'])
		expect(askedOf(engine, 'run')).toEqual([])
		expect(error).toContain('say name=value')
		expect(code).toBe(2)
	})

	test('--wait tells of each as it ends; the first that failed is the outcome', async () => {
		const engine = engineWith()
		engine.handlers.claimNotice = ({ notice }) => {
			const at = ids.indexOf(notice.slice('run:'.length))
			const next = (['1', '2', '3'] as const)[at + 1]
			if (next) end(next)
			return { first: true }
		}
		const end = (seed: string) =>
			engine.change({
				slice: 'runs',
				key: of(seed).id,
				value: of(seed, {
					outcome:
						seed === '2'
							? { status: 'failed', endedAt: now, exitCode: 3 }
							: { status: 'succeeded', endedAt: now },
					metrics: seed === '2' ? null : { mase: 0.8 },
				}),
			})
		end('1')
		const { code, text, error } = await finished(engine, ['run', '--set', 'seed=1,2,3', '--wait'])
		expect(text.split('\n').filter((line) => line.startsWith('2026'))).toEqual([
			`${ids[0]}  seed=1  succeeded  mase 0.8`,
			`${ids[1]}  seed=2  failed with exit code 3`,
			`${ids[2]}  seed=3  succeeded  mase 0.8`,
		])
		expect(error).toContain('exit code 3')
		expect(code).not.toBe(0)
	})
})
