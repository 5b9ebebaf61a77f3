import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Received {
	method: string
	path: string
	headers: IncomingMessage['headers']
	body: string
}

export interface WebhookServer {
	url: string
	port: number
	received: Received[]
	/** Connections that are open. */
	open(): number
	/** The next ones are answered by it; what was received is noted before. */
	answer: (response: ServerResponse, received: Received) => void
	stop(): Promise<void>
}

/** A real server on loopback that takes messages as ntfy and chats do; with `tls` over HTTPS. Gone after the test. */
export async function startWebhookServer(
	options: { tls?: { key: string; cert: string } } = {},
): Promise<WebhookServer> {
	const received: Received[] = []
	const hear: RequestListener = async (request, response) => {
		const body = (await buffer(request)).toString()
		const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
		received.push(one)
		server.answer(response, one)
	}
	const listener = options.tls ? createSecureServer(options.tls, hear) : createServer(hear)
	let open = 0
	listener.on('connection', (socket) => {
		open += 1
		socket.on('close', () => {
			open -= 1
		})
	})
	await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
	const address = listener.address()
	if (address === null || typeof address === 'string') throw new Error('no port')
	const server: WebhookServer = {
		url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${address.port}/topic-that-nobody-guesses`,
		port: address.port,
		received,
		open: () => open,
		answer: (response) => response.end('{}'),
		async stop() {
			listener.closeAllConnections()
			await new Promise((done) => listener.close(done))
		},
	}
	onTestFinished(() => server.stop())
	return server
}
