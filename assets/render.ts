import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Resvg } from '@resvg/resvg-js'
import { glyphs } from '../src/contract/state.ts'

/**
 * Makes `assets/generated/` from the drawings beside this file: `node assets/render.ts`.
 * What it makes is kept in the repository, so that a build needs no renderer.
 */

const source = (name: string) => readFileSync(new URL(`./${name}.svg`, import.meta.url), 'utf8')

/** A Linux panel squares its icons: the glyph is 22 × 16, so it gets three empty rows above and below. */
const squared = (svg: string) => svg.replace('viewBox="0 0 22 16"', 'viewBox="0 -3 22 22"')
const linuxSizes = [16, 32, 48, 64, 128, 256, 512]
/** 16@2x, 32@2x, 128, 128@2x, 256@2x, 512@2x; the system makes the rest from them. */
const macSizes: [string, number][] = [
	['ic11', 32],
	['ic12', 64],
	['ic07', 128],
	['ic13', 256],
	['ic14', 512],
	['ic10', 1024],
]

const coloured = (svg: string, colour: string) => svg.replaceAll('currentColor', colour)

function png(svg: string, height: number): Buffer {
	return new Resvg(svg, { fitTo: { mode: 'height', value: height }, font: { loadSystemFonts: false } })
		.render()
		.asPng()
}

/** Apple's container: each entry is a type, its length with the header of 8 bytes, and a PNG. */
function icns(svg: string): Buffer {
	const entries = macSizes.map(([type, size]) => {
		const data = png(svg, size)
		const header = Buffer.alloc(8)
		header.write(type, 'latin1')
		header.writeUInt32BE(data.length + 8, 4)
		return Buffer.concat([header, data])
	})
	const header = Buffer.alloc(8)
	header.write('icns', 'latin1')
	header.writeUInt32BE(
		entries.reduce((sum, entry) => sum + entry.length, 8),
		4,
	)
	return Buffer.concat([header, ...entries])
}

/** Every generated file by its name. `light` and `dark` name the panel it is for, not its own colour. */
export function render(): Map<string, Buffer> {
	const files = new Map<string, Buffer>()
	for (const glyph of glyphs) {
		const svg = source(`glyphs/${glyph}`)
		const sets: [string, string, number][] = [
			[`${glyph}Template`, coloured(svg, '#000'), 16],
			[`${glyph}-light`, coloured(squared(svg), '#1d1d1f'), 22],
			[`${glyph}-dark`, coloured(squared(svg), '#fff'), 22],
		]
		for (const [name, drawing, height] of sets) {
			files.set(`${name}.png`, png(drawing, height))
			files.set(`${name}@2x.png`, png(drawing, height * 2))
		}
	}
	const icon = source('icon')
	files.set('icon.png', png(icon, 1024))
	files.set('icon.icns', icns(icon))
	for (const size of linuxSizes) files.set(`icons/${size}x${size}.png`, png(icon, size))
	return files
}

if (import.meta.main) {
	const folder = new URL('./generated/', import.meta.url)
	mkdirSync(new URL('icons/', folder), { recursive: true })
	for (const [name, data] of render()) writeFileSync(new URL(name, folder), data)
}
