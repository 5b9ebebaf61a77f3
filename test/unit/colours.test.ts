import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

/** Browsers look at the colours that happen to be drawn; this looks at every pair that can be, hovered ones too. */

const styles = await Promise.all(
	['tokens', 'log'].map((name) =>
		readFile(new URL(`../../renderer/styles/${name}.css`, import.meta.url), 'utf8'),
	),
)
const roots = [...styles.join('\n').matchAll(/(?:@media ([^{]+)\{\s*)?:root \{([^}]*)\}/g)]

const dark = '(prefers-color-scheme: dark)'
const more = '(prefers-contrast: more)'

/** The colours of `:root` where these media features hold and no other, each as the last rule says it. */
function theme(features: readonly string[]): (name: string) => string {
	const values = new Map<string, string>()
	for (const [, media, body = ''] of roots) {
		const wanted = media?.split(' and ').map((feature) => feature.trim()) ?? []
		if (!wanted.every((feature) => features.includes(feature))) continue
		for (const [, name = '', value = ''] of body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g))
			values.set(name, value)
	}
	return (name) => {
		const value = values.get(name)
		if (value === undefined) throw new Error(`no colour --${name}`)
		return value
	}
}

/** Relative luminance as WCAG 2 has it. */
function luminance(colour: string): number {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
	})
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
	const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
	return (light + 0.05) / (dark + 0.05)
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}-${at}`)
const inks = ['ink', 'ink-2', 'ink-3', 'ok', 'work', 'warn', 'bad']

/** What is drawn on what, and by how much it has to stand out: text 4.5:1, the edge of a field and of the focus 3:1. */
const pairs = [
	{ on: ['paper', 'card', 'chip', 'hover', 'field', 'log'], drawn: inks, least: 4.5 },
	{ on: ['accent', 'accent-hover'], drawn: ['accent-ink'], least: 4.5 },
	{
		on: ['log', 'log-hit', ...numbered('ansi-on', 8)],
		drawn: ['ink', 'ink-2', ...numbered('ansi', 16)],
		least: 4.5,
	},
	{ on: ['paper', 'card'], drawn: ['field-edge', 'focus'], least: 3 },
]

test('black and white are 21 to 1, and the greys of the specification’s own bound 4.5', () => {
	expect(contrast('#000000', '#ffffff')).toBe(21)
	expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
	expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5)
})

describe.each([
	['light', []],
	['dark', [dark]],
	['light with more contrast', [more]],
	['dark with more contrast', [more, dark]],
])('in the theme %s', (_, features) => {
	const colour = theme(features)
	test('everything can be read on all that it is drawn on', () => {
		const weak = pairs.flatMap(({ on, drawn, least }) =>
			on.flatMap((ground) =>
				drawn.flatMap((ink) => {
					const found = contrast(colour(ink), colour(ground))
					return found >= least ? [] : [`${ink} on ${ground}: ${found.toFixed(2)}, not ${least}`]
				}),
			),
		)
		expect(weak).toEqual([])
	})
})

test('each theme has its own colours', () => {
	const papers = [[], [dark], [more], [more, dark]].map((features) => theme(features)('paper'))
	expect(new Set(papers).size).toBe(4)
})
