import { applyChange } from '../../src/contract/changes.ts'
import { ProblemError } from '../../src/contract/client.ts'
import type { CommandName, CommandOutput } from '../../src/contract/commands.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { Change, State } from '../../src/contract/state.ts'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import type { CommandParsed, Face } from '../../src/engine/rpc/served-engine.ts'
import { serveWeb, type WebServer } from '../../src/web/server.ts'

type Handlers = {
	[N in CommandName]?: (input: CommandParsed<N>, face: Face) => CommandOutput<N> | Promise<CommandOutput<N>>
}

/**
 * An engine over one canned state, served as the real one is: the same server, headers, token and RPC.
 * It notes every command and answers with nothing, unless a handler says otherwise.
 */
export class CannedEngine {
	readonly commands: { name: CommandName; input: unknown }[] = []
	readonly handlers: Handlers = { readLog: ({ from }) => ({ text: '', end: from, size: from }) }
	/** Set: every command is refused with it. */
	refuse: Problem | null = null
	readonly #refusals = new Map<CommandName, Problem>()
	readonly faces = new Set<Face>()
	#state: State
	readonly #listeners = new Set<(changes: Change[]) => void>()
	readonly #waiting = new Set<() => void>()

	constructor(state: State) {
		this.#state = state
	}

	state(): State {
		return this.#state
	}

	onChanges(listener: (changes: Change[]) => void): () => void {
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	async command<N extends CommandName>(
		name: N,
		input: CommandParsed<N>,
		face: Face,
	): Promise<CommandOutput<N>> {
		this.commands.push({ name, input })
		this.faces.add(face)
		for (const look of this.#waiting) look()
		if (this.refuse) throw new ProblemError(this.refuse)
		const refusal = this.#refusals.get(name)
		if (this.#refusals.delete(name) && refusal) throw new ProblemError(refusal)
		const handler = this.handlers[name]
		return handler ? handler(input, face) : ({} as CommandOutput<N>)
	}

	/** The next command of that name is refused with it. */
	refuseOnce(name: CommandName, problem: Problem): void {
		this.#refusals.set(name, problem)
	}

	change(...changes: Change[]): void {
		this.#state = changes.reduce(applyChange, this.#state)
		for (const listener of this.#listeners) listener(changes)
	}

	/** The input of the first command of that name, once there is one. The test's own limit bounds the wait. */
	sent(name: CommandName): Promise<unknown> {
		return new Promise((resolve) => {
			const look = () => {
				const found = this.commands.find((command) => command.name === name)
				if (!found) return
				this.#waiting.delete(look)
				resolve(found.input)
			}
			this.#waiting.add(look)
			look()
		})
	}

	serve(rendererFolder: string, port = 0): Promise<WebServer> {
		return serveWeb({ serveFace: (channel) => void serveEngine(this, channel), port, rendererFolder })
	}
}
