import type { Readable, Writable } from 'node:stream'
import type { ServerChannel } from 'ssh2'

/** The parts of an ssh2 channel that only it should know. */
interface Insides {
	/** What waits for the client's window. */
	_chunk?: Buffer
	_chunkcb?: unknown
	_chunkErr?: Buffer
	_chunkcbErr?: unknown
	outgoing: { state: 'open' | 'eof' | 'closing' | 'closed' }
}

/**
 * Writes to a server's channel, one piece at a time over both its output and its error output.
 *
 * ssh2 1.17 keeps one flag for "waits for the window" and never forgets the piece that waited, so two
 * streams that wait in turn would send a piece twice or stall; and a write to a closed channel never
 * calls back (https://github.com/mscdex/ssh2/issues/1508). Here nothing is written before the piece before
 * it is gone, what waited is forgotten, and every write settles when the channel is gone.
 */
export class ChannelOutput {
	readonly channel: ServerChannel
	/** Settles when the client closed the channel or its connection is gone. */
	readonly gone: Promise<void>
	#last: Promise<void> = Promise.resolve()
	#closed = false

	constructor(channel: ServerChannel, connectionGone: AbortSignal) {
		this.channel = channel
		channel.on('error', () => {})
		channel.stderr.on('error', () => {})
		this.gone = new Promise((resolve) => {
			const close = () => {
				this.#closed = true
				connectionGone.removeEventListener('abort', lose)
				resolve()
			}
			const lose = () => {
				// ssh2 throws at every packet for a connection that is gone; for a closed channel it sends none.
				this.#insides().outgoing.state = 'closed'
				close()
			}
			// 'close' waits until all input was read. One of the others comes also when nobody reads it.
			channel.once('close', close)
			channel.once('finish', close)
			channel.stderr.once('finish', close)
			connectionGone.addEventListener('abort', lose, { once: true })
			if (connectionGone.aborted) lose()
		})
	}

	/** Nothing can be sent any more. */
	get closed(): boolean {
		return this.#closed
	}

	/** Closes the channel; what was sent has gone before. */
	end(): void {
		if (!this.#closed) this.channel.end()
	}

	/** Sends all of `source`, reading no faster than the client takes it. Settles at its end, or when gone. */
	send(source: Readable, to: 'output' | 'error'): Promise<void> {
		const target = to === 'output' ? this.channel : this.channel.stderr
		return new Promise((resolve) => {
			source.on('data', (data: Buffer) => {
				source.pause()
				void this.#write(target, data).then(() => source.resume())
			})
			const finish = () => void this.#last.then(resolve)
			source.once('end', finish)
			source.once('close', finish)
			void this.gone.then(resolve)
		})
	}

	#write(target: Writable, data: Buffer): Promise<void> {
		const written = this.#last.then(() => {
			if (this.#closed) return
			const done = new Promise<void>((resolve) => target.write(data, () => resolve()))
			return Promise.race([done, this.gone]).then(() => this.#forget())
		})
		this.#last = written
		return written
	}

	#forget(): void {
		const insides = this.#insides()
		insides._chunk = undefined
		insides._chunkcb = undefined
		insides._chunkErr = undefined
		insides._chunkcbErr = undefined
	}

	#insides(): Insides {
		return this.channel as unknown as Insides
	}
}
