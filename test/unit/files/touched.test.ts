import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isBelow } from '../../../src/engine/files/sorted.ts'
import { inPlaces, isFew, leadsTo, placesAbove, Touched } from '../../../src/engine/files/touched.ts'

describe('what was touched', () => {
	test('stays until it was dealt with; what is touched meanwhile stays longer', () => {
		const touched = new Touched()
		touched.touch('a/b')
		touched.touch('c')
		const mark = touched.mark()
		touched.touch('c')
		touched.touch('d')
		touched.settle(mark)
		expect(touched.places()).toEqual(['c', 'd'])
		touched.settle(touched.mark())
		expect(touched.places()).toEqual([])
	})

	test('lost: it says since when, and begins anew', () => {
		const touched = new Touched()
		touched.touch('a')
		const before = touched.mark()
		touched.lose('for a reason')
		expect(touched.lostSince(before)).toBe('for a reason')
		expect(touched.lostSince(touched.mark())).toBeNull()
		expect(touched.places()).toEqual([])
		const root = touched.mark()
		touched.touch('')
		expect(touched.lostSince(root)).not.toBeNull()
	})

	test('is bounded', () => {
		const touched = new Touched()
		for (let at = 0; at <= 1000; at++) touched.touch(`${at}`)
		expect(touched.lostSince(0)).toBe('too much was touched')
		expect(touched.places()).toEqual([])
		for (let at = 0; at < 500; at++) touched.touch(`${at}/${'x'.repeat(250)}`)
		expect(touched.places()).toBeNull()
		expect([isFew(['a']), isFew(['a', ''])]).toEqual([true, false])
	})
})

const path = fc
	.array(fc.constantFrom('a', 'b', 'a-b'), { minLength: 1, maxLength: 4 })
	.map((parts) => parts.join('/'))

test('places hold what is in them and what is in their way, and nothing else', () => {
	expect(placesAbove('a/b/c')).toEqual(['a', 'a/b'])
	fc.assert(
		fc.property(fc.array(path, { maxLength: 4 }), path, (places, one) => {
			const isIn = places.some((place) => isBelow(one, place) || isBelow(place, one))
			expect(inPlaces(places)(one)).toBe(isIn)
			expect(leadsTo(one, places)).toBe(isIn)
		}),
	)
})
