import type { Run, State } from '../../src/contract/state.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { ended, project, run, running, stateOf } from './pieces.ts'

const measured = (at: number, metrics: Run['metrics'], more: Partial<Run> = {}) =>
	run({
		id: `20261110T${String(1000 + at).padStart(6, '0')}Z-nt-m`,
		startedAt: now - hours(240) + hours(at * 5),
		outcome: { status: 'succeeded', endedAt: now - hours(240) + hours(at * 5) + minutes(38) },
		commit: `${(0x41d07e2 + at * 7919).toString(16)}`.padEnd(40, '0'),
		metrics,
		change: null,
		...more,
	})

const mase = (at: number) => Number((0.9 - 0.1 * Math.sin(at / 3) - at / 900).toFixed(3))

/** Single runs, one that failed, and a series over two parameters, one of which is missing. */
const several: Run[] = [
	...[1, 2, 3, 4, 5, 6].map((at) => measured(at, { MASE: mase(at), sMAPE: 11 + at / 7, windows: 1440 })),
	measured(7, { MASE: 1.4 }, { outcome: { status: 'failed', endedAt: now - hours(200), exitCode: 1 } }),
	...['24', '48', '96', '192'].map((horizon, at) =>
		measured(
			10 + at,
			at === 2 ? null : { MASE: mase(10 + at), sMAPE: 10 + at, windows: 1440, 'latency ms': 12.5 },
			{
				series: '20261112T080000Z-nt-s',
				parameters: { horizon, seed: '1', model: 'tirex' },
				...(at === 2 ? { outcome: { status: 'failed', endedAt: now - hours(180), exitCode: 137 } } : {}),
			},
		),
	),
]

const longName =
	'evaluation/forecasting/a-metric-whose-name-does-not-end/quantile[0.9]/horizon=192/pinball_loss'
const nasty = '<b>‮esrever</b> "quoted" '.repeat(3)

export const metricStates = {
	'metrics-several': () => stateOf({ runs: several }),
	'metrics-one': () => stateOf({ runs: [measured(1, { MASE: 0.81 })] }),
	'metrics-many': () =>
		stateOf({
			runs: Array.from({ length: 200 }, (_, at) =>
				measured(
					at,
					at % 17 === 5 ? { windows: 3 } : { MASE: mase(at), sMAPE: 11 + Math.cos(at), windows: at },
				),
			),
		}),
	'metrics-long': () =>
		stateOf({
			projects: [project({ directions: { windows: 'higher' } })],
			runs: [1, 2, 3].map((at) =>
				measured(
					at,
					{
						[longName]: 1 / at,
						[nasty]: -at * 1e-9,
						...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`m${i}`, 1e12 / (i + at)])),
					},
					{ parameters: { [`p${'x'.repeat(60)}`]: 'v'.repeat(90 + at), same: 'y'.repeat(100) } },
				),
			),
		}),
	'run-waits': () =>
		stateOf({
			runs: [
				running({
					series: 's',
					parameters: { horizon: '24' },
					runner: 'slurm',
					job: '17_1',
					limitMs: minutes(120),
				}),
				...['48', '96', '192', '384'].map((horizon, at) =>
					running({
						id: `20261123T100400Z-nt-0${at}`,
						series: 's',
						parameters: { horizon },
						runner: 'slurm',
						job: `17_${at + 2}`,
						queue: { reason: 'waits for free resources', startsAt: now + minutes(30 + at) },
						startedAt: now - minutes(2) + seconds(at),
						progress: null,
						lastLine: '',
						logBytes: 0,
					}),
				),
				...ended,
			],
		}),
	'run-measured': () =>
		stateOf({
			runs: [
				measured(
					30,
					{ MASE: 0.78, sMAPE: 11.6, windows: 1440 },
					{
						parameters: { horizon: '24', seed: '1' },
						change: { MASE: -0.014, sMAPE: 0.2, windows: 0 },
						best: { MASE: 0.794, sMAPE: 10.9 },
						limitMs: minutes(90),
						gpu: { seconds: 2210, peakMemoryMiB: 17_408 },
					},
				),
			],
		}),
} satisfies Record<string, () => State>
