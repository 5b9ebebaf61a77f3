import type { State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { agentStates } from './agent-states.ts'
import { codeStates } from './code-states.ts'
import { filesStates } from './files-states.ts'
import { linkStates } from './link-states.ts'
import { loginStates } from './login-states.ts'
import { metricStates } from './metric-states.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import {
	about,
	builtIn,
	commit,
	commits,
	device,
	ended,
	failed,
	fingerprint,
	gpu,
	idle,
	inStep,
	missing,
	none,
	operation,
	outcome,
	pending,
	project,
	quiet,
	running,
	staleProject,
	stateOf,
	step,
	workstation,
} from './pieces.ts'
import { brokenAt, neverPast, noRungs, rungs } from './rung-pieces.ts'
import { zerotierStates } from './zerotier-states.ts'

const silent = problem('port-silent', { host: '10.147.17.5', port: 22, seconds: 15 })
const offline = problem('zerotier-offline', {})
const noDriver = problem('gpu-no-driver', { reason: 'couldn’t communicate with the NVIDIA driver' })
const changed = problem('host-key-changed', {
	host: 'lab.example',
	fingerprint,
	known: 'SHA256:Zq1v0JrT8mB4xYcW2uNsKd7LhP5aFgE9iQoRtVbXyMk',
	file: '~/.ssh/known_hosts',
	lookup: 'lab.example',
})
const mistake = problem('config-invalid', {
	path: 'projects.0.workstation',
	message: 'must name a workstation: lab, built-in',
	file: '/home/ada/.config/Hawser/config.json',
})

export const states = {
	ok: () => stateOf({ runs: ended, workstations: [workstation({ gpu: idle(), utilisation: quiet })] }),

	/** The last notice was not sent. */
	unsent: () => {
		const state = stateOf({ runs: ended, workstations: [workstation({ gpu: idle(), utilisation: quiet })] })
		const found = problem('webhook-failed', { host: 'ntfy.example.org', said: 'HTTP 403', tries: 1 })
		return { ...state, app: { ...state.app, unsent: { at: now - minutes(7), problem: found } } }
	},

	'in-step': () =>
		stateOf({
			projects: [project({ name: 'demo', workstation: 'built-in', pending: inStep() })],
			workstations: [builtIn()],
			runs: [],
		}),

	working: () =>
		stateOf({
			summary: { glyph: 'working', line: 'Validating nt · epoch 31/50' },
			operations: [operation()],
			runs: [running(), ...ended],
		}),

	done: () =>
		stateOf({
			operations: [operation({ endedAt: now - minutes(1), outcome: outcome(), steps: [] })],
			projects: [project({ pending: inStep() })],
			runs: ended,
		}),

	results: () =>
		stateOf({
			projects: [
				project({
					pending: pending({
						toHub: none,
						changedFiles: [],
						changedCount: 0,
						untrackedFiles: ['notes.md'],
						untrackedCount: 1,
						toLaptop: { count: 1, commits: [commit('7be2210', 'Results of 41d07e2', minutes(5))] },
					}),
				}),
			],
		}),

	'down-zerotier': () =>
		stateOf({
			summary: about(offline, 'down'),
			workstations: [
				workstation({
					link: {
						status: 'lost',
						problem: offline,
						since: now - minutes(3),
						nextTryAt: now + seconds(8),
					},
					rungs: brokenAt('zerotier-service', {
						verdict: 'failing',
						finding: 'offline',
						problem: offline,
						facts: { version: '1.16.0', 'node id': '8a5c1e9f02' },
					}),
					peer: null,
					gpu: gpu({ at: now - minutes(3) }),
				}),
			],
			projects: [staleProject()],
			runs: [running({ seenAt: now - minutes(3) })],
		}),

	'down-port': () =>
		stateOf({
			summary: about(silent, 'down'),
			workstations: [
				workstation({
					link: {
						status: 'lost',
						problem: silent,
						since: now - minutes(3),
						nextTryAt: now + seconds(8),
					},
					rungs: brokenAt('port', { verdict: 'failing', finding: 'silent', problem: silent }),
					gpu: gpu({ at: now - minutes(3) }),
				}),
			],
			projects: [staleProject()],
			runs: ended,
		}),

	asking: () =>
		stateOf({
			summary: about(
				problem('host-key-unknown', { host: 'lab.example', keyType: 'ED25519', fingerprint }),
				'attention',
			),
			workstations: [
				workstation({
					link: {
						status: 'host-key',
						since: now - seconds(30),
						question: { host: 'lab.example', port: 22, keyType: 'ED25519', fingerprint },
					},
					rungs: neverPast('host-key', { verdict: 'unknown', finding: 'not known yet' }),
					gpu: { status: 'unknown' },
					utilisation: [],
				}),
			],
			projects: [
				project({ pending: pending({ toWorkstation: null, toLaptop: null, remoteAt: null, remote: null }) }),
			],
			runs: [],
		}),

	'key-changed': () =>
		stateOf({
			summary: about(changed, 'attention'),
			workstations: [
				workstation({
					link: { status: 'stopped', problem: changed, since: now - minutes(1) },
					rungs: brokenAt('host-key', { verdict: 'failing', finding: 'changed', problem: changed }),
					gpu: gpu({ at: now - minutes(3) }),
				}),
			],
			projects: [staleProject()],
		}),

	attention: () =>
		stateOf({
			summary: about(
				problem('run-failed', { run: failed.id, exitCode: 137, lastLine: failed.lastLine }),
				'attention',
			),
			runs: [failed, ...ended],
			workstations: [workstation({ gpu: idle(), utilisation: quiet })],
		}),

	stopped: () => {
		const dirty = problem('tree-dirty', { side: 'The workstation', files: ['model.py', 'train.py'] })
		return stateOf({
			summary: about(dirty, 'attention'),
			operations: [
				operation({
					endedAt: now - seconds(5),
					outcome: outcome({
						status: 'stopped',
						problem: dirty,
						run: null,
						commits: { up: [], back: [] },
						metrics: null,
					}),
					steps: [
						step('connect', 'Connect', 'done', '', 0),
						step('push', 'Push to the hub', 'done', '2 commits', 4),
						step('merge', 'Merge into gpu-validation', 'failed', '', 1),
						step('start', 'Start the validation', 'skipped'),
						step('pull', 'Bring the results back', 'skipped'),
					],
				}),
			],
		})
	},

	paused: () =>
		stateOf({
			summary: { glyph: 'paused', line: 'Paused' },
			pausedUntil: now + minutes(42),
			workstations: [workstation({ gpu: idle(), utilisation: quiet })],
		}),

	off: () =>
		stateOf({
			summary: { glyph: 'off', line: 'No workstation is connected' },
			workstations: [
				workstation({
					wanted: false,
					link: { status: 'off' },
					rungs: noRungs(),
					gpu: { status: 'unknown' },
					utilisation: [],
				}),
			],
			projects: [
				project({ pending: pending({ toWorkstation: null, toLaptop: null, remoteAt: null, remote: null }) }),
			],
			runs: [],
		}),

	'first-start': () =>
		stateOf({
			summary: { glyph: 'off', line: 'Connecting to built-in' },
			workstations: [
				builtIn({
					link: { status: 'dialling', since: now - seconds(2), attempt: 1, problem: null },
					rungs: noRungs(),
					gpu: { status: 'unknown' },
					utilisation: [],
				}),
			],
			projects: [],
			runs: [],
			operations: [
				operation({
					id: 'op-demo',
					kind: 'demo',
					project: 'demo',
					workstation: 'built-in',
					startedAt: now - seconds(2),
					steps: [step('demo', 'Set up the built-in workstation', 'running', 'making its key', 2)],
				}),
			],
		}),

	'no-projects': () =>
		stateOf({ projects: [], runs: [], workstations: [workstation({ gpu: idle(), utilisation: quiet })] }),

	nothing: () =>
		stateOf({
			summary: { glyph: 'off', line: 'No workstation is connected' },
			workstations: [],
			projects: [],
			runs: [],
		}),

	'gpu-absent': () =>
		stateOf({
			summary: about(noDriver, 'attention'),
			workstations: [
				workstation({
					rungs: rungs({ gpu: { verdict: 'failing', finding: 'none', problem: noDriver } }),
					gpu: { status: 'absent', at: now - seconds(4), problem: noDriver },
					utilisation: [],
				}),
			],
		}),

	'not-available': () =>
		stateOf({
			workstations: [
				workstation({
					gpu: gpu({
						devices: [
							device({
								name: 'NVIDIA GB10',
								memoryUsedMiB: missing('Not Supported'),
								memoryTotalMiB: missing('Not Supported'),
								power: missing('N/A'),
							}),
							device({
								index: 1,
								uuid: 'GPU-77aa',
								name: 'Tesla K80',
								utilisation: missing('N/A'),
								temperature: missing('Unknown Error'),
							}),
						],
					}),
				}),
			],
		}),

	'long-names': () => {
		const long = 'a-workstation-with-a-very-long-name-in-the-basement-of-building-7'
		const wordy = commit(
			'deadbee',
			'A subject line that goes on and on, far beyond what anybody should write in a subject line, and then some more',
			hours(3),
		)
		return stateOf({
			summary: {
				glyph: 'working',
				line: 'Validating a-project-with-quite-a-long-name-too · fold 12 of 144, horizon 96',
			},
			workstations: [workstation({ name: long }), builtIn()],
			projects: [
				project({
					name: 'a-project-with-quite-a-long-name-too-as-happens-in-practice',
					workstation: long,
					base: 'feature/some-long-lived-integration-branch',
					validation: 'gpu-validation/context-512-horizon-96',
					hub: 'upstream-company-mirror',
					pending: pending({
						branch: 'wip/Ünïcode-and-“quotes”',
						toHub: { count: 1234, commits: [wordy, ...commits] },
						toWorkstation: { count: 1234, commits: [wordy, ...commits] },
						toLaptop: { count: 57, commits: [wordy] },
						untrackedFiles: ['a', 'b'],
						untrackedCount: 2,
					}),
				}),
			],
			runs: [
				running({
					workstation: long,
					project: 'a-project-with-quite-a-long-name-too-as-happens-in-practice',
					branch: 'gpu-validation/context-512-horizon-96',
					startedAt: now - hours(49),
					lastLine: 'x'.repeat(300),
				}),
				...ended,
			],
		})
	},

	'config-mistake': () => stateOf({ summary: about(mistake, 'attention', null), configProblem: mistake }),

	...agentStates,
	...codeStates,
	...filesStates,
	...linkStates,
	...loginStates,
	...metricStates,
	...zerotierStates,
} satisfies Record<string, () => State>

export type StateName = keyof typeof states
export const stateNames = Object.keys(states) as StateName[]
