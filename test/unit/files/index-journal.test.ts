import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { type IndexChange, openIndex } from '../../../src/engine/files/index-file.ts'
import { openBase } from '../../../src/engine/files/index-journal.ts'

let folder = ''
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-base-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const head = { syncedAt: 1, laptop: '/nt', workstation: '/home/ada/nt', digest: null }
const count = 6000
const nameOf = (at: number) => `f${String(at).padStart(5, '0')}`
const entry = (path: string, size = 1): Entry => ({
	path,
	kind: 'file',
	size,
	mtime: 5n,
	executable: false,
	target: '',
})
const begin = Array.from({ length: count }, (_, at) => ({ path: nameOf(at), entry: entry(nameOf(at)) }))
const journal = () => join(folder, 'index-changes')
const isThere = () =>
	stat(journal()).then(
		() => true,
		() => false,
	)

async function read(isWanted?: (path: string) => boolean): Promise<Map<string, number>> {
	const found = new Map<string, number>()
	let last = ''
	for await (const { path, size } of (await openBase(folder)).entries(isWanted)) {
		expect(path > last).toBe(true)
		last = path
		found.set(path, size)
	}
	return found
}

test('a clock that was set back does not make a journal older than the index', async () => {
	await (await openBase(folder)).replace({ ...head, syncedAt: 100, digest: 'of before' }, begin)
	await (await openBase(folder)).replace({ ...head, syncedAt: 50 }, [{ path: 'a', entry: entry('a', 7) }])
	const { head: found } = await openBase(folder)
	expect(found.digest).toBeNull()
	expect(await read()).toHaveProperty('size', count + 1)
})

test('a few changes of a large index are noted beside it, many are written into it', async () => {
	await (await openBase(folder)).replace(head, begin)
	const before = await readFile(join(folder, 'index'))
	const index = await openBase(folder)
	await index.replace({ ...head, syncedAt: 2 }, [
		{ path: 'a', entry: entry('a', 7) },
		{ path: nameOf(5), entry: null },
		{ path: nameOf(9), entry: entry(nameOf(9), 9) },
		{ path: 'z', entry: entry('z', 8) },
	])
	expect(await readFile(join(folder, 'index'))).toEqual(before)
	expect((await openBase(folder)).head.syncedAt).toBe(2)
	const found = await read()
	expect(found.size).toBe(count + 1)
	expect([...found.keys()].slice(0, 2)).toEqual(['a', nameOf(0)])
	expect([found.get('a'), found.get(nameOf(5)), found.get(nameOf(9)), found.get('z')]).toEqual([
		7,
		undefined,
		9,
		8,
	])
	expect([...(await read((path) => path === 'z' || path === nameOf(4))).keys()]).toEqual([nameOf(4), 'z'])

	await index.remark({ ...head, syncedAt: 3, digest: 'd' })
	expect((await openBase(folder)).head).toMatchObject({ syncedAt: 3, digest: 'd' })

	await (await openBase(folder)).replace(
		{ ...head, syncedAt: 4 },
		begin.slice(0, 500).map(({ path }) => ({ path, entry: null })),
	)
	expect(await isThere()).toBe(false)
	expect((await read()).size).toBe(count - 500 + 2)
})

test('one that is broken, or of another index, does not count', async () => {
	await (await openBase(folder)).replace(head, begin)
	await (await openBase(folder)).replace({ ...head, syncedAt: 2 }, [{ path: 'a', entry: entry('a') }])
	const text = await readFile(journal(), 'utf8')
	await writeFile(journal(), text.slice(0, -3))
	expect((await read()).has('a')).toBe(false)
	expect((await openBase(folder)).head.syncedAt).toBe(1)
	await writeFile(journal(), text)
	expect((await read()).has('a')).toBe(true)
	// A power cut after the index was written anew, and before the changes were taken away.
	await (await openIndex(folder)).replace({ ...head, syncedAt: 3 }, [])
	expect((await read()).has('a')).toBe(false)
	expect((await openBase(folder)).head.syncedAt).toBe(3)
})

test('however it is changed, it holds what an index would', async () => {
	const change = fc.record({ at: fc.nat(count + 20), size: fc.option(fc.nat(9)) })
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.array(change, { minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }),
			async (rounds) => {
				await rm(journal(), { force: true })
				await rm(join(folder, 'index'), { force: true })
				await (await openBase(folder)).replace(head, begin)
				const model = new Map(begin.map(({ path }) => [path, 1]))
				for (const [round, changes] of rounds.entries()) {
					const rows = new Map<string, IndexChange>()
					for (const { at, size } of changes) {
						const path = nameOf(at)
						rows.set(path, { path, entry: size === null ? null : entry(path, size) })
						if (size === null) model.delete(path)
						else model.set(path, size)
					}
					const sorted = [...rows.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
					await (await openBase(folder)).replace({ ...head, syncedAt: round + 2 }, sorted)
				}
				expect(await read()).toEqual(new Map([...model].sort(([one], [other]) => (one < other ? -1 : 1))))
			},
		),
		{ numRuns: 15 },
	)
}, 60_000)
