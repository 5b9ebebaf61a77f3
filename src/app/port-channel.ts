import type { MessagePortMain } from 'electron'
import { ChannelEnd, type MeteredChannel } from '../engine/rpc/channel.ts'

/** A channel over a message port. Both sides of a port use this: the main process and the engine's. */
export function portChannel(port: MessagePortMain): MeteredChannel {
	const end = new ChannelEnd()
	let held: unknown[] | null = null
	port.on('message', (event) => {
		if (held) held.push(event.data)
		else end.receive(event.data)
	})
	port.on('close', () => end.end())
	port.start()
	return {
		post(message) {
			if (!end.closed) port.postMessage(message)
		},
		onMessage: (listener) => end.onMessage(listener),
		onClose: (listener) => end.onClose(listener),
		// A port tells nothing of what waits in it. What it carries stays on this machine and is small.
		backlog: () => 0,
		pause() {
			held ??= []
		},
		resume() {
			const messages = held ?? []
			held = null
			for (const message of messages) end.receive(message)
		},
		close() {
			if (end.closed) return
			port.close()
			end.end()
		},
	}
}
