import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { difference } from '../../../src/engine/git/history.ts'

/** "c b" is commit c with parent b; newest first. */
const list = (...commits: string[]) =>
	commits.map((commit) => {
		const [id = '', ...parents] = commit.split(' ')
		return { id, parents }
	})

const base = list('d c', 'c b', 'b a', 'a')

describe('difference', () => {
	test.each([
		['nothing', 'd', 'd', [base], []],
		['what one is ahead', 'd', 'b', [base], ['d', 'c']],
		['nothing, when the other is ahead', 'b', 'd', [base], []],
		['across both lists', 'd', 'y', [base, list('y x', 'x b', 'b a')], ['d', 'c']],
		['the other way round', 'y', 'd', [base, list('y x', 'x b', 'b a')], ['y', 'x']],
		['a merge brings in both', 'd', 'm', [base, list('m x d', 'x b')], []],
		['a merge is new itself', 'm', 'd', [base, list('m x d', 'x b')], ['m', 'x']],
		['not known: the other is nowhere', 'd', 'z', [base, []], null],
		['not known: history ends before the two meet', 'd', 'y', [base, list('y x', 'x w')], null],
		['cut off below what both have', 'd', 'y', [list('d c', 'c b', 'b a'), list('y b', 'b a')], ['d', 'c']],
		['not known: cut off above where they meet', 'd', 'y', [list('d c', 'c b'), list('y x', 'x w')], null],
		['the other is a parent that is not listed', 'd', 'a', [list('d c', 'c b', 'b a'), []], ['d', 'c', 'b']],
		['from is only known as a parent of the other', 'x', 'y', [base, list('y x')], []],
	])('%s', (_title, from, without, lists, expected) => {
		expect(difference(from, without, lists)).toEqual(expected)
	})

	test('is what git would say, or not known, for any history and any cut', () => {
		const graph = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 2, maxLength: 24 })
		fc.assert(
			fc.property(graph, fc.nat(), fc.nat(), fc.nat(24), fc.nat(24), (shape, one, other, most, mostOther) => {
				// Commit n has parents of lower number, so a falling number is an order with parents last.
				const parentsOf = shape.map(([first, second, merge], n) =>
					n === 0 ? [] : [...new Set([first % n, ...(merge ? [second % n] : [])])],
				)
				const reach = (start: number): Set<number> => {
					const seen = new Set<number>()
					const left = [start]
					for (let n = left.pop(); n !== undefined; n = left.pop())
						if (!seen.has(n)) {
							seen.add(n)
							left.push(...(parentsOf[n] ?? []))
						}
					return seen
				}
				const [from, without] = [one % shape.length, other % shape.length]
				const history = (start: number, length: number) =>
					[...reach(start)]
						.sort((a, b) => b - a)
						.slice(0, length)
						.map((n) => ({ id: `${n}`, parents: (parentsOf[n] ?? []).map(String) }))
				const found = difference(`${from}`, `${without}`, [history(from, most), history(without, mostOther)])
				const excluded = reach(without)
				const truth = [...reach(from)].filter((n) => !excluded.has(n)).map(String)
				if (found !== null) expect(new Set(found)).toEqual(new Set(truth))
				if (most >= 24 && mostOther >= 24) expect(found).not.toBeNull()
			}),
			{ numRuns: 2000 },
		)
	})

	test('so it is between several branches in one list', () => {
		const graph = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 2, maxLength: 24 })
		const tips = fc.tuple(fc.nat(), fc.nat(), fc.nat())
		fc.assert(
			fc.property(graph, tips, fc.nat(24), (shape, three, most) => {
				const parentsOf = shape.map(([first, second, merge], n) =>
					n === 0 ? [] : [...new Set([first % n, ...(merge ? [second % n] : [])])],
				)
				const reach = (starts: readonly number[]): Set<number> => {
					const seen = new Set(starts)
					for (const n of seen) for (const parent of parentsOf[n] ?? []) seen.add(parent)
					return seen
				}
				const [head = 0, ...hub] = three.map((n) => n % shape.length)
				const list = [...reach([head, ...hub])]
					.sort((a, b) => b - a)
					.slice(0, most)
					.map((n) => ({ id: `${n}`, parents: (parentsOf[n] ?? []).map(String) }))
				for (const [from, without] of [
					[[head], hub],
					[hub, [head]],
				] as const) {
					const found = difference(from.map(String), without.map(String), [list])
					const excluded = reach(without)
					const truth = [...reach(from)].filter((n) => !excluded.has(n)).sort((a, b) => b - a)
					if (found !== null) expect(found).toEqual(truth.map(String))
					if (most >= 24) expect(found).not.toBeNull()
				}
			}),
			{ numRuns: 2000 },
		)
	})
})
