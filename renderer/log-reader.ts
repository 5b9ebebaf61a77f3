import type { Run } from '../src/contract/state.ts'
import type { Engine } from './engine.ts'
import {
	appendLog,
	asHit,
	byteLength,
	emptyLog,
	joinLogs,
	type LogLines,
	partialLine,
	shorten,
} from './log-lines.ts'

/** One piece of a run's log, without a gap: bytes `start` to `end` of it. */
export interface LogShown {
	log: LogLines
	start: number
	end: number
	/** As far as is known; it grows while the run goes on. */
	size: number
	following: boolean
	/** Left out right before `start`, as it came faster than anyone reads. */
	skipped: number
	problem: string | null
	/** Counts jumps to a hit, so that each is gone to. */
	jumps: number
}

/** So much is read at once. */
export const pieceBytes = 65_536
/** So much is shown before a hit. */
const beforeHit = 16_384

/** Reads a run's log and follows it; `show` gets what there is to see, once a frame at most. */
export class LogReader {
	readonly #engine: Engine
	readonly #show: (shown: LogShown) => void
	readonly #stopListening: () => void
	#run: Run
	#shown: LogShown
	#drawing = 0
	#stopped = false
	/** One reading at a time; a later wish to be elsewhere outdates it. */
	#reading = 0
	/** Until this reading is done, scrolling reads nothing: it would be from where one is leaving. */
	#leaving = 0
	#scrolling = false

	constructor(engine: Engine, run: Run, show: (shown: LogShown) => void) {
		this.#engine = engine
		this.#run = run
		this.#show = show
		const place = { log: emptyLog, start: 0, end: 0, size: run.logBytes }
		this.#shown = { ...place, following: false, skipped: 0, problem: null, jumps: 0 }
		this.#stopListening = engine.onLog((chunk) => {
			if (chunk.run !== this.#run.id || this.#stopped || !this.#shown.following) return
			if (chunk.from > this.#shown.end) this.#leaveOut(chunk.from, chunk.text)
			else if (chunk.from === this.#shown.end) this.#append(chunk.text)
			if (chunk.ended) this.#put({ following: false })
		})
		void this.toEnd()
	}

	/** What is newly known of the run. */
	update(run: Run): void {
		this.#run = run
		if (run.logBytes > this.#shown.size) this.#put({ size: run.logBytes })
	}

	/** Shows the end of the log and follows it. */
	async toEnd(): Promise<void> {
		await this.#leave((turn) => this.#readEnd(turn))
	}

	async #readEnd(turn: number): Promise<void> {
		const from = Math.max(0, this.#shown.size - pieceBytes)
		let piece = await this.#read(turn, from, pieceBytes)
		// More may have been written than was known of.
		if (piece && piece.size - piece.end > pieceBytes)
			piece = await this.#read(turn, piece.size - pieceBytes, pieceBytes)
		if (!piece) return
		const dropped = piece.from > 0 ? partialLine(piece.text) : ''
		const log = appendLog(emptyLog, piece.text.slice(dropped.length))
		const start = piece.from + byteLength(dropped)
		this.#put({ log, start, end: piece.end, size: piece.size, skipped: 0 })
		if (this.#goesOn || piece.end < piece.size) this.#follow()
	}

	get isFollowing(): boolean {
		return this.#shown.following
	}

	/** Stops following; what is shown stays. */
	pause(): void {
		this.#unfollow()
	}

	/** 64 kB before what is shown. */
	async earlier(): Promise<void> {
		if (this.#shown.start > 0) await this.#alone(() => this.#readEarlier())
	}

	/** 64 kB after what is shown; with `follow`, the log is followed again from its end on. */
	async later(follow: boolean): Promise<void> {
		await this.#alone(() => this.#readLater(follow))
	}

	/** Scrolling says many times what it wants; one reading answers it. */
	async #alone(read: () => Promise<void>): Promise<void> {
		if (this.#scrolling || this.#leaving !== 0) return
		this.#scrolling = true
		await read()
		this.#scrolling = false
	}

	async #readEarlier(): Promise<void> {
		const turn = ++this.#reading
		const { start } = this.#shown
		this.#unfollow()
		const from = Math.max(0, start - pieceBytes)
		const piece = await this.#read(turn, from, start - from)
		if (!piece) return
		// A line as long as the piece is shown though its start is missing.
		const partial = from > 0 ? partialLine(piece.text) : ''
		const dropped = partial.length < piece.text.length ? partial : ''
		const joined = joinLogs(appendLog(emptyLog, piece.text.slice(dropped.length)), this.#shown.log)
		const { log, bytes } = shorten(joined, 'last')
		this.#put({ log, start: from + byteLength(dropped), end: this.#shown.end - bytes, skipped: 0 })
	}

	async #readLater(follow: boolean): Promise<void> {
		const turn = ++this.#reading
		const { end } = this.#shown
		const piece = await this.#read(turn, end, pieceBytes)
		if (!piece) return
		this.#append(piece.text)
		this.#put({ size: piece.size })
		if (follow && piece.end >= piece.size && this.#goesOn) this.#follow()
	}

	/** Shows the line that begins at byte `offset`, marked, with what is around it. */
	async jump(offset: number): Promise<void> {
		await this.#leave((turn) => this.#readAround(turn, offset))
	}

	async #readAround(turn: number, offset: number): Promise<void> {
		const from = Math.max(0, offset - beforeHit)
		const piece = await this.#read(turn, from, pieceBytes)
		if (!piece) return
		const bytes = new TextEncoder().encode(piece.text)
		const decoder = new TextDecoder()
		const head = decoder.decode(bytes.subarray(0, offset - from))
		const tail = decoder.decode(bytes.subarray(offset - from))
		const dropped = from > 0 ? partialLine(head) : ''
		const before = appendLog(emptyLog, head.slice(dropped.length))
		const lineEnd = tail.indexOf('\n') + 1 || tail.length
		const hit = asHit(appendLog({ ...emptyLog, style: before.style }, tail.slice(0, lineEnd)))
		const after = appendLog({ ...emptyLog, style: hit.style }, tail.slice(lineEnd))
		const log = joinLogs(joinLogs(before, hit), after)
		const start = from + byteLength(dropped)
		const jumps = this.#shown.jumps + 1
		this.#put({ log, start, end: piece.end, size: piece.size, skipped: 0, jumps })
	}

	dispose(): void {
		this.#stopped = true
		this.#stopListening()
		cancelAnimationFrame(this.#drawing)
		this.#unfollow()
	}

	async #leave(read: (turn: number) => Promise<void>): Promise<void> {
		const turn = ++this.#reading
		this.#leaving = turn
		this.#unfollow()
		await read(turn)
		if (this.#leaving === turn) this.#leaving = 0
	}

	get #goesOn(): boolean {
		return this.#run.outcome.status === 'running'
	}

	#follow(): void {
		this.#put({ following: true })
		void this.#engine
			.command('followLog', { run: this.#run.id, from: this.#shown.end, skim: true })
			.then((answer) => {
				if (!answer.ok) this.#put({ following: false, problem: answer.problem.title })
			})
	}

	#unfollow(): void {
		if (!this.#shown.following) return
		this.#put({ following: false })
		void this.#engine.command('unfollowLog', { run: this.#run.id })
	}

	/** Null when it failed (then that is shown) or nobody waits for it any more. */
	async #read(turn: number, from: number, most: number) {
		const answer = await this.#engine.command('readLog', { run: this.#run.id, from, most })
		if (this.#stopped || turn !== this.#reading) return null
		if (answer.ok) return { ...answer.output, from }
		this.#put({ problem: answer.problem.title })
		return null
	}

	#append(text: string): void {
		const longer = appendLog(this.#shown.log, text)
		const { log, bytes } = shorten(longer, 'first')
		const { start, skipped } = this.#shown
		const end = this.#shown.end + byteLength(text)
		this.#put({ log, start: start + bytes, end, skipped: bytes > 0 ? 0 : skipped })
	}

	/** What came before byte `from` is not shown; neither is the line that this cut. */
	#leaveOut(from: number, text: string): void {
		const dropped = partialLine(text)
		const skipped = from - this.#shown.end + this.#shown.skipped
		const start = from + byteLength(dropped)
		const log = appendLog({ ...emptyLog, nextId: this.#shown.log.nextId }, text.slice(dropped.length))
		this.#put({ log, start, end: from + byteLength(text), skipped })
	}

	#put(change: Partial<LogShown>): void {
		const { size, end } = { ...this.#shown, ...change }
		this.#shown = { ...this.#shown, problem: null, ...change, size: Math.max(size, end) }
		// Many chunks may come between two pictures; one drawing serves them all.
		if (this.#drawing !== 0 || this.#stopped) return
		this.#drawing = requestAnimationFrame(() => {
			this.#drawing = 0
			this.#show(this.#shown)
		})
	}
}
