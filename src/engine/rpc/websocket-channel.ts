import type { WebSocket } from 'ws'
import { ChannelEnd, type MeteredChannel, mostBacklog } from './channel.ts'

/** A channel over a WebSocket: one JSON value a text message. Anything else ends it. */
export function webSocketChannel(socket: WebSocket): MeteredChannel {
	const end = new ChannelEnd()
	socket.on('error', () => socket.terminate())
	socket.on('close', () => end.end())
	socket.on('message', (data, isBinary) => {
		let message: unknown
		try {
			if (isBinary) throw new TypeError('not text')
			message = JSON.parse(String(data))
		} catch {
			return socket.close(1003)
		}
		end.receive(message)
	})
	return {
		post(message) {
			if (socket.readyState !== socket.OPEN) return
			socket.send(JSON.stringify(message))
			if (socket.bufferedAmount > mostBacklog) socket.terminate()
		},
		onMessage: (listener) => end.onMessage(listener),
		onClose: (listener) => end.onClose(listener),
		backlog: () => socket.bufferedAmount,
		pause: () => socket.pause(),
		resume: () => socket.resume(),
		close: () => socket.close(1000),
	}
}
