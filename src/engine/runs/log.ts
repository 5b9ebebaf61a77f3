import { randomUUID } from 'node:crypto'
import { ProblemError } from '../../contract/client.ts'
import type { CommandOutput, LogChunk } from '../../contract/commands.ts'
import type { Link, RemoteProcess } from '../link/link.ts'
import { problem } from '../problems.ts'
import { afterMarker, startScript } from '../remote/script.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import { LogChunks, textOf, wholeLength } from './log-chunks.ts'
import { Budget, type Pace } from './log-pace.ts'
import { noSuchRun, requireId } from './runs.ts'

const readTimeoutMs = 20_000
/** How long nothing may come while something is missing of an ended run's log. */
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
 * @param pace what comes faster than this is left out, but for the end of it; the next chunk then begins after the end of
 *   the one before
 * @throws ProblemError `run-unknown`, `link-lost`, `remote-failed`
 */
export async function followLog(
	link: Link,
	id: string,
	from: number,
	onChunk: (chunk: LogChunk) => void | Promise<void>,
	signal: AbortSignal,
	pace?: Pace,
): Promise<void> {
	const word = randomUUID()
	const args = [requireId(id), String(from), word, String(pace?.tail ?? 0)]
	const remote = await startScript(link, 'log-follow', args, signal)
	const stop = onAbort(signal, () => remote.close())
	const chunks = new LogChunks(id, from, onChunk)
	const budget = pace && new Budget(pace)
	// The script ends with its input; a log that never gets as long as was said must not hold this up.
	let drain: NodeJS.Timeout | undefined
	const endWhenWhole = () => {
		clearTimeout(drain)
		if (chunks.isWhole) remote.stdin.end()
		else if (chunks.size !== null) drain = setTimeout(() => remote.stdin.end(), drainMs)
	}
	let complaint = ''
	remote.stderr.on('data', (data: Buffer) => {
		complaint = (complaint + data.toString()).slice(-500)
		const ended = /^ended (\d+)\n/m.exec(complaint)
		if (ended && chunks.size === null) chunks.size = Number(ended[1])
		endWhenWhole()
	})
	try {
		const exit = await toEnd(remote, async (chunk) => {
			clearTimeout(drain)
			await chunks.take(chunk)
			if (budget && !chunks.skipping) {
				const far = await budget.spend(chunk.length, signal)
				if (far && remote.stdout.readableLength > 0 && remote.stdin.writable)
					remote.stdin.write(`${chunks.skip(word)}\n`)
			}
			endWhenWhole()
		})
		if (chunks.size !== null) return await chunks.finish()
		if (exit.code === noSuchRun) throw new ProblemError(problem('run-unknown', { run: id }))
		throw scriptFailed('log-follow', exit, complaint)
	} catch (error) {
		if (!signal.aborted) throw error
	} finally {
		clearTimeout(drain)
		stop()
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
