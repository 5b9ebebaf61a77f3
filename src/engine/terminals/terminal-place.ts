import { ProblemError } from '../../contract/client.ts'
import type { CommandInput } from '../../contract/commands.ts'
import { problem } from '../problems.ts'
import type { ProjectSession } from '../project-session.ts'
import type { Roster } from '../roster.ts'
import type { WorkstationSession } from '../workstation-session.ts'
import type { TmuxSession } from './tmux.ts'
import { agentSessionName, tmuxName } from './tmux-name.ts'

export type TerminalWish = CommandInput<'openTerminal'>

/** Where a terminal is to be, and in which tmux session; null: a plain shell. */
export interface TerminalPlace {
	workstation: WorkstationSession
	tmux: TmuxSession | null
}

/**
 * What is left out is found: the workstation of the project, its only project, the first one.
 * @throws ProblemError `workstation-unknown`, `project-unknown`, `project-ambiguous`, `agent-unset`
 */
export function placeOf(roster: Roster, { what, workstation, project }: TerminalWish): TerminalPlace {
	if (what === 'shell' && project === undefined)
		return { workstation: roster.workstation(workstation), tmux: null }
	const { config } = projectOf(roster, workstation, project)
	const { name, remote } = config
	const place = { workstation: roster.workstation(config.workstation) }
	if (what === 'shell') return { ...place, tmux: null }
	if (what === 'tmux') return { ...place, tmux: { name: tmuxName(name), folder: remote, project: name } }
	if (!config.agent) throw new ProblemError(problem('agent-unset', { project: name }))
	return { ...place, tmux: { name: agentSessionName(name), folder: null, project: name } }
}

function projectOf(roster: Roster, workstation?: string, project?: string): ProjectSession {
	if (project !== undefined || workstation === undefined) return roster.project(project)
	const { name } = roster.workstation(workstation).config
	const there = roster.projects().filter(({ config }) => config.workstation === name)
	if (there.length > 1)
		throw new ProblemError(problem('project-ambiguous', { known: there.map(({ config }) => config.name) }))
	return there[0] ?? roster.project()
}
