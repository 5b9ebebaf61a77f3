import type { Change, State } from '../../src/contract/state.ts'
import type { MeteredChannel } from '../../src/engine/rpc/channel.ts'
import { channelPair } from '../../src/engine/rpc/memory.ts'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import type { ServedEngine } from '../../src/engine/rpc/served-engine.ts'

/** An engine that keeps a state and answers every command with what the test says. */
export function standInEngine(state: State, answers: (name: string, input: unknown) => unknown = () => ({})) {
	let current = state
	const listeners = new Set<(changes: Change[]) => void>()
	const asked: [string, unknown][] = []
	const served: ServedEngine = {
		state: () => current,
		onChanges(listener) {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		async command(name, input) {
			asked.push([name, input])
			return (await answers(name, input)) as never
		},
	}
	const channels: { close(): void }[] = []
	return {
		asked,
		/** Serves a face over a channel of the test's own. */
		serve: (channel: MeteredChannel) => serveEngine(served, channel),
		open: async () => {
			const [face, engine] = channelPair()
			serveEngine(served, engine)
			channels.push(face)
			return face
		},
		channels,
		change(change: Change) {
			current = { ...current, [change.slice]: change.value }
			for (const listener of listeners) listener([change])
		},
	}
}
