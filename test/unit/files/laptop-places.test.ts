import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compare } from '../../../src/engine/files/compare.ts'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { listingOf, lookedUp, narrowed, withSight } from '../../../src/engine/files/narrow.ts'
import { laptopHas } from '../../../src/engine/files/on-laptop.ts'
import { SameNames } from '../../../src/engine/files/same-names.ts'
import { all, listed, stream } from './tree-model.ts'

test('what is there, or in the way', async () => {
	const root = await mkdtemp(join(tmpdir(), 'höme-'))
	try {
		await mkdir(join(root, 'folder/in'), { recursive: true })
		await writeFile(join(root, 'folder/file'), '')
		await symlink('nowhere', join(root, 'link'))
		await symlink('folder', join(root, 'way'))
		await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x0a])]), '')
		const expected: Record<string, boolean> = {
			folder: true,
			'folder/file': true,
			'folder/none': false,
			none: false,
			'none/at/all': false,
			link: true,
			// Through a link, or below a file: in the way.
			'way/none': true,
			'folder/file/x': true,
			'\xff\n': true,
			'\xfe\n': false,
			['n'.repeat(300)]: true,
		}
		expect(await laptopHas(root, Object.keys(expected))).toEqual(Object.values(expected))
	} finally {
		await rm(root, { recursive: true })
	}
})

test('names that a file system may take for one another', () => {
	const names = new SameNames()
	const found = ['A', 'A/x', 'A/y', 'B!', 'a', 'a/x', 'b', 'b!', 'd/É', 'd/é']
		.map((path) => Buffer.from(path).toString('latin1'))
		.map((path) => names.find(path))
	expect(found).toEqual([null, null, null, null, 'A', 'A', null, 'B!', null, 'd/\xc3\x89'])
})

test('a part of a comparison, and what a listing could not see goes with it', async () => {
	const troubles = { hides: (path: string) => path.startsWith('h/') }
	const laptop = narrowed(withSight(stream(listed('a=n b=n')), troubles), (path) => path !== 'b')
	const base = narrowed(stream(listed('a=f b=f h/x=f')), (path) => path !== 'b')
	const found = await all(compare(laptop, listingOf(listed('h/x=f a=f').reverse()), base))
	expect(found.map(({ path, verdict }) => `${path}: ${verdict}`)).toEqual(['a: up'])
})

test('with the base in the place of the workstation’s listing, what is new is looked up', async () => {
	const asked: string[] = []
	const there = new Map<string, Entry>(listed('new=g same=f way=d').map((entry) => [entry.path, entry]))
	const base = listed('a=f gone=f')
	const comparison = lookedUp(
		compare(stream(listed('a=n fresh=f new=n same=f way=f')), stream(base), stream(base)),
		(paths) => {
			asked.push(...paths)
			return Promise.resolve(there)
		},
	)
	const found = await all(comparison)
	expect(asked).toEqual(['fresh', 'new', 'same', 'way'])
	expect(found.map(({ path, verdict }) => `${path}: ${verdict}`)).toEqual([
		'a: up',
		'fresh: up',
		'gone: gone-here',
		'new: conflict',
		'same: adopt',
		'way: kind-clash',
	])
	expect(comparison.tally).toEqual({ laptop: 5, workstation: 2, base: 2 })
})

test('what a listing passed over is not sent again for that', async () => {
	const there = new Map(listed('a=f b=n').map((entry) => [entry.path, entry]))
	const sides = [stream(listed('a=f b=f c=f')), stream([]), stream(listed('a=f b=f c=f'))] as const
	const found = await all(lookedUp(compare(...sides), () => Promise.resolve(there)))
	expect(found.map(({ path, verdict }) => `${path}: ${verdict}`)).toEqual(['b: back', 'c: gone-there'])
})
