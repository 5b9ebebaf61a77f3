import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Places } from '../../src/engine/zerotier/places.ts'
import { type Fault, misbehave } from './zerotier-faults.ts'

/**
 * A STAND-IN for ZeroTier One's local service: real HTTP on 127.0.0.1 in the documented shapes
 * (https://docs.zerotier.com/openapi/service/v1.json and service/OneService.cpp), with a home folder that holds its
 * port file and its token. The real one needs root, a network device and the internet.
 *
 * How to use it: `const service = await startZeroTierService({ networks: [network()], peers: [peer()] })`, then
 * - in the same process: `createZeroTier({ places: service.places })`;
 * - for a program under test (CLI, app, engine): `HAWSER_ZEROTIER_HOME=service.home` in its environment, and a `HOME`
 *   of the test's own, so that no token of this machine's user is read;
 * - or a config's `zerotier.tokenFile: service.tokenFile`, beside that variable.
 * Change `service.state` at any time; `service.down()` and `service.up()` stop and start it on the same port;
 * `await service.stop()` ends it and takes its folder away.
 */

export type NetworkStatus =
	| 'OK'
	| 'REQUESTING_CONFIGURATION'
	| 'ACCESS_DENIED'
	| 'NOT_FOUND'
	| 'PORT_ERROR'
	| 'CLIENT_TOO_OLD'
	| 'AUTHENTICATION_REQUIRED'
	| ''

export const ownNode = '87c29dbef6'
export const networkId = '8056c2e21c84a027'
export const peerNode = '62f865ae71'

export interface StandInNetwork {
	id: string
	name: string
	status: NetworkStatus
	assignedAddresses: string[]
	/** `lo` is there on every Linux; macOS calls it `lo0`. */
	portDeviceName: string
	authenticationURL?: string
}

export interface StandInPeer {
	address: string
	role: 'LEAF' | 'MOON' | 'PLANET'
	latency: number
	version: string
	tunneled: boolean
	paths: {
		address: string
		active: boolean
		expired: boolean
		preferred: boolean
		lastSend: number
		lastReceive: number
		trustedPathId: number
	}[]
}

export interface ServiceState {
	online: boolean
	tcpFallbackActive: boolean
	version: string
	node: string
	networks: StandInNetwork[]
	peers: StandInPeer[]
	/** What a network becomes when it is joined, one state after another: one more with every look at `/network`. */
	joining: NetworkStatus[]
	/** Older services know no `/health`. */
	knowsHealth: boolean
	faults: Partial<Record<string, Fault>> & { all?: Fault }
}

export interface ZeroTierStandIn {
	home: string
	port: number
	token: string
	tokenFile: string
	/** Its own places and nothing of this machine's: no other port, no other token. */
	places: Places
	state: ServiceState
	/** `GET /status`, in the order they came; with the token that came with each. */
	requests: { line: string; token: string | undefined }[]
	/** Bytes of answers handed to the sockets. */
	sent(): number
	/** Open connections. */
	connections(): number
	down(): Promise<void>
	up(): Promise<void>
	stop(): Promise<void>
}

export function network(change: Partial<StandInNetwork> = {}): StandInNetwork {
	return {
		id: networkId,
		name: 'lab',
		status: 'OK',
		assignedAddresses: ['172.25.0.7/16'],
		portDeviceName: process.platform === 'darwin' ? 'lo0' : 'lo',
		...change,
	}
}

type PathKind = 'direct' | 'relayed' | 'tunneled' | 'silent' | 'idle' | 'unheard'

/** A peer as the service tells of it. A relayed one has no path, no latency and no time: only a version. */
export function peer(kind: PathKind = 'direct', change: Partial<StandInPeer> = {}): StandInPeer {
	const now = Date.now()
	const ages: Record<PathKind, { heard: number; sent: number } | null> = {
		direct: { heard: 2000, sent: 1000 },
		tunneled: { heard: 2000, sent: 1000 },
		silent: { heard: 300_000, sent: 4000 },
		idle: { heard: 7_200_000, sent: 7_200_000 },
		relayed: null,
		unheard: null,
	}
	const age = ages[kind]
	return {
		address: peerNode,
		role: 'LEAF',
		latency: kind === 'relayed' || kind === 'unheard' ? -1 : 12,
		version: kind === 'unheard' ? '-1.-1.-1' : '1.14.2',
		tunneled: kind === 'tunneled',
		paths: age
			? [
					{
						address: '192.0.2.9/9993',
						active: true,
						expired: false,
						preferred: kind === 'direct' || kind === 'tunneled',
						lastSend: now - age.sent,
						lastReceive: now - age.heard,
						trustedPathId: 0,
					},
				]
			: [],
		...change,
	}
}

/** A root that is heard, as every online service has some. */
export const planet = () =>
	peer('direct', { address: 'cafe04eba9', role: 'PLANET', version: '-1.-1.-1', latency: 40 })

export async function startZeroTierService(change: Partial<ServiceState> = {}): Promise<ZeroTierStandIn> {
	const home = await mkdtemp(join(tmpdir(), 'hawser zerotier '))
	const token = 'stand1n0token0of0a0test0'
	const tokenFile = join(home, 'authtoken.secret')
	const state: ServiceState = {
		online: true,
		tcpFallbackActive: false,
		version: '1.14.2',
		node: ownNode,
		networks: [],
		peers: [],
		joining: ['REQUESTING_CONFIGURATION', 'OK'],
		knowsHealth: true,
		faults: {},
		...change,
	}
	const requests: ZeroTierStandIn['requests'] = []
	const sockets = new Set<Socket>()
	const joins = new Map<string, number>()
	let sent = 0

	const write = (response: ServerResponse, code: number, body: unknown) => {
		const text = typeof body === 'string' ? body : JSON.stringify(body)
		sent += text.length
		response.writeHead(code, { 'Content-Type': 'application/json' }).end(text)
	}

	/** A joined network goes on by one state with every look. */
	const proceed = () => {
		for (const [id, looks] of joins) {
			const one = state.networks.find((joined) => joined.id === id)
			const status = state.joining[Math.min(looks, state.joining.length - 1)]
			joins.set(id, looks + 1)
			if (!one || status === undefined) continue
			one.status = status
			one.assignedAddresses = status === 'OK' ? ['172.25.0.7/16'] : []
		}
	}

	const handle = (request: IncomingMessage, response: ServerResponse) => {
		const path = request.url ?? ''
		const header = request.headers['x-zt1-auth']
		requests.push({ line: `${request.method} ${path}`, token: header?.toString() })
		const fault = state.faults[path] ?? state.faults.all
		if (fault)
			return misbehave(fault, request, response, (bytes) => {
				sent += bytes
			})
		const version = { version: state.version, clock: Date.now() }
		if (path === '/health' && state.knowsHealth)
			return write(response, 200, { online: state.online, ...version })
		if (header !== token) return write(response, 401, {})
		if (path === '/status')
			return write(response, 200, {
				address: state.node,
				publicIdentity: `${state.node}:0:00`,
				online: state.online,
				tcpFallbackActive: state.tcpFallbackActive,
				config: { settings: { primaryPort: port, allowTcpFallbackRelay: true, listeningOn: [] } },
				planetWorldId: 149604618,
				...version,
			})
		if (path === '/peer') return write(response, 200, state.peers)
		if (path === '/network') {
			proceed()
			return write(response, 200, state.networks.map(networkJson))
		}
		const id = /^\/network\/([0-9a-f]{16})$/.exec(path)?.[1]
		const known = state.networks.find((one) => one.id === id)
		if (id === undefined || (request.method === 'GET' && !known)) return write(response, 404, {})
		if (request.method === 'POST' && !known) {
			// As the real one does: the very first network is answered with `{}`.
			const first = state.networks.length === 0
			const joined = network({ id, status: 'REQUESTING_CONFIGURATION', assignedAddresses: [], name: '' })
			state.networks.push(joined)
			joins.set(id, 0)
			return write(response, 200, first ? {} : networkJson(joined))
		}
		if (known) write(response, 200, networkJson(known))
	}

	const server = createServer(handle)
	server.on('connection', (socket) => {
		sockets.add(socket)
		socket.once('close', () => sockets.delete(socket))
		socket.on('error', () => {})
	})
	const listen = (at: number) =>
		new Promise<void>((resolve, reject) => {
			server.once('error', reject)
			server.listen(at, '127.0.0.1', () => {
				server.off('error', reject)
				resolve()
			})
		})
	await listen(0)
	const { port } = server.address() as AddressInfo
	const close = () =>
		new Promise<void>((resolve) => {
			server.close(() => resolve())
			for (const socket of sockets) socket.destroy()
		})
	await writeFile(tokenFile, `${token}\n`)
	await chmod(tokenFile, 0o600)
	await writeFile(join(home, 'zerotier-one.port'), String(port))
	return {
		home,
		port,
		token,
		tokenFile,
		places: {
			service: home,
			tokens: [tokenFile],
			source: tokenFile,
			copy: join(home, 'copy of the token'),
			programs: [],
			defaultPort: null,
		},
		state,
		requests,
		sent: () => sent,
		connections: () => sockets.size,
		down: async () => {
			if (server.listening) await close()
		},
		up: () => listen(port),
		stop: async () => {
			if (server.listening) await close()
			await rm(home, { recursive: true, force: true })
		},
	}
}

function networkJson(one: StandInNetwork) {
	const { id, authenticationURL, ...rest } = one
	return {
		id,
		nwid: id,
		mac: '26:27:46:81:5c:34',
		type: 'PRIVATE',
		mtu: 2800,
		dhcp: false,
		bridge: false,
		broadcastEnabled: true,
		portError: one.status === 'PORT_ERROR' ? -1 : 0,
		netconfRevision: 7,
		allowManaged: true,
		allowGlobal: false,
		allowDefault: false,
		allowDNS: false,
		routes: [{ target: '172.25.0.0/16', via: null, flags: 0, metric: 0 }],
		dns: { domain: '', servers: [] },
		...(authenticationURL === undefined
			? {}
			: { authenticationURL, ssoEnabled: true, authenticationExpiryTime: 0 }),
		...rest,
	}
}
