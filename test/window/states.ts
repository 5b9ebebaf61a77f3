import type { Problem } from '../../src/contract/problem.ts'
import type {
	Commit,
	GpuDevice,
	GpuState,
	LinkState,
	Operation,
	OperationOutcome,
	ProjectState,
	Reading,
	Run,
	Rung,
	State,
	Step,
	Summary,
	WorkstationState,
} from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'

/** Every canned state is as of this moment; the pages that draw them have their clock set to it. */
export const now = Date.UTC(2026, 10, 23, 10, 15, 0)
export const seconds = (many: number) => many * 1000
export const minutes = (many: number) => many * 60_000
export const hours = (many: number) => many * 3_600_000

export const fingerprint = 'SHA256:3hK9bXnUq2vTtW1mZ8sYd0LrQeFgJ7oPiCaNxVwB5uE'

// ——— pieces ———

const titles: Record<Rung['id'], [title: string, finding: string]> = {
	network: ['Network', 'en0'],
	zerotier: ['ZeroTier', 'online, 1.16.0'],
	port: ['SSH port', '10.147.17.5 answers'],
	'host-key': ['Host key', 'known'],
	login: ['Login', 'logged in'],
	tools: ['Tools', '6 of 6'],
	gpu: ['GPU', 'NVIDIA GeForce RTX 4090'],
	disk: ['Disk and clock', '412 GiB free'],
}

export function rung(id: Rung['id'], change: Partial<Rung> = {}): Rung {
	const [title, finding] = titles[id]
	return { id, title, verdict: 'ok', finding, problem: null, at: now - seconds(40), ...change }
}

const ids = ['network', 'zerotier', 'port', 'host-key', 'login', 'tools', 'gpu', 'disk'] as const

/** All rungs passed but those that are named otherwise. */
export function rungs(changes: Partial<Record<Rung['id'], Partial<Rung>>> = {}): Rung[] {
	return ids.map((id) => rung(id, changes[id]))
}

const neverProbed: Partial<Rung> = { verdict: 'unknown', finding: 'not checked yet', at: null }
export const noRungs = () => ids.map((id) => rung(id, neverProbed))

const value = (number: number): Reading => ({ value: number })
const missing = (words: string): Reading => ({ missing: words })

export function device(change: Partial<GpuDevice> = {}): GpuDevice {
	return {
		index: 0,
		uuid: 'GPU-5f2c1d7e',
		name: 'NVIDIA GeForce RTX 4090',
		driver: '580.95.05',
		utilisation: value(96),
		memoryUsedMiB: value(17_510),
		memoryTotalMiB: value(24_564),
		temperature: value(68),
		power: value(382),
		powerLimit: value(450),
		...change,
	}
}

export function gpu(change: Partial<Extract<GpuState, { status: 'read' }>> = {}): GpuState {
	return {
		status: 'read',
		at: now - seconds(2),
		simulated: false,
		devices: [device()],
		processes: [
			{ pid: 48_213, name: '/usr/bin/python3.12', gpu: 'GPU-5f2c1d7e', memoryMiB: value(16_896) },
			{ pid: 2140, name: '/usr/lib/xorg/Xorg', gpu: 'GPU-5f2c1d7e', memoryMiB: missing('N/A') },
		],
		...change,
	}
}

/** Five minutes of use, with a piece that was not read. */
export const utilisation: WorkstationState['utilisation'] = Array.from({ length: 60 }, (_, index) => ({
	at: now - seconds(5) * (60 - index),
	value: index > 17 && index < 23 ? null : Math.round(index < 12 ? 4 : 88 + 9 * Math.sin(index / 2.1)),
}))

const quiet = utilisation.map(({ at }, index) => ({ at, value: index % 19 === 7 ? 3 : 0 }))

const up: LinkState = {
	status: 'up',
	since: now - hours(4) - minutes(12),
	endpoint: 'ada@10.147.17.5:22',
	latencyMs: 12.4,
}

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return {
		name: 'lab',
		builtIn: false,
		wanted: true,
		link: up,
		rungs: rungs(),
		gpu: gpu(),
		utilisation,
		...change,
	}
}

export const builtIn = (change: Partial<WorkstationState> = {}) =>
	workstation({
		name: 'built-in',
		builtIn: true,
		link: { ...up, endpoint: 'hawser@127.0.0.1:41022', since: now - minutes(3), latencyMs: 0.4 },
		rungs: rungs({
			network: { finding: 'on this machine' },
			zerotier: { verdict: 'unused', finding: 'not used' },
			gpu: { finding: 'Simulated GPU' },
		}),
		utilisation: quiet,
		gpu: gpu({
			simulated: true,
			devices: [
				device({ name: 'Simulated GPU', utilisation: value(3), memoryUsedMiB: value(512), power: value(31) }),
			],
			processes: [],
		}),
		...change,
	})

const commit = (id: string, subject: string, age: number): Commit => ({
	id: id.padEnd(40, '0'),
	subject,
	author: 'Ada',
	at: now - age,
})

export const commits = [
	commit('9f3c1ab', 'Use 512-step context for the forecast windows', minutes(8)),
	commit('41d07e2', 'Drop features that leak the label into the training window', minutes(41)),
]

type Read = Extract<ProjectState['pending'], { status: 'read' }>
export function pending(change: Partial<Read> = {}): Read {
	return {
		status: 'read',
		at: now - seconds(20),
		head: commits[0]?.id ?? '',
		branch: 'master',
		changedFiles: ['model.py', 'train.py', 'README.md'],
		untrackedFiles: [],
		toHub: { count: 2, commits },
		toWorkstation: { count: 2, commits },
		toLaptop: { count: 0, commits: [] },
		remoteAt: now - seconds(20),
		remote: { base: 'b'.repeat(40), validation: 'c'.repeat(40), changedFiles: [], resultFiles: [] },
		problem: null,
		...change,
	}
}

const none = { count: 0, commits: [] }
export const inStep = () => pending({ changedFiles: [], toHub: none, toWorkstation: none, toLaptop: none })

export function project(change: Partial<ProjectState> = {}): ProjectState {
	return {
		name: 'nt',
		workstation: 'lab',
		strategy: 'git',
		local: '~/eon/nt',
		remote: '~/eon/nt',
		hub: 'origin',
		base: 'master',
		validation: 'gpu-validation',
		command: 'python -m sage.tirex_validation',
		pending: pending(),
		...change,
	}
}

export function run(change: Partial<Run> = {}): Run {
	return {
		id: '20261122T081500Z-nt-3f9c',
		workstation: 'lab',
		project: 'nt',
		command: 'python -m sage.tirex_validation',
		branch: 'gpu-validation',
		commit: '41d07e2'.padEnd(40, '0'),
		runner: 'tmux',
		startedAt: now - hours(26) - minutes(38),
		outcome: { status: 'succeeded', endedAt: now - hours(26) },
		seenAt: now - seconds(3),
		progress: null,
		lastLine: 'wrote results/metrics.json',
		logBytes: 18_204,
		metrics: { MASE: 0.812, sMAPE: 11.42, windows: 1440 },
		change: { MASE: -0.014, sMAPE: 0.21, windows: 0 },
		looked: true,
		...change,
	}
}

export const running = (change: Partial<Run> = {}) =>
	run({
		id: '20261123T100300Z-nt-7a10',
		startedAt: now - minutes(12),
		outcome: { status: 'running' },
		progress: { fraction: 31 / 50, text: 'epoch 31/50' },
		lastLine: 'epoch 31/50  loss 0.4127  val 0.4391  lr 2.5e-4',
		logBytes: 4210,
		metrics: null,
		change: null,
		looked: false,
		...change,
	})

const step = (id: string, title: string, status: Step['status'], detail = '', took = 1): Step => ({
	id,
	title,
	status,
	detail,
	startedAt: status === 'waiting' || status === 'skipped' ? null : now - seconds(took),
	endedAt: status === 'done' || status === 'failed' ? now : null,
})

export function operation(change: Partial<Operation> = {}): Operation {
	return {
		id: 'op-1',
		kind: 'go',
		project: 'nt',
		workstation: 'lab',
		startedAt: now - minutes(12) - seconds(14),
		endedAt: null,
		steps: [
			step('connect', 'Connect', 'done', '', 0),
			step('push', 'Push to the hub', 'done', '2 commits', 4),
			step('fetch', 'Fetch on the workstation', 'done', '', 3),
			step('merge', 'Merge into gpu-validation', 'done', '', 1),
			step('start', 'Start the validation', 'done', '', 1),
			step('validate', 'Validate on the GPU', 'running', 'epoch 31/50', 720),
			step('commit', 'Commit the results', 'waiting'),
			step('pull', 'Bring them back', 'waiting'),
		],
		cancelling: false,
		outcome: null,
		...change,
	}
}

export function outcome(change: Partial<OperationOutcome> = {}): OperationOutcome {
	return {
		status: 'succeeded',
		problem: null,
		run: { id: run().id, exitCode: 0, durationMs: minutes(38) },
		commits: { up: commits, back: [commit('7be2210', 'Results of 41d07e2', minutes(1))] },
		metrics: { MASE: 0.812 },
		...change,
	}
}

const byName = <T extends { name: string }>(items: T[]) =>
	Object.fromEntries(items.map((item) => [item.name, item]))
const byId = <T extends { id: string }>(items: T[]) =>
	Object.fromEntries(items.map((item) => [item.id, item]))

interface Parts {
	summary?: Partial<Summary>
	workstations?: WorkstationState[]
	projects?: ProjectState[]
	runs?: Run[]
	operations?: Operation[]
	pausedUntil?: number | null
	configProblem?: Problem | null
}

/** A whole state from its parts; what is not named is as when all is well. */
export function stateOf(parts: Parts): State {
	return {
		app: {
			version: '0.1.0',
			dataFolder: '/home/ada/.config/Hawser',
			startedAt: now - hours(5),
			pausedUntil: parts.pausedUntil ?? null,
		},
		config: { path: '/home/ada/.config/Hawser/config.json', problem: parts.configProblem ?? null },
		workstations: byName(parts.workstations ?? [workstation()]),
		projects: byName(parts.projects ?? [project()]),
		runs: byId(parts.runs ?? [run()]),
		operations: byId(parts.operations ?? []),
		notices: {},
		summary: { glyph: 'ok', line: 'All good', problem: null, workstation: null, ...parts.summary },
	}
}

/** The summary of a problem, as the engine makes it. */
const about = (found: Problem, glyph: Summary['glyph'], workstation: string | null = 'lab'): Summary => ({
	glyph,
	line: found.title,
	problem: found,
	workstation,
})

// ——— the designed states ———

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

const behind = (id: Rung['id']): Partial<Rung> => ({
	verdict: 'unknown',
	finding: `waits for ${id}`,
	at: now - minutes(3),
})
const staleProject = () =>
	project({ pending: pending({ toWorkstation: null, toLaptop: null, remoteAt: now - minutes(3) }) })

const ended = [
	run(),
	run({
		id: '20261121T200000Z-nt-11aa',
		startedAt: now - hours(40),
		outcome: { status: 'failed', endedAt: now - hours(39), exitCode: 1 },
		metrics: null,
		change: null,
		lastLine: 'RuntimeError: CUDA out of memory',
	}),
	run({
		id: '20261120T200000Z-nt-22bb',
		startedAt: now - hours(70),
		outcome: { status: 'cancelled', endedAt: now - hours(69) },
		metrics: null,
		change: null,
	}),
	run({
		id: '20261119T200000Z-nt-33cc',
		startedAt: now - hours(94),
		outcome: { status: 'lost', endedAt: now - hours(93), reason: 'restarted' },
		metrics: null,
		change: null,
	}),
]

const failed = run({
	id: '20261123T095500Z-nt-90fe',
	startedAt: now - minutes(20),
	outcome: { status: 'failed', endedAt: now - minutes(2), exitCode: 137 },
	lastLine: 'RuntimeError: CUDA out of memory. Tried to allocate 2.50 GiB',
	metrics: null,
	change: null,
	looked: false,
})

const idle = () =>
	gpu({
		devices: [device({ utilisation: value(0), memoryUsedMiB: value(420), power: value(24) })],
		processes: [],
	})

export const states = {
	ok: () => stateOf({ runs: ended, workstations: [workstation({ gpu: idle(), utilisation: quiet })] }),

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
						untrackedFiles: ['notes.md'],
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
					rungs: rungs({
						zerotier: { verdict: 'failing', finding: 'offline', problem: offline },
						port: behind('zerotier'),
						'host-key': behind('zerotier'),
						login: behind('zerotier'),
						tools: behind('zerotier'),
						gpu: behind('zerotier'),
						disk: behind('zerotier'),
					}),
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
					rungs: rungs({
						port: { verdict: 'failing', finding: 'silent', problem: silent },
						'host-key': behind('port'),
						login: behind('port'),
						tools: behind('port'),
						gpu: behind('port'),
						disk: behind('port'),
					}),
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
						status: 'asking',
						host: 'lab.example',
						keyType: 'ED25519',
						fingerprint,
						since: now - seconds(30),
					},
					rungs: rungs({
						'host-key': { verdict: 'unknown', finding: 'not known yet' },
						login: neverProbed,
						tools: neverProbed,
						gpu: neverProbed,
						disk: neverProbed,
					}),
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
					rungs: rungs({
						'host-key': { verdict: 'failing', finding: 'changed', problem: changed },
						login: behind('host-key'),
						tools: behind('host-key'),
						gpu: behind('host-key'),
						disk: behind('host-key'),
					}),
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
					link: { status: 'dialling', since: now - seconds(2), attempt: 1 },
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
} satisfies Record<string, () => State>

export type StateName = keyof typeof states
export const stateNames = Object.keys(states) as StateName[]
