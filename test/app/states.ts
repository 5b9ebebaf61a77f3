import type { Problem } from '../../src/contract/problem.ts'
import type {
	LoginQuestion,
	Operation,
	ProjectState,
	Run,
	Rung,
	State,
	WorkstationState,
} from '../../src/contract/state.ts'
import * as small from '../unit/states.ts'

/** Pieces of a state for the shell's tests. All times count from here. */
export const now = Date.UTC(2026, 10, 23, 10, 0, 0)
export const minute = 60_000

export function problemOf(title: string, next: Problem['next'] = null): Problem {
	return { code: 'internal', facts: {}, title, meaning: 'What it means.', next, needsPerson: next !== null }
}

export const up = (change: Parameters<typeof small.linkUp>[0] = {}) =>
	small.linkUp({ since: now - 240 * minute, ...change })

/** A login that waits for a person. */
export const loginQuestion = (change: Partial<LoginQuestion> = {}) =>
	small.loginQuestion({ file: '/home/me/.ssh/id_ed25519', mayKeep: true, ...change })

export const rung = (id: Rung['id'], change: Partial<Rung> = {}) => small.rung(id, { at: now, ...change })

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return small.workstation({
		link: up(),
		rungs: [],
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
		...change,
	})
}

const commit = (id: string) => ({ id, subject: 'A change', author: 'Someone', at: now })

export function project(change: Partial<ProjectState> = {}): ProjectState {
	return small.someProject({
		command: './validate',
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
	})
}

export function run(id: string, change: Partial<Run> = {}): Run {
	return small.someRun({
		id,
		command: './validate',
		commit: 'abc',
		startedAt: now - 12 * minute,
		outcome: { status: 'running' },
		seenAt: now,
		progress: { fraction: 0.6, text: 'epoch 31/50', leftMs: null },
		lastLine: 'loss 0.1',
		logBytes: 10,
		looked: false,
		...change,
	})
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
	return small.someOperation({ id: '1', startedAt: now, steps: [step], ...change })
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
