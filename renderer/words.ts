import type { Reading } from '../src/contract/state.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `0 s`, `12 min`, `4 h 12 min`, `3 d 4 h`: at most two units, never negative. */
export function duration(milliseconds: number): string {
	const span = Math.max(0, milliseconds)
	if (span < minute) return `${Math.floor(span / second)} s`
	if (span < hour) return `${Math.floor(span / minute)} min`
	if (span < day) return twoUnits(span, hour, 'h', minute, 'min')
	return twoUnits(span, day, 'd', hour, 'h')
}

function twoUnits(span: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
	const rest = Math.floor((span % big) / small)
	const whole = `${Math.floor(span / big)} ${bigUnit}`
	return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`
}

/** How long ago, in the one unit that matters: `now`, `2 s`, `41 min`, `3 h`, `yesterday`, `12 Nov`. */
export function age(at: number, now: number): string {
	const span = Math.max(0, now - at)
	if (span < second) return 'now'
	if (span < minute) return `${Math.floor(span / second)} s`
	if (span < hour) return `${Math.floor(span / minute)} min`
	if (span < 18 * hour) return `${Math.floor(span / hour)} h`
	const midnight = new Date(now).setHours(0, 0, 0, 0)
	if (at >= midnight - day) return at >= midnight ? `${Math.floor(span / hour)} h` : 'yesterday'
	return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(at)
}

/** `3 min ago`, `yesterday`, `on 12 Nov`. */
export function ago(at: number, now: number): string {
	const words = age(at, now)
	if (words === 'yesterday' || words === 'now') return words
	return /^\d+ (s|min|h)$/.test(words) ? `${words} ago` : `on ${words}`
}

/** `18:05` on the same day, `Tue 18:05` on another. */
export function clockTime(at: number, now: number): string {
	const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
	const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' }
	return new Intl.DateTimeFormat('en-GB', sameDay ? options : { ...options, weekday: 'short' }).format(at)
}

/** `22 Nov 08:15`: among moments that may lie weeks apart. */
export function dateTime(at: number): string {
	const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
	return new Intl.DateTimeFormat('en-GB', options).format(at).replace(',', '')
}

export function count(number: number, one: string, many = `${one}s`): string {
	return `${number} ${number === 1 ? one : many}`
}

/** A metric's value with as many digits as tell runs apart. */
export function metricValue(value: number): string {
	const size = Math.abs(value)
	if (Number.isInteger(value)) return value.toLocaleString('en').replace('-', '−')
	if (size >= 1000) return value.toLocaleString('en', { maximumFractionDigits: 1 }).replace('-', '−')
	if (size < 0.001) return value.toPrecision(2).replace('-', '−')
	return value.toFixed(3).replace('-', '−')
}

/** `−0.014`, `+0.2`, `±0`: against the run before. */
export function metricChange(value: number): string {
	if (value === 0) return '±0'
	return value > 0 ? `+${metricValue(value)}` : metricValue(value)
}

/** The metric to show where there is room for one. */
export function mainMetric(metrics: Record<string, number>): string | null {
	const names = Object.keys(metrics)
	return names.find((name) => name.toUpperCase() === 'MASE') ?? names[0] ?? null
}

/** A reading with its unit, or the words that stand for it. */
export function reading(value: Reading, unit: string, digits = 0): string {
	return 'value' in value ? `${value.value.toFixed(digits)} ${unit}` : value.missing
}

export const short = (commit: string) => commit.slice(0, 7)
