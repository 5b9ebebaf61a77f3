import { ProblemError } from '../../contract/client.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'
import { LineSplitter } from '../remote/record-lines.ts'
import { afterMarker, type ScriptName, scriptPayload, startScript } from '../remote/script.ts'

/** Where a script runs: on the workstation over its link, or here. */
export type Machine = Link | 'laptop'

/** Nothing may be heard of a script for this long; copying one big file takes its time. */
const silenceMs = 1_800_000
/** Of what it complains of. */
const longestComplaint = 2000

/**
 * Runs a script that takes lines and answers with lines, both as bytes (latin1). The lines are asked for as fast as
 * they are taken.
 * @throws ProblemError `link-lost`, `operation-cancelled`, `remote-timeout`, `process-failed`. The exit code is the
 *   caller's to judge.
 */
export async function runLines(
	machine: Machine,
	name: ScriptName,
	args: readonly string[],
	lines: AsyncIterable<string>,
	onLine: (line: string) => void,
	signal?: AbortSignal,
): Promise<{ code: number | null; stderr: string }> {
	if (machine === 'laptop') return await runHere(name, args, lines, onLine, signal)
	const ender = new AbortController()
	const all = signal ? AbortSignal.any([signal, ender.signal]) : ender.signal
	let isLate = false
	const late = () => {
		isLate = true
		ender.abort()
	}
	let timer = setTimeout(late, silenceMs)
	try {
		const remote = await startScript(machine, name, args, all)
		const onAbort = () => remote.close()
		all.addEventListener('abort', onAbort, { once: true })
		if (all.aborted) onAbort()
		try {
			const answers = new Answers(onLine)
			let stderr = ''
			remote.stdout.on('data', (data: Buffer) => {
				clearTimeout(timer)
				timer = setTimeout(late, silenceMs)
				answers.take(data)
			})
			remote.stderr.on('data', (data: Buffer) => {
				if (stderr.length < longestComplaint) stderr += data.toString()
			})
			// Without its lines it must end, and the reason is theirs.
			const failure: { error?: unknown } = {}
			const wrote = write(remote.stdin, lines).catch((error: unknown) => {
				failure.error = error
				remote.close()
			})
			const exit = await remote.exit
				.finally(() => remote.stdin.destroy())
				.catch(async (error: unknown) => {
					await wrote
					throw failure.error ?? error
				})
			await wrote
			if (failure.error) throw failure.error
			return { code: exit.code, stderr: stderr.trim() }
		} finally {
			all.removeEventListener('abort', onAbort)
		}
	} catch (error) {
		throw isLate
			? new ProblemError(problem('remote-timeout', { script: name, seconds: silenceMs / 1000 }))
			: error
	} finally {
		clearTimeout(timer)
	}
}

async function write(stdin: NodeJS.WritableStream & { destroyed?: boolean }, lines: AsyncIterable<string>) {
	let piece = ''
	const send = async () => {
		if (stdin.destroyed) return false
		if (!stdin.write(Buffer.from(piece, 'latin1'))) await drained(stdin)
		piece = ''
		return true
	}
	for await (const line of lines) {
		piece += `${line}\n`
		if (piece.length > 32_768 && !(await send())) return
	}
	if (await send()) stdin.end()
}

const drained = (stdin: NodeJS.WritableStream) =>
	new Promise<void>((done) => {
		const settle = () => {
			for (const event of ['drain', 'close', 'error']) stdin.removeListener(event, settle)
			done()
		}
		for (const event of ['drain', 'close', 'error']) stdin.once(event, settle)
	})

async function runHere(
	name: ScriptName,
	args: readonly string[],
	lines: AsyncIterable<string>,
	onLine: (line: string) => void,
	signal?: AbortSignal,
) {
	let input = ''
	for await (const line of lines) input += `${line}\n`
	const { exitCode, stdout, stderr } = await run({
		file: '/bin/sh',
		args: ['-c', scriptPayload(name, args)],
		input: Buffer.from(input, 'latin1'),
		expected: Array.from({ length: 126 }, (_, code) => code),
		timeoutMs: 12 * 3_600_000,
		silenceMs,
		...(signal ? { signal } : {}),
	})
	new Answers(onLine).take(Buffer.from(stdout))
	return { code: exitCode, stderr: stderr.slice(0, longestComplaint).trim() }
}

/** The lines after the marker. */
class Answers {
	readonly #onLine: (line: string) => void
	readonly #splitter = new LineSplitter()
	#head: Buffer | null = Buffer.alloc(0)

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine
	}

	take(data: Buffer): void {
		let bytes = data
		if (this.#head !== null) {
			this.#head = Buffer.concat([this.#head, data])
			const rest = afterMarker(this.#head.toString('latin1'))
			if (rest === null) return
			this.#head = null
			bytes = Buffer.from(rest, 'latin1')
		}
		for (const line of this.#splitter.take(bytes)) this.#onLine(line)
	}
}
