import { describe, expect, test } from 'vitest'
import type { State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { summarise } from '../../src/engine/summary.ts'
import { emptyState, someOperation, someRun, startedAt, workstation } from './states.ts'

const lost = problem('port-silent', { host: 'lab', port: 22, seconds: 10 })
const stopped = problem('login-refused', { host: 'lab', user: 'tca', tried: 'agent', port: 22 })
const now = startedAt + 60_000

function state(change: Partial<State>): State {
	return { ...emptyState(), ...change }
}

const up = { lab: workstation() }

describe('the summary: worst state wins', () => {
	const table: [string, State, string, string][] = [
		['nothing wanted', state({}), 'off', 'No workstation is connected'],
		['the line holds', state({ workstations: up }), 'ok', 'All good'],
		[
			'a rung not probed yet is not green',
			state({
				workstations: {
					lab: workstation({
						rungs: [{ id: 'gpu', title: 'GPU', verdict: 'unknown', finding: '', problem: null, at: null }],
					}),
				},
			}),
			'off',
			'Checking lab',
		],
		[
			'first connection',
			state({ workstations: { lab: workstation({ link: { status: 'dialling', since: now, attempt: 1 } }) } }),
			'off',
			'Connecting to lab',
		],
		[
			'paused',
			state({ workstations: up, app: { ...emptyState().app, pausedUntil: now + 1 } }),
			'paused',
			'Paused',
		],
		[
			'a pause that is over',
			state({ workstations: up, app: { ...emptyState().app, pausedUntil: now - 1 } }),
			'ok',
			'All good',
		],
		[
			'an operation over two seconds',
			state({ workstations: up, operations: { o1: someOperation({ startedAt: now - 2000 }) } }),
			'working',
			'Syncing and validating · nt',
		],
		[
			'an operation just begun does not flicker',
			state({ workstations: up, operations: { o1: someOperation({ startedAt: now - 1999 }) } }),
			'ok',
			'All good',
		],
		[
			'a run',
			state({
				workstations: up,
				runs: {
					r1: someRun({ outcome: { status: 'running' }, progress: { fraction: 0.6, text: 'epoch 31/50' } }),
				},
			}),
			'working',
			'Validating nt · epoch 31/50',
		],
		[
			'no path beats work',
			state({
				workstations: {
					lab: workstation({ link: { status: 'lost', problem: lost, since: now, nextTryAt: now } }),
				},
				operations: { o1: someOperation() },
			}),
			'down',
			lost.title,
		],
		[
			'a person is needed beats no path',
			state({
				workstations: {
					lab: workstation({ link: { status: 'lost', problem: lost, since: now, nextTryAt: now } }),
					other: workstation({ name: 'other', link: { status: 'stopped', problem: stopped, since: now } }),
				},
			}),
			'attention',
			stopped.title,
		],
		[
			'a broken link of a workstation that is not wanted',
			state({
				workstations: {
					lab: workstation({ wanted: false, link: { status: 'stopped', problem: stopped, since: now } }),
				},
			}),
			'off',
			'No workstation is connected',
		],
		[
			'a failed run nobody looked at',
			state({
				workstations: up,
				runs: { r1: someRun({ looked: false, outcome: { status: 'failed', endedAt: now, exitCode: 3 } }) },
			}),
			'attention',
			'The run failed with exit code 3',
		],
		[
			'a failed run that was looked at',
			state({
				workstations: up,
				runs: { r1: someRun({ outcome: { status: 'failed', endedAt: now, exitCode: 3 } }) },
			}),
			'ok',
			'All good',
		],
		[
			'a broken rung',
			state({
				workstations: {
					lab: workstation({
						rungs: [
							{
								id: 'gpu',
								title: 'GPU',
								verdict: 'failing',
								finding: 'none',
								problem: problem('gpu-none', {}),
								at: now,
							},
						],
					}),
				},
			}),
			'attention',
			problem('gpu-none', {}).title,
		],
		[
			'a mistake in the settings',
			state({
				config: { path: '', problem: problem('config-invalid', { path: 'a', message: 'b', file: 'c' }) },
			}),
			'attention',
			'The settings have a mistake at a',
		],
	]
	test.each(table)('%s', (_name, given, glyph, line) => {
		expect(summarise(given, now)).toMatchObject({ glyph, line })
	})
})
