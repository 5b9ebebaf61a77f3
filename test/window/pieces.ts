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
	Standing,
	State,
	Step,
	Summary,
	WorkstationState,
} from '../../src/contract/state.ts'
import { someProject, someRun } from '../unit/states.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { noZeroTier, rungs } from './rung-pieces.ts'

export const fingerprint = 'SHA256:3hK9bXnUq2vTtW1mZ8sYd0LrQeFgJ7oPiCaNxVwB5uE'

export const value = (number: number): Reading => ({ value: number })
export const missing = (words: string): Reading => ({ missing: words })

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

export const quiet = utilisation.map(({ at }, index) => ({ at, value: index % 19 === 7 ? 3 : 0 }))

export const up: LinkState = {
	status: 'up',
	since: now - hours(4) - minutes(12),
	endpoint: '10.147.17.5:22',
	through: [],
	transport: { kind: 'ssh2', reason: '' },
	latencyMs: 12.4,
}

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return {
		name: 'lab',
		builtIn: false,
		wanted: true,
		link: up,
		rungs: rungs(),
		peer: { path: 'direct', latencyMs: 12.1, heardAt: now - seconds(2) },
		keepsLogin: false,
		gpu: gpu(),
		utilisation,
		...change,
	}
}

export const builtIn = (change: Partial<WorkstationState> = {}) =>
	workstation({
		name: 'built-in',
		builtIn: true,
		link: { ...up, endpoint: '127.0.0.1:41022', since: now - minutes(3), latencyMs: 0.4 },
		rungs: rungs({
			network: { finding: 'on this machine' },
			...noZeroTier,
			gpu: { finding: 'Simulated GPU' },
		}),
		peer: null,
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

export const commit = (id: string, subject: string, age: number): Commit => ({
	id: id.padEnd(40, '0'),
	subject,
	author: 'Ada',
	at: now - age,
})

export const commits = [
	commit('9f3c1ab', 'Use 512-step context for the forecast windows', minutes(8)),
	commit('41d07e2', 'Drop features that leak the label into the training window', minutes(41)),
]

/** Nothing that a sync would have to know of. */
export const calm: Standing = { detached: false, ongoing: null, stashes: 0, lock: null }

type Read = Extract<ProjectState['pending'], { status: 'read' }>
export function pending(change: Partial<Read> = {}): Read {
	return {
		status: 'read',
		at: now - seconds(20),
		head: commits[0]?.id ?? '',
		branch: 'master',
		changedFiles: ['model.py', 'train.py', 'README.md'],
		changedCount: 3,
		untrackedFiles: [],
		untrackedCount: 0,
		standing: calm,
		fromHub: { count: 0, commits: [] },
		toHub: { count: 2, commits },
		toWorkstation: { count: 2, commits },
		toLaptop: { count: 0, commits: [] },
		remoteAt: now - seconds(20),
		remote: {
			base: 'b'.repeat(40),
			validation: 'c'.repeat(40),
			standing: calm,
			baseCommits: { count: 0, commits: [] },
			untrackedFiles: [],
			untrackedCount: 0,
			changedFiles: [],
			changedCount: 0,
			resultFiles: [],
			resultCount: 0,
		},
		problem: null,
		...change,
	}
}

export const none = { count: 0, commits: [] }
export const inStep = () =>
	pending({ changedFiles: [], changedCount: 0, toHub: none, toWorkstation: none, toLaptop: none })

export const project = (change: Partial<ProjectState> = {}) =>
	someProject({
		local: '~/eon/nt',
		remote: '~/eon/nt',
		command: 'python -m sage.tirex_validation',
		pending: pending(),
		...change,
	})

export const run = (change: Partial<Run> = {}) =>
	someRun({
		id: '20261122T081500Z-nt-3f9c',
		command: 'python -m sage.tirex_validation',
		commit: '41d07e2'.padEnd(40, '0'),
		startedAt: now - hours(26) - minutes(38),
		outcome: { status: 'succeeded', endedAt: now - hours(26) },
		seenAt: now - seconds(3),
		lastLine: 'wrote results/metrics.json',
		logBytes: 18_204,
		metrics: { MASE: 0.812, sMAPE: 11.42, windows: 1440 },
		change: { MASE: -0.014, sMAPE: 0.21, windows: 0 },
		...change,
	})

export const running = (change: Partial<Run> = {}) =>
	run({
		id: '20261123T100300Z-nt-7a10',
		startedAt: now - minutes(12),
		outcome: { status: 'running' },
		progress: { fraction: 31 / 50, text: 'epoch 31/50', leftMs: null },
		lastLine: 'epoch 31/50  loss 0.4127  val 0.4391  lr 2.5e-4',
		logBytes: 4210,
		metrics: null,
		change: null,
		best: null,
		looked: false,
		...change,
	})

export const step = (id: string, title: string, status: Step['status'], detail = '', took = 1): Step => ({
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
		series: [],
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
export const about = (
	found: Problem,
	glyph: Summary['glyph'],
	workstation: string | null = 'lab',
): Summary => ({
	glyph,
	line: found.title,
	problem: found,
	workstation,
})

export const staleProject = () =>
	project({ pending: pending({ toWorkstation: null, toLaptop: null, remoteAt: now - minutes(3) }) })

export const ended = [
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

export const failed = run({
	id: '20261123T095500Z-nt-90fe',
	startedAt: now - minutes(20),
	outcome: { status: 'failed', endedAt: now - minutes(2), exitCode: 137 },
	lastLine: 'RuntimeError: CUDA out of memory. Tried to allocate 2.50 GiB',
	metrics: null,
	change: null,
	best: null,
	looked: false,
})

export const idle = () =>
	gpu({
		devices: [device({ utilisation: value(0), memoryUsedMiB: value(420), power: value(24) })],
		processes: [],
	})
