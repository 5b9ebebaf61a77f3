import { Duplex } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import type { MuxSession } from './mux-process.ts'

/** A forwarded connection over the master. It ends, with an error, when the link does. */
export class MuxForward extends Duplex {
	readonly #session: MuxSession

	constructor(session: MuxSession, onEnd: () => void) {
		super({ allowHalfOpen: true })
		this.#session = session
		// Who uses it may have gone by the time the link is lost.
		this.on('error', () => {})
		session.stdout.on('data', (data: Buffer) => {
			if (!this.push(data)) session.stdout.pause()
		})
		session.stdout.once('end', () => this.push(null))
		session.stderr.resume()
		void session.exit.then(() => {
			onEnd()
			// Both ways are closed; what came is still to be read.
			if (this.readableEnded) this.destroy()
			else this.once('end', () => this.destroy())
		})
	}

	override _read(): void {
		this.#session.stdout.resume()
	}

	override _write(data: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		const { stdin } = this.#session
		if (stdin.destroyed) callback(Object.assign(new Error('the connection is closed'), { code: 'EPIPE' }))
		else stdin.write(data, callback)
	}

	override _final(callback: () => void): void {
		this.#session.stdin.end()
		callback()
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		this.#session.kill()
		this.#session.stdout.resume()
		callback(error)
	}

	lose(why: Problem): void {
		this.destroy(new ProblemError(why))
	}
}
