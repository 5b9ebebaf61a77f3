/** How far a transfer is. */
export interface MoveProgress {
	/** `waiting`: the link is gone, and it goes on by itself when it is back. */
	phase: 'moving' | 'waiting'
	bytes: number
	totalBytes: number
	files: number
	totalFiles: number
	/** Over the last seconds; null while nothing is known. */
	bytesPerSecond: number | null
	secondsLeft: number | null
}

/** What rsync says of a run of its own: bytes so far (also those that were there already), and files that are done. */
export interface RsyncTick {
	bytes: number
	/** Null in the middle of a file. */
	files: number | null
}

const tickLine = /^\s*(\d+)\s+\d+%\s+\S+\s+\S+(?:\s+\(xfr#(\d+), (?:ir|to)-chk=\d+\/\d+\))?\s*$/

/** Takes the standard output of `rsync --info=progress2 --no-human-readable` apart, as it comes. */
export class RsyncOutput {
	readonly #onTick: (tick: RsyncTick) => void
	readonly #onLine: (line: string) => void
	#rest = ''

	/** `onLine` gets what is no progress. */
	constructor(onTick: (tick: RsyncTick) => void, onLine: (line: string) => void) {
		this.#onTick = onTick
		this.#onLine = onLine
	}

	take(text: string): void {
		const parts = (this.#rest + text).split(/[\r\n]/)
		// A line of rsync's is bounded by the length of a path.
		this.#rest = parts.pop()?.slice(-20_000) ?? ''
		for (const part of parts) this.#line(part)
	}

	end(): void {
		this.#line(this.#rest)
		this.#rest = ''
	}

	#line(line: string): void {
		const match = tickLine.exec(line)
		if (match)
			this.#onTick({ bytes: Number(match[1]), files: match[2] === undefined ? null : Number(match[2]) })
		else if (line.trim() !== '') this.#onLine(line)
	}
}

/** The rate is that of so many ms. */
const windowMs = 15_000
/** An estimate out of less is none. */
const enoughMs = 1500

/** One run of rsync, which counts from nothing. */
export interface MeterRun {
	/** What it told last. */
	readonly bytes: number
	tick(tick: RsyncTick): void
	/** Only what it finished counts from here on. */
	end(): void
}

/** Adds up the runs of one transfer, and estimates. Never goes back, never beyond the totals. */
export class MoveMeter {
	readonly #totals: { bytes: number; files: number }
	readonly #now: () => number
	/** What the runs that have ended finished. */
	#ended = { bytes: 0, files: 0 }
	readonly #runs = new Set<{ bytes: number; finished: { bytes: number; files: number } }>()
	#bytes = 0
	#files = 0
	#samples: { at: number; bytes: number; files: number }[] = []

	constructor(totals: { bytes: number; files: number }, now: () => number = Date.now) {
		this.#totals = totals
		this.#now = now
	}

	run(): MeterRun {
		const run = { bytes: 0, finished: { bytes: 0, files: 0 } }
		this.#runs.add(run)
		return {
			get bytes() {
				return run.bytes
			},
			tick: ({ bytes, files }) => {
				run.bytes = bytes
				if (files !== null) run.finished = { bytes, files }
				this.#sum()
			},
			end: () => {
				if (!this.#runs.delete(run)) return
				const { bytes, files } = run.finished
				this.#ended = { bytes: this.#ended.bytes + bytes, files: this.#ended.files + files }
			},
		}
	}

	/** After a pause: what was measured before it says nothing any more. */
	paceAnew(): void {
		this.#samples = []
	}

	#sum(): void {
		let { bytes, files } = this.#ended
		for (const run of this.#runs) {
			bytes += run.bytes
			files += run.finished.files
		}
		this.#bytes = Math.min(Math.max(this.#bytes, bytes), this.#totals.bytes)
		this.#files = Math.min(Math.max(this.#files, files), this.#totals.files)
		const at = this.#now()
		const last = this.#samples.at(-1)
		// Small files make thousands of them a second.
		if (last && at - last.at < 200) return
		this.#samples.push({ at, bytes: this.#bytes, files: this.#files })
		while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > windowMs) this.#samples.shift()
	}

	progress(phase: MoveProgress['phase']): MoveProgress {
		const { bytesPerSecond, secondsLeft } = phase === 'waiting' ? nothingKnown : this.#pace()
		return {
			phase,
			bytes: this.#bytes,
			totalBytes: this.#totals.bytes,
			files: this.#files,
			totalFiles: this.#totals.files,
			bytesPerSecond,
			secondsLeft,
		}
	}

	/** Many small files take their time by number, big ones by size: the slower of the two counts. */
	#pace() {
		const first = this.#samples[0]
		const at = this.#now()
		if (!first || at - first.at < enoughMs) return nothingKnown
		const seconds = (at - first.at) / 1000
		const byteRate = (this.#bytes - first.bytes) / seconds
		const fileRate = (this.#files - first.files) / seconds
		const byBytes = byteRate > 0 ? (this.#totals.bytes - this.#bytes) / byteRate : 0
		const byFiles = fileRate > 0 ? (this.#totals.files - this.#files) / fileRate : 0
		const known = byteRate > 0 || fileRate > 0
		return { bytesPerSecond: byteRate, secondsLeft: known ? Math.max(byBytes, byFiles) : null }
	}
}

const nothingKnown = { bytesPerSecond: null, secondsLeft: null }
