import { describe, expect, test } from 'vitest'
import type { Choice } from '../../../src/engine/files/choice.ts'
import { type ChoiceAsks, type ChoiceWish, choose } from '../../../src/engine/files/choose.ts'
import { compare } from '../../../src/engine/files/compare.ts'
import { choiceWords } from './sync-model.ts'
import { all, at, listed, stream } from './tree-model.ts'

const isResult = (path: string) => path.startsWith('r/')
const nothingElse: ChoiceAsks = {
	results: (paths) => Promise.resolve(paths.map(isResult)),
	laptopHas: (paths) => Promise.resolve(paths.map(() => false)),
	workstationHas: (paths) => Promise.resolve(paths.map(() => false)),
}

/** `laptop|workstation|base` */
async function chosen(
	short: string,
	wish: Partial<ChoiceWish> & Pick<ChoiceWish, 'direction'>,
	asks: Partial<ChoiceAsks> = {},
): Promise<Choice> {
	const [laptop = '', workstation = '', base = ''] = short.split('|')
	const comparison = compare(stream(listed(laptop)), stream(listed(workstation)), stream(listed(base)))
	return await choose(comparison, { deletes: false, ...wish }, { ...nothingElse, ...asks })
}

const baseWords = async (choice: Choice, ...outcome: Parameters<Choice['newBase']>) =>
	(await all(choice.newBase(...outcome))).map(
		({ path, entry }) => `${path} ${entry ? entry.mtime % 1_000_000_000n : 'gone'}`,
	)

describe('up', () => {
	test.each<[string, string[], Partial<ChoiceWish>?]>([
		['a=n|a=f|a=f', ['send a']],
		['a=f||', ['send a']],
		// Gone there: sent again, whether or not it has changed here.
		['a=f||a=f', ['send a']],
		['a=n||a=f', ['send a']],
		['a=f||a=f', ['send a'], { deletes: true }],
		// Changed there: stays there.
		['a=f|a=n|a=f', ['changed-there a']],
		['|a=n|a=f', ['changed-there a']],
		['r/a=f|r/a=n|r/a=f', []],
		// Not ours.
		['|a=f|', []],
		['|a=f|', [], { deletes: true }],
		['|a=f|a=f', ['gone-here a']],
		['|a=f|a=f', ['deleteThere a'], { deletes: true }],
		['|a=n|a=f', ['changed-there a'], { deletes: true }],
		// Results are the workstation's.
		['|r/a=f|r/a=f', [], { deletes: true }],
		['a=n|a=g|a=f', ['conflict a']],
		['a=n|a=g|', ['conflict a']],
		['a=n|a=g|a=f', ['send a'], { take: { a: 'laptop' } }],
		['a=n|a=g|a=f', ['fetch a'], { take: { a: 'workstation' } }],
		['a=n b=n|a=g b=g|', ['send a', 'conflict b'], { take: { a: 'laptop', c: 'laptop' } }],
		['a=n|a/b=f a/c=f|a=f', ['conflict a']],
		['a/b=f a/c=f|a=f|', ['conflict a']],
		// A side cannot be taken where a folder would have to go.
		['a=n|a/b=f|', ['conflict a'], { take: { a: 'laptop', 'a/b': 'workstation' } }],
		['a=d||', ['send a']],
	])('%s: %j %j', async (short, words, wish = {}) => {
		expect(await choiceWords(await chosen(short, { direction: 'up', ...wish }))).toEqual(words)
	})

	test('what the rules do not let go up is not sent, does not conflict, and is in nobody’s way', async () => {
		const here = listed('a=n b=n c=n d=n e=f').map((entry) => ({ ...entry, up: false }))
		const there = listed('b=g c/d=f d=f')
		const comparison = compare(stream(here), stream(there), stream(listed('d=f e=f')))
		const choice = await choose(comparison, { direction: 'up', deletes: true }, nothingElse)
		expect(await choiceWords(choice)).toEqual([])
	})

	test('what the rules leave out since is neither deleted there nor kept in step', async () => {
		const choice = await chosen(
			'|a=f b=f|a=f b=f',
			{ direction: 'up', deletes: true },
			{
				laptopHas: (paths) => Promise.resolve(paths.map((path) => path === 'a')),
			},
		)
		expect(await choiceWords(choice)).toEqual(['deleteThere b', 'left-rules a'])
		expect(await baseWords(choice, null)).toEqual(['a gone'])
	})

	test('a result that neither listing shows is still known', async () => {
		const choice = await chosen('||a=f r/a=f', { direction: 'up' })
		expect(await baseWords(choice, {})).toEqual(['a gone'])
	})

	test('where the workstation does not tell case apart, what stands there in other letters is left alone', async () => {
		const asks = {
			workstationHas: (paths: readonly string[]) => Promise.resolve(paths.map((path) => path === 'A')),
		}
		const choice = await chosen('A=f B=n C=f|B=f a=f|B=f', { direction: 'up', ignoresCase: true }, asks)
		expect(await choiceWords(choice)).toEqual(['send B', 'send C', 'occupied A'])
	})

	test('no side is taken by a name that cannot be written', async () => {
		const choice = await chosen('\xff=n \xfe=n|\xff=g \xfe=g|', {
			direction: 'up',
			take: { '\ufffd': 'laptop' },
		})
		expect(choice.conflictCount).toBe(2)
		expect(choice.moves).toBe(0)
	})

	test('files of the same bytes are no conflict, and only those of one size are asked about', async () => {
		const asked: string[] = []
		const choice = await chosen(
			'a=n b=n c=g l=l|a=f b=f c=f l=k|',
			{ direction: 'up' },
			{
				sameContent: (differences) => {
					asked.push(...differences.map(({ path }) => path))
					return Promise.resolve(differences.map(({ path }) => path === 'a'))
				},
			},
		)
		expect(asked).toEqual(['a', 'b'])
		expect(await choiceWords(choice)).toEqual(['send a', 'conflict b', 'conflict c', 'conflict l'])
	})
})

describe('back', () => {
	test.each<[string, string[], Partial<ChoiceWish>?]>([
		['r/a=f|r/a=n|r/a=f', ['fetch r/a']],
		['|r/a=f|', ['fetch r/a']],
		['|r/a=n|r/a=f', ['fetch r/a']],
		// Only results.
		['a=f|a=n b=n|a=f', []],
		['a=f|a=n b=n|a=f', [], { deletes: true }],
		['a=f||a=f', [], { deletes: true }],
		['a=n|a=g|a=f', []],
		// Gone here: brought again, unless deletions count.
		['|r/a=f|r/a=f', ['fetch r/a']],
		['|r/a=f|r/a=f', ['gone-here r/a'], { deletes: true }],
		// Gone there.
		['r/a=f||r/a=f', ['gone-there r/a']],
		['r/a=f||r/a=f', ['deleteHere r/a'], { deletes: true }],
		['r/a=n||r/a=f', [], { deletes: true }],
		['r/a=f||', [], { deletes: true }],
		// Newer here.
		['r/a=n|r/a=f|r/a=f', []],
		['r/a=n|r/a=g|r/a=f', ['conflict r/a']],
		['r/a=n|r/a=g|', ['conflict r/a']],
		['r/a=n|r/a=g|r/a=f', ['fetch r/a'], { take: { 'r/a': 'workstation' } }],
		['r/a=n|r/a=g|r/a=f', ['send r/a'], { take: { 'r/a': 'laptop' } }],
		['r/a=f|r/a/b=f|', ['conflict r/a']],
		['r/a/b=f|r/a=f|', ['conflict r/a']],
		// What is in the way of it there is no result.
		['r/a=f|r=f|', []],
	])('%s: %j %j', async (short, words, wish = {}) => {
		expect(await choiceWords(await chosen(short, { direction: 'back', ...wish }))).toEqual(words)
	})

	test('what stands there without being listed is left alone', async () => {
		const choice = await chosen(
			'|r/a=f r/b=f|r/b=f',
			{ direction: 'back' },
			{
				laptopHas: (paths) => Promise.resolve(paths.map(() => true)),
			},
		)
		expect(await choiceWords(choice)).toEqual(['occupied r/a', 'occupied r/b'])
	})

	test('what is on the workstation after all is not deleted on the laptop', async () => {
		const choice = await chosen(
			'r/a=f||r/a=f',
			{ direction: 'back', deletes: true },
			{
				workstationHas: (paths) => Promise.resolve(paths.map(() => true)),
			},
		)
		expect(await choiceWords(choice)).toEqual(['gone-there r/a'])
	})

	test('of names that the laptop takes for the same one comes', async () => {
		const short = '|r/A/x=f r/B=f r/a/y=f r/b=f r/caf\xc3\xa9=f r/cafe\xcc\x81=f|'
		const choice = await chosen(short, { direction: 'back', ignoresCase: true })
		expect(await choiceWords(choice)).toEqual([
			'fetch r/A/x',
			'fetch r/B',
			'fetch r/cafe\xcc\x81',
			'same-name r/a/y',
			'same-name r/b',
			'same-name r/caf\xc3\xa9',
		])
		const other = await chosen(short, { direction: 'back' })
		expect(other.fetch.count).toBe(6)
	})

	test('into a folder of its own: the laptop’s stays, as newer; nothing is sent', async () => {
		const wish = { direction: 'back', isApart: true, take: { 'r/a': 'laptop' } } as const
		const choice = await chosen('r/a=n|r/a=g|r/a=f', wish)
		expect(await choiceWords(choice)).toEqual([])
		const changes = await all(choice.newBase({}))
		expect(changes).toEqual([{ path: 'r/a', entry: at('r/a', 'g') }])
		const next = compare(stream(listed('r/a=n')), stream(listed('r/a=g')), stream(listed('r/a=g')))
		expect((await all(next)).map(({ verdict }) => verdict)).toEqual(['up'])
	})
})

describe('what is noted for the next time', () => {
	const short = 'a=f b=n c=n e=f|a=f b=f c=f d=f|b=f c=f d=f x=f'
	const wish = { direction: 'up', deletes: true } as const

	test('all of it, when all was done', async () => {
		const choice = await chosen(short, wish)
		expect(await baseWords(choice, {})).toEqual([
			'a 500000000',
			'b 100000000',
			'c 100000000',
			'd gone',
			'e 500000000',
			'x gone',
		])
	})

	test('nothing that is not known to have arrived', async () => {
		const choice = await chosen(short, wish)
		expect(await baseWords(choice, null)).toEqual(['a 500000000', 'x gone'])
		expect(await baseWords(choice, { failed: new Set(['c', 'd']) })).toEqual([
			'a 500000000',
			'b 100000000',
			'e 500000000',
			'x gone',
		])
	})

	test('a version that was seen there afterwards counts', async () => {
		const choice = await chosen('a=n|a=f|a=f', wish)
		expect(await baseWords(choice, { now: new Map([['a', at('a', 's')]]) })).toEqual(['a 700000000'])
	})
})

describe('the id of a choice', () => {
	const id = async (short: string, wish: Partial<ChoiceWish> = {}) =>
		(await chosen(short, { direction: 'up', deletes: true, ...wish })).id
	const short = 'a=n b=n c=n|a=f b=g d=f|a=f d=f'

	test('is the same for the same', async () => {
		expect(await id(short)).toBe(await id(short))
		expect(await id(short)).toMatch(/^[0-9a-f]{64}$/)
	})

	test.each([
		['another version goes', 'a=g b=n c=n|a=f b=g d=f|a=f d=f', {}, false],
		['another file goes', 'a=n b=n c=n e=f|a=f b=g d=f|a=f d=f', {}, false],
		['another is deleted', 'a=n b=n c=n|a=f b=g d=f e=f|a=f d=f e=f', {}, true],
		['none is deleted', 'a=n b=n c=n|a=f b=g|a=f d=f', {}, true],
		['another version is deleted', 'a=n b=n c=n|a=f b=g d=n|a=f d=n', {}, true],
		['another version conflicts', 'a=n b=n c=n|a=f b=s d=f|a=f d=f', {}, true],
		['one more conflicts', 'a=n b=n c=n|a=f b=g c=f d=f|a=f d=f', {}, true],
		['a side is taken', short, { take: { b: 'laptop' } }, true],
	] as const)('%s', async (_, other, wish, isBound) => {
		const [one, two] = [await id(short), await id(other, wish)]
		expect(one).not.toBe(two)
		expect(one.slice(0, 32) !== two.slice(0, 32)).toBe(isBound)
	})

	test('a side that is taken is bound to both versions', async () => {
		const wish = { take: { a: 'laptop' } } as const
		const [one, two] = [await id('a=n|a=g|', wish), await id('a=n|a=s|', wish)]
		expect(one.slice(0, 32)).not.toBe(two.slice(0, 32))
	})
})

test('many are held in files, in their order, and the largest are known', async () => {
	const count = 12_345
	const entries = function* () {
		for (let number = 0; number < count; number++) {
			const path = `f\n${String(number).padStart(6, '0')}\xff`
			yield { ...at(path, 'f'), size: (number * 7919) % 100_003, sparse: number % 5 === 0 }
		}
	}
	const choice = await choose(
		compare(stream(entries()), stream([]), stream([])),
		{ direction: 'up', deletes: false },
		nothingElse,
	)
	try {
		for (const _ of [1, 2]) {
			const seen = await all(choice.send.entries())
			expect(seen.map(({ path }) => path)).toEqual([...entries()].map(({ path }) => path))
			expect(seen[5]).toMatchObject({ sparse: true, size: 5 * 7919 })
		}
		expect(await all(choice.newBase({}))).toHaveLength(count)
		const sizes = [...entries()].map(({ size }) => size).sort((one, other) => other - one)
		expect(choice.send.largest.map(({ entry }) => entry.size)).toEqual(sizes.slice(0, 100))
		expect(choice.send.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
		expect(choice.send.solidBytes).toBeLessThan(choice.send.bytes)
	} finally {
		await choice.close()
	}
})
