import type { Operation, Run, Step } from '../contract/state.ts'
import type { Io } from './io.ts'
import { LiveProgress } from './progress-live.ts'
import { printJsonLine } from './report.ts'
import { plain, stepTail } from './words.ts'

/** Shows an operation while it goes on. */
export interface Progress {
	update(operation: Operation, run: Run | null): void
	/** A piece of the run's log; only asked for where `wantsLog`. */
	log(text: string): void
	readonly wantsLog: boolean
	/** Leaves what was shown standing. Again is safe. */
	end(): void
}

/** In place on a terminal, JSON lines with `--json`, else a line for everything that happens. */
export function progressFor(io: Io, json: boolean | undefined): Progress {
	if (json) return new JsonProgress(io)
	return io.stdout.isTTY && io.env.TERM !== 'dumb' ? new LiveProgress(io) : new LineProgress(io)
}

/** Tells every status a step takes once. */
class StepChanges {
	readonly #seen = new Map<string, Step['status']>()

	of(operation: Operation): Step[] {
		return operation.steps.filter((step) => {
			const key = `${operation.id} ${step.id}`
			const changed = this.#seen.get(key) !== step.status
			this.#seen.set(key, step.status)
			return changed
		})
	}
}

const marks: Record<Step['status'], string> = {
	waiting: '○',
	running: '→',
	done: '✓',
	failed: '✕',
	skipped: '–',
}

class LineProgress implements Progress {
	readonly wantsLog = true
	readonly #io: Io
	readonly #changes = new StepChanges()
	#rest = ''

	constructor(io: Io) {
		this.#io = io
	}

	update(operation: Operation): void {
		for (const step of this.#changes.of(operation)) {
			if (step.status === 'waiting') continue
			const tail = step.status === 'running' ? '…' : ` ${stepTail(step)}`
			this.#line(`${marks[step.status]} ${plain(step.title)}${tail}`.trimEnd())
		}
	}

	log(text: string): void {
		const lines = (this.#rest + text).split('\n')
		this.#rest = lines.pop() ?? ''
		for (const line of lines) this.#line(`  │ ${plain(line)}`)
	}

	end(): void {
		if (this.#rest) this.#line(`  │ ${plain(this.#rest)}`)
		this.#rest = ''
	}

	#line(text: string): void {
		this.#io.stdout.write(`${text}\n`)
	}
}

class JsonProgress implements Progress {
	readonly wantsLog = true
	readonly #io: Io
	readonly #changes = new StepChanges()

	constructor(io: Io) {
		this.#io = io
	}

	update(operation: Operation): void {
		for (const step of this.#changes.of(operation)) {
			if (step.status !== 'waiting')
				printJsonLine(this.#io, { event: 'step', operation: operation.id, kind: operation.kind, step })
		}
	}

	log(text: string): void {
		printJsonLine(this.#io, { event: 'log', text })
	}

	end(): void {}
}
