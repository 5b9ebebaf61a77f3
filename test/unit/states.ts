import type { Operation, Run, State, WorkstationState } from '../../src/contract/state.ts'

/** Small whole values for tests to change; nothing in them is special. */
export const startedAt = 1_700_000_000_000

export function emptyState(): State {
	return {
		app: { version: '0.0.0', dataFolder: '/data', startedAt, pausedUntil: null },
		config: { path: '/data/config.json', problem: null },
		workstations: {},
		projects: {},
		runs: {},
		operations: {},
		notices: {},
		summary: { glyph: 'off', line: '', problem: null, workstation: null },
	}
}

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return {
		name: 'lab',
		builtIn: false,
		wanted: true,
		link: { status: 'up', since: startedAt, endpoint: 'lab:22', latencyMs: 12 },
		rungs: [{ id: 'gpu', title: 'GPU', verdict: 'ok', finding: '', problem: null, at: startedAt }],
		gpu: { status: 'unknown' },
		utilisation: [],
		...change,
	}
}

export function someRun(change: Partial<Run> = {}): Run {
	return {
		id: 'r1',
		workstation: 'lab',
		project: 'nt',
		command: 'sh validate.sh',
		branch: 'gpu-validation',
		commit: '41d07e2',
		runner: 'tmux',
		startedAt,
		outcome: { status: 'succeeded', endedAt: startedAt + 90_000 },
		seenAt: startedAt,
		progress: null,
		lastLine: 'done',
		logBytes: 5,
		metrics: null,
		change: null,
		looked: true,
		...change,
	}
}

export function someOperation(change: Partial<Operation> = {}): Operation {
	return {
		id: 'o1',
		kind: 'go',
		project: 'nt',
		workstation: 'lab',
		startedAt,
		endedAt: null,
		steps: [],
		cancelling: false,
		outcome: null,
		...change,
	}
}
