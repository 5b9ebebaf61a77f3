import { applyChange } from '../../../src/contract/changes.ts'
import { ProblemError } from '../../../src/contract/client.ts'
import type { CommandName, CommandOutput } from '../../../src/contract/commands.ts'
import type { Change, State } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import type { CommandParsed, Face, HostedEngine } from '../../../src/engine/rpc/served-engine.ts'

export function emptyState(over: Partial<State> = {}): State {
	return {
		app: { version: '0.1.0', dataFolder: '/data', startedAt: 0, pausedUntil: null },
		config: { path: '/data/config.json', problem: null },
		workstations: {},
		projects: {},
		runs: {},
		operations: {},
		notices: {},
		summary: { glyph: 'off', line: 'Nothing is connected', problem: null, workstation: null },
		...over,
	}
}

export type Handlers = {
	[N in CommandName]?: (input: CommandParsed<N>, face: Face) => Promise<CommandOutput<N>> | CommandOutput<N>
}

/** An engine whose commands are given as functions. Unknown ones are refused. */
export class FakeEngine implements HostedEngine {
	current: State
	handlers: Handlers
	readonly asked: { name: CommandName; input: unknown }[] = []
	readonly listeners = new Set<(changes: Change[]) => void>()
	disposed = false

	constructor(handlers: Handlers = {}, state: State = emptyState()) {
		this.handlers = handlers
		this.current = state
	}

	state(): State {
		return this.current
	}

	onChanges(listener: (changes: Change[]) => void): () => void {
		this.listeners.add(listener)
		return () => this.listeners.delete(listener)
	}

	change(...changes: Change[]): void {
		this.current = changes.reduce(applyChange, this.current)
		for (const listener of this.listeners) listener(changes)
	}

	/** Changes what the summary says. */
	say(line: string): void {
		this.change({ slice: 'summary', value: { ...this.current.summary, line } })
	}

	async command<N extends CommandName>(
		name: N,
		input: CommandParsed<N>,
		face: Face,
	): Promise<CommandOutput<N>> {
		this.asked.push({ name, input })
		const handler = this.handlers[name] as
			| ((input: CommandParsed<N>, face: Face) => Promise<CommandOutput<N>> | CommandOutput<N>)
			| undefined
		if (!handler) throw new ProblemError(problem('internal', { message: `${name} is not faked` }))
		return await handler(input, face)
	}

	async dispose(): Promise<void> {
		this.disposed = true
	}
}
