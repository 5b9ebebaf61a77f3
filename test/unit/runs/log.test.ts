import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textOf, wholeLength } from '../../../src/engine/runs/log-chunks.ts'

describe('bytes of a log', () => {
	test('text is as long as its bytes, whatever they are', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				expect(Buffer.byteLength(textOf(Buffer.from(bytes)))).toBe(bytes.length)
			}),
		)
	})

	test('good text stays as it is, cut anywhere', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
				const bytes = Buffer.from(text)
				const head = bytes.subarray(0, bytes.length ? at % bytes.length : 0)
				const whole = wholeLength(head)
				expect(text.startsWith(textOf(head.subarray(0, whole)))).toBe(true)
				expect(head.length - whole).toBeLessThan(4)
			}),
		)
	})

	test.each([
		[[0x61, 0xc3], 1],
		[[0x61, 0xe2, 0x82], 1],
		[[0x61, 0xf0, 0x9f, 0x98], 1],
		[[0xf0, 0x9f, 0x98, 0x80], 4],
		[[0x80, 0x80, 0x80, 0x80], 4],
		[[], 0],
	])('%j: the first %i are whole', (bytes, whole) => {
		expect(wholeLength(Buffer.from(bytes))).toBe(whole)
	})

	test('what is no UTF-8 becomes question marks, one a byte', () => {
		expect(textOf(Buffer.from([0x61, 0xff, 0xc3, 0x62, 0xc3, 0xa9]))).toBe('a??bé')
	})
})
