import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, type Difference } from '../../../src/engine/files/compare.ts'
import { byBytes } from '../../../src/engine/files/sorted.ts'
import { verdictOf } from '../../../src/engine/files/verdict.ts'
import { threeTrees } from './arbitrary-trees.ts'
import { all, at, listed, stream, type Tree } from './tree-model.ts'

const compared = async (laptop: string, workstation: string, base = '') => {
	const found = await all(compare(stream(listed(laptop)), stream(listed(workstation)), stream(listed(base))))
	return found.map(({ path, verdict, clash }) => `${path}: ${verdict}${clash ? ` at ${clash}` : ''}`)
}

describe('two sides and their last sync', () => {
	test('each path has its verdict, in the order of bytes; what is the same everywhere is left out', async () => {
		expect(await compared('b=f c/d=n \xe9=f a-=f', 'b=f c/d=f z=f a-=f', 'b=f c/d=f gone=f')).toEqual([
			'a-: adopt',
			'c/d: up',
			'gone: forget',
			'z: back',
			'\xe9: up',
		])
	})

	test('nothing anywhere', async () => {
		expect(await compared('', '')).toEqual([])
	})

	test('counts what it saw', async () => {
		const comparison = compare(stream(listed('a=f b=f')), stream(listed('a=f .git/config=f')), stream([]))
		await all(comparison)
		expect(comparison.tally).toEqual({ laptop: 2, workstation: 1, base: 0 })
	})

	test('a listing that is not gone through to its end is ended', async () => {
		let ended = 0
		const endless = async function* () {
			try {
				for (let number = 100_000; ; number++) yield at(String(number), 'f')
			} finally {
				ended += 1
			}
		}
		for await (const _ of compare(endless(), endless(), stream([]))) break
		expect(ended).toBe(2)
	})
})

describe('a file against a folder', () => {
	test.each([
		['a=f', 'a/b=f', '', ['a: kind-clash at a', 'a/b: kind-clash at a']],
		['a/b=f', 'a=f', '', ['a: kind-clash at a', 'a/b: kind-clash at a']],
		['a=f', 'a=d', '', ['a: kind-clash at a']],
		// What was the same at the last sync makes no difference.
		['a=f', 'a/b=f', 'a/b=f', ['a: kind-clash at a', 'a/b: kind-clash at a']],
		['a=f', 'a/b=f', 'a=f', ['a: kind-clash at a', 'a/b: kind-clash at a']],
		// Between a file and what is in the folder of that name others may stand.
		[
			'a=f a!=f a-/c=f',
			'a!=f a-=f a/b=f',
			'',
			[
				'a: kind-clash at a',
				'a!: adopt',
				'a-: kind-clash at a-',
				'a-/c: kind-clash at a-',
				'a/b: kind-clash at a',
			],
		],
		['a=f', 'a-=f a0=f', '', ['a: up', 'a-: back', 'a0: back']],
		['a=l', 'a/b/c=f', '', ['a: kind-clash at a', 'a/b/c: kind-clash at a']],
	])('%s against %s after %s', async (laptop, workstation, base, expected) => {
		expect(await compared(laptop, workstation, base)).toEqual(expected)
	})
})

describe('a folder without anything in it', () => {
	test.each([
		['a=d', '', '', ['a: up']],
		['a=d', 'a=d', '', ['a: adopt']],
		['', 'a=d', 'a=d', ['a: gone-here']],
		// The other side has it, with something in it.
		['a=d', 'a/b=f', 'a=d', ['a/b: back']],
		['a/b=f', 'a=d', 'a=d', ['a/b: up']],
		['a=d', 'a/b=f', 'a/b=f', ['a: adopt', 'a/b: gone-here']],
		['a/b=f', 'a/b=f', 'a=d a/b=f', ['a: forget']],
	])('%s against %s after %s', async (laptop, workstation, base, expected) => {
		expect(await compared(laptop, workstation, base)).toEqual(expected)
	})
})

describe('what a side could not see', () => {
	const hiding = (short: string, ...folders: string[]) => ({
		[Symbol.asyncIterator]: () => stream(listed(short)),
		troubles: { hides: (path: string) => folders.some((folder) => `${path}/`.startsWith(`${folder}/`)) },
	})

	test('is never gone', async () => {
		const base = listed('a/b=f a/c=f a-=f b=f')
		const found = await all(
			compare(hiding('b=f', 'a'), stream(listed('a/b=f a/c=n a/d=f a-=f b=f')), stream(base)),
		)
		expect(found.map(({ path, verdict }) => `${path}: ${verdict}`)).toEqual(['a-: gone-here'])
	})

	test('neither on the workstation, nor when both sides lack it', async () => {
		const laptop = stream(listed('a/b=f a/c=n b=f'))
		const base = stream(listed('a/b=f a/e=f b=f c=f'))
		const found = await all(compare(laptop, hiding('b=f', 'a'), base))
		expect(found.map(({ path, verdict }) => `${path}: ${verdict}`)).toEqual(['c: forget'])
	})
})

describe('a listing that cannot be', () => {
	test.each([
		['out of order', [at('b', 'f'), at('a', 'f')]],
		['twice the same', [at('a', 'f'), at('a', 'n')]],
		['something in a file', [at('a', 'l'), at('a/b', 'f')]],
		['out of the tree', [at('../a', 'f')]],
		['out of the tree, further in', [at('a/../../b', 'f')]],
		['absolute', [at('/a', 'f')]],
		['a folder that is itself', [at('a/./b', 'f')]],
		['two slashes', [at('a//b', 'f')]],
		['a slash at its end', [at('a/', 'd')]],
		['no path', [{ ...at('a', 'f'), path: '' }]],
		['a NUL', [at('a\0b', 'f')]],
	])('%s is refused on each side', async (_, entries) => {
		const none = () => stream(listed('x=f'))
		for (const comparison of [
			compare(stream(entries), none(), none()),
			compare(none(), stream(entries), none()),
		])
			await expect(all(comparison)).rejects.toMatchObject({ problem: { code: 'files-listing-broken' } })
	})

	test('names that only look so are none', async () => {
		expect(await compared('...=f ..a/b=f a../.b=f', '')).toEqual(['...: up', '..a/b: up', 'a../.b: up'])
	})
})

test.each(['.git', '.git/config', 'a/.git/hooks/x', '.GIT/hooks/x', 'a/.Git', '.g\xe2\x80\x8cit/hooks/x'])(
	'%j is never told of, on no side',
	async (path) => {
		const one = () => stream([at(path, 'f')])
		for (const comparison of [
			compare(one(), stream([]), stream([])),
			compare(stream([]), one(), stream([])),
			compare(stream([]), stream([]), one()),
		])
			expect(await all(comparison)).toEqual([])
	},
)

test('names of files that concern git are like others', async () => {
	expect(await compared('.gitignore=f .github/x=f a.git/b=f', '')).toHaveLength(3)
})

/** The same by looking at whole trees. */
function expected(laptop: Tree, workstation: Tree, base: Tree): Map<string, Difference['verdict']> {
	const found = new Map<string, Difference['verdict']>()
	const [here, there, before] = [laptop, workstation, base].map(
		(tree) => new Map(tree.listing().map((entry) => [entry.path, entry])),
	)
	const paths = [here, there, before].flatMap((side) => [...(side?.keys() ?? [])])
	for (const path of [...new Set(paths)].sort(byBytes)) {
		const explicit = [here?.get(path) ?? null, there?.get(path) ?? null]
		const isUnder = (tree: Tree) => [...tree.leaves.keys()].some((leaf) => path.startsWith(`${leaf}/`))
		const isClash = (explicit[0] && isUnder(workstation)) || (explicit[1] && isUnder(laptop))
		const isAny = explicit.some((one) => one !== null)
		const verdict = isClash
			? 'kind-clash'
			: verdictOf(
					isAny ? laptop.get(path) : null,
					isAny ? workstation.get(path) : null,
					before?.get(path) ?? null,
				)
		if (verdict !== null) found.set(path, verdict)
	}
	return found
}

test('in one pass it finds what looking at the whole trees finds', async () => {
	await fc.assert(
		fc.asyncProperty(threeTrees, async ({ laptop, workstation, base }) => {
			const found = await all(
				compare(stream(laptop.listing()), stream(workstation.listing()), stream(base.listing())),
			)
			expect(new Map(found.map(({ path, verdict }) => [path, verdict]))).toEqual(
				expected(laptop, workstation, base),
			)
			const paths = found.map(({ path }) => path)
			expect(paths).toEqual([...new Set(paths)].sort(byBytes))
		}),
		{ numRuns: 3000 },
	)
}, 60_000)
