import { Writable } from 'node:stream'
import type { LineTrip } from '../line-trip.ts'
import type { RemoteExit } from '../link.ts'
import { close, dataHead, eof, grant, type Message, refuseRequest, request } from './messages.ts'
import { Incoming } from './mux-incoming.ts'
import { ReceiveWindow, SendWindow } from './mux-windows.ts'

/** The server may allow more in a message; an ssh takes 256 KiB from us, and 32 is what OpenSSH itself sends. */
const mostInMessage = 32 * 1024
/** An ssh drops its client, and a server the connection, over a message of more than 256 KiB. */
const longestRequest = 255 * 1024
/** Of the name of a signal, which the server is free to invent. */
const longestName = 40
/** After this long without an answer to its end, a channel no longer counts. */
const closeAnswerMs = 5000

export interface Opened {
	/** Its number at the server. */
	peer: number
	window: number
	packet: number
}

export interface ChannelWire {
	send(...parts: Buffer[]): void
	/** No more data may be sent for now. `again` is called, once, when it may. */
	isFull(again: () => void): boolean
	trip: LineTrip
	/** The server grants windows as OpenSSH does. */
	grantsSoon: boolean
	/** Once: both sides have closed it, or it is lost. */
	done(): void
}

interface Pending {
	data: Buffer
	sent(error?: Error | null): void
}

/** A channel of an SSH connection. */
export class MuxChannel {
	readonly stdin: Writable
	readonly stdout: Incoming
	readonly stderr: Incoming
	/** How its command ended; null until that is told. */
	exit: RemoteExit | null = null
	/** Nothing more comes: the server has closed it, or the connection is gone. */
	readonly closed: Promise<void>
	readonly #wire: ChannelWire
	readonly #peer: number
	readonly #packet: number
	readonly #sendWindow: SendWindow
	readonly #receiveWindow: ReceiveWindow
	readonly #replies: ((yes: boolean) => void)[] = []
	#pending: Pending | null = null
	#ended = false
	/** After this not a word may be sent: its number may be another's at the server. */
	#closeSent = false
	#isClosed = false
	#tellClosed: () => void = () => {}
	#closeTimer: NodeJS.Timeout | undefined

	constructor(opened: Opened, wire: ChannelWire) {
		this.#wire = wire
		this.#peer = opened.peer
		this.#packet = Math.max(1, Math.min(opened.packet, mostInMessage))
		this.#sendWindow = new SendWindow(opened.window, wire.trip, wire.grantsSoon)
		this.#receiveWindow = new ReceiveWindow(wire.trip)
		this.closed = new Promise((resolve) => {
			this.#tellClosed = resolve
		})
		this.stdin = new Writable({
			highWaterMark: 256 * 1024,
			write: (data: Buffer, _encoding, sent) => {
				this.#pending = { data, sent }
				this.#pump()
			},
			final: (done) => {
				this.#say(eof(this.#peer))
				done()
			},
			destroy: (error, done) => {
				this.#settlePending(error ?? gone())
				done(error)
			},
		})
		// Input that nobody reads any more is no failure of ours.
		this.stdin.on('error', () => {})
		// What is being read still counts as unread while it is asked for more.
		const read = () => queueMicrotask(() => this.#grant())
		this.stdout = new Incoming(read)
		this.stderr = new Incoming(read)
	}

	get isClosed(): boolean {
		return this.#isClosed
	}

	#say(...parts: Buffer[]): void {
		if (!this.#closeSent) this.#wire.send(...parts)
	}

	// ——— out ———

	readonly #pump = (): void => {
		while (this.#pending && !this.#closeSent) {
			const { data } = this.#pending
			const length = Math.min(data.length, this.#packet, this.#sendWindow.room)
			if (length === 0 && data.length > 0) {
				this.#sendWindow.wanting()
				return
			}
			if (this.#wire.isFull(this.#pump)) return
			this.#sendWindow.sent(length)
			if (length > 0) this.#say(dataHead(this.#peer, length), data.subarray(0, length))
			if (length < data.length) this.#pending.data = data.subarray(length)
			else this.#settlePending(null)
		}
		if (this.#closeSent) this.#settlePending(gone())
	}

	#settlePending(error: Error | null): void {
		const pending = this.#pending
		this.#pending = null
		pending?.sent(error)
	}

	/** Whether the server did it. False also when the channel went before it answered. */
	request(name: string, fields: Buffer = Buffer.alloc(0)): Promise<boolean> {
		return new Promise((resolve) => {
			if (this.#closeSent || fields.length > longestRequest) return resolve(false)
			this.#replies.push(resolve)
			this.#say(request(this.#peer, name, true, fields))
		})
	}

	/** A request whose answer nobody waits for. */
	tell(name: string, fields: Buffer): void {
		this.#say(request(this.#peer, name, false, fields))
	}

	// ——— in ———

	/** @throws RangeError when the server breaks the protocol */
	receive(message: Message): void {
		if (this.#isClosed) return
		if (message.type === 'data') this.#take(this.stdout, message.data)
		else if (message.type === 'errors') this.#take(this.stderr, message.data)
		else if (message.type === 'window') {
			this.#sendWindow.granted(message.bytes)
			this.#pump()
		} else if (message.type === 'eof') this.#end()
		else if (message.type === 'success') this.#replies.shift()?.(true)
		else if (message.type === 'failure') this.#replies.shift()?.(false)
		else if (message.type === 'request') this.#asked(message)
		else if (message.type === 'close') {
			this.#sendClose()
			this.#close()
		}
	}

	#take(stream: Incoming, data: Buffer): void {
		this.#receiveWindow.arrived(data.length)
		stream.arrive(data)
		this.#grant()
	}

	#grant(): void {
		if (this.#closeSent || this.#ended) return
		const more = this.#receiveWindow.grant(this.stdout.unread + this.stderr.unread)
		if (more > 0) this.#say(grant(this.#peer, more))
	}

	#asked({ name, wantsReply, fields }: Message & { type: 'request' }): void {
		if (name === 'exit-status') this.exit = { code: fields.uint32(), signal: null }
		else if (name === 'exit-signal')
			this.exit = { code: null, signal: fields.text().replace(/^SIG/, '').slice(0, longestName) }
		// OpenSSH's: its command reads no more.
		else if (name === 'eow@openssh.com') this.stdin.destroy()
		// Such as the server's own question whether we are there: any answer will do.
		if (wantsReply) this.#say(refuseRequest(this.#peer))
	}

	#end(): void {
		if (this.#ended) return
		this.#ended = true
		this.stdout.finish()
		this.stderr.finish()
	}

	#close(): void {
		clearTimeout(this.#closeTimer)
		this.#isClosed = true
		this.#closeSent = true
		this.stdin.destroy()
		for (const reply of this.#replies.splice(0)) reply(false)
		this.#end()
		this.#tellClosed()
		this.#wire.done()
	}

	// ——— its end ———

	#sendClose(): void {
		this.#say(close(this.#peer))
		this.#closeSent = true
	}

	/** Wants no more of it. The remote command sees the end of its input. */
	close(): void {
		if (this.#closeSent) return
		this.#sendClose()
		this.#closeTimer = setTimeout(() => this.lose(), closeAnswerMs).unref()
		this.stdin.destroy()
		// Nobody reads what is left.
		this.stdout.resume()
		this.stderr.resume()
	}

	/** The connection is gone: nothing more will come. */
	lose(): void {
		if (!this.#isClosed) this.#close()
	}
}

const gone = () => Object.assign(new Error('the command takes no more input'), { code: 'EPIPE' })
