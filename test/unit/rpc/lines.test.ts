import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../../src/engine/rpc/lines.ts'

test('lines come out whole however the stream is cut', () => {
	const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' '))
	fc.assert(
		fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
			const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
			const splitter = new LineSplitter(bytes.length + 1)
			const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length))), bytes.length].sort(
				(a, b) => a - b,
			)
			let from = 0
			const found: string[] = []
			for (const end of ends) {
				found.push(...(splitter.push(bytes.subarray(from, end)) ?? ['over']))
				from = end
			}
			expect(found).toEqual(lines.map((text) => Buffer.from(text).toString()))
		}),
	)
})

test('a line over the bound is refused, one at the bound is not', () => {
	expect(new LineSplitter(3).push(Buffer.from('abc\n'))).toEqual(['abc'])
	expect(new LineSplitter(3).push(Buffer.from('abcd\n'))).toBeNull()
	expect(new LineSplitter(3).push(Buffer.from('abcd'))).toBeNull()
	const slow = new LineSplitter(3)
	expect(slow.push(Buffer.from('ab'))).toEqual([])
	expect(slow.push(Buffer.from('cd\n'))).toBeNull()
})
