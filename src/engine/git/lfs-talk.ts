import { ProblemError } from '../../contract/client.ts'
import type { Link, RemoteProcess } from '../link/link.ts'
import { problem } from '../problems.ts'
import { afterMarker, startScript } from '../remote/script.ts'
import { refuse, workstation } from './git.ts'
import { parseRecords, type Rec, resultOf } from './records.ts'

/** The longest that neither side may move a byte. Long: a disk may take in what memory has gathered first. */
const silentMs = 120_000
/** The most that is read as words. */
const mostBytes = 16 * 1024 * 1024

/** A run of `git-lfs.sh`, whose input and output are words at first and contents then. */
export class LfsTalk {
	readonly remote: RemoteProcess
	isLate = false
	readonly #chunks: AsyncIterator<Buffer>
	#ahead: Buffer = Buffer.alloc(0)
	#timer: NodeJS.Timeout | undefined

	constructor(remote: RemoteProcess) {
		this.remote = remote
		this.#chunks = remote.stdout[Symbol.asyncIterator]()
		remote.stderr.resume()
		this.heard()
	}

	/** Something moved. */
	heard(): void {
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => {
			this.isLate = true
			this.remote.close()
		}, silentMs)
	}

	/** What it says before the contents. @throws ProblemError what it named instead */
	async header(): Promise<Rec[]> {
		const end = '\nready\n'
		for (;;) {
			// Bytes as they are: what follows the words may begin in the same chunk.
			const text = this.#ahead.toString('latin1')
			const words = afterMarker(text)
			const at = words === null ? -1 : `\n${words}`.indexOf(end)
			if (words !== null && at >= 0) {
				this.#ahead = this.#ahead.subarray(text.length - words.length + at + end.length - 1)
				return parseRecords(words.slice(0, at))
			}
			if (text.length > mostBytes) refuse('remote-garbled', { script: 'git-lfs' })
			if (!(await this.#more())) await this.#ended(text)
		}
	}

	/** The next so many bytes, as they come. @throws ProblemError when there are fewer */
	async *bytes(count: number, moved: (bytes: number) => void): AsyncGenerator<Buffer> {
		let left = count
		while (left > 0) {
			if (this.#ahead.length === 0 && !(await this.#more())) await this.#ended('')
			const chunk = this.#ahead.subarray(0, left)
			this.#ahead = this.#ahead.subarray(chunk.length)
			left -= chunk.length
			moved(chunk.length)
			yield chunk
		}
	}

	/** All that it still says, to its end. @throws ProblemError what it named; `remote-failed`; those of the link */
	async rest(isBegun = true): Promise<Rec[]> {
		while (await this.#more())
			if (this.#ahead.length > mostBytes) refuse('remote-garbled', { script: 'git-lfs' })
		const text = this.#ahead.toString()
		const words = isBegun ? text : afterMarker(text)
		const { code, signal } = await this.remote.exit
		if (words === null) refuse('remote-garbled', { script: 'git-lfs' })
		return resultOf('git-lfs', { code, signal, stdout: words }).records
	}

	dispose(): void {
		clearTimeout(this.#timer)
		this.remote.exit.catch(() => {})
		this.remote.close()
	}

	async #more(): Promise<boolean> {
		// Why the output broke off, `exit` tells.
		const next = await this.#chunks.next().catch(() => ({ done: true, value: undefined }) as const)
		if (next.done) return false
		this.heard()
		this.#ahead = this.#ahead.length === 0 ? next.value : Buffer.concat([this.#ahead, next.value])
		return true
	}

	/** It came to its end too early. */
	async #ended(text: string): Promise<never> {
		const { code, signal } = await this.remote.exit
		resultOf('git-lfs', { code, signal, stdout: afterMarker(text) ?? '' })
		return refuse('git-failed', {
			side: workstation,
			what: 'hand over what Git LFS has',
			reason: 'it ended early',
		})
	}
}

/** Runs the script in the clone at `path`, says what is asked about, and hands it over to `work`. */
export async function withTalk<T>(
	link: Link,
	path: string,
	mode: 'lacks' | 'take' | 'give',
	asked: string,
	signal: AbortSignal,
	work: (talk: LfsTalk) => Promise<T>,
): Promise<T> {
	const remote = await startScript(link, 'git-lfs', [mode, path], signal)
	const talk = new LfsTalk(remote)
	const onAbort = () => remote.close()
	signal.addEventListener('abort', onAbort, { once: true })
	if (signal.aborted) onAbort()
	try {
		remote.stdin.write(asked)
		return await work(talk)
	} catch (error) {
		if (talk.isLate)
			throw new ProblemError(problem('remote-timeout', { script: 'git-lfs', seconds: silentMs / 1000 }))
		throw error
	} finally {
		signal.removeEventListener('abort', onAbort)
		talk.dispose()
	}
}
