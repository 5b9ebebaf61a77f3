import { type Answer, type Channel, type Client, createClient } from '../contract/client.ts'
import type { CommandInput, CommandName } from '../contract/commands.ts'
import type { State } from '../contract/state.ts'

/** The main process's own view of the engine: tray, menu and notifications are drawn from it. */
export interface EngineFace {
	/** Null while no engine has answered. */
	state(): State | null
	/** Calls back after every change, with null when the engine is gone. Returns the disposer. */
	watch(listener: (state: State | null) => void): () => void
	/** Rejects when there is no engine. */
	command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>>
}

/** Follows the engine, also over its restarts, until `open` rejects. */
export function followEngine(open: () => Promise<Channel>): EngineFace {
	let client: Client | null = null
	let state: State | null = null
	const listeners = new Set<(state: State | null) => void>()
	const show = (next: State | null) => {
		state = next
		for (const listener of listeners) listener(next)
	}
	const follow = async () => {
		for (;;) {
			const channel = await open()
			const opened = createClient(channel)
			client = opened
			opened.watch(show)
			await new Promise<void>((resolve) => channel.onClose(resolve))
			client = null
			show(null)
		}
	}
	// `open` rejects when the app quits: there is nothing left to follow.
	follow().catch(() => {})

	return {
		state: () => state,
		watch(listener) {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		async command(name, input) {
			if (!client) throw new Error('The engine is not running. It is being started again.')
			return client.command(name, input)
		},
	}
}
