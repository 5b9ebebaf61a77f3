import type {
	Commit,
	GpuDevice,
	Operation,
	OperationOutcome,
	ProjectState,
	Run,
	Rung,
	State,
	WorkstationState,
} from '../../../src/contract/state.ts'
import { emptyState } from '../rpc/fake-engine.ts'
import * as small from '../states.ts'
import { now } from './call.ts'

export const device: GpuDevice = {
	index: 0,
	uuid: 'GPU-1',
	name: 'NVIDIA GeForce RTX 4090',
	driver: '570.1',
	utilisation: { value: 96 },
	memoryUsedMiB: { value: 17_612 },
	memoryTotalMiB: { value: 24_564 },
	temperature: { value: 61 },
	power: { missing: 'N/A' },
	powerLimit: { value: 450 },
}

export function rung(id: Rung['id'], over: Partial<Rung> = {}): Rung {
	return small.rung(id, { finding: 'fine', at: now, ...over })
}

export const up = small.linkUp({ since: now - 4 * 3_600_000, endpoint: 'me@lab:22', latencyMs: 12.4 })

export function workstation(over: Partial<WorkstationState> = {}): WorkstationState {
	return small.workstation({
		link: up,
		rungs: [rung('network'), rung('zerotier-service', { verdict: 'unused' }), rung('port'), rung('gpu')],
		gpu: {
			status: 'read',
			at: now - 90_000,
			simulated: false,
			devices: [device],
			processes: [{ pid: 4242, name: 'python', gpu: 'GPU-1', memoryMiB: { value: 17_000 } }],
		},
		...over,
	})
}

export function commit(id: string, subject = `Change ${id}`): Commit {
	return { id: id.padEnd(40, '0'), subject, author: 'A. Author', at: now - 60_000 }
}

export function project(over: Partial<ProjectState> = {}): ProjectState {
	return small.someProject({
		command: 'make validate',
		pending: {
			status: 'read',
			at: now,
			head: 'abc',
			branch: 'master',
			changedFiles: ['a b.py', 'ü.py'],
			changedCount: 2,
			untrackedFiles: [],
			untrackedCount: 0,
			standing: { detached: false, ongoing: null, stashes: 0, lock: null },
			fromHub: { count: 0, commits: [] },
			toHub: { count: 2, commits: [commit('aa11'), commit('bb22')] },
			toWorkstation: { count: 12, commits: [commit('aa11'), commit('bb22')] },
			toLaptop: null,
			remoteAt: now - 180_000,
			remote: {
				base: 'abc',
				validation: 'def',
				standing: { detached: false, ongoing: null, stashes: 0, lock: null },
				baseCommits: { count: 0, commits: [] },
				untrackedFiles: [],
				untrackedCount: 0,
				changedFiles: [],
				changedCount: 0,
				resultFiles: ['results/metrics.json'],
				resultCount: 1,
			},
			problem: null,
		},
		...over,
	})
}

export function run(over: Partial<Run> = {}): Run {
	return small.someRun({
		id: '20261123T101500Z-nt-3f9c',
		command: 'make validate',
		commit: 'def',
		startedAt: now - 65_000,
		outcome: { status: 'running' },
		seenAt: now,
		progress: { fraction: 0.43, text: 'epoch 3/7', leftMs: null },
		lastLine: 'loss 0.12',
		logBytes: 10,
		looked: false,
		...over,
	})
}

export function state(over: Partial<State> = {}): State {
	return emptyState({
		workstations: { lab: workstation() },
		projects: { nt: project() },
		summary: { glyph: 'ok', line: 'The line holds', problem: null, workstation: null },
		...over,
	})
}

export function outcome(over: Partial<OperationOutcome> = {}): OperationOutcome {
	return {
		status: 'succeeded',
		problem: null,
		run: null,
		series: [],
		commits: { up: [], back: [] },
		metrics: null,
		...over,
	}
}

export function operation(kind: Operation['kind'], over: Partial<Operation> = {}): Operation {
	return small.someOperation({ id: `op-${kind}`, kind, startedAt: now, ...over })
}
