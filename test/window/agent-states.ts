import type { AgentState } from '../../src/contract/agent.ts'
import { problem } from '../../src/engine/problems.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { about, idle, project, quiet, stateOf, workstation } from './pieces.ts'

/** A coding agent on the workstation, in each of its states. */

type Present = Extract<AgentState, { branch: string }>

export const agent = (change: Partial<Present> = {}): Present => ({
	status: 'running',
	at: now - seconds(3),
	command: 'claude',
	version: '2.1.112 (Claude Code)',
	loggedIn: true,
	problem: null,
	branch: 'agent',
	worktree: '~/eon/nt-agent',
	commits: 3,
	changedCount: 2,
	since: now - minutes(12),
	lastLine: '✻ Running the tests… (42s · esc to interrupt)',
	exitCode: null,
	...change,
})

const calm = [workstation({ gpu: idle(), utilisation: quiet })]
const lost = [
	workstation({
		link: {
			status: 'lost',
			since: now - minutes(5),
			problem: problem('link-lost', { host: 'lab', reason: 'the line went silent' }),
			nextTryAt: now + seconds(9),
		},
		gpu: idle(),
	}),
]
const withAgent = (one: AgentState, workstations = calm) =>
	stateOf({ projects: [project({ agent: one })], workstations })

export const agentStates = {
	'agent-running': () => withAgent(agent()),
	'agent-waits': () => ({
		...withAgent(
			agent({ status: 'waits', since: now - minutes(4), lastLine: '2. No, and tell Claude what to do' }),
		),
		summary: about(
			problem('agent-waits', { command: 'claude', project: 'nt', workstation: 'lab' }),
			'attention',
		),
	}),
	'agent-ended': () =>
		withAgent(
			agent({ status: 'ended', exitCode: 3, since: now - hours(2), lastLine: 'out of tokens', commits: 1 }),
		),
	'agent-absent': () =>
		withAgent({
			status: 'absent',
			at: now,
			command: 'claude',
			problem: problem('agent-missing', {
				command: 'claude',
				install: 'curl -fsSL https://claude.ai/install.sh | bash',
			}),
		}),
	'agent-login': () =>
		withAgent(
			agent({
				status: 'idle',
				loggedIn: false,
				problem: problem('agent-login', { command: 'Claude Code', how: 'none', project: 'nt' }),
				since: null,
				commits: 0,
				changedCount: 0,
				lastLine: '',
			}),
		),
	'agent-far': () =>
		withAgent(agent({ at: now - minutes(5), lastLine: 'x'.repeat(300), branch: 'agent/'.repeat(30) }), lost),
}
