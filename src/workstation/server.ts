import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ParsedKey } from 'ssh2'
import type { SessionProcess } from '../engine/process/session.ts'
import { serveForward } from './forward.ts'
import { serveSession } from './session.ts'

export interface ServerSettings {
	/** OpenSSH private key of the server. */
	hostKey: string
	/** The one key that may log in. */
	clientKey: ParsedKey
	user: string
	home: string
	env: NodeJS.ProcessEnv
}

export interface RunningServer {
	port: number
	/** Ends every connection; settles when no socket and no pipe of ours is left. */
	close(): Promise<void>
}

const maxConnections = 16
/** Sessions and forwards together, on one connection. */
const maxChannels = 32
const maxLoginAttempts = 6
const loginGraceMs = 20_000
const goodbyeMs = 500

/** What is under way; all of it ends with the server. */
interface Live {
	/** What ends each client's connection, politely. */
	goodbyes: Map<Socket, () => void>
	processes: Set<SessionProcess>
}

/** Listens on 127.0.0.1, on `preferredPort` where it is free, else on one that the system picks. */
export async function listen(settings: ServerSettings, preferredPort: number): Promise<RunningServer> {
	const live: Live = { goodbyes: new Map(), processes: new Set() }
	const listener = createServer({ noDelay: true }, (socket) => {
		if (live.goodbyes.size < maxConnections) serveSocket(socket, settings, live)
		else socket.destroy()
	})
	await listenOn(listener, preferredPort).catch(() => listenOn(listener, 0))
	const address = listener.address()
	if (address === null || typeof address === 'string') throw new Error('the server has no port')
	return { port: address.port, close: () => closeAll(listener, live) }
}

function listenOn(listener: NetServer, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		listener.once('error', reject)
		listener.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
			listener.removeListener('error', reject)
			listener.on('error', () => {})
			resolve()
		})
	})
}

async function closeAll(listener: NetServer, live: Live): Promise<void> {
	const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
	for (const goodbye of live.goodbyes.values()) goodbye()
	const timer = setTimeout(() => {
		for (const socket of live.goodbyes.keys()) socket.destroy()
	}, goodbyeMs)
	await closed
	clearTimeout(timer)
	for (const child of live.processes) child.release()
}

function serveSocket(socket: Socket, settings: ServerSettings, live: Live): void {
	const gone = new AbortController()
	// Once a client's side ended, ssh2 throws at whatever is still sent; so first of all its channels are told.
	socket.once('end', () => gone.abort())
	socket.on('error', () => {})
	const tooLate = setTimeout(() => socket.destroy(), loginGraceMs)
	live.goodbyes.set(socket, () => socket.destroy())
	socket.once('close', () => {
		gone.abort()
		clearTimeout(tooLate)
		live.goodbyes.delete(socket)
	})
	const ssh = new ssh2.Server({ hostKeys: [settings.hostKey], ident: 'Hawser' }, (connection) => {
		live.goodbyes.set(socket, () => {
			gone.abort()
			connection.end()
		})
		connection.once('ready', () => clearTimeout(tooLate))
		// A client that breaks the protocol, or goes in the middle of a sentence.
		connection.on('error', () => {
			gone.abort()
			socket.destroy()
		})
		serveConnection(connection, settings, gone.signal, live.processes)
	})
	ssh.injectSocket(socket)
}

function serveConnection(
	connection: Connection,
	settings: ServerSettings,
	connectionGone: AbortSignal,
	processes: Set<SessionProcess>,
): void {
	let attempts = 0
	let channels = 0
	connection.on('authentication', (context) => {
		if (mayLogIn(context, settings)) return context.accept()
		if (context.method !== 'none') attempts += 1
		if (attempts >= maxLoginAttempts) connection.end()
		else context.reject(['publickey'])
	})
	connection.on('session', (accept, reject) => {
		if (channels >= maxChannels) return reject()
		channels += 1
		const session = accept()
		session.once('close', () => {
			channels -= 1
		})
		serveSession(session, {
			home: settings.home,
			env: settings.env,
			connectionGone,
			onProcess: (child, alive) => (alive ? processes.add(child) : processes.delete(child)),
		})
	})
	connection.on('tcpip', (accept, reject, info) => {
		if (channels >= maxChannels) return reject()
		channels += 1
		const destination = { host: info.destIP, port: info.destPort }
		serveForward(destination, accept, reject, connectionGone, () => {
			channels -= 1
		})
	})
}

/** True also for the question whether the key would do, which carries no signature yet. */
function mayLogIn(context: AuthContext, settings: ServerSettings): boolean {
	if (context.method !== 'publickey') return false
	const key = settings.clientKey
	const sameUser = same(Buffer.from(context.username), Buffer.from(settings.user))
	const sameKey = same(context.key.data, key.getPublicSSH())
	if (!sameUser || !sameKey || context.key.algo !== key.type) return false
	if (!context.signature) return true
	// `verify` may also return an Error, which must not pass for true.
	return context.blob !== undefined && key.verify(context.blob, context.signature, context.hashAlgo) === true
}

/** Compares in a time that tells nothing of where the two differ. */
function same(left: Buffer, right: Buffer): boolean {
	const digest = (data: Buffer) => createHash('sha256').update(data).digest()
	return timingSafeEqual(digest(left), digest(right))
}
