import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { lstat, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import { type MeteredChannel, mostFromEngine, mostFromFace } from './channel.ts'
import { withLock } from './lock.ts'
import { socketChannel } from './socket-channel.ts'

/** A unix socket's path may hold 104 bytes on macOS, with its end; 108 on Linux. */
const mostPathBytes = 100
/** How long a connect may take (ms): the kernel answers for a live listener, however busy. */
const connectLimit = 3000

/**
 * Where the engine of a data folder listens. A path too long for a socket becomes a private folder in
 * `/tmp`, not `TMPDIR`: that differs between a menu bar and a terminal, and both must find the same.
 */
export function socketPath(dataFolder: string, tempFolder = '/tmp'): string {
	const path = join(resolve(dataFolder), 'engine.sock')
	if (Buffer.byteLength(path) <= mostPathBytes) return path
	const hash = createHash('sha256').update(realPath(dataFolder)).digest('hex').slice(0, 24)
	return join(tempFolder, `hawser-${userInfo().uid}`, `${hash}.sock`)
}

function realPath(folder: string): string {
	try {
		return realpathSync(folder)
	} catch {
		return resolve(folder)
	}
}

/**
 * Connects to the engine that listens there; null when none does (no socket, or one that a killed
 * process left).
 * @throws ProblemError `engine-unreachable` when there is something that cannot be spoken to
 */
export async function connectSocket(path: string): Promise<MeteredChannel | null> {
	if (!(await ownSocketAt(path))) return null
	return await new Promise((settle, reject) => {
		const socket = createConnection(path)
		const unreachable = (reason: string) => {
			socket.destroy()
			reject(new ProblemError(problem('engine-unreachable', { reason, file: path })))
		}
		const late = setTimeout(() => unreachable('It does not accept connections'), connectLimit)
		socket.once('connect', () => {
			clearTimeout(late)
			socket.removeAllListeners('error')
			settle(socketChannel(socket, mostFromEngine))
		})
		socket.once('error', (error: NodeJS.ErrnoException) => {
			clearTimeout(late)
			if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') settle(null)
			else unreachable(error.message)
		})
	})
}

/** False when nothing is there. Somebody else's socket would be somebody else's engine. */
async function ownSocketAt(path: string): Promise<boolean> {
	const stats = await lstat(path).catch(() => null)
	if (!stats) return false
	if (stats.isSocket() && stats.uid === userInfo().uid) return true
	const reason = `${path} is not a socket of yours`
	throw new ProblemError(problem('engine-unreachable', { reason, file: path }))
}

export interface Listening {
	/** Refuses new connections from now on, but keeps the place, so that nobody else takes it yet. */
	retire(): void
	/** Gives up the place and ends every connection. */
	close(): Promise<void>
}

/**
 * Takes the place of the one engine at `path`, over a socket that a killed process left; null when
 * another engine is live there. Two processes that try at once: exactly one gets it.
 * @throws ProblemError `engine-unreachable` when the folder cannot be used
 */
export async function claimSocket(
	path: string,
	onChannel: (channel: MeteredChannel) => void,
): Promise<Listening | null> {
	makePrivateFolder(dirname(path))
	return await withLock(`${path}.lock`, async () => {
		const live = await connectSocket(path)
		if (live) {
			live.close()
			return null
		}
		await rm(path, { force: true })
		return await listen(path, onChannel)
	})
}

/** @throws ProblemError `engine-unreachable` */
function makePrivateFolder(folder: string): void {
	mkdirSync(folder, { recursive: true, mode: 0o700 })
	const stats = lstatSync(folder)
	// In a folder that others can write to, what listens there could be swapped for something else.
	const others = stats.isDirectory() && (stats.mode & 0o022) !== 0
	if (stats.uid === userInfo().uid && !others) return
	const reason = `The folder ${folder} can be written to by others`
	throw new ProblemError(problem('engine-unreachable', { reason, file: folder }))
}

async function listen(path: string, onChannel: (channel: MeteredChannel) => void): Promise<Listening> {
	const channels = new Set<MeteredChannel>()
	let retired = false
	const server = createServer((socket) => {
		if (retired) return void socket.destroy()
		const channel = socketChannel(socket, mostFromFace)
		channels.add(channel)
		channel.onClose(() => channels.delete(channel))
		onChannel(channel)
	})
	await bind(server, path)
	return {
		retire() {
			retired = true
		},
		async close() {
			retired = true
			// libuv takes the path away before it stops listening, so no new owner's socket is hit.
			const closed = new Promise<void>((settle) => server.close(() => settle()))
			for (const channel of channels) channel.close()
			await closed
		},
	}
}

async function bind(server: Server, path: string): Promise<void> {
	await new Promise<void>((settle, reject) => {
		server.once('error', reject)
		// The socket is made inside `listen`: with this mask nobody else could ever connect to it.
		const mask = process.umask(0o177)
		try {
			server.listen(path, () => {
				server.removeListener('error', reject)
				settle()
			})
		} finally {
			process.umask(mask)
		}
	})
	chmodSync(path, 0o600)
}
