import { Duplex } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import type { MuxChannel } from './mux-channel.ts'

/** A forwarded connection. It ends, with an error, when the link does. */
export class MuxForward extends Duplex {
	readonly #channel: MuxChannel

	constructor(channel: MuxChannel) {
		super({ allowHalfOpen: true })
		this.#channel = channel
		// Who uses it may have gone by the time the link is lost.
		this.on('error', () => {})
		channel.stdout.on('data', (data: Buffer) => {
			if (!this.push(data)) channel.stdout.pause()
		})
		channel.stdout.once('end', () => {
			if (!this.destroyed) this.push(null)
		})
		channel.stderr.resume()
		void channel.closed.then(() => {
			// Both ways are closed.
			if (this.readableEnded) this.destroy()
			else this.once('end', () => this.destroy())
		})
	}

	override _read(): void {
		this.#channel.stdout.resume()
	}

	override _write(data: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		const { stdin } = this.#channel
		if (stdin.destroyed) callback(Object.assign(new Error('the connection is closed'), { code: 'EPIPE' }))
		else stdin.write(data, callback)
	}

	/** Not before all is sent: once both ways have ended, the channel is closed. */
	override _final(callback: () => void): void {
		this.#channel.stdin.end(() => callback())
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		this.#channel.close()
		callback(error)
	}

	lose(why: Problem): void {
		this.destroy(new ProblemError(why))
		this.#channel.lose()
	}
}
