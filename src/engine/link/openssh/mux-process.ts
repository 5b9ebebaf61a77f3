import { PassThrough, type Readable, Writable } from 'node:stream'
import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'
import { type SessionExit, type SessionProcess, spawnSession } from '../../process/session.ts'
import type { RemoteExit, RemoteProcess } from '../link.ts'

/** What ssh says, at DEBUG1, once the server has opened its session on the master's connection. */
const openedPattern = /debug1: mux_client_request_(?:session|stdio_fwd): master session id: \d+\r?\n/
/** Ssh's own words before that are few. */
const longestOpening = 64 * 1024

export interface MuxSurroundings {
	env: NodeJS.ProcessEnv
	cwd: string
	/** Why the connection is gone; null: it is there. Asked when an exit leaves that open. */
	lost(): Promise<Problem | null>
	/** Something came from the workstation. */
	heard(): void
	/** Once: the session counts no more. */
	onEnd(): void
}

/** One ssh that rides on the master: its bytes go straight between these pipes and the master. */
export class MuxSession {
	/** Settles when the server has opened it. Rejects with the reason why not, in ssh's own words. */
	readonly opened: Promise<void>
	readonly exit: Promise<SessionExit>
	readonly stdin: Writable
	readonly stdout: Readable
	readonly stderr: PassThrough = new PassThrough()
	readonly #process: SessionProcess
	#opening: Buffer | null = Buffer.alloc(0)
	#isOpened = false
	#gone = false
	#settleOpened: (refused: string | null) => void = () => {}

	constructor(args: readonly string[], { env, cwd, heard, onEnd }: Omit<MuxSurroundings, 'lost'>) {
		this.#process = spawnSession('ssh', args, { cwd, env })
		const { stdin, stdout, stderr, extra, exit } = this.#process
		extra.destroy()
		this.stdin = stdin
		this.exit = exit
		this.opened = new Promise((resolve, reject) => {
			this.#settleOpened = (refused) => {
				if (refused !== null) return reject(new Error(refused))
				this.#isOpened = true
				resolve()
			}
		})
		this.opened.catch(() => {})
		// Not the pipe itself: what is in that is thrown away at the exit when nobody reads it yet.
		const out = new PassThrough()
		stdout.on('data', heard)
		stdout.pipe(out)
		this.stdout = out
		stderr.on('data', (data: Buffer) => this.#readErrors(data, stderr))
		stderr.once('end', () => this.#endErrors())
		this.stderr.on('drain', () => stderr.resume())
		this.stderr.on('error', () => {})
		void exit.then(() => {
			this.#gone = true
			stdin.destroy()
			onEnd()
		})
	}

	/** Up to the word that it is open these are ssh's own; after it they are the remote command's. */
	#readErrors(data: Buffer, source: Readable): void {
		if (this.#opening === null) {
			if (!this.stderr.write(data)) source.pause()
			return
		}
		this.#opening = Buffer.concat([this.#opening, data])
		const text = this.#opening.toString('latin1')
		const match = openedPattern.exec(text)
		if (!match && this.#opening.length < longestOpening) return
		this.#opening = null
		this.#settleOpened(match ? null : 'ssh said too much')
		if (!match) return
		// The remote command's first words may have overtaken ssh's: both write to one pipe.
		const before = text.slice(0, match.index).replace(/^debug\d: .*\n/gm, '')
		const rest = before + text.slice(match.index + match[0].length)
		if (rest !== '') this.stderr.write(Buffer.from(rest, 'latin1'))
	}

	#endErrors(): void {
		const said = this.#opening?.toString('utf8') ?? ''
		this.#opening = null
		this.stderr.end()
		if (!this.#isOpened) this.#settleOpened(refusalOf(said))
	}

	/** Drops it: the remote command sees the end of its input. */
	kill(): void {
		// Its number may be another's by then.
		if (!this.#gone) this.#process.signal('SIGKILL')
		this.stdin.destroy()
		this.#settleOpened('it was given up')
	}
}

/** Why a session was not opened, from what ssh said. */
export function refusalOf(said: string): string {
	const request = /(?:session request failed|[Ff]orwarding request failed): (.+)/.exec(said)
	if (request?.[1]) return request[1].trim()
	const connect = /Control socket connect\(.*\): (.+)/.exec(said)
	if (connect?.[1]) return connect[1].trim()
	const words = said.split('\n').map((line) => line.trim())
	return words.filter((line) => line !== '' && !line.startsWith('debug')).at(-1) ?? 'ssh said nothing'
}

/** A remote command over the master. */
export class MuxProcess implements RemoteProcess {
	readonly stdin: Writable
	readonly stdout: Readable
	readonly stderr: Readable
	readonly exit: Promise<RemoteExit>
	readonly #session: MuxSession
	#settle: (result: RemoteExit | Problem) => void = () => {}
	#exited: SessionExit | null = null

	constructor(session: MuxSession, lost: MuxSurroundings['lost']) {
		this.#session = session
		this.stdout = session.stdout
		this.stderr = session.stderr
		const { stdin } = session
		// Input that nobody reads any more is no failure of ours: `exit` tells how the command ended.
		this.stdin = new Writable({
			highWaterMark: 64 * 1024,
			write: (data: Buffer, _encoding, callback) => {
				if (stdin.destroyed) callback(gone())
				else stdin.write(data, callback)
			},
			final: (callback) => {
				stdin.end()
				callback()
			},
		})
		this.stdin.on('error', () => {})
		stdin.once('close', () => this.stdin.destroy())
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

	async #ended(lost: MuxSurroundings['lost']): Promise<void> {
		const exit = await this.#session.exit
		// 255 is also what ssh says when its master went, and when a signal ended the command.
		const unclear = exit.code === null || exit.code === 255
		const why = unclear ? await lost() : null
		if (why) return this.#settle(why)
		this.#exited = exit
		const { stdout, stderr } = this
		if (!stdout.readableEnded && !stdout.destroyed) await untilEnd(stdout)
		if (stderr.readableFlowing === true && !stderr.readableEnded) await untilEnd(stderr)
		this.#settle({ code: exit.code ?? 255, signal: null })
	}

	/** The connection is gone: nothing more will come. */
	lose(why: Problem): void {
		// What had ended before is whole; it only waits to be read.
		if (this.#exited) return
		this.#settle(why)
		this.#session.kill()
	}

	close(): void {
		this.#settle(problem('operation-cancelled', {}))
		this.#session.kill()
		// Nobody reads what is left.
		this.stdout.resume()
		this.stderr.resume()
	}
}

function untilEnd(stream: Readable): Promise<void> {
	return new Promise((resolve) => {
		stream.once('end', resolve)
		stream.once('close', resolve)
	})
}

const gone = () => Object.assign(new Error('the command takes no more input'), { code: 'EPIPE' })
