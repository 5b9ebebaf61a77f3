import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import sirv from 'sirv'
import { WebSocketServer } from 'ws'
import { ProblemError } from '../contract/client.ts'
import { problem } from '../engine/problems.ts'
import { type MeteredChannel, mostFromFace } from '../engine/rpc/channel.ts'
import { webSocketChannel } from '../engine/rpc/websocket-channel.ts'
import { Gate } from './gate.ts'

export interface WebOptions {
	/** Joins a window's channel to the engine: `Attachment.serveFace`. */
	serveFace: (channel: MeteredChannel) => void
	/** 0: the system picks one. */
	port: number
	/** The built window: `index.html` and what it loads. */
	rendererFolder: string
}

export interface WebServer {
	/** With the token: whoever has it has the window. */
	url: string
	port: number
	/** Ends every window's connection and stops listening. */
	close(): Promise<void>
}

const address = '127.0.0.1'
/** Windows at once; more are a page gone wild. */
const mostWindows = 32

const headers = {
	'Content-Security-Policy':
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'X-Frame-Options': 'DENY',
}

const refusal = `This is Hawser’s window, and this browser has not been let in.
Open the whole address that Hawser printed when it started, with its token.
`

/**
 * Serves the window on this machine's loopback only, to whoever has the token.
 * @throws ProblemError `port-taken`
 */
export async function serveWeb(options: WebOptions): Promise<WebServer> {
	const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 })
	const port = await listen(server, options.port)
	const gate = new Gate(port)
	server.on('request', pages(gate, options.rendererFolder))
	const endWindows = windows(server, gate, options.serveFace)
	return {
		url: `http://${address}:${port}/?token=${gate.token}`,
		port,
		async close() {
			const closed = new Promise<void>((settle) => server.close(() => settle()))
			endWindows()
			server.closeAllConnections()
			await closed
		},
	}
}

async function listen(server: Server, port: number): Promise<number> {
	await new Promise<void>((settle, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
			reject(taken ? new ProblemError(problem('port-taken', { port, reason: error.message })) : error)
		})
		server.listen(port, address, settle)
	})
	const bound = server.address()
	return typeof bound === 'object' && bound ? bound.port : port
}

function pages(gate: Gate, folder: string): (request: IncomingMessage, response: ServerResponse) => void {
	const files = sirv(folder, {
		etag: true,
		setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache'),
	})
	return (request, response) => {
		for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
		const plain = (status: number, text: string) => {
			response.writeHead(status, {
				'Content-Type': 'text/plain; charset=utf-8',
				'Cache-Control': 'no-store',
			})
			response.end(request.method === 'HEAD' ? undefined : text)
		}
		if (!gate.knowsHost(request)) return plain(403, refusal)
		if (request.method !== 'GET' && request.method !== 'HEAD')
			return plain(405, 'Only pages are served here.\n')
		const token = tokenOf(request.url)
		if (token !== null) {
			if (!gate.isToken(token)) return plain(403, refusal)
			// The token leaves the address bar, the history and every referrer.
			response.writeHead(303, { Location: '/', 'Set-Cookie': gate.cookie, 'Cache-Control': 'no-store' })
			return void response.end()
		}
		if (!gate.hasSession(request)) return plain(403, refusal)
		files(request, response, () => plain(404, 'There is no such page.\n'))
	}
}

/** The token of `/?token=…`; null for any other address. */
function tokenOf(url: string | undefined): string | null {
	if (!url?.startsWith('/?')) return null
	return new URLSearchParams(url.slice(2)).get('token')
}

/** Takes WebSockets at `/rpc`. Returns what ends them all. */
function windows(server: Server, gate: Gate, serveFace: WebOptions['serveFace']): () => void {
	const sockets = new WebSocketServer({ noServer: true, maxPayload: mostFromFace, perMessageDeflate: false })
	server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		const full = sockets.clients.size >= mostWindows
		const allowed = request.url === '/rpc' && gate.knowsOrigin(request) && gate.hasSession(request)
		if (!allowed || full) {
			socket.on('error', () => socket.destroy())
			socket.end(
				`HTTP/1.1 ${full ? '503 Service Unavailable' : '403 Forbidden'}\r\nConnection: close\r\n\r\n`,
			)
			return
		}
		sockets.handleUpgrade(request, socket, head, (webSocket) => serveFace(webSocketChannel(webSocket)))
	})
	return () => {
		for (const socket of sockets.clients) socket.terminate()
		sockets.close()
	}
}
