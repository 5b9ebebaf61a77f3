import { isUtf8 } from 'node:buffer'
import { ProblemError } from '../../contract/client.ts'
import type { CommandOutput, LogChunk } from '../../contract/commands.ts'
import type { Link, RemoteProcess } from '../link/link.ts'
import { problem } from '../problems.ts'
import { afterMarker, startScript } from '../remote/script.ts'
import { noSuchRun, requireId } from './runs.ts'

const readTimeoutMs = 20_000
/** How long what is missing of an ended run's log may take to come. */
const drainMs = 10_000

/**
 * At most `most` bytes of a run's log from byte `from` on. `text` is exactly as long in UTF-8 as what was
 * read, so `end`, the byte to go on from, is `from` plus its length; no character is cut in two.
 * @throws ProblemError `run-unknown`, `remote-timeout`, `remote-garbled`, `link-lost`
 */
export async function readLog(
	link: Link,
	id: string,
	from: number,
	most: number,
): Promise<CommandOutput<'readLog'>> {
	const deadline = AbortSignal.timeout(readTimeoutMs)
	const args = [requireId(id), String(from), String(most)]
	const late = () =>
		new ProblemError(problem('remote-timeout', { script: 'log-read', seconds: readTimeoutMs / 1000 }))
	try {
		const remote = await startScript(link, 'log-read', args, deadline)
		const stop = onAbort(deadline, () => remote.close())
		try {
			remote.stdin.end()
			remote.stderr.resume()
			const bytes: Buffer[] = []
			const exit = await toEnd(remote, (chunk) => void bytes.push(chunk))
			if (exit.code === noSuchRun) throw new ProblemError(problem('run-unknown', { run: id }))
			return parseLog(Buffer.concat(bytes), from, most)
		} finally {
			stop()
		}
	} catch (error) {
		throw deadline.aborted ? late() : error
	}
}

/** What log-read.sh printed: the size, then bytes. */
function parseLog(output: Buffer, from: number, most: number): CommandOutput<'readLog'> {
	// Latin-1 keeps every byte as it is.
	const answer = Buffer.from(afterMarker(output.toString('latin1')) ?? '', 'latin1')
	const header = /^size (\d+)\n/.exec(answer.subarray(0, 40).toString('latin1'))
	if (!header) throw new ProblemError(problem('remote-garbled', { script: 'log-read', stderr: '' }))
	const bytes = answer.subarray(header[0].length)
	const whole = wholeLength(bytes)
	// With room for less than one character, a part of one is better than no end.
	const text = textOf(bytes.subarray(0, whole === 0 && bytes.length >= most ? bytes.length : whole))
	return { text, end: from + Buffer.byteLength(text), size: Number(header[1]) }
}

/**
 * Tells what is in a run's log from byte `from` on and what comes to it, until the run has ended (then the
 * last chunk says so) or `signal`. The next chunk waits until `onChunk` has settled: back-pressure reaches
 * the workstation. Settles when nothing will come any more.
 * @throws ProblemError `run-unknown`, `link-lost`, `remote-failed`
 */
export async function followLog(
	link: Link,
	id: string,
	from: number,
	onChunk: (chunk: LogChunk) => void | Promise<void>,
	signal: AbortSignal,
): Promise<void> {
	const remote = await startScript(link, 'log-follow', [requireId(id), String(from)], signal)
	const stop = onAbort(signal, () => remote.close())
	const follow = new Follow(id, from, onChunk)
	// The script ends with its input; a log that never gets as long as was said must not hold this up.
	let drain: NodeJS.Timeout | undefined
	const endWhenWhole = () => {
		if (follow.isWhole()) remote.stdin.end()
		else if (follow.size !== null) drain ??= setTimeout(() => remote.stdin.end(), drainMs)
	}
	let complaint = ''
	remote.stderr.on('data', (data: Buffer) => {
		complaint = (complaint + data.toString()).slice(-500)
		const ended = /^ended (\d+)\n/m.exec(complaint)
		if (ended && follow.size === null) follow.size = Number(ended[1])
		endWhenWhole()
	})
	try {
		const exit = await toEnd(remote, async (chunk) => {
			await follow.take(chunk)
			endWhenWhole()
		})
		if (follow.size !== null) return await follow.finish()
		if (exit.code === noSuchRun) throw new ProblemError(problem('run-unknown', { run: id }))
		const code = exit.code ?? exit.signal ?? 'unknown'
		throw new ProblemError(problem('remote-failed', { script: 'log-follow', code, stderr: complaint.trim() }))
	} catch (error) {
		if (!signal.aborted) throw error
	} finally {
		clearTimeout(drain)
		stop()
	}
}

/** Bytes that come, as chunks of whole characters. */
class Follow {
	/** The whole log's size, once the run has ended. */
	size: number | null = null
	readonly #run: string
	readonly #onChunk: (chunk: LogChunk) => void | Promise<void>
	#next: number
	#rest: Buffer = Buffer.alloc(0)
	#begun = false

	constructor(run: string, from: number, onChunk: (chunk: LogChunk) => void | Promise<void>) {
		this.#run = run
		this.#next = from
		this.#onChunk = onChunk
	}

	isWhole(): boolean {
		return this.size !== null && this.#begun && this.#next + this.#rest.length >= this.size
	}

	async take(bytes: Buffer): Promise<void> {
		this.#rest = Buffer.concat([this.#rest, bytes])
		if (!this.#begun) {
			const answer = afterMarker(this.#rest.toString('latin1'))
			if (answer === null) return
			this.#begun = true
			this.#rest = Buffer.from(answer, 'latin1')
		}
		await this.#tell(wholeLength(this.#rest), false)
	}

	async finish(): Promise<void> {
		await this.#tell(this.#rest.length, true)
	}

	async #tell(length: number, ended: boolean): Promise<void> {
		if (length === 0 && !ended) return
		const from = this.#next
		const text = textOf(this.#rest.subarray(0, length))
		this.#rest = this.#rest.subarray(length)
		this.#next += length
		await this.#onChunk({ run: this.#run, from, text, ended })
	}
}

/** Hands over the output chunk by chunk, each after the one before was taken in; then how it ended. */
async function toEnd(remote: RemoteProcess, take: (chunk: Buffer) => void | Promise<void>) {
	remote.exit.catch(() => {})
	let refused: { error: unknown } | null = null
	try {
		for await (const chunk of remote.stdout) {
			try {
				await take(chunk as Buffer)
			} catch (error) {
				refused = { error }
				remote.close()
				break
			}
		}
	} catch {
		// A stream that broke off says less than its exit does.
	}
	if (refused) throw refused.error
	return await remote.exit
}

/** Calls back at once when it has happened already. Returns the disposer. */
function onAbort(signal: AbortSignal, listener: () => void): () => void {
	signal.addEventListener('abort', listener, { once: true })
	if (signal.aborted) listener()
	return () => signal.removeEventListener('abort', listener)
}

/** How many of these bytes come before a character that is not all there yet. */
export function wholeLength(bytes: Buffer): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const byte = bytes[bytes.length - back] ?? 0
		if (byte < 0x80) break
		if (byte < 0xc0) continue
		const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
		return needs > back ? bytes.length - back : bytes.length
	}
	return bytes.length
}

/** As UTF-8; every byte that is none becomes `?`, so that the text stays as long as the bytes. */
export function textOf(bytes: Buffer): string {
	if (isUtf8(bytes)) return bytes.toString()
	let text = ''
	for (let at = 0; at < bytes.length; ) {
		const byte = bytes[at] ?? 0
		const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
		const piece = bytes.subarray(at, at + length)
		const good = piece.length === length && isUtf8(piece)
		text += good ? piece.toString() : '?'
		at += good ? length : 1
	}
	return text
}
