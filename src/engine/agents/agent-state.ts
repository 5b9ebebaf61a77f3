import type { AgentState } from '../../contract/agent.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { type AgentPlaces, isClaude } from './agent-places.ts'
import type { AgentPane, AgentProgram, AgentReading } from './agent-reading.ts'
import { asks } from './questions.ts'

type Present = Extract<AgentState, { branch: string }>
type Status = Present['status']

/** A screen that has not changed for so long, with a question on it, waits for an answer (seconds). */
const quietAfterAsking = 15
/** After a bell it is sooner sure. Two readings apart, so that no line in between is missed. */
const quietAfterBell = 5
/** What a program prints along with its bell still belongs to it. */
const bellTakes = 2

/** What an agent does there becomes what is shown of it. Pure. */
export function agentStateOf(
	project: string,
	places: AgentPlaces,
	program: AgentProgram,
	reading: AgentReading,
	old: AgentState,
	now: number,
): AgentState {
	const { command, word, branch, worktree } = places
	const before = 'branch' in old ? old : null
	const { status, at } = standing(reading, before)
	// Where it goes on, it is there, whatever a login's PATH says.
	if (program.found === null && status === 'idle')
		return { status: 'absent', at: now, command, problem: missing(word) }
	return {
		status,
		at: now,
		command,
		version: program.version,
		loggedIn: program.login === null ? null : !isLoggedOut(program.login),
		problem: troubleOf(project, program, reading),
		branch,
		worktree,
		commits: reading.commits,
		changedCount: reading.changedCount ?? 0,
		since: sinceWhen(status, at, before, reading.clock, now),
		lastLine: reading.screen.filter((line) => !/^Pane is dead\b/.test(line)).at(-1) ?? '',
		exitCode: status === 'ended' ? (reading.pane?.exitCode ?? null) : null,
	}
}

/** What it does, and since when: seconds by the workstation's clock; null where that is not known there. */
function standing(reading: AgentReading, before: Present | null): { status: Status; at: number | null } {
	const { pane } = reading
	if (pane === null) {
		// It was seen, and nobody here has stopped it: its session was ended there, or the machine was.
		const wasThere = before !== null && before.status !== 'idle'
		return { status: wasThere ? 'ended' : 'idle', at: null }
	}
	if (pane.isDead) return { status: 'ended', at: pane.endedAt ?? pane.activity }
	if (isWaiting(pane, reading)) return { status: 'waits', at: pane.activity }
	return { status: 'running', at: before === null ? pane.created : null }
}

function isWaiting(pane: AgentPane, { clock, screen }: AgentReading): boolean {
	const quiet = clock / 1000 - pane.activity
	if (quiet >= quietAfterAsking && asks(screen)) return true
	if (quiet < quietAfterBell) return false
	return pane.bellAt === null ? pane.bellFlag : pane.activity - pane.bellAt <= bellTakes
}

/**
 * It changes with the status only. What the workstation knows is taken as it is, so that it is the same after a restart,
 * and on another laptop; a clock of there that is wrong is set right by whole minutes.
 */
function sinceWhen(
	status: Status,
	at: number | null,
	before: Present | null,
	clock: number,
	now: number,
): number | null {
	if (status === 'idle') return null
	if (before?.status === status && before.since !== null) return before.since
	const skew = Math.round((now - clock) / 60_000) * 60_000
	return at === null ? now : at * 1000 + skew
}

/** How each agent that is known here is installed, to be read before it is run. */
function missing(word: string): Problem {
	const install = isClaude(word) ? 'curl -fsSL https://claude.ai/install.sh | bash' : ''
	return problem('agent-missing', { command: word, install })
}

function troubleOf(project: string, { login }: AgentProgram, { hasTmux }: AgentReading): Problem | null {
	if (!hasTmux) return problem('agent-no-tmux', {})
	if (login === null || !isLoggedOut(login)) return null
	return problem('agent-login', { command: 'Claude Code', how: login, project })
}

const isLoggedOut = (login: string) => login === 'locked' || login === 'none' || login === 'none-mac'
