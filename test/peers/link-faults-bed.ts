import { appendFile, readdir, readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { LinkState } from '../../src/contract/state.ts'
import type { Link } from '../../src/engine/link/link.ts'
import type { LinkOptions } from '../../src/engine/link/live-link.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { cleanups, linkTo, server } from './linked.ts'
import type { Sshd, SshdOptions } from './sshd.ts'

/** A real sshd behind a faulty line, for the links of one test. */
export interface FaultBed {
	sshd: Sshd
	proxy: FaultProxy
	/** Quick to find a dead line, and quick to try again. */
	link(options?: Partial<LinkOptions>): Link
}

export const keepalive = { intervalMs: 100, count: 2 }
const times = { tcpMs: 1000, handshakeMs: 800, loginMs: 800, loginWithPersonMs: 800 }

export async function faultBed(oneWayMs: number, options?: SshdOptions): Promise<FaultBed> {
	const sshd = await server(options)
	const proxy = await startFaultProxy(sshd, oneWayMs)
	cleanups.push(() => proxy.stop())
	await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`)
	const ssh = { ...sshd.ssh, port: proxy.port }
	return { sshd, proxy, link: (more) => linkTo(sshd, { ssh, keepalive, times, ...more }) }
}

/** The statuses a link goes through, without repetitions. */
export function statusesOf(link: Link): LinkState['status'][] {
	const seen: LinkState['status'][] = []
	link.onState(({ status }) => {
		if (status !== seen.at(-1)) seen.push(status)
	})
	return seen
}

/** Writes for as long as somebody takes it. */
export function pour(to: Writable): void {
	const piece = Buffer.alloc(64 * 1024)
	const more = () => {
		while (!to.destroyed && to.write(piece));
	}
	to.on('error', () => {})
	to.on('drain', more)
	more()
}

/** A TCP server on loopback that says everything again. Gives its port. */
export async function echoPort(): Promise<number> {
	const sockets = new Set<Socket>()
	const echo = createServer((socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		socket.on('close', () => sockets.delete(socket))
		socket.pipe(socket)
	})
	await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done))
	cleanups.push(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => echo.close(done))
	})
	const address = echo.address()
	if (address === null || typeof address === 'string') throw new Error('no port')
	return address.port
}

export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<never>((_, fail) => {
		timer = setTimeout(() => fail(new Error(`not within ${ms} ms: ${what}`)), ms)
	})
	try {
		return await Promise.race([work, late])
	} finally {
		clearTimeout(timer)
	}
}

export interface Belongings {
	timers: number
	sockets: number
	listeners: number
	/** Open files of this process; 0 where they cannot be counted. */
	files: number
	/** Child processes that were not waited for or still run; 0 where they cannot be counted. */
	children: number
}

/** What this process holds just now. */
export async function belongings(): Promise<Belongings> {
	const names = process.getActiveResourcesInfo()
	const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length
	return {
		timers: count(/^(Timeout|Immediate)$/),
		sockets: count(/^TCPSocketWrap$|ConnectWrap/),
		listeners: count(/^TCPServerWrap$/),
		files: process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0,
		children: process.platform === 'linux' ? await childCount() : 0,
	}
}

async function childCount(): Promise<number> {
	let children = 0
	for (const thread of await readdir('/proc/self/task'))
		children += (await readFile(`/proc/self/task/${thread}/children`, 'utf8').catch(() => ''))
			.split(' ')
			.filter(Boolean).length
	return children
}
