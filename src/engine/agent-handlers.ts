import { ProblemError } from '../contract/client.ts'
import type { CommandOutput } from '../contract/commands.ts'
import { problem } from './problems.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed } from './rpc/served-engine.ts'
import type { Store } from './store.ts'

type AgentCommand = 'checkAgent' | 'startAgent' | 'stopAgent'

type AgentHandlers = {
	[N in AgentCommand]: (input: CommandParsed<N>) => Promise<CommandOutput<N>>
}

/** The commands about coding agents on workstations. To be written. */
export function createAgentHandlers(_sessions: {
	store: Store
	roster: Roster
	now(): number
}): AgentHandlers {
	const missing = async () => {
		throw new ProblemError(problem('internal', { message: 'to be written' }))
	}
	return { checkAgent: missing, startAgent: missing, stopAgent: missing }
}
