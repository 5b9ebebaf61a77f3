import { describe, expect, test } from 'vitest'
import type { Run } from '../../../src/contract/state.ts'
import { changeOf } from '../../../src/engine/runs/metrics.ts'
import { runProblem } from '../../../src/engine/runs/run-problem.ts'
import { isRunId, parseRuns, skewOf } from '../../../src/engine/runs/run-records.ts'
import { newRunId } from '../../../src/engine/runs/runs.ts'

const asked = [
	'run.project nt',
	'run.folder /home/x/nt-gpu',
	'run.branch gpu-validation',
	'run.commit abc',
	'run.command python -m x  --with "spaces" ',
	'run.runner tmux',
	'run.started 1000000',
]

function parse(more: string[], options: { clock?: number; now?: number } = {}) {
	const now = options.now ?? 2_000_000
	const clock = `clock ${options.clock ?? now}`
	const lines = [clock, 'run.begin 20261123T101500Z-nt-3f9c', ...asked, ...more, 'run.end 0', '']
	return parseRuns(lines.join('\n'), 'lab', now)
}

const run = (more: Partial<Run> = {}): Run => {
	const [first] = parse(['run.how exited', 'run.code 0', 'run.ended 1500000'])
	if (!first) throw new Error('no run')
	return { ...first, ...more }
}

describe('records of runs', () => {
	test('one that is going on', () => {
		expect(parse(['run.size 120', 'run.last series 31/50'])).toEqual([
			{
				id: '20261123T101500Z-nt-3f9c',
				workstation: 'lab',
				project: 'nt',
				command: 'python -m x  --with "spaces" ',
				branch: 'gpu-validation',
				commit: 'abc',
				runner: 'tmux',
				startedAt: 1_000_000,
				outcome: { status: 'running' },
				seenAt: 2_000_000,
				progress: { fraction: 0.62, text: '31 of 50' },
				lastLine: 'series 31/50',
				logBytes: 120,
				metrics: null,
				change: null,
				looked: false,
			},
		])
	})

	test.each([
		[['how exited', 'code 0'], { status: 'succeeded', endedAt: 1_500_000 }],
		[['how exited', 'code 3'], { status: 'failed', endedAt: 1_500_000, exitCode: 3 }],
		[['how exited', 'code 137', 'signal KILL'], { status: 'killed', endedAt: 1_500_000, signal: 'KILL' }],
		[['how exited', 'code 190', 'signal '], { status: 'failed', endedAt: 1_500_000, exitCode: 190 }],
		[['how cancelled', 'code 143', 'signal TERM'], { status: 'cancelled', endedAt: 1_500_000 }],
		[['how vanished'], { status: 'lost', endedAt: 1_500_000, reason: 'vanished' }],
		[['how restarted'], { status: 'lost', endedAt: 1_500_000, reason: 'restarted' }],
	])('%j', (lines, outcome) => {
		const [found] = parse([...lines.map((line) => `run.${line}`), 'run.ended 1500000', 'run.last 31/50'])
		expect(found?.outcome).toEqual(outcome)
		expect(found?.progress).toBeNull()
	})

	test('metrics: numbers only, the later file wins', () => {
		const [found] = parse([
			'run.metric "MASE": 0.87',
			'run.metric "a\\"b": -1.5e-3',
			'run.metric "bad": 1.2.3',
			'run.metric "huge": 1e999',
			'run.metric {}',
			'run.metric "MASE": 0.9',
		])
		expect(found?.metrics).toEqual({ MASE: 0.9, 'a"b': -0.0015 })
	})

	test.each([
		['an unknown end', ['run.how exploded']],
		['no exit code', ['run.how exited']],
		['a runner of another version', ['run.runner slurm']],
		['no start', ['run.started soon']],
	])('%s: the record is left out', (_, lines) => {
		expect(parse(lines)).toEqual([])
	})

	test('garbage around records is skipped', () => {
		const output = `Welcome\nrun.last before any\nrun.begin ../../etc\n${asked.join('\n')}\nrun.end 0\nrun.begin x`
		expect(parseRuns(output, 'lab', 1)).toEqual([])
	})

	test('a character cut in two at the end of the last line is left out', () => {
		expect(parse(['run.last größe \uFFFD'])[0]?.lastLine).toBe('größe')
	})

	test('times are by the laptop’s clock', () => {
		const [found] = parse(['run.how exited', 'run.code 0', 'run.ended 1500000'], { clock: 1_940_123 })
		expect(found?.startedAt).toBe(1_060_000)
		expect(found?.outcome).toMatchObject({ endedAt: 1_560_000 })
		expect([skewOf('1000500', 1_000_000), skewOf('', 1), skewOf(undefined, 1)]).toEqual([0, 0, 0])
	})
})

describe('run ids', () => {
	test('sort by time, are folder names and differ', () => {
		const id = newRunId('nt', Date.UTC(2026, 10, 23, 10, 15))
		expect(id).toMatch(/^20261123T101500Z-nt-[0-9a-f]{6}$/)
		expect(newRunId('nt', 0)).not.toBe(newRunId('nt', 0))
	})

	test.each(['Übung /..\\ 7', '../../x', '—', 'a'.repeat(64), '-rf', '.'])('from project %s', (project) => {
		expect(isRunId(newRunId(project, 0))).toBe(true)
	})

	test.each(['', '.', '..', '../x', 'a/b', '-x', 'a b', 'a\n'])('%j is none', (id) => {
		expect(isRunId(id)).toBe(false)
	})
})

describe('what came of a run', () => {
	test('its change is against the last succeeded run with metrics before it', () => {
		const earlier = [
			run({ id: 'b', startedAt: 2, metrics: { mase: 0.7, old: 1 } }),
			run({ id: 'a', startedAt: 1, metrics: { mase: 0.1 } }),
			run({ id: 'c', startedAt: 3, metrics: null }),
			run({ id: 'd', startedAt: 4, metrics: { mase: 9 }, outcome: { status: 'cancelled', endedAt: 1 } }),
		]
		expect(changeOf({ mase: 0.8, fresh: 1 }, earlier)).toEqual({ mase: 0.1 })
		expect(changeOf({ mase: 0.8 }, [])).toBeNull()
		expect(changeOf(null, earlier)).toBeNull()
	})

	test.each([
		[{ status: 'running' }, null],
		[{ status: 'succeeded', endedAt: 1 }, null],
		[{ status: 'failed', endedAt: 1, exitCode: 3 }, 'run-failed'],
		[{ status: 'killed', endedAt: 1, signal: 'KILL' }, 'run-killed'],
		[{ status: 'cancelled', endedAt: 1 }, 'run-cancelled'],
		[{ status: 'lost', endedAt: 1, reason: 'restarted' }, 'run-lost'],
	] as const)('problem of %j', (outcome, code) => {
		expect(runProblem(run({ outcome }))?.code ?? null).toBe(code)
	})
})
