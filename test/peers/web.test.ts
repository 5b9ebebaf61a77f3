import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { createConnection } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createClient } from '../../src/contract/client.ts'
import { mostFromFace } from '../../src/engine/rpc/channel.ts'
import { attachOrHost } from '../../src/engine/rpc/host.ts'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import { webSocketChannel } from '../../src/engine/rpc/websocket-channel.ts'
import { serveWeb, type WebServer } from '../../src/web/server.ts'
import { FakeEngine } from '../unit/rpc/fake-engine.ts'

let folder: string
let engine: FakeEngine
let web: WebServer
const disposers: (() => unknown)[] = []

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-web-'))
	const rendererFolder = join(folder, 'renderer')
	await mkdir(join(rendererFolder, 'assets'), { recursive: true })
	await writeFile(join(rendererFolder, 'index.html'), '<title>Hawser</title>')
	await writeFile(join(rendererFolder, 'assets', 'main.js'), 'export {}')
	await writeFile(join(folder, 'secret.txt'), 'secret')
	engine = new FakeEngine({
		pause: ({ until }) => {
			engine.say(`paused ${until}`)
			return {}
		},
	})
	web = await serveWeb({
		serveFace: (channel) => void serveEngine(engine, channel),
		port: 0,
		rendererFolder,
	})
})
afterEach(async () => {
	for (const dispose of disposers.splice(0).reverse()) await dispose()
	await web.close()
	await rm(folder, { recursive: true, force: true })
})

interface Response {
	status: number
	headers: IncomingHttpHeaders
	text: string
}

/** A request as it is: nothing about its path or headers is tidied up. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
	return new Promise((resolve, reject) => {
		const call = request({ host: '127.0.0.1', port: web.port, path, headers, method }, (response) => {
			let text = ''
			response.on('data', (data: Buffer) => {
				text += data.toString()
			})
			response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
		})
		call.on('error', reject)
		call.end()
	})
}

const addressPath = () => new URL(web.url).pathname + new URL(web.url).search

async function enter(): Promise<string> {
	const { headers } = await ask(addressPath())
	return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

describe('pages', () => {
	test('the right token gives a cookie and takes the token out of the address', async () => {
		const { status, headers } = await ask(addressPath())
		expect(status).toBe(303)
		expect(headers.location).toBe('/')
		expect(headers['set-cookie']?.[0]).toMatch(
			new RegExp(`^hawser-${web.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
		)
		expect(headers['cache-control']).toBe('no-store')
	})

	test.each(['/', '/index.html', '/assets/main.js', '/?token=', '/?token=wrong', '/?other=1', '/rpc'])(
		'%s without a cookie is refused in words',
		async (path) => {
			const { status, text, headers } = await ask(path)
			expect(status).toBe(403)
			expect(text).toContain('address that Hawser printed')
			expect(headers['set-cookie']).toBeUndefined()
		},
	)

	test('with the cookie the window comes, locked down and never from a stale cache', async () => {
		const cookie = await enter()
		const page = await ask('/', { cookie })
		expect(page.status).toBe(200)
		expect(page.text).toContain('<title>Hawser</title>')
		expect(page.headers).toMatchObject({
			'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';/),
			'x-content-type-options': 'nosniff',
			'referrer-policy': 'no-referrer',
			'cross-origin-opener-policy': 'same-origin',
			'cross-origin-resource-policy': 'same-origin',
			'cache-control': 'no-cache',
		})
		const script = await ask('/assets/main.js', { cookie })
		expect(script.headers['content-type']).toMatch(/javascript/)
		expect((await ask('/missing', { cookie })).status).toBe(404)
		expect((await ask('/', { cookie }, 'POST')).status).toBe(405)
	})

	test('a token or cookie under another host name is refused', async () => {
		const cookie = await enter()
		for (const host of ['evil.example', `evil.example:${web.port}`, '127.0.0.1', `0.0.0.0:${web.port}`]) {
			expect((await ask('/', { cookie, host })).status).toBe(403)
			expect((await ask(addressPath(), { host })).status).toBe(403)
		}
		expect((await ask('/', { cookie, host: `localhost:${web.port}` })).status).toBe(200)
	})

	test.each([
		'/../secret.txt',
		'/assets/../../secret.txt',
		'/%2e%2e/secret.txt',
		'/..%2fsecret.txt',
		'//../secret.txt',
		'/assets/..\\..\\secret.txt',
		'/%00',
		'/%',
	])('%s leads nowhere', async (path) => {
		const { status, text } = await ask(path, { cookie: await enter() })
		expect(status).toBe(404)
		expect(text).not.toContain('secret')
	})

	test('it listens on loopback and nowhere else', async () => {
		const others = Object.values(networkInterfaces())
			.flat()
			.filter((face) => face && !face.internal && face.family === 'IPv4')
		const reached = (host: string) =>
			new Promise<boolean>((resolve) => {
				const socket = createConnection({ host, port: web.port, timeout: 2000 })
				const end = (answer: boolean) => {
					socket.destroy()
					resolve(answer)
				}
				socket.on('connect', () => end(true))
				socket.on('error', () => end(false))
				socket.on('timeout', () => end(false))
			})
		expect(await reached('127.0.0.1')).toBe(true)
		// Another loopback address reaches a server that listens everywhere, on Linux.
		expect(await reached('127.0.0.2')).toBe(false)
		for (const face of others) expect(await reached(face?.address ?? '')).toBe(false)
	})

	test('a taken port is said in words', async () => {
		const again = serveWeb({ serveFace: () => {}, port: web.port, rendererFolder: folder })
		await expect(again).rejects.toMatchObject({ problem: { code: 'port-taken' } })
	})
})

describe('the WebSocket', () => {
	const open = (headers: Record<string, string>, path = '/rpc'): Promise<WebSocket | number> =>
		new Promise((resolve, reject) => {
			const socket = new WebSocket(`ws://127.0.0.1:${web.port}${path}`, { headers })
			disposers.push(() => socket.terminate())
			socket.on('open', () => resolve(socket))
			socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
			socket.on('error', reject)
		})
	const origin = () => `http://127.0.0.1:${web.port}`
	const window = async (): Promise<WebSocket> => {
		const socket = await open({ cookie: await enter(), origin: origin() })
		if (typeof socket === 'number') throw new Error(`refused: ${socket}`)
		return socket
	}

	test('needs the cookie, the page’s own origin and its own path', async () => {
		const cookie = await enter()
		expect(await open({ origin: origin() })).toBe(403)
		expect(await open({ cookie })).toBe(403)
		expect(await open({ cookie, origin: 'http://evil.example' })).toBe(403)
		expect(await open({ cookie, origin: `http://localhost:${web.port}` })).toBe(403)
		expect(await open({ cookie, origin: 'null' })).toBe(403)
		expect(await open({ cookie, origin: origin() }, '/other')).toBe(403)
		const host = `evil.example:${web.port}`
		expect(await open({ cookie, origin: `http://${host}`, host })).toBe(403)
		expect(await open({ cookie, origin: origin() })).toBeInstanceOf(WebSocket)
	})

	test('two windows see the same change', async () => {
		const [one, other] = [
			createClient(webSocketChannel(await window())),
			createClient(webSocketChannel(await window())),
		]
		const lines: [string, string] = ['', '']
		one.watch((state) => {
			lines[0] = state.summary.line
		})
		other.watch((state) => {
			lines[1] = state.summary.line
		})
		await vi.waitFor(() => expect(lines).toEqual(['Nothing is connected', 'Nothing is connected']))
		await one.call('pause', { until: 9 })
		await vi.waitFor(() => expect(lines).toEqual(['paused 9', 'paused 9']))
	})

	test.each([
		['a message over the bound', 'x'.repeat(mostFromFace + 1)],
		['what is no JSON', '{'],
		['bytes', Buffer.from([1, 2, 3])],
	])('%s ends that window, and no other', async (_what, message) => {
		const other = createClient(webSocketChannel(await window()))
		const socket = await window()
		const closed = new Promise((resolve) => socket.on('close', resolve))
		socket.send(message)
		await closed
		expect(await other.call('pause', { until: 1 })).toEqual({})
	})

	test('a window that goes leaves nothing behind at the engine', async () => {
		const socket = await window()
		const client = createClient(webSocketChannel(socket))
		await new Promise<void>((resolve) => client.watch(() => resolve()))
		expect(engine.listeners.size).toBe(1)
		socket.close()
		await vi.waitFor(() => expect(engine.listeners.size).toBe(0))
	})

	test('closing ends every window', async () => {
		const socket = await window()
		const closed = new Promise((resolve) => socket.on('close', resolve))
		await web.close()
		await closed
	})

	test('a server attached to another process’s engine is a pipe', async () => {
		const host = await attachOrHost(join(folder, 'home'), async () => engine)
		disposers.push(() => host.close())
		const attached = await attachOrHost(join(folder, 'home'), () => Promise.reject(new Error('must attach')))
		disposers.push(() => attached.close())
		await web.close()
		web = await serveWeb({
			serveFace: attached.serveFace,
			port: 0,
			rendererFolder: join(folder, 'renderer'),
		})
		const socket = await window()
		const client = createClient(webSocketChannel(socket))
		let line = ''
		client.watch((state) => {
			line = state.summary.line
		})
		await client.call('pause', { until: 3 })
		await vi.waitFor(() => expect(line).toBe('paused 3'))
		const closed = new Promise((resolve) => socket.on('close', resolve))
		await host.close()
		await closed
	})
})
