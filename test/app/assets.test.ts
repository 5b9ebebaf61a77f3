import { readdirSync, readFileSync } from 'node:fs'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { render } from '../../assets/render.ts'
import { glyphs } from '../../src/contract/state.ts'

const folder = new URL('../../assets/generated/', import.meta.url)
const png = (name: string) => PNG.sync.read(readFileSync(new URL(name, folder)))

test('what is kept is what the script makes, and nothing else', () => {
	const made = render()
	const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
	expect(kept).toHaveLength(made.size)
	for (const [name, data] of made) expect(readFileSync(new URL(name, folder)).equals(data), name).toBe(true)
})

describe.each(glyphs)('%s', (glyph) => {
	test('is a template image: black and see-through only, at both sizes', () => {
		for (const [suffix, height] of [
			['', 16],
			['@2x', 32],
		] as const) {
			const image = png(`${glyph}Template${suffix}.png`)
			expect([image.width, image.height]).toEqual([(height * 22) / 16, height])
			let opaque = 0
			let clear = 0
			for (let at = 0; at < image.data.length; at += 4) {
				const [red, green, blue, alpha] = image.data.subarray(at, at + 4)
				if (alpha === 255) opaque += 1
				if (alpha === 0) clear += 1
				else expect([red, green, blue]).toEqual([0, 0, 0])
			}
			expect(opaque).toBeGreaterThan(height / 2)
			expect(clear).toBeGreaterThan(opaque)
		}
	})
	test('has a square set for light and for dark panels', () => {
		for (const [panel, bright] of [
			['light', false],
			['dark', true],
		] as const) {
			const image = png(`${glyph}-${panel}.png`)
			expect([image.width, image.height]).toEqual([22, 22])
			for (let at = 0; at < image.data.length; at += 4) {
				if (image.data[at + 3] === 255) expect((image.data[at] ?? 0) > 200).toBe(bright)
			}
			expect(png(`${glyph}-${panel}@2x.png`).width).toBe(44)
		}
	})
})

test('no two glyphs look alike at the smallest size', () => {
	const alphas = glyphs.map((glyph) => png(`${glyph}Template.png`).data)
	for (const [index, one] of alphas.entries()) {
		for (const other of alphas.slice(index + 1)) {
			const different = one.filter(
				(value, at) => at % 4 === 3 && Math.abs(value - (other[at] ?? 0)) > 128,
			).length
			expect(different).toBeGreaterThan(8)
		}
	}
})

test('the icon for macOS is a container of images at each size', () => {
	const data = readFileSync(new URL('icon.icns', folder))
	expect(data.toString('latin1', 0, 4)).toBe('icns')
	expect(data.readUInt32BE(4)).toBe(data.length)
	const sizes: number[] = []
	for (let at = 8; at < data.length; at += data.readUInt32BE(at + 4))
		sizes.push(PNG.sync.read(data.subarray(at + 8, at + data.readUInt32BE(at + 4))).width)
	expect(sizes).toEqual([32, 64, 128, 256, 512, 1024])
})
