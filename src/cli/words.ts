import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import type { Run, Step } from '../contract/state.ts'
import type { ZeroTierPeer } from '../contract/zerotier.ts'
import type { Io, Output } from './io.ts'

export type Colours = ReturnType<typeof pc.createColors>

/** Colours only where a person looks, and only if they want them. */
export function coloursFor(output: Output, env: Io['env']): Colours {
	const wanted = output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb'
	return pc.createColors(wanted)
}

/** Text from outside on one line of a terminal: nothing in it can move the cursor or hide something. */
export function plain(text: string): string {
	return stripVTControlCharacters(text).replaceAll(
		/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g,
		' ',
	)
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 days`. */
export function duration(ms: number): string {
	const seconds = Math.max(0, ms / 1000)
	if (seconds < 10) return `${seconds.toFixed(1)} s`
	if (seconds < 60) return `${Math.floor(seconds)} s`
	const minutes = Math.floor(seconds / 60)
	if (minutes < 60) return `${minutes} min${rest(Math.floor(seconds) % 60, 's')}`
	const hours = Math.floor(minutes / 60)
	if (hours < 48) return `${hours} h${rest(minutes % 60, 'min')}`
	return `${Math.floor(hours / 24)} days`
}

const rest = (value: number, unit: string) => (value > 0 ? ` ${value} ${unit}` : '')

/** `just now`, or the age of a reading. */
export function ago(at: number | null, now: number): string {
	if (at === null) return 'never'
	return now - at < 10_000 ? 'just now' : `${duration(now - at)} ago`
}

/** `1 commit`, `2 commits`. */
export function count(amount: number, one: string, many = `${one}s`): string {
	return `${amount} ${amount === 1 ? one : many}`
}

/** How packets reach a node of ZeroTier. */
export const pathWords: Record<ZeroTierPeer['path'], string> = {
	direct: 'direct',
	relayed: 'relayed',
	tunneled: 'relayed over TCP',
}

/** A metric with four figures that say something, never in exponents that nobody reads. */
export function number(value: number): string {
	return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))
}

export function metricsText(metrics: Run['metrics'], change: Run['change'] = null): string {
	return Object.entries(metrics ?? {})
		.map(([name, value]) => {
			const by = change?.[name]
			const moved = by === undefined || by === 0 ? '' : ` (${by > 0 ? '+' : '−'}${number(Math.abs(by))})`
			return `${plain(name)} ${number(value)}${moved}`
		})
		.join(', ')
}

/** Rows as columns, two blanks between. The last column is as long as it is. */
export function columns(rows: readonly string[][]): string {
	const widths: number[] = []
	for (const row of rows)
		for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell))
	return rows
		.map((row) =>
			row
				.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)))
				.join('  ')
				.trimEnd(),
		)
		.join('\n')
}

function width(text: string): number {
	return [...stripVTControlCharacters(text)].length
}

/** What took how long, and what it found. */
export function stepTail(step: Step): string {
	const took = step.startedAt !== null && step.endedAt !== null ? duration(step.endedAt - step.startedAt) : ''
	return [step.detail && `· ${plain(step.detail)}`, took && `(${took})`].filter(Boolean).join(' ')
}
