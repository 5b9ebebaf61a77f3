import { connect, type Socket } from 'node:net'
import { LineTrip } from '../line-trip.ts'
import { type Message, open, readMessage } from './messages.ts'
import { MuxChannel } from './mux-channel.ts'
import { firstWindow } from './mux-windows.ts'

/*
 * OpenSSH's PROTOCOL.mux: what a master and its client say before proxy mode (a length before each, then a type), and
 * the frame of a message in it: length, length of the padding (none), message.
 */
const hello = { type: 1, version: 4 }
const proxy = { wish: 0x1000000f, granted: 0x8000000f }
/** Nothing that comes is longer: a message of data carries what `packet` says. */
const longestFrame = 256 * 1024
/** What we take in one message. */
const packet = 32 * 1024
/** Of small messages, such as answers to a server that asks and does not listen, no more than this may wait. */
const mostUnsent = 2 * 1024 * 1024
/** Of the server's reason to refuse a channel. */
const longestReason = 400

/** RFC 4254, section 5.1, in the words of OpenSSH. */
const refusals: Record<number, string> = {
	1: 'administratively prohibited',
	2: 'connect failed',
	3: 'unknown channel type',
	4: 'resource shortage',
}

/** The server opens no such channel. Its message says why, as ssh itself words it. */
export class ChannelRefused extends Error {}

interface Opening {
	take(channel: MuxChannel): void
	refuse(error: Error): void
}

/**
 * The one connection of a master, spoken in proxy mode: its channels are ours, with windows of our own. That is for
 * fairness: what ssh opens itself has windows of 2 MiB, and a question waits behind all of it.
 *
 * While a channel is being opened, and for ever once one was refused, the socket has to stay: an ssh (9.2) whose client
 * goes then ends itself, and so the connection of all others.
 */
export class Mux {
	readonly trip = new LineTrip()
	/** Settles when nothing more comes: with the reason, or null where the master has hung up or all was ended. */
	readonly gone: Promise<string | null>
	/** Called when something has come from the workstation. */
	heard: () => void = () => {}
	readonly #socket: Socket
	readonly #grantsSoon: boolean
	readonly #opening = new Map<number, Opening>()
	readonly #channels = new Map<number, MuxChannel>()
	/** They have data to send once the socket takes it. The longest waiting come first. */
	readonly #waiting = new Set<() => void>()
	#next = 0
	#isGone = false
	#tellGone: (why: string | null) => void = () => {}

	private constructor(socket: Socket, rest: Buffer, grantsSoon: boolean) {
		this.#socket = socket
		this.#grantsSoon = grantsSoon
		this.gone = new Promise((resolve) => {
			this.#tellGone = resolve
		})
		const frames = new Frames((frame) => this.#receive(frame))
		const take = (data: Buffer) => {
			this.heard()
			this.trip.carried += data.length
			try {
				if (!this.#isGone) frames.take(data)
			} catch (error) {
				this.#hangUp(`What the server sent could not be taken in: ${(error as Error).message}`)
			}
		}
		socket.on('data', take)
		socket.on('drain', () => this.#drained())
		socket.once('close', () => this.#hangUp(null))
		if (rest.length > 0) take(rest)
	}

	/**
	 * @param path where the master listens
	 * @param grantsSoon the server is OpenSSH's: others may wait with their grants for more than is under way
	 * @throws Error when the master does not agree within `timeoutMs`
	 */
	static connect(path: string, grantsSoon: boolean, timeoutMs: number): Promise<Mux> {
		return new Promise((resolve, reject) => {
			const socket = connect({ path })
			// It tells of its end by `close`.
			socket.on('error', () => {})
			const fail = (why: string) => {
				clearTimeout(timer)
				socket.destroy()
				reject(new Error(why))
			}
			const timer = setTimeout(() => fail('ssh does not share its connection'), timeoutMs)
			const onClose = () => fail('ssh has hung up')
			socket.once('close', onClose)
			let greeted = false
			const frames = new Frames((frame) => {
				const [type, value] = [frame.readUInt32BE(0), frame.readUInt32BE(4)]
				if (!greeted && type === hello.type && value === hello.version) {
					greeted = true
					return true
				}
				if (!greeted || type !== proxy.granted) throw new RangeError('no such answer')
				clearTimeout(timer)
				socket.off('data', take)
				socket.off('close', onClose)
				resolve(new Mux(socket, frames.rest(), grantsSoon))
				return false
			})
			const take = (data: Buffer) => {
				try {
					frames.take(data)
				} catch {
					fail('ssh does not share its connection')
				}
			}
			socket.on('data', take)
			socket.write(words(hello.type, hello.version))
			socket.write(words(proxy.wish, 0))
		})
	}

	/** Ends all that rides on it. The socket stays. */
	end(): void {
		this.#hangUp(null)
		this.#waiting.clear()
		for (const { refuse } of this.#opening.values()) refuse(new Error('The connection has ended'))
		this.#opening.clear()
		for (const channel of [...this.#channels.values()]) channel.lose()
	}

	/** To be called once the master has ended. */
	close(): void {
		this.end()
		this.#socket.destroy()
	}

	/** Whoever hears of it may say more of why, and then ends all. */
	#hangUp(why: string | null): void {
		this.#isGone = true
		this.#tellGone(why)
	}

	/** @returns whether more may come */
	#receive(frame: Buffer): boolean {
		const message = readMessage(frame.subarray(1))
		if (!message) return true
		const opening = this.#opening.get(message.channel)
		if (!opening) {
			this.#channels.get(message.channel)?.receive(message)
			return !this.#isGone
		}
		if (message.type !== 'opened' && message.type !== 'refused')
			throw new RangeError('a channel was used before it was open')
		this.#opening.delete(message.channel)
		if (message.type === 'opened') opening.take(this.#channel(message.channel, message))
		else opening.refuse(refusalOf(message))
		return !this.#isGone
	}

	#channel(id: number, opened: Message & { type: 'opened' }): MuxChannel {
		const channel = new MuxChannel(opened, {
			send: (...parts) => this.#send(...parts),
			isFull: (again) => {
				const full = this.#isGone || this.#socket.writableNeedDrain
				if (full) this.#waiting.add(again)
				return full
			},
			trip: this.trip,
			grantsSoon: this.#grantsSoon,
			done: () => this.#channels.delete(id),
		})
		this.#channels.set(id, channel)
		return channel
	}

	#send(...parts: Buffer[]): void {
		if (this.#isGone) return
		const length = parts.reduce((sum, part) => sum + part.length, 1)
		const head = Buffer.alloc(5)
		head.writeUInt32BE(length)
		this.#socket.write(Buffer.concat([head, ...parts]))
		if (this.#socket.writableLength > mostUnsent) this.#hangUp('The server takes nothing in')
	}

	/** Gives everybody a turn before anybody's second. */
	#drained(): void {
		for (const again of [...this.#waiting]) {
			if (this.#socket.writableNeedDrain) return
			this.#waiting.delete(again)
			again()
		}
	}

	/**
	 * Asks the server for a channel. `take` gets it at once: what comes next may be in the same packet.
	 * @throws ChannelRefused, or Error when the connection goes first
	 */
	open<T>(type: string, fields: Buffer, take: (channel: MuxChannel) => T): Promise<T> {
		return new Promise((resolve, reject) => {
			if (this.#isGone) return reject(new Error('The connection has ended'))
			const id = this.#next
			this.#next += 1
			this.#opening.set(id, { take: (channel) => resolve(take(channel)), refuse: reject })
			this.#send(open(type, id, firstWindow, packet, fields))
		})
	}
}

function refusalOf({ code, words }: Message & { type: 'refused' }): Error {
	const reason = refusals[code] ?? 'unknown reason'
	return new ChannelRefused(words === '' ? reason : `${reason}: ${words}`.slice(0, longestReason))
}

function words(...values: number[]): Buffer {
	const data = Buffer.alloc(4 * (values.length + 1))
	for (const [index, value] of [4 * values.length, ...values].entries()) data.writeUInt32BE(value, 4 * index)
	return data
}

/** Cuts what arrives into frames, each without its length. */
class Frames {
	readonly #onFrame: (frame: Buffer) => boolean
	#rest: Buffer = Buffer.alloc(0)

	/** It takes no more once this gives false. */
	constructor(onFrame: (frame: Buffer) => boolean) {
		this.#onFrame = onFrame
	}

	/** What has come and is no whole frame, or was not taken. */
	rest(): Buffer {
		return this.#rest
	}

	/** @throws RangeError when a frame is too long, or cannot be read */
	take(data: Buffer): void {
		this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
		while (this.#rest.length >= 4) {
			const end = 4 + this.#rest.readUInt32BE(0)
			if (end > longestFrame) throw new RangeError('a message was too long')
			if (this.#rest.length < end) return
			const frame = this.#rest.subarray(4, end)
			this.#rest = this.#rest.subarray(end)
			if (!this.#onFrame(frame)) return
		}
	}
}
