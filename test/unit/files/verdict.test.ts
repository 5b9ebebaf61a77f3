import { describe, expect, test } from 'vitest'
import { isSame } from '../../../src/engine/files/entry.ts'
import { sharper, type Verdict, verdictOf } from '../../../src/engine/files/verdict.ts'
import { type Letter, letters, versions } from './tree-model.ts'

const judge = (laptop: Letter, workstation: Letter, base: Letter) =>
	verdictOf(versions[laptop], versions[workstation], versions[base])

/** Laptop, workstation, base, as in `versions`. */
const rows: [cases: string, verdict: Verdict | null][] = [
	['---', null],
	['--f --l --d', 'forget'],
	['fff nnn xxx lll ddd www', null],
	['ff- nn- xx- ll- dd-', 'adopt'],
	['ffn nnf xxf llf ddf', 'adopt'],
	['nff gff xff lff kll', 'up'],
	['fnf fgf fxf flf lkl', 'back'],
	['fn- ng- fx- fl- lk-', 'conflict'],
	['nxf ngf nlf flk klf', 'conflict'],
	['f-- n-- l-- d--', 'up'],
	['-f- -n- -l- -d-', 'back'],
	['n-f x-f g-f l-f k-l f-d d-f', 'up'],
	['-nf -xf -gf -lf -kl -fd -df', 'back'],
	['f-f x-x l-l d-d', 'gone-there'],
	['-ff -xx -ll -dd', 'gone-here'],
	['df- fd- dl- ld- dff fdf dfd fdd ldl', 'kind-clash'],
	// One side keeps whole seconds.
	['fwf wff', null],
	['fw- wf- fww wfw', 'adopt'],
	['nwf', 'up'],
	['wnf', 'back'],
	// The same as each other by the second alone, and one of them is not as it was.
	['wsf', 'back'],
	['swf', 'up'],
	// The base tells no more than the second.
	['fsw sfw', 'conflict'],
	['w-f f-w', 'gone-there'],
	['-wf -fw', 'gone-here'],
]

describe('what is so of a path', () => {
	for (const [cases, verdict] of rows)
		for (const one of cases.split(' '))
			test(`laptop ${one[0]}, workstation ${one[1]}, base ${one[2]}: ${verdict ?? 'nothing'}`, () => {
				const [laptop, workstation, base] = [...one] as Letter[]
				expect(judge(laptop as Letter, workstation as Letter, base as Letter)).toBe(verdict)
			})
})

const everyCase = letters.flatMap((laptop) =>
	letters.flatMap((workstation) => letters.map((base) => [laptop, workstation, base] as const)),
)

describe(`laws, over all ${everyCase.length} cases`, () => {
	const swapped: Partial<Record<Verdict, Verdict>> = {
		up: 'back',
		back: 'up',
		'gone-here': 'gone-there',
		'gone-there': 'gone-here',
	}

	test('both sides are treated alike', () => {
		for (const [laptop, workstation, base] of everyCase) {
			const verdict = judge(laptop, workstation, base)
			const other = judge(workstation, laptop, base)
			expect(other, `${laptop}${workstation}${base}`).toBe(
				verdict === null ? null : (swapped[verdict] ?? verdict),
			)
		}
	})

	test('what would be overwritten or deleted was on both sides at the last sync', () => {
		for (const [laptop, workstation, base] of everyCase) {
			const verdict = judge(laptop, workstation, base)
			const [here, there, before] = [versions[laptop], versions[workstation], versions[base]]
			if (verdict === 'up' && there) expect(isSame(there, before)).toBe(true)
			if (verdict === 'back' && here) expect(isSame(here, before)).toBe(true)
			if (verdict === 'gone-here') expect(isSame(there, before) && here === null).toBe(true)
			if (verdict === 'gone-there') expect(isSame(here, before) && there === null).toBe(true)
			if (verdict === 'adopt') expect(here !== null && isSame(here, there)).toBe(true)
			if (verdict === 'forget') expect(here === null && there === null).toBe(true)
		}
	})

	test('what is not the same is never passed over', () => {
		for (const [laptop, workstation, base] of everyCase)
			if (judge(laptop, workstation, base) === null)
				expect(isSame(versions[laptop], versions[workstation])).toBe(true)
	})

	test('what was adopted, sent, fetched or deleted is nothing to tell any more', () => {
		for (const [laptop, workstation, base] of everyCase) {
			const verdict = judge(laptop, workstation, base)
			const [here, there] = [versions[laptop], versions[workstation]]
			if (verdict === 'adopt' && here && there)
				expect(verdictOf(here, there, sharper(here, there))).toBeNull()
			if (verdict === 'up' || verdict === 'gone-there') expect(verdictOf(here, here, here)).toBeNull()
			if (verdict === 'forget') expect(verdictOf(here, there, null)).toBeNull()
		}
	})
})
