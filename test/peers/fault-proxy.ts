import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Direction, type Lane, newLane, Way } from './fault-proxy-way.ts'

/** A TCP proxy on loopback that stands for a long, slow or broken line. */
export interface FaultProxy {
	readonly port: number
	/** One way, in milliseconds; a round trip takes twice that. May be changed at any time. */
	delayMs: number
	/** Each way, shared by all connections; null: as fast as it goes. The line's own queue stays under 80 KiB. */
	bytesPerSecond: number | null
	/**
	 * Nothing gets through any more, without a word; connections stay open, new ones are accepted and get nothing
	 * either. With a direction, only that one is dead.
	 */
	stall(direction?: Direction): void
	/** Undoes every `stall`: what was held back arrives. */
	resume(): void
	/** Breaks every connection at once with RST, on both sides; new ones are carried. */
	reset(): void
	/** Ends every connection at once with FIN, on both sides; new ones are carried. */
	cut(): void
	/** The port is closed: new connections are refused, those that are open go on. */
	refuse(): Promise<void>
	/** Undoes `refuse`, on the same port. */
	listen(): Promise<void>
	/** Calls `action` once so many more bytes passed that way, in any connection; the byte after them waits for it. */
	after(direction: Direction, bytes: number, action: () => void): void
	/** Bytes that were handed on since the start. */
	passed(direction: Direction): number
	/** Connections that were accepted since the start. */
	accepted(): number
	/** Connections that are open now. */
	connections(): number
	stop(): Promise<void>
}

interface Carried {
	near: Socket
	far: Socket
	ways: Way[]
}

/** As little as possible is kept on the way: one read of 64 KiB. */
const socketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 }

export async function startFaultProxy(
	target: { host: string; port: number },
	delayMs = 0,
): Promise<FaultProxy> {
	const lanes: Record<Direction, Lane> = { up: newLane(delayMs), down: newLane(delayMs) }
	const both = Object.values(lanes)
	const open = new Set<Carried>()
	let accepted = 0
	let server: Server | null = null
	let port = 0

	const carry = (near: Socket) => {
		accepted += 1
		const far = connect({ ...target, ...socketOptions })
		const one: Carried = {
			near,
			far,
			ways: [new Way(near, far, lanes.up), new Way(far, near, lanes.down)],
		}
		open.add(one)
		const closed = () => {
			if (!(near.closed && far.closed)) return
			for (const way of one.ways) way.stop()
			open.delete(one)
		}
		near.once('close', closed)
		far.once('close', closed)
	}
	const listen = async () => {
		if (server) return
		const next = createServer(socketOptions, carry)
		await new Promise<void>((done, fail) => next.once('error', fail).listen(port, '127.0.0.1', done))
		server = next
		const address = next.address()
		if (address === null || typeof address === 'string') throw new Error('no port')
		port = address.port
	}
	// Not waited for until it is over: the connections that are open would have to end first.
	const refuse = async () => {
		server?.close()
		server = null
	}
	const breakAll = (how: (socket: Socket) => void) => {
		for (const lane of both) lane.trap = null
		for (const { near, far, ways } of open) {
			for (const way of ways) way.stop()
			how(near)
			how(far)
		}
	}
	await listen()
	return {
		get port() {
			return port
		},
		get delayMs() {
			return lanes.up.delayMs
		},
		set delayMs(value) {
			for (const lane of both) lane.delayMs = value
		},
		get bytesPerSecond() {
			return lanes.up.bytesPerSecond
		},
		set bytesPerSecond(value) {
			for (const lane of both) lane.bytesPerSecond = value
		},
		stall: (direction) => {
			for (const lane of direction ? [lanes[direction]] : both) lane.dead = true
		},
		resume: () => {
			for (const lane of both) lane.dead = false
			for (const { ways } of open) for (const way of ways) way.wake()
		},
		reset: () => breakAll((socket) => socket.resetAndDestroy()),
		cut: () => breakAll((socket) => socket.destroySoon()),
		refuse,
		listen,
		after: (direction, bytes, action) => {
			lanes[direction].trap = { left: bytes, action }
		},
		passed: (direction) => lanes[direction].passed,
		accepted: () => accepted,
		connections: () => open.size,
		stop: async () => {
			await refuse()
			const closing = [...open].flatMap(({ near, far }) => [near, far]).filter((socket) => !socket.closed)
			const gone = closing.map((socket) => new Promise((done) => socket.once('close', done)))
			breakAll((socket) => socket.destroy())
			await Promise.all(gone)
		},
	}
}
