import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askCheckPage } from '../../../src/engine/checks/captive-portal.ts'

interface Answering {
	url: string
	/** Settles when nobody is connected any more. */
	idle: Promise<void>
}

async function listen(server: Server): Promise<Answering> {
	const sockets = new Set<Socket>()
	const idle = Promise.withResolvers<void>()
	server.on('connection', (socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		socket.once('close', () => {
			sockets.delete(socket)
			if (sockets.size === 0) idle.resolve()
		})
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => server.close(done))
	})
	const address = server.address()
	if (address === null || typeof address === 'string') throw new Error('no port')
	return { url: `http://127.0.0.1:${address.port}/check.txt`, idle: idle.promise }
}

const http = (listener: RequestListener) => listen(createHttpServer(listener))
const tcp = (listener: (socket: Socket) => void) =>
	listen(
		createServer((socket) => {
			// Its end is heard only by who reads.
			socket.resume()
			listener(socket)
		}),
	)
const ask = (url: string, timeoutMs = 3000) => askCheckPage({ url, expected: 'is online' }, timeoutMs)

describe('the page that tells of a captive portal', () => {
	test.each<[string, RequestListener, string]>([
		['comes', (_request, response) => response.end('NetworkManager is online\n'), 'open'],
		['is another', (_request, response) => response.end('<html>Welcome to the hotel</html>'), 'captive'],
		['is empty', (_request, response) => response.end(), 'captive'],
		[
			'is a redirect',
			(_request, response) => response.writeHead(302, { location: 'http://login.test/' }).end(),
			'captive',
		],
		['is a 511', (_request, response) => response.writeHead(511).end('is online'), 'captive'],
		['is out of order', (_request, response) => response.writeHead(503).end('sorry'), 'silent'],
		['is missing', (_request, response) => response.writeHead(404).end(), 'silent'],
	])('%s', async (_what, listener, expected) => {
		let asked = 0
		const page = await http((request, response) => {
			asked += 1
			listener(request, response)
		})
		expect(await ask(page.url)).toBe(expected)
		// No redirect was followed, and the connection is closed.
		await page.idle
		expect(asked).toBe(1)
	})

	test('has no end and never the words: read up to a bound', async () => {
		const page = await http((_request, response) => {
			const write = () => {
				while (response.write('x'.repeat(16_384)));
			}
			response.on('drain', write)
			write()
		})
		expect(await ask(page.url)).toBe('captive')
		await page.idle
	})

	test('has no end after the words', async () => {
		const page = await http(
			(_request, response) => response.write('NetworkManager is onl') && response.write('ine\n'),
		)
		expect(await ask(page.url)).toBe('open')
		await page.idle
	})

	test.each<[string, (socket: Socket) => void]>([
		['accepts and is silent', () => {}],
		['drips', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nNetwork')],
		['ends at once', (socket) => socket.end()],
		['resets', (socket) => socket.resetAndDestroy()],
		['is no HTTP server', (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n')],
		['breaks off', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nNetwork')],
		['sends headers without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
	])('a server that %s tells nothing', async (_what, listener) => {
		const page = await tcp(listener)
		expect(await ask(page.url, 200)).toBe('silent')
		await page.idle
	})

	test('nobody listens', async () => {
		const server = createServer()
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
		const { port } = server.address() as { port: number }
		await new Promise((done) => server.close(done))
		expect(await ask(`http://127.0.0.1:${port}/`)).toBe('silent')
	})
})
