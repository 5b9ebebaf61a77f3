import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rulesOfAnswer } from '../../../src/engine/files/ignore-rules.ts'
import { LeftOuts } from '../../../src/engine/files/left-out.ts'
import { NulSplitter } from '../../../src/engine/files/records.ts'
import { walkWords } from '../../../src/engine/files/remote-listing.ts'
import { parseRecord } from '../../../src/engine/files/remote-records.ts'
import { isGitName, reachOf } from '../../../src/engine/files/rules.ts'
import { ahead, outermost } from '../../../src/engine/files/sorted.ts'
import { Troubles } from '../../../src/engine/files/troubles.ts'

describe('where patterns reach', () => {
	const rows: [patterns: string[], reach: string[] | null][] = [
		[[], []],
		[['/results/'], ['results']],
		[['results/'], null],
		[['*.json'], null],
		[
			['/out/*.json', 'data/train/'],
			['data/train', 'out'],
		],
		[['/data/', '/data/small/**'], ['data']],
		[['data/**/x', '!data/keep'], ['data']],
		[['**/x'], null],
		[['# a comment', '!x'], []],
		[['/a b/c '], ['a b/c']],
		[['/a\\*b/c'], null],
		[['/*'], null],
		[['/é/x'], [Buffer.from('é/x').toString('latin1')]],
		[['/'], []],
	]
	test.each(rows)('%j', (patterns, reach) => expect(reachOf(patterns)).toEqual(reach))
})

test('git’s own name in every case, and nothing else', () => {
	for (const name of ['.git', '.GIT', '.Git']) expect(isGitName(name)).toBe(true)
	for (const name of ['git', '.gitignore', '.gi', '.github', '..git']) expect(isGitName(name)).toBe(false)
})

test('folders in others are left out, and a name that only begins alike is not in it', () => {
	expect(outermost(['a/b', 'a', 'ab', 'c/d', 'a'])).toEqual(['a', 'ab', 'c/d'])
	expect(outermost(['', 'a'])).toEqual([''])
})

test('records are cut at NULs, however the bytes come', () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ min: 1, maxLength: 12 })), fc.array(fc.nat(20)), (records, cuts) => {
			const all = Buffer.concat(records.flatMap((record) => [Buffer.from(record), Buffer.from([0])]))
			const splitter = new NulSplitter()
			const found: string[] = []
			let at = 0
			for (const cut of cuts) {
				found.push(...splitter.take(all.subarray(at, at + cut)))
				at += cut
			}
			found.push(...splitter.take(all.subarray(at)))
			expect(found).toEqual(records.map((record) => Buffer.from(record).toString('latin1')))
			expect(splitter.isCut).toBe(false)
		}),
	)
	const cut = new NulSplitter()
	expect(cut.take(Buffer.from('a\0b'))).toEqual(['a'])
	expect(cut.isCut).toBe(true)
})

describe('entries as the workstation prints them', () => {
	const file = { kind: 'file', executable: false, target: '' }
	const rows: [record: string, parsed: unknown][] = [
		[
			'f 12 1700000000.1234567890 644 8 ./a b',
			{ ...file, path: 'a b', size: 12, mtime: 1700000000123456789n },
		],
		[
			'f 0 1700000000.5 755 0 ./x',
			{ ...file, path: 'x', size: 0, mtime: 1700000000500000000n, executable: true },
		],
		['f 1 17 644 8 ./n\nl', { ...file, path: 'n\nl', size: 1, mtime: 17000000000n }],
		['f 1 -3.5 644 8 ./old', { ...file, path: 'old', size: 1, mtime: -3500000000n }],
		['f 9000000 1.0 644 8 ./s', { ...file, path: 's', size: 9000000, mtime: 1000000000n, sparse: true }],
		[
			'c 12 1700000000 711 8 2023-11-14 22:13:20.000000007 +0000 ./a/b c',
			{ ...file, path: 'a/b c', size: 12, mtime: 1700000000000000007n, executable: true },
		],
		[
			'c 12 1700000000 644 8 2023-11-14 22:13:20 +0000 ./a',
			{ ...file, path: 'a', size: 12, mtime: 1700000000000000000n },
		],
		['d 0 0 0 0 ./e', { ...file, kind: 'folder', path: 'e', size: 0, mtime: 0n }],
		[
			'l 2 5.0 0 0 ./l\u0001to',
			{ ...file, kind: 'link', path: 'l', size: 2, mtime: 5000000000n, target: 'to' },
		],
		[
			'l 3 5 0 0 ./l\u0001k\u0001a\u0001b',
			{ ...file, kind: 'link', path: 'l\u0001k', size: 3, mtime: 5000000000n, target: 'a\u0001b' },
		],
	]
	test.each(rows)('%j', (record, entry) => expect(parseRecord(record)).toEqual({ entry }))

	test('sockets are a trouble; the root, git and what is ours are nothing; the rest makes no sense', () => {
		expect(parseRecord('o 0 0 0 0 ./s')).toEqual({ trouble: { path: 's', kind: 'special', reason: '' } })
		for (const nothing of ['d 0 0 0 0 .', 'f 1 1 644 8 ./a/.GIT/x', 'f 1 1 644 8 ./.hawser-x'])
			expect(parseRecord(nothing)).toBe('nothing')
		for (const wrong of [
			'',
			'f',
			'f x 1 644 8 ./a',
			'f 1 1 644 8 /a',
			'l 2 1 0 0 ./no-target',
			'q 1 1 1 1 ./a',
		])
			expect(parseRecord(wrong)).toBeNull()
	})
})

test('find’s words: wildcards in names stand for themselves, and no place is none', () => {
	const skip = ['(', '-name', '.git', '-o', '-name', '.hawser-*', ')', '-prune', '-o']
	expect(walkWords({})).toEqual(['.', ...skip])
	expect(walkWords({ only: ['-b', 'a'] })).toEqual(['./-b', './a', ...skip])
	expect(walkWords({ only: [] })).toEqual(['./.hawser-nothing', ...skip])
	expect(walkWords({ only: ['a\nb'] })).toEqual(['.', ...skip])
	expect(walkWords({ prune: ['n*[m]?', 'n*[m]?/x', 'b\nc', 'a\\'] })).toEqual([
		...['.', ...skip, '-type', 'd', '('],
		...['-path', './a\\\\', '-o', '-path', './n\\*\\[m]\\?', ')', '-prune', '-o'],
	])
	const many = Array.from({ length: 500 }, (_, at) => `deep/${at}/x`)
	expect(walkWords({ prune: [...many, 'shallow'] })).toContain('./shallow')
	expect(walkWords({ prune: many }).length).toBeLessThan(650)
})

test('git’s answer: a pattern that lets a path through is no rule', () => {
	const fields = ['.gitignore', '3', '*.o', './a.o', '', '', '', './b', 's/.gitignore', '1', '!x', './s/x']
	expect(rulesOfAnswer(fields)).toEqual([{ source: '.gitignore', line: 3, pattern: '*.o' }, null, null])
})

test('what is left out is gathered by rule; tracked files come first', () => {
	const left = new LeftOuts()
	for (let at = 0; at < 50; at++) left.add(`n/${at}`, { source: '.gitignore', line: 1, pattern: '*.o' }, 0)
	left.add('data/', 'data/', 2)
	expect(left.all).toMatchObject([
		{ rule: 'data/ (settings)', paths: ['data/'], count: 1, tracked: 2 },
		{ rule: '*.o (.gitignore, line 1)', count: 50, tracked: 0 },
	])
	expect(left.all[1]?.paths).toHaveLength(20)
})

test('a folder that could not be read hides what is in it, and nothing beside it', () => {
	const troubles = new Troubles()
	expect(troubles.hides('a')).toBe(false)
	troubles.add({ path: 'a', kind: 'folder', reason: 'EACCES' })
	troubles.add({ path: 'ab', kind: 'special', reason: '' })
	expect(['a', 'a/b', 'ab', 'b'].map((path) => troubles.hides(path))).toEqual([true, true, false, false])
	troubles.add({ path: 'a/b', kind: 'special', reason: '' })
	for (let at = 0; at < 2000; at++) troubles.add({ path: `s${at}`, kind: 'special', reason: '' })
	expect([troubles.count, troubles.all.length]).toEqual([2002, 1001])
	troubles.add({ path: '', kind: 'folder', reason: 'EIO' })
	expect(troubles.hides('anything')).toBe(true)
})

test('reading ahead keeps the order, stops its source, and passes its failure on', async () => {
	let stopped = 0
	async function* source(until: number, fails = false) {
		try {
			for (let at = 0; at < until; at++) yield at
			if (fails) throw new Error('no more')
		} finally {
			stopped++
		}
	}
	const all: number[] = []
	for await (const one of ahead(source(10), 3)) all.push(one)
	expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
	for await (const one of ahead(source(100), 3)) if (one === 2) break
	const failing = async () => {
		for await (const _ of ahead(source(2, true), 5));
	}
	await expect(failing()).rejects.toThrow('no more')
	expect(stopped).toBe(3)
})
