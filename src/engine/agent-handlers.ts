import { ProblemError } from '../contract/client.ts'
import type { CommandOutput } from '../contract/commands.ts'
import type { AgentSession } from './agents/agent-session.ts'
import type { Link } from './link/link.ts'
import { problem } from './problems.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed } from './rpc/served-engine.ts'

type AgentCommand = 'checkAgent' | 'startAgent' | 'stopAgent'

type AgentHandlers = {
	[N in AgentCommand]: (input: CommandParsed<N>) => Promise<CommandOutput<N>>
}

/** How long they wait for a link that is still being made. */
const linkTimeoutMs = 20_000

/** The commands about coding agents on workstations. */
export function createAgentHandlers({ roster }: { roster: Roster }): AgentHandlers {
	/** @throws ProblemError `project-unknown`, `project-ambiguous`, `agent-unset`, and why the link is not up */
	const reached = async (name: string | undefined): Promise<{ agent: AgentSession; link: Link }> => {
		const { agent, config } = roster.project(name)
		if (!agent) throw new ProblemError(problem('agent-unset', { project: config.name }))
		const { link } = roster.workstation(config.workstation)
		await link.whenUp(linkTimeoutMs)
		return { agent, link }
	}
	return {
		checkAgent: async ({ project }) => {
			const { agent, link } = await reached(project)
			await agent.look(link, 'whole')
			return {}
		},
		startAgent: async ({ project, anyway = false }) => {
			const { agent, link } = await reached(project)
			await agent.start(link, { anyway })
			return {}
		},
		stopAgent: async ({ project }) => {
			const { agent, link } = await reached(project)
			await agent.stop(link)
			return {}
		},
	}
}
