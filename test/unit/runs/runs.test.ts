import { describe, expect, test } from 'vitest'
import type { Run } from '../../../src/contract/state.ts'
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
				folder: '/home/x/nt-gpu',
				branch: 'gpu-validation',
				commit: 'abc',
				parameters: {},
				environment: {},
				series: null,
				runner: 'tmux',
				job: null,
				queue: null,
				startedAt: 1_000_000,
				outcome: { status: 'running' },
				seenAt: 2_000_000,
				progress: { fraction: 0.62, text: '31 of 50', leftMs: null },
				lastLine: 'series 31/50',
				logBytes: 120,
				limitMs: null,
				gpu: null,
				metrics: null,
				change: null,
				best: null,
				looked: false,
			},
		])
	})

	test.each([
		[['how exited', 'code 0'], { status: 'succeeded', endedAt: 1_500_000 }],
		[['how exited', 'code 3'], { status: 'failed', endedAt: 1_500_000, exitCode: 3 }],
		[
			['how exited', 'code 137', 'signal KILL'],
			{ status: 'killed', endedAt: 1_500_000, signal: 'KILL', cause: 'signal' },
		],
		[['how exited', 'code 190', 'signal '], { status: 'failed', endedAt: 1_500_000, exitCode: 190 }],
		[['how cancelled', 'code 143', 'signal TERM'], { status: 'cancelled', endedAt: 1_500_000 }],
		[['how vanished'], { status: 'lost', endedAt: 1_500_000, reason: 'vanished' }],
		[['how restarted'], { status: 'lost', endedAt: 1_500_000, reason: 'restarted' }],
		[['how node-failed'], { status: 'lost', endedAt: 1_500_000, reason: 'node-failed' }],
		[['how forgotten'], { status: 'lost', endedAt: 1_500_000, reason: 'forgotten' }],
		[
			['how vanished', 'signal TERM', 'cause log-out'],
			{ status: 'lost', endedAt: 1_500_000, reason: 'log-out' },
		],
		[
			['how vanished', 'signal KILL', 'cause out-of-memory'],
			{ status: 'killed', endedAt: 1_500_000, signal: 'KILL', cause: 'out-of-memory' },
		],
		[
			['how exited', 'code 137', 'signal KILL', 'cause out-of-memory'],
			{ status: 'killed', endedAt: 1_500_000, signal: 'KILL', cause: 'out-of-memory' },
		],
		[
			['how exited', 'code 1', 'signal TERM', 'cause log-out'],
			{ status: 'killed', endedAt: 1_500_000, signal: 'TERM', cause: 'log-out' },
		],
		[
			['how exited', 'code 143', 'signal TERM', 'cause shutdown'],
			{ status: 'killed', endedAt: 1_500_000, signal: 'TERM', cause: 'shutdown' },
		],
		[
			['limit 60000', 'how timed-out', 'code 143'],
			{ status: 'timed-out', endedAt: 1_500_000, limitMs: 60_000 },
		],
		// Of another version.
		[['how exploded', 'code 9'], { status: 'failed', endedAt: 1_500_000, exitCode: 9 }],
		[['how exploded'], { status: 'lost', endedAt: 1_500_000, reason: 'vanished' }],
		[['how exited', 'code 9', 'cause gremlins'], { status: 'failed', endedAt: 1_500_000, exitCode: 9 }],
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

	test('no start: the record is left out', () => {
		expect(parse(['run.started soon'])).toEqual([])
	})

	test('parameters, environment, series, limit, job, queue and GPU', () => {
		const [found] = parse([
			'run.param lr 0.1',
			'run.param note it is "so"  = 1 ',
			'run.param empty ',
			'run.param none',
			'run.param bad-name x',
			'run.env CUDA_VISIBLE_DEVICES 0,1',
			'run.series 20261123T101500Z-nt-abc',
			'run.limit 60000',
			'run.runner slurm',
			'run.job 12_3',
			'run.colour blue',
			'run.gpu-seconds 125',
			'run.gpu-peak 18000',
			'run.queue-reason Resources, Priority',
			'run.queue-starts 3000000',
		])
		expect(found).toMatchObject({
			parameters: { lr: '0.1', note: 'it is "so"  = 1 ', empty: '', none: '' },
			environment: { CUDA_VISIBLE_DEVICES: '0,1' },
			series: '20261123T101500Z-nt-abc',
			limitMs: 60_000,
			runner: 'slurm',
			job: '12_3',
			gpu: { seconds: 125, peakMemoryMiB: 18_000 },
			queue: { reason: 'for free resources (Resources, Priority)', startsAt: 3_000_000 },
		})
		expect(Object.keys(found?.parameters ?? {})).not.toContain('bad-name')
		expect(parse(['run.runner kubernetes'])[0]?.runner).toBe('detached')
		expect(parse(['run.began 1700000'])[0]?.startedAt).toBe(1_700_000)
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
	test.each([
		[{ status: 'running' }, null],
		[{ status: 'succeeded', endedAt: 1 }, null],
		[{ status: 'failed', endedAt: 1, exitCode: 3 }, 'run-failed'],
		[{ status: 'killed', endedAt: 1, signal: 'KILL', cause: 'signal' }, 'run-killed'],
		[{ status: 'cancelled', endedAt: 1 }, 'run-cancelled'],
		[{ status: 'lost', endedAt: 1, reason: 'restarted' }, 'run-lost'],
	] as const)('problem of %j', (outcome, code) => {
		expect(runProblem(run({ outcome }))?.code ?? null).toBe(code)
	})
})
