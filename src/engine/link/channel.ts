import { Duplex, Writable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import type { RemoteExit, RemoteProcess } from './link.ts'

/**
 * Passes writes on to a channel. ssh2's own writes never call back once the channel is closed
 * (https://github.com/mscdex/ssh2/issues/1508), so whoever waits for one would wait for ever: here a
 * pending write fails when `close` is called.
 */
class PendingWrite {
	#callback: ((error?: Error | null) => void) | null = null
	#closed: Error | null = null
	readonly #channel: ClientChannel

	constructor(channel: ClientChannel) {
		this.#channel = channel
	}

	write(data: Buffer, callback: (error?: Error | null) => void): void {
		this.#callback = callback
		if (this.#closed) this.#done(this.#closed)
		else this.#channel.write(data, () => this.#done(null))
	}

	#done(error: Error | null): void {
		const callback = this.#callback
		this.#callback = null
		callback?.(error)
	}

	close(reason: Error): void {
		this.#closed ??= reason
		this.#done(reason)
	}
}

/** After this long without an answer to its end, a channel no longer counts. */
const closeAnswerMs = 5000

/** ssh2 tells of it only once the output was read. */
function closedByServer(channel: ClientChannel): boolean {
	return (channel as { incoming?: { state?: string } }).incoming?.state === 'closed'
}

const gone = () => Object.assign(new Error('the command takes no more input'), { code: 'EPIPE' })

/** A remote command as our own streams. `onEnd` is called once, when the channel is closed for good. */
export class ChannelProcess implements RemoteProcess {
	readonly stdin: Writable
	readonly stdout: ClientChannel
	readonly stderr: ClientChannel['stderr']
	readonly exit: Promise<RemoteExit>
	readonly #pending: PendingWrite
	readonly #onEnd: () => void
	#settle: (exit: RemoteExit | Problem) => void = () => {}
	#exit: RemoteExit | null = null
	#ended = false

	constructor(channel: ClientChannel, lost: () => Problem, onEnd: () => void) {
		this.stdout = channel
		this.stderr = channel.stderr
		this.#onEnd = onEnd
		this.#pending = new PendingWrite(channel)
		this.stdin = new Writable({
			highWaterMark: 256 * 1024,
			write: (data: Buffer, _encoding, callback) => this.#pending.write(data, callback),
			final: (callback) => {
				if (!this.#ended) channel.end()
				callback()
			},
		})
		// Input that nobody reads any more is no failure of ours: `exit` tells how the command ended.
		this.stdin.on('error', () => {})
		channel.on('error', () => {})
		this.exit = new Promise((resolve, reject) => {
			this.#settle = (result) => {
				if ('title' in result) reject(new ProblemError(result))
				else resolve(result)
			}
		})
		// Not everybody waits for the exit.
		this.exit.catch(() => {})
		channel.on('exit', (code: number | null, signal?: string) => {
			this.#exit = { code, signal: signal ? signal.replace(/^SIG/, '') : null }
		})
		channel.on('close', () => this.#closed(lost))
	}

	/** Comes when stdout was read to its end. Without an exit, the connection went away under it. */
	#closed(lost: () => Problem): void {
		this.#release()
		const exit = this.#exit
		const { stderr } = this
		const unread = stderr.readableFlowing === true && !stderr.readableEnded
		if (!exit) this.#settle(lost())
		else if (unread) stderr.once('end', () => this.#settle(exit))
		else this.#settle(exit)
	}

	#release(): void {
		if (this.#ended) return
		this.#ended = true
		this.#pending.close(gone())
		this.stdin.destroy()
		this.#onEnd()
	}

	/** The connection is gone: nothing more will come. To be called before ssh2 closes the channels itself. */
	lose(why: Problem): void {
		// What was closed by the workstation before is whole; it only waits to be read.
		if (this.#exit && closedByServer(this.stdout)) return
		this.#settle(why)
		this.#release()
	}

	close(): void {
		this.#settle(problem('operation-cancelled', {}))
		this.#pending.close(gone())
		this.stdin.destroy()
		this.stdout.close()
		setTimeout(() => this.#release(), closeAnswerMs).unref()
		// Nobody reads what is left; unread, it would keep the channel from closing.
		this.stdout.resume()
		this.stderr.resume()
	}
}

/** A forwarded connection that ends, with an error, when the link does. */
export class ForwardStream extends Duplex {
	readonly #channel: ClientChannel
	readonly #pending: PendingWrite

	constructor(channel: ClientChannel, onEnd: () => void) {
		super({ allowHalfOpen: true })
		this.#channel = channel
		this.#pending = new PendingWrite(channel)
		channel.on('error', () => {})
		// Who uses it may have gone by the time the link is lost.
		this.on('error', () => {})
		channel.on('data', (data: Buffer) => {
			if (!this.push(data)) channel.pause()
		})
		channel.on('end', () => this.push(null))
		channel.on('close', () => {
			this.#pending.close(gone())
			onEnd()
			if (!this.readableEnded) this.once('end', () => this.destroy())
			else this.destroy()
		})
	}

	override _read(): void {
		this.#channel.resume()
	}

	override _write(data: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		this.#pending.write(data, callback)
	}

	override _final(callback: () => void): void {
		this.#channel.end()
		callback()
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		this.#pending.close(error ?? gone())
		this.#channel.close()
		this.#channel.resume()
		callback(error)
	}

	lose(why: Problem): void {
		this.destroy(new ProblemError(why))
	}
}
