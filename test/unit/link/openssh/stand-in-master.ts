import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Mux } from '../../../../src/engine/link/openssh/mux.ts'

/*
 * A stand-in for an ssh that shares its connection, and for the server behind it, which says whatever a test wants: no
 * real server can be made to break the protocol. The formats are written out here once more, from RFC 4254 and
 * OpenSSH's PROTOCOL.mux, so that a mistake of ours does not agree with itself.
 */

/** RFC 4254, section 9. */
export const kind = {
	open: 90,
	opened: 91,
	refused: 92,
	window: 93,
	data: 94,
	errors: 95,
	eof: 96,
	close: 97,
	request: 98,
	success: 99,
	failure: 100,
}

/** A number is a uint32, a text has its length before it, bytes are as they are. */
export function bytes(...fields: (number | string | Buffer)[]): Buffer {
	return Buffer.concat(
		fields.map((field) => {
			if (Buffer.isBuffer(field)) return field
			if (typeof field === 'string') return bytes(Buffer.byteLength(field), Buffer.from(field))
			return Buffer.from([field >>> 24, (field >>> 16) & 255, (field >>> 8) & 255, field & 255])
		}),
	)
}

export const message = (type: number, ...fields: Parameters<typeof bytes>) =>
	Buffer.concat([Buffer.from([type]), bytes(...fields)])
export const data = (channel: number, what: Buffer) => message(kind.data, channel, what.length, what)
export const errors = (channel: number, what: Buffer) => message(kind.errors, channel, 1, what.length, what)
export const ask = (channel: number, name: string, wantsReply: boolean, more: Buffer = Buffer.alloc(0)) =>
	message(kind.request, channel, name, Buffer.from([wantsReply ? 1 : 0]), more)

/** A message as a master passes it on: no padding. */
export const frame = (payload: Buffer) => bytes(payload.length + 1, Buffer.from([0]), payload)
export const hello = bytes(8, 1, 4)
export const granted = bytes(8, 0x8000000f, 0)

/** Listens on a socket of its own. `connected` gets each connection. Gives the path. */
export async function listen(connected: (socket: Socket) => void): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-stand-in-'))
	const sockets = new Set<Socket>()
	const server = createServer((socket) => {
		sockets.add(socket)
		socket.on('error', () => {})
		connected(socket)
	})
	const path = join(folder, 's')
	server.listen(path)
	await once(server, 'listening')
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => server.close(done))
		rmSync(folder, { recursive: true })
	})
	return path
}

/** The master's end of a connection in proxy mode. */
export class Server {
	/** Messages of the client that nobody has taken yet. */
	readonly heard: Buffer[] = []
	readonly socket: Socket
	#rest = Buffer.alloc(0)
	#wake: () => void = () => {}

	constructor(socket: Socket, rest: Buffer) {
		this.socket = socket
		this.#hear(rest)
		socket.on('data', (arrived: Buffer) => this.#hear(arrived))
	}

	#hear(arrived: Buffer): void {
		this.#rest = Buffer.concat([this.#rest, arrived])
		while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE()) {
			const end = 4 + this.#rest.readUInt32BE()
			this.heard.push(this.#rest.subarray(5, end))
			this.#rest = this.#rest.subarray(end)
		}
		this.#wake()
	}

	/** The next message of this kind, for this channel of the server if given. Others stay. */
	async take(type: number, channel?: number): Promise<Buffer> {
		for (;;) {
			const wanted = (one: Buffer) =>
				one[0] === type && (channel === undefined || one.readUInt32BE(1) === channel)
			const index = this.heard.findIndex(wanted)
			if (index >= 0) return this.heard.splice(index, 1)[0] as Buffer
			await new Promise<void>((wake) => {
				this.#wake = wake
			})
		}
	}

	/** How many messages of this kind have come and were not taken. */
	count(type: number): number {
		return this.heard.filter((one) => one[0] === type).length
	}

	say(...payloads: Buffer[]): void {
		this.socket.write(Buffer.concat(payloads.map(frame)))
	}

	/** What comes after it was said by the client later than all that was said here before it was called. */
	async settled(channel: number, peer: number): Promise<void> {
		this.say(ask(channel, 'are-you-there', true))
		await this.take(kind.failure, peer)
	}

	/** Takes the client's next wish for a channel. @returns the client's number of it */
	async opens(peer: number, window = 2 * 1024 * 1024, packet = 32 * 1024): Promise<number> {
		const wish = await this.take(kind.open)
		const channel = wish.readUInt32BE(5 + wish.readUInt32BE(1))
		this.say(message(kind.opened, channel, peer, window, packet))
		return channel
	}
}

/** Listens, and shares its connection with the first who asks. */
export async function sharing(): Promise<{ path: string; accepted: Promise<Server> }> {
	let accept: (server: Server) => void = () => {}
	const accepted = new Promise<Server>((resolve) => {
		accept = resolve
	})
	const path = await listen((socket) => {
		let rest = Buffer.alloc(0)
		const take = (arrived: Buffer) => {
			rest = Buffer.concat([rest, arrived])
			if (rest.length < 24) return
			socket.off('data', take)
			socket.write(Buffer.concat([hello, granted]))
			accept(new Server(socket, rest.subarray(24)))
		}
		socket.on('data', take)
	})
	return { path, accepted }
}

/** A connection in proxy mode, both its ends. */
export async function proxied(grantsSoon = true): Promise<{ mux: Mux; server: Server }> {
	const { path, accepted } = await sharing()
	const mux = await Mux.connect(path, grantsSoon, 5000)
	onTestFinished(() => mux.close())
	return { mux, server: await accepted }
}

/** A session, opened with this number at the server. */
export async function session(mux: Mux, server: Server, peer: number, window?: number, packet?: number) {
	const opened = mux.open('session', Buffer.alloc(0), (channel) => channel)
	const id = await server.opens(peer, window, packet)
	return { id, channel: await opened }
}
