import { Duplex } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import type { MuxSession, MuxSurroundings } from './mux-process.ts'

/** A forwarded connection over the master. It ends, with an error, when the link does. */
export class MuxForward extends Duplex {
	readonly #session: MuxSession
	#exited = false

	/** `lost`: why the connection is gone; null: it is there. */
	constructor(session: MuxSession, lost: MuxSurroundings['lost']) {
		super({ allowHalfOpen: true })
		this.#session = session
		// Who uses it may have gone by the time the link is lost.
		this.on('error', () => {})
		session.stdout.on('data', (data: Buffer) => {
			if (!this.push(data)) session.stdout.pause()
		})
		// The end of the link must not pass for the end of what came: this ssh tells one from the other in no way.
		session.stdout.once('end', () => void this.#ended(lost))
		session.stderr.resume()
		void session.exit.then(() => {
			this.#exited = true
			if (this.readableEnded) this.destroy()
		})
		this.once('end', () => {
			// Both ways are closed.
			if (this.#exited) this.destroy()
		})
	}

	async #ended(lost: MuxSurroundings['lost']): Promise<void> {
		const why = await lost()
		if (why) this.lose(why)
		else if (!this.destroyed) this.push(null)
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
