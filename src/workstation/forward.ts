import { connect, isIP } from 'node:net'
import type { ServerChannel } from 'ssh2'
import { ChannelOutput } from './channel-output.ts'

/** Ports are reached on the workstation itself only: it is this machine, and no way into its network. */
function isLoopback(host: string): boolean {
	if (host === 'localhost' || host === '::1') return true
	return isIP(host) === 4 && host.startsWith('127.')
}

const connectTimeoutMs = 10_000

/** Joins a client's channel to a port of loopback. */
export function serveForward(
	destination: { host: string; port: number },
	accept: () => ServerChannel,
	reject: () => void,
	connectionGone: AbortSignal,
	onEnd: () => void,
): void {
	if (!isLoopback(destination.host) || destination.port < 1 || destination.port > 65_535) {
		reject()
		onEnd()
		return
	}
	// Half-open: one side may have said all it has while the other still speaks.
	const socket = connect({ ...destination, noDelay: true, allowHalfOpen: true })
	socket.setTimeout(connectTimeoutMs, () => socket.destroy())
	let connected = false
	socket.once('connect', () => {
		if (connectionGone.aborted) return
		connected = true
		socket.setTimeout(0)
		const channel = accept()
		const output = new ChannelOutput(channel, connectionGone)
		channel.pipe(socket)
		void output.send(socket, 'output').then(() => {
			if (!output.closed) channel.eof()
		})
		socket.once('close', () => {
			channel.unpipe(socket)
			channel.resume()
			output.end()
		})
		void output.gone.then(() => socket.destroySoon())
	})
	socket.on('error', () => {})
	const giveUp = () => socket.destroy()
	connectionGone.addEventListener('abort', giveUp, { once: true })
	socket.once('close', () => {
		connectionGone.removeEventListener('abort', giveUp)
		if (!connected && !connectionGone.aborted) reject()
		onEnd()
	})
}
