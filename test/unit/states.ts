import type {
	AgentState,
	HostKeyQuestion,
	LinkState,
	LoginQuestion,
	Operation,
	ProjectState,
	Run,
	Rung,
	State,
	WorkstationState,
} from '../../src/contract/state.ts'

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

export function rung(id: Rung['id'], change: Partial<Rung> = {}): Rung {
	return { id, title: id, verdict: 'ok', finding: '', facts: {}, problem: null, at: startedAt, ...change }
}

type LinkUp = Extract<LinkState, { status: 'up' }>

export function linkUp(change: Partial<LinkUp> = {}): LinkUp {
	return {
		status: 'up',
		since: startedAt,
		endpoint: 'lab:22',
		through: [],
		transport: { kind: 'ssh2', reason: '' },
		latencyMs: 12,
		...change,
	}
}

export const hostKeyQuestion: HostKeyQuestion = {
	host: 'lab',
	port: 22,
	keyType: 'ssh-ed25519',
	fingerprint: 'SHA256:abc',
}

/** The host's key is unknown and waits for a person. */
export const linkAsksForKey: LinkState = { status: 'host-key', since: startedAt, question: hostKeyQuestion }

export function loginQuestion(change: Partial<LoginQuestion> = {}): LoginQuestion {
	return {
		id: 'q1',
		kind: 'passphrase',
		host: 'lab',
		user: 'me',
		file: '~/.ssh/id_ed25519',
		title: '',
		prompts: [{ text: 'Passphrase', hidden: true }],
		again: false,
		mayKeep: false,
		...change,
	}
}

/** The login waits for a person. */
export function linkAsksForLogin(change: Partial<LoginQuestion> = {}): LinkState {
	return { status: 'login', since: startedAt, question: loginQuestion(change) }
}

export function workstation(change: Partial<WorkstationState> = {}): WorkstationState {
	return {
		name: 'lab',
		builtIn: false,
		wanted: true,
		link: linkUp(),
		rungs: [rung('gpu', { title: 'GPU' })],
		peer: null,
		keepsLogin: false,
		gpu: { status: 'unknown' },
		utilisation: [],
		...change,
	}
}

export function someProject(change: Partial<ProjectState> = {}): ProjectState {
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
		command: 'sh validate.sh',
		parameters: {},
		directions: {},
		runner: 'tmux',
		agent: null,
		pending: { status: 'unknown' },
		...change,
	}
}

type Present = Extract<AgentState, { branch: string }>

/** A coding agent that is there, at work. */
export function someAgent(change: Partial<Present> = {}): Present {
	return {
		status: 'running',
		at: startedAt,
		command: 'claude',
		version: '2.1',
		loggedIn: true,
		problem: null,
		branch: 'agent',
		worktree: '~/nt-agent',
		commits: 0,
		changedCount: 0,
		since: startedAt,
		lastLine: '',
		exitCode: null,
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
		folder: '~/nt-gpu',
		parameters: {},
		environment: {},
		series: null,
		runner: 'tmux',
		job: null,
		queue: null,
		limitMs: null,
		gpu: null,
		startedAt,
		outcome: { status: 'succeeded', endedAt: startedAt + 90_000 },
		seenAt: startedAt,
		progress: null,
		lastLine: 'done',
		logBytes: 5,
		metrics: null,
		change: null,
		best: null,
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
