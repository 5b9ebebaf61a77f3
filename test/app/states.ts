import type { Problem } from '../../src/contract/problem.ts'
import type {
	LinkState,
	LoginQuestion,
	Operation,
	ProjectState,
	Run,
	Rung,
	State,
	WorkstationState,
} from '../../src/contract/state.ts'

/** Pieces of a state for the shell's tests. All times count from here. */
export const now = Date.UTC(2026, 10, 23, 10, 0, 0)
export const minute = 60_000

export function problemOf(title: string, next: Problem['next'] = null): Problem {
	return { code: 'internal', facts: {}, title, meaning: 'What it means.', next, needsPerson: next !== null }
}

type Up = Extract<LinkState, { status: 'up' }>
export const up = (change: Partial<Up> = {}): Up => ({
	status: 'up',
	since: now - 240 * minute,
	endpoint: 'lab:22',
	through: [],
	transport: { kind: 'ssh2', reason: '' },
	latencyMs: 12,
	...change,
})

/** A login that waits for a person. */
export function loginQuestion(change: Partial<LoginQuestion> = {}): LoginQuestion {
	return {
		id: 'q1',
		kind: 'passphrase',
		host: 'lab',
		user: 'me',
		file: '/home/me/.ssh/id_ed25519',
		title: '',
		prompts: [{ text: 'Passphrase', hidden: true }],
		again: false,
		mayKeep: true,
		...change,
	}
}

export function rung(id: Rung['id'], change: Partial<Rung> = {}): Rung {
	return { id, title: id, verdict: 'ok', finding: '', facts: {}, problem: null, at: now, ...change }
}

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return {
		name: 'lab',
		builtIn: false,
		wanted: true,
		link: up(),
		rungs: [],
		peer: null,
		keepsLogin: false,
		gpu: {
			status: 'read',
			at: now - 2000,
			simulated: false,
			devices: [
				{
					index: 0,
					uuid: 'GPU-1',
					name: 'NVIDIA GeForce RTX 4090',
					driver: '580.1',
					utilisation: { value: 96 },
					memoryUsedMiB: { value: 17_408 },
					memoryTotalMiB: { value: 24_576 },
					temperature: { value: 70 },
					power: { value: 400 },
					powerLimit: { value: 450 },
				},
			],
			processes: [],
		},
		utilisation: [],
		...change,
	}
}

const commit = (id: string) => ({ id, subject: 'A change', author: 'Someone', at: now })

export function project(change: Partial<ProjectState> = {}): ProjectState {
	return {
		name: 'nt',
		workstation: 'lab',
		strategy: 'git',
		files: null,
		local: '~/nt',
		remote: '~/nt',
		hub: 'origin',
		base: 'master',
		validation: 'gpu-validation',
		command: './validate',
		parameters: {},
		directions: {},
		runner: 'tmux',
		agent: null,
		pending: {
			status: 'read',
			at: now,
			head: 'abc',
			branch: 'master',
			changedFiles: ['a', 'b'],
			changedCount: 2,
			untrackedFiles: ['c'],
			untrackedCount: 1,
			standing: { detached: false, ongoing: null, stashes: 0, lock: null },
			fromHub: { count: 0, commits: [] },
			toHub: { count: 1, commits: [commit('1')] },
			toWorkstation: { count: 2, commits: [commit('1'), commit('2')] },
			toLaptop: { count: 0, commits: [] },
			remoteAt: now,
			remote: null,
			problem: null,
		},
		...change,
	}
}

export function run(id: string, change: Partial<Run> = {}): Run {
	return {
		id,
		workstation: 'lab',
		project: 'nt',
		command: './validate',
		branch: 'gpu-validation',
		commit: 'abc',
		folder: '~/nt-gpu',
		parameters: {},
		environment: {},
		series: null,
		runner: 'tmux',
		job: null,
		queue: null,
		limitMs: null,
		gpu: null,
		startedAt: now - 12 * minute,
		outcome: { status: 'running' },
		seenAt: now,
		progress: { fraction: 0.6, text: 'epoch 31/50', leftMs: null },
		lastLine: 'loss 0.1',
		logBytes: 10,
		metrics: null,
		change: null,
		best: null,
		looked: false,
		...change,
	}
}

export function operation(change: Partial<Operation> = {}): Operation {
	const step = {
		id: 'push',
		title: 'Push master',
		status: 'running',
		detail: '',
		startedAt: now,
		endedAt: null,
	} as const
	return {
		id: '1',
		kind: 'go',
		project: 'nt',
		workstation: 'lab',
		startedAt: now,
		endedAt: null,
		steps: [step],
		cancelling: false,
		outcome: null,
		...change,
	}
}

const byName = <T extends { name: string }>(items: T[]) =>
	Object.fromEntries(items.map((one) => [one.name, one]))

export function stateOf(
	parts: { workstations?: WorkstationState[]; projects?: ProjectState[]; runs?: Run[] } & Partial<
		Pick<State, 'app' | 'operations' | 'notices' | 'summary'>
	> = {},
): State {
	const { workstations = [workstation()], projects = [project()], runs = [], ...rest } = parts
	return {
		app: { version: '0.1.0', dataFolder: '/data', startedAt: now - minute, pausedUntil: null },
		config: { path: '/data/config.json', problem: null },
		operations: {},
		notices: {},
		summary: { glyph: 'ok', line: 'The line holds', problem: null, workstation: null },
		workstations: byName(workstations),
		projects: byName(projects),
		runs: Object.fromEntries(runs.map((one) => [one.id, one])),
		...rest,
	}
}
