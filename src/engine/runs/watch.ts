import { ProblemError } from '../../contract/client.ts'
import type { GpuState, Run } from '../../contract/state.ts'
import { gpuOf as readingOf } from '../gpu/gpu-records.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { LineSplitter, type RecordItem, RecordReader } from '../remote/record-lines.ts'
import { startScript } from '../remote/script.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import { parseProgress } from './progress.ts'
import { countOf, gpuOf, isRunId, lineOf, type RunFacts, runOf, skewOf } from './run-records.ts'

/** What is new about a run that is going on. */
export type RunUpdate = Pick<Run, 'id'> & Partial<Pick<Run, 'logBytes' | 'lastLine' | 'progress' | 'gpu'>>

export interface WatchHandlers {
	/** A reading, every five seconds. `simulated` is false: the workstation's owner knows better. */
	gpu(gpu: GpuState): void
	/** A run that is going on printed something; also the first word of a run that was just started. */
	run(update: RunUpdate): void
	/** A run that is going on waits for something else now, or waits no more. */
	changed(run: RunFacts): void
	/** A run has ended, told once in each watch, with all that its workstation knows of it. */
	ended(id: string, run: RunFacts): void
	/** At least every 5 s. From the first one on every end is heard; earlier ones are in the list of runs. */
	tick(): void
}

/** The script ticks every four seconds; silent for longer, the workstation or the way there hangs. */
const silenceMs = 30_000
const marker = '\u001ehawser\u001e'

/**
 * Watches the GPU and the runs of a workstation over one channel until `signal`, then settles.
 * @throws ProblemError `link-lost`, `remote-timeout` when it fell silent, `remote-failed`
 */
export async function watchWorkstation(
	link: Link,
	handlers: WatchHandlers,
	signal: AbortSignal,
	options: { gpuSeconds?: number; now?: () => number } = {},
): Promise<void> {
	if (signal.aborted) return
	const now = options.now ?? Date.now
	const remote = await startScript(link, 'watch', [String(options.gpuSeconds ?? 5)], signal)
	let silent = false
	const silence = setTimeout(() => {
		silent = true
		remote.close()
	}, silenceMs)
	const stop = () => remote.close()
	signal.addEventListener('abort', stop, { once: true })
	if (signal.aborted) stop()
	const reader = new WatchReader(handlers, now)
	let complaint = ''
	remote.stdout.on('data', (data: Buffer) => {
		silence.refresh()
		reader.take(data)
	})
	remote.stderr.on('data', (data: Buffer) => {
		complaint = (complaint + data.toString()).slice(-500)
	})
	try {
		const exit = await remote.exit
		throw scriptFailed('watch', exit, complaint)
	} catch (error) {
		if (silent)
			throw new ProblemError(problem('remote-timeout', { script: 'watch', seconds: silenceMs / 1000 }))
		if (!signal.aborted) throw error
	} finally {
		clearTimeout(silence)
		signal.removeEventListener('abort', stop)
	}
}

/** Turns what watch.sh prints into calls. What is not understood is skipped and counted. */
export class WatchReader {
	readonly #handlers: WatchHandlers
	readonly #now: () => number
	readonly #lines = new LineSplitter()
	readonly #records = new RecordReader(['gpu', 'run'], ['tick', 'progress', 'spent', 'end'])
	readonly #told = new Map<string, RunFacts>()
	#begun = false
	#skew = 0
	#skipped = 0

	constructor(handlers: WatchHandlers, now: () => number) {
		this.#handlers = handlers
		this.#now = now
	}

	get skipped(): number {
		return this.#skipped + this.#records.skipped
	}

	take(data: Buffer): void {
		for (const line of this.#lines.take(data)) {
			// What a login shell prints comes before the marker, perhaps on the same line.
			if (!this.#begun) this.#begun = line.endsWith(marker)
			else {
				const item = this.#records.take(line)
				if (item) this.#tell(item)
			}
		}
	}

	#tell(item: RecordItem): void {
		if (item.kind === 'line') this.#line(item.word, item.text)
		else if (item.name === 'gpu') this.#handlers.gpu(readingOf(item, this.#now()))
		else {
			const run = runOf(item, this.#skew, this.#now())
			if (run?.outcome.status === 'running') this.#handlers.changed(run)
			else if (run) this.#told.set(run.id, run)
			else this.#skipped++
		}
	}

	#line(word: string, text: string): void {
		if (word === 'tick') {
			this.#skew = skewOf(text, this.#now())
			this.#handlers.tick()
			return
		}
		if (word === 'end') {
			const run = this.#told.get(text)
			this.#told.delete(text)
			if (run) this.#handlers.ended(run.id, run)
			else this.#skipped++
			return
		}
		if (word === 'spent') {
			const [, id = '', seconds, peak] = /^(\S+) (\d+) (\d+)$/.exec(text) ?? []
			if (isRunId(id)) this.#handlers.run({ id, gpu: gpuOf(seconds, peak) })
			else this.#skipped++
			return
		}
		const [, id = '', size, last = ''] = /^(\S+) (\d+) ?(.*)$/s.exec(text) ?? []
		if (!isRunId(id)) {
			this.#skipped++
			return
		}
		const lastLine = lineOf(last)
		this.#handlers.run({ id, logBytes: countOf(size), lastLine, progress: parseProgress(lastLine) })
	}
}
