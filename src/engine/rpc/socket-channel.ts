import type { Socket } from 'node:net'
import { ChannelEnd, type MeteredChannel, mostBacklog } from './channel.ts'
import { LineSplitter } from './lines.ts'

/** How long the last messages may take to leave after `close` (ms). */
const farewell = 1000

/**
 * A channel over a stream socket: one JSON value a line. A line over `mostBytes`, one that is no JSON, or
 * a peer that takes nothing while the backlog grows over its bound ends it.
 */
export function socketChannel(socket: Socket, mostBytes: number): MeteredChannel {
	const end = new ChannelEnd()
	const lines = new LineSplitter(mostBytes)
	socket.on('error', () => socket.destroy())
	socket.on('close', () => end.end())
	socket.on('end', () => socket.destroy())
	socket.on('data', (data: Buffer) => {
		const messages = parseAll(lines.push(data))
		if (!messages) return socket.destroy()
		for (const message of messages) end.receive(message)
	})
	return {
		post(message) {
			if (socket.destroyed || socket.writableEnded) return
			socket.write(`${JSON.stringify(message)}\n`)
			if (socket.writableLength > mostBacklog) socket.destroy()
		},
		onMessage: (listener) => end.onMessage(listener),
		onClose: (listener) => end.onClose(listener),
		backlog: () => socket.writableLength,
		pause: () => void socket.pause(),
		resume: () => void socket.resume(),
		close() {
			if (socket.destroyed) return
			const late = setTimeout(() => socket.destroy(), farewell)
			socket.end(() => {
				clearTimeout(late)
				socket.destroy()
			})
		},
	}
}

function parseAll(lines: string[] | null): unknown[] | null {
	try {
		return lines?.map((line): unknown => JSON.parse(line)) ?? null
	} catch {
		return null
	}
}
