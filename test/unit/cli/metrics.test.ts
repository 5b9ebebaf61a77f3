import { describe, expect, test } from 'vitest'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { project, run, state, workstation } from './states.ts'

const measured = (id: string, minutes: number, metrics: Record<string, number> | null, more = {}) =>
	run({
		id,
		startedAt: now - minutes * 60_000,
		outcome: { status: 'succeeded', endedAt: now },
		commit: '41d07e2000',
		metrics,
		...more,
	})

const horizon = (value: string) => ({ series: 's1', parameters: { horizon: value, model: 'tirex' } })
const runs = [
	measured('first', 300, { mase: 0.83123, rows: 12 }, { parameters: { model: 'tirex' } }),
	measured('a', 200, { mase: 0.5, rows: 12 }, horizon('24')),
	measured('b', 100, null, { ...horizon('48'), outcome: { status: 'failed', endedAt: now, exitCode: 3 } }),
	measured('other', 50, { mase: 0.1 }, { project: 'another' }),
]
const engineWith = (found = runs, over = {}) =>
	new FakeEngine({ listRuns: () => ({ runs: found }) }, state(over))

describe('metrics', () => {
	test('are a table, a series as one group, the best with a star', async () => {
		const { code, text } = await finished(engineWith(), ['metrics'])
		expect(text).toMatchInlineSnapshot(`
			"RUN                            STARTED         COMMIT   horizon  mase    rows
			series s1
			  b (failed with exit code 3)  1 h 40 min ago  41d07e2  48       –       –
			  a                            3 h 20 min ago  41d07e2  24       0.5 *   12
			first                          5 h ago         41d07e2  –        0.8312  12
			All with model=tirex.
			* mase: lower is better
			"
		`)
		expect(code).toBe(0)
	})

	test('--sort has the best first; --series only its own', async () => {
		const sorted = await finished(engineWith(), ['metrics', 'nt', '--sort', 'mase'])
		expect(sorted.text.indexOf('0.5 *')).toBeLessThan(sorted.text.indexOf('0.8312'))
		const { text } = await finished(engineWith(), ['metrics', '--series', 's1'])
		expect(text).not.toContain('first')
		expect(text).toContain('horizon')
	})

	test('--csv', async () => {
		const { text } = await finished(engineWith(), ['metrics', '--csv'])
		expect(text.split('\r\n')).toEqual([
			'run,series,workstation,branch,commit,started,outcome,param:horizon,param:model,mase,rows',
			'b,s1,lab,gpu-validation,41d07e2000,2026-11-23T08:35:00.000Z,failed,48,tirex,,',
			'a,s1,lab,gpu-validation,41d07e2000,2026-11-23T06:55:00.000Z,succeeded,24,tirex,0.5,12',
			'first,,lab,gpu-validation,41d07e2000,2026-11-23T05:15:00.000Z,succeeded,,tirex,0.83123,12',
			'',
		])
	})

	test('--json', async () => {
		const { text } = await finished(engineWith(), ['metrics', '--json', '--series', 's1'])
		expect(JSON.parse(text)).toMatchObject({
			project: 'nt',
			parameters: ['horizon', 'model'],
			metrics: [
				{ name: 'mase', direction: 'lower', best: 0.5 },
				{ name: 'rows', direction: null, best: null },
			],
			runs: [
				{ run: 'b', metrics: null, bestOf: [] },
				{ run: 'a', series: 's1', parameters: { horizon: '24', model: 'tirex' }, bestOf: ['mase'] },
			],
		})
	})

	test('none yet is said', async () => {
		expect((await finished(engineWith([]), ['metrics'])).text).toBe('No run has metrics yet.\n')
	})

	test('nothing from outside moves the cursor', async () => {
		const nasty = measured(
			'n\u001b[2Jx',
			1,
			{ 'm\u001b[31m\nx': 1 },
			{ parameters: { p: '\u001b]0;x\u0007' } },
		)
		const { text } = await finished(engineWith([nasty]), ['metrics'])
		expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f]/)
	})

	test.each([
		[['metrics', 'what'], {}],
		[['metrics', '__proto__'], {}],
		[['metrics'], { projects: {} }],
		[['metrics'], { projects: { nt: project(), other: project({ name: 'other' }) } }],
		[['metrics', '--series', 'none'], {}],
		[['metrics', '--sort', 'none'], {}],
		[['metrics', '--csv', '--json'], {}],
	] as [string[], object][])('%j is wrong use', async (argv, over) => {
		const { code, error } = await finished(engineWith(runs, over), argv)
		expect(code).toBe(2)
		expect(error).not.toBe('')
	})

	test('with the workstation out of reach they are those that are known, and it says so', async () => {
		const refused = problem('port-refused', { host: 'lab', port: 22 })
		const lost = workstation({
			link: { status: 'lost', problem: refused, since: now - 60_000, nextTryAt: now + 9000 },
		})
		const { code, text, error } = await finished(engineWith(runs, { workstations: { lab: lost } }), [
			'metrics',
		])
		expect(text).toContain('0.5 *')
		expect(error).toContain(refused.title)
		expect(code).toBe(3)
	})
})
