import type { Readable, Writable } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'
import type { RemoteExit, RemoteProcess } from '../link.ts'
import type { MuxChannel } from './mux-channel.ts'

/** A remote command on a channel of its own. */
export class MuxProcess implements RemoteProcess {
	readonly stdin: Writable
	readonly stdout: Readable
	readonly stderr: Readable
	readonly exit: Promise<RemoteExit>
	protected readonly channel: MuxChannel
	#settle: (result: RemoteExit | Problem) => void = () => {}

	/** `lost`: why the connection is gone; asked when the channel ends without an exit. */
	constructor(channel: MuxChannel, lost: () => Problem) {
		this.channel = channel
		this.stdin = channel.stdin
		this.stdout = channel.stdout
		this.stderr = channel.stderr
		this.exit = new Promise((resolve, reject) => {
			this.#settle = (result) => {
				if ('title' in result) reject(new ProblemError(result))
				else resolve(result)
			}
		})
		// Not everybody waits for the exit.
		this.exit.catch(() => {})
		void this.#ended(lost)
	}

	async #ended(lost: () => Problem): Promise<void> {
		const { channel, stdout, stderr } = this
		await channel.closed
		if (!channel.exit) return this.#settle(lost())
		// It counts as ended when its output was taken in.
		if (!stdout.readableEnded && !stdout.destroyed) await untilEnd(stdout)
		if (stderr.readableFlowing === true && !stderr.readableEnded && !stderr.destroyed) await untilEnd(stderr)
		this.#settle(channel.exit)
	}

	/** The connection is gone: nothing more will come. */
	lose(why: Problem): void {
		// What had ended before is whole; it only waits to be read.
		if (this.channel.isClosed && this.channel.exit) return
		this.#settle(why)
		this.channel.lose()
	}

	close(): void {
		this.#settle(problem('operation-cancelled', {}))
		this.channel.close()
	}
}

function untilEnd(stream: Readable): Promise<void> {
	return new Promise((resolve) => {
		stream.once('end', resolve)
		stream.once('close', resolve)
	})
}
