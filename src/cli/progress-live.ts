import type { Operation, Run, Step } from '../contract/state.ts'
import type { Io } from './io.ts'
import type { Progress } from './progress.ts'
import { type Colours, coloursFor, duration, plain, stepTail } from './words.ts'

/** Redrawn this often (ms) for the elapsed times; every change is drawn at once. */
const tick = 500
const barWidth = 24
/** Beside a step's own words. */
const stepBarWidth = 12

const control = '\u001b['
const wrapOff = `${control}?7l`
const wrapOn = `${control}?7h`

/**
 * The steps of an operation, redrawn in place. Lines are cut at the terminal's width, with its own
 * wrapping off while they are drawn: a line that took two rows would break the way back up.
 */
export class LiveProgress implements Progress {
	readonly wantsLog = false
	readonly #io: Io
	readonly #colours: Colours
	#operation: Operation | null = null
	#run: Run | null = null
	#drawn = 0
	#timer: NodeJS.Timeout | null = null

	constructor(io: Io) {
		this.#io = io
		this.#colours = coloursFor(io.stdout, io.env)
	}

	update(operation: Operation, run: Run | null): void {
		// What another operation left stays above.
		if (this.#operation && this.#operation.id !== operation.id) this.#drawn = 0
		this.#operation = operation
		this.#run = run
		this.#timer ??= setInterval(() => this.#draw(), tick)
		this.#draw()
	}

	log(): void {}

	end(): void {
		if (this.#timer) clearInterval(this.#timer)
		this.#timer = null
		if (this.#operation) this.#draw()
		this.#operation = null
		this.#drawn = 0
	}

	#draw(): void {
		if (!this.#operation) return
		const lines = this.#operation.steps.flatMap((step) => this.#step(step))
		const up = this.#drawn > 0 ? `${control}${this.#drawn}A` : ''
		this.#io.stdout.write(`${up}\r${control}J${wrapOff}${lines.map((line) => `${line}\n`).join('')}${wrapOn}`)
		this.#drawn = lines.length
	}

	#step(step: Step): string[] {
		const { bold, cyan, dim, green, red } = this.#colours
		const title = plain(step.title)
		switch (step.status) {
			case 'waiting':
				return [this.#fit(dim('○'), title, '', dim)]
			case 'skipped':
				return [this.#fit(dim('–'), title, '', dim)]
			case 'done':
				return [this.#fit(green('✓'), title, stepTail(step))]
			case 'failed':
				return [this.#fit(red('✕'), title, stepTail(step), red)]
			case 'running': {
				const elapsed = step.startedAt === null ? '' : duration(this.#io.now() - step.startedAt)
				const bar =
					step.share === undefined ? '' : `${barOf(step.share, stepBarWidth)} ${percent(step.share)}`
				const tail = [bar, plain(step.detail), elapsed].filter(Boolean).join(' · ')
				return [this.#fit(cyan('●'), title, tail, bold), ...this.#runLines()]
			}
		}
	}

	#runLines(): string[] {
		const run = this.#run
		if (run?.outcome.status !== 'running') return []
		const lines: string[] = []
		if (run.progress) {
			lines.push(this.#fit(' ', `${barOf(run.progress.fraction, barWidth)} ${plain(run.progress.text)}`, ''))
		}
		if (run.lastLine) lines.push(this.#fit(' ', plain(run.lastLine), '', this.#colours.dim))
		return lines
	}

	#fit(mark: string, text: string, tail: string, paint: (text: string) => string = (same) => same): string {
		const room = Math.max(10, this.#io.stdout.columns - 3)
		const shown = [...text].slice(0, room).join('')
		const left = [...(tail ? `  ${tail}` : '')].slice(0, Math.max(0, room - [...shown].length)).join('')
		return `${mark} ${paint(shown)}${this.#colours.dim(left)}`
	}
}

const within = (share: number) => Math.min(1, Math.max(0, share))

function barOf(share: number, width: number): string {
	const full = Math.round(within(share) * width)
	return '█'.repeat(full) + '░'.repeat(width - full)
}

/** As wide whatever it is, so that nothing moves. */
const percent = (share: number) => `${Math.floor(within(share) * 100)} %`.padStart(5)
