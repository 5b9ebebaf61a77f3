import { fork } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { type IndexHead, openIndex } from '../../../src/engine/files/index-file.ts'
import { byBytes } from '../../../src/engine/files/sorted.ts'
import { all, at, listed } from './tree-model.ts'

let folder: string
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'index-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const head: IndexHead = { syncedAt: 5, laptop: '/home/ü/nt', workstation: '/srv/nt', digest: 'abc' }
const setOf = (entries: Iterable<Entry>) => [...entries].map((entry) => ({ path: entry.path, entry }))
const paths = async () => (await all((await openIndex(folder)).entries())).map(({ path }) => path)

const bytes = fc
	.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 12 })
	.map((codes) => String.fromCharCode(...codes))
const anyEntry = fc.oneof(
	fc.record({
		path: bytes,
		kind: fc.constant('file' as const),
		size: fc.maxSafeNat(),
		mtime: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 62n }),
		executable: fc.boolean(),
		target: fc.constant(''),
	}),
	fc.record({
		path: bytes,
		kind: fc.constant('link' as const),
		size: fc.nat(),
		mtime: fc.bigInt({ min: 0n, max: 2n ** 62n }),
		executable: fc.constant(false),
		target: bytes,
	}),
	bytes.map((path) => at(path, 'd')),
)
const anyListing = fc
	.uniqueArray(anyEntry, { selector: ({ path }) => path, maxLength: 30 })
	.map((entries) => entries.sort((one, other) => byBytes(one.path, other.path)))

test('without one: empty, and nothing is made', async () => {
	const index = await openIndex(join(folder, 'none'))
	expect(index.head).toEqual({ syncedAt: null, laptop: null, workstation: null, digest: null })
	expect(index.count).toBe(0)
	expect(await all(index.entries())).toEqual([])
	expect(await readdir(folder)).toEqual([])
})

test('what is written is read, whatever the bytes; changes come into their places', async () => {
	await fc.assert(
		fc.asyncProperty(anyListing, anyListing, fc.func(fc.boolean()), async (old, changes, isGone) => {
			await rm(folder, { recursive: true, force: true })
			const index = await openIndex(folder)
			await index.replace(head, setOf(old))
			const news = setOf(changes).map(({ path, entry }) => ({ path, entry: isGone(path) ? null : entry }))
			await index.replace({ ...head, syncedAt: 6 }, news)
			const expected = new Map(old.map((entry) => [entry.path, entry]))
			for (const { path, entry } of news)
				if (entry) expected.set(path, entry)
				else expected.delete(path)
			const sorted = [...expected.values()].sort((one, other) => byBytes(one.path, other.path))
			expect(await all(index.entries())).toEqual(sorted)
			const anew = await openIndex(folder)
			expect(await all(anew.entries())).toEqual(sorted)
			expect([anew.count, anew.head]).toEqual([sorted.length, { ...head, syncedAt: 6 }])
		}),
		{ numRuns: 60 },
	)
}, 60_000)

test('the head can be marked anew by itself, and goes with the index that it is of', async () => {
	const index = await openIndex(folder)
	await index.remark(head)
	expect((await openIndex(folder)).head).toEqual(head)
	await index.replace(head, setOf(listed('a=f')))
	await index.remark({ ...head, syncedAt: 7 })
	expect(index.head.syncedAt).toBe(7)
	const anew = await openIndex(folder)
	expect(anew.head.syncedAt).toBe(7)
	expect(await paths()).toEqual(['a'])
	await anew.replace({ ...head, syncedAt: 8 }, [])
	expect((await openIndex(folder)).head.syncedAt).toBe(8)
	await writeFile(join(folder, 'index-head'), 'garbled')
	expect((await openIndex(folder)).head.syncedAt).toBe(8)
})

test('only this person may read it', async () => {
	await (await openIndex(join(folder, 'deep/er'))).replace(head, [])
	expect((await stat(join(folder, 'deep/er/index'))).mode & 0o777).toBe(0o600)
	expect((await stat(join(folder, 'deep/er'))).mode & 0o777).toBe(0o700)
})

describe('a change that breaks off', () => {
	test('leaves the old one', async () => {
		const index = await openIndex(folder)
		await index.replace(head, setOf(listed('a=f b=f')))
		const broken = async function* () {
			yield { path: 'a', entry: null }
			throw new Error('cut')
		}
		await expect(index.replace({ ...head, syncedAt: 9 }, broken())).rejects.toThrow('cut')
		expect(index.head.syncedAt).toBe(5)
		expect((await all(index.entries())).map(({ path }) => path)).toEqual(['a', 'b'])
		expect(await paths()).toEqual(['a', 'b'])
		expect(await readdir(folder)).toEqual(['index'])
	})

	test.each([
		[setOf([at('b', 'f'), at('a', 'f')])],
		[setOf([at('a', 'f'), at('a', 'n')])],
		[[{ path: 'a', entry: at('b', 'f') }]],
	])('out of order: refused (%#)', async (changes) => {
		const index = await openIndex(folder)
		await expect(index.replace(head, changes)).rejects.toThrow('out of order')
		expect(await paths()).toEqual([])
	})

	test('by a kill: the old one or the new one, whole', async () => {
		await (await openIndex(folder)).replace(head, [])
		for (let round = 0; round < 8; round++) {
			const child = fork(new URL('./index-writer.ts', import.meta.url), [folder], { execArgv: [] })
			const ended = new Promise((resolve) => child.once('exit', resolve))
			await new Promise((resolve) => child.once('message', resolve))
			await new Promise((resolve) => setTimeout(resolve, 5 + round * 9))
			child.kill('SIGKILL')
			await ended
			const index = await openIndex(folder)
			const found = await all(index.entries())
			expect(found).toHaveLength(index.head.syncedAt ?? -1)
			expect(new Set(found.map(({ size }) => size)).size).toBe(found.length === 0 ? 0 : 1)
		}
		expect(await readdir(folder)).not.toContain('index.broken')
	}, 60_000)
})

describe('one that is not as it was written', () => {
	const write = async () => {
		await (await openIndex(folder)).replace(head, setOf(listed('a=f b/c=l d=d e=x')))
		return await readFile(join(folder, 'index'))
	}
	const isTold = async (content: Buffer | string) => {
		await writeFile(join(folder, 'index'), content)
		await expect(openIndex(folder)).rejects.toMatchObject({ problem: { code: 'files-index-broken' } })
		// Said once; from then on both sides are compared anew.
		expect(await paths()).toEqual([])
		expect(await readFile(join(folder, 'index.broken'))).toEqual(Buffer.from(content))
	}

	test('cut off at any place', async () => {
		const whole = await write()
		for (let length = 0; length < whole.length; length++) await isTold(whole.subarray(0, length))
	})

	test('with any byte changed', async () => {
		const whole = await write()
		for (let place = 0; place < whole.length; place++) {
			const other = Buffer.from(whole)
			other[place] = (other[place] ?? 0) ^ 0x41
			await isTold(other)
		}
	})

	test('with something behind it', async () => {
		const whole = await write()
		await isTold(Buffer.concat([whole, Buffer.from('x')]))
		await isTold(Buffer.concat([whole, whole]))
	})

	test('of another program, or of another version', async () => {
		await isTold('PACK something else\n')
		await isTold(Buffer.alloc(600_000, 1))
		const other = (await write()).toString('latin1').replace('"version":1', '"version":2')
		await isTold(Buffer.from(other, 'latin1'))
	})

	test('while it is read', async () => {
		await write()
		const index = await openIndex(folder)
		await writeFile(join(folder, 'index'), 'short')
		await expect(all(index.entries())).rejects.toMatchObject({ problem: { code: 'files-index-broken' } })
	})

	test('one that cannot be read is left where it is', async () => {
		await mkdir(join(folder, 'index'))
		await expect(openIndex(folder)).rejects.toMatchObject({ problem: { code: 'files-index-unreadable' } })
		expect(await readdir(folder)).toEqual(['index'])
	})
})

test('a reader beside a writer reads the old one or the new one, and breaks neither', async () => {
	await (await openIndex(folder)).replace(head, setOf([at('a', 'f'), at('b', 'f')]))
	const reader = await openIndex(folder)
	const { entries } = reader
	// A preview has looked at it, and an operation ends meanwhile.
	await (await openIndex(folder)).replace({ ...head, digest: null }, [
		...setOf([at('aa', 'f')]),
		{ path: 'b', entry: null },
	])
	expect((await all(entries())).map(({ path }) => path)).toEqual(['a', 'aa'])
	expect(await readdir(folder)).toEqual(['index'])
	expect(await paths()).toEqual(['a', 'aa'])
})

test('one that cannot be written says so', async () => {
	await appendFile(join(folder, 'file'), 'x')
	const index = await openIndex(join(folder, 'nowhere'))
	await rm(folder, { recursive: true })
	await writeFile(folder, 'no folder')
	await expect(index.replace(head, [])).rejects.toMatchObject({ problem: { code: 'files-index-unwritable' } })
	await expect(index.remark(head)).rejects.toMatchObject({ problem: { code: 'files-index-unwritable' } })
})
