/**
 * How a terminal draws what comes: ECMA-48's SGR, as far as a log uses it. A colour is one of the 16 of a terminal, as
 * those are chosen to be read on both themes; of all others the nearest of these is taken. -1: none.
 */
export interface LogStyle {
	text: number
	ground: number
	bold: boolean
	faint: boolean
	italic: boolean
	underline: boolean
	strike: boolean
	inverse: boolean
}

export const plainStyle: LogStyle = {
	text: -1,
	ground: -1,
	bold: false,
	faint: false,
	italic: false,
	underline: false,
	strike: false,
	inverse: false,
}

/** The style after `ESC [ parameters m`. What is not known is passed over. */
export function restyle(before: LogStyle, parameters: string): LogStyle {
	const style = { ...before }
	const numbers = parameters.split(';')
	for (let at = 0; at < numbers.length; at++) {
		const [first = '', ...more] = (numbers[at] ?? '').split(':')
		const code = Number(first)
		if (code === 38 || code === 48 || code === 58) {
			const colon = more.length > 0
			const rest = colon ? more : numbers.slice(at + 1, at + 5)
			const { colour, used } = extended(rest, colon)
			if (!colon) at += used
			if (code === 38 && colour !== null) style.text = colour
			if (code === 48 && colour !== null) style.ground = colour
		} else if (code === 4) style.underline = more[0] !== '0'
		else Object.assign(style, simple(code, plainStyle))
	}
	return style
}

function simple(code: number, none: LogStyle): Partial<LogStyle> {
	if (code >= 30 && code <= 37) return { text: code - 30 }
	if (code >= 90 && code <= 97) return { text: code - 82 }
	if (code >= 40 && code <= 47) return { ground: code - 40 }
	if (code >= 100 && code <= 107) return { ground: code - 92 }
	const known: Record<number, Partial<LogStyle>> = {
		0: none,
		1: { bold: true },
		2: { faint: true },
		3: { italic: true },
		7: { inverse: true },
		9: { strike: true },
		21: { underline: true },
		22: { bold: false, faint: false },
		23: { italic: false },
		24: { underline: false },
		27: { inverse: false },
		29: { strike: false },
		39: { text: -1 },
		49: { ground: -1 },
	}
	return known[code] ?? {}
}

/** The colour behind a 38 or 48: `5;n` or `2;r;g;b`, with colons also `2::r:g:b`. */
function extended(rest: readonly string[], colon: boolean): { colour: number | null; used: number } {
	if (rest[0] === '5') return { colour: colourOf(Number(rest[1])), used: 2 }
	if (rest[0] !== '2') return { colour: null, used: rest.length > 0 ? 1 : 0 }
	const [red = 0, green = 0, blue = 0] = rest.slice(colon && rest.length > 4 ? 2 : 1).map(Number)
	return { colour: nearest(red, green, blue), used: 4 }
}

/** One of the 256 colours: 16, a cube of 6 × 6 × 6, 24 greys. */
function colourOf(number: number): number | null {
	if (!(number >= 0 && number <= 255)) return null
	if (number < 16) return number
	if (number >= 232) {
		const grey = 8 + (number - 232) * 10
		return nearest(grey, grey, grey)
	}
	const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
	const cube = number - 16
	return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

/** Red, yellow, green, cyan, blue, magenta: a sixth of the circle of hues each. */
const hues = [1, 3, 2, 6, 4, 5]

/** Of the 16 colours that with the nearest hue. Parts from 0 to 255. */
function nearest(red: number, green: number, blue: number): number {
	const most = Math.max(red, green, blue)
	const least = Math.min(red, green, blue)
	const range = most - least
	if (range < 0.2 * most || most < 40) return most < 70 ? 0 : most < 150 ? 8 : most < 230 ? 7 : 15
	const turn =
		most === red
			? (green - blue) / range
			: most === green
				? 2 + (blue - red) / range
				: 4 + (red - green) / range
	const hue = hues[(Math.round(turn) + 6) % 6] ?? 7
	return most > 215 ? hue + 8 : hue
}

/** Class names for it; empty: as any text. */
export function classesOf(style: LogStyle): string {
	// Turned round, a text without a colour of its own stands on grey.
	const text = style.inverse ? style.ground : style.text
	const ground = style.inverse ? (style.text === -1 ? 7 : style.text) : style.ground
	const names = [
		text >= 0 ? `ansi-${text}` : '',
		ground >= 0 ? `ansi-on-${ground % 8}` : '',
		style.bold ? 'ansi-bold' : '',
		style.faint && text < 0 ? 'ansi-faint' : '',
		style.italic ? 'ansi-italic' : '',
		style.underline ? 'ansi-underline' : '',
		style.strike ? 'ansi-strike' : '',
	]
	return names.filter((name) => name !== '').join(' ')
}
