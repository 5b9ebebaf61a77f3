import { execFileSync } from 'node:child_process'
import {
	chmodSync,
	linkSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { leftOut, localListing } from '../../src/engine/files/local-listing.ts'
import { inspectRoot } from '../../src/engine/files/local-root.ts'
import { everything } from '../../src/engine/files/rules.ts'
import { byBytes } from '../../src/engine/files/sorted.ts'
import {
	add,
	asNobody,
	at,
	emptyFolder,
	files,
	inGit,
	listed,
	oddNames,
	pathsOf,
	tree,
	whole,
} from './files-listing-bed.ts'
import { withPrograms } from './files-listing-tools.ts'
import { codeOf } from './linked.ts'

// A temporary folder for these tests alone: others leave and take away things of the same names meanwhile.
const { TMPDIR } = process.env
const own = mkdtempSync(join(tmpdir(), 'hawser-listing-'))
chmodSync(own, 0o1777)
process.env.TMPDIR = own
afterAll(() => {
	if (TMPDIR === undefined) delete process.env.TMPDIR
	else process.env.TMPDIR = TMPDIR
	rmSync(own, { recursive: true, force: true })
})

const rulesFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('.hawser-rules-'))

describe('what git does not ignore', () => {
	test('tracked, new and ignored files; rules of nested folders; what git tracks although a rule names it', async () => {
		const root = tree({
			'.gitignore': '*.o\n/build/\nnode_modules\n',
			'a.c': 'a',
			'a.o': 'o',
			'kept.o': 'tracked',
			'build/x': 'x',
			'sub/build/y': 'y',
			'sub/.gitignore': '!b.o\n*.tmp\n',
			'sub/b.o': 'b',
			'sub/c.tmp': 'c',
			'sub/node_modules/p/index.js': 'p',
			'gone.c': '',
		})
		await inGit(root, 'init', '-q')
		writeFileSync(join(root, '.git/info/exclude'), 'secret\n')
		writeFileSync(join(root, 'secret'), '')
		await inGit(root, 'add', '-f', 'a.c', 'kept.o', 'gone.c')
		rmSync(join(root, 'gone.c'))
		const { entries, leftOut: left, troubles } = await whole(root)
		expect(entries.map(({ path }) => path)).toEqual([
			'.gitignore',
			'a.c',
			'kept.o',
			'sub/.gitignore',
			'sub/b.o',
			'sub/build/y',
		])
		expect(
			left()
				.map(({ rule, paths, count, tracked }) => [rule, paths, count, tracked])
				.sort(),
		).toEqual([
			['*.o (.gitignore, line 1)', ['a.o'], 1, 0],
			['*.tmp (sub/.gitignore, line 2)', ['sub/c.tmp'], 1, 0],
			['/build/ (.gitignore, line 2)', ['build/'], 1, 0],
			['node_modules (.gitignore, line 3)', ['sub/node_modules/'], 1, 0],
			['secret (.git/info/exclude, line 1)', ['secret'], 1, 0],
		])
		expect(troubles.count).toBe(0)
	})

	test('a folder that is no repository has git’s rules too, and git leaves nothing in it', async () => {
		const root = tree({ '.gitignore': '*.o\n', 'a.o': '', 'd/.gitignore': '*.x\n', 'd/b.x': '', 'd/c': '' })
		const before = rulesFolders()
		expect(await pathsOf(root)).toEqual(['.gitignore', 'd/.gitignore', 'd/c'])
		expect(readdirSync(root).sort()).toEqual(['.gitignore', 'a.o', 'd'])
		expect(rulesFolders()).toEqual(before)
	})

	test('part of a repository is judged by it, unless it ignores all of that part', async () => {
		const root = tree({
			'.gitignore': '*.o\n/home/\n',
			'part/a': '',
			'part/a.o': '',
			'home/p/a': '',
			'home/p/a.o': '',
		})
		await inGit(root, 'init', '-q')
		expect(await pathsOf(join(root, 'part'))).toEqual(['a'])
		expect(await pathsOf(join(root, 'home/p'))).toEqual(['a', 'a.o'])
	})

	test('nested repositories and submodules travel as plain files, by their own rules; .git never', async () => {
		const root = tree({
			a: '',
			'nested/b': '',
			'nested/b.o': '',
			'nested-': '',
			'mod/c': '',
			'mod-x': '',
			'mod/d.tmp': '',
			'lone/': '',
			'broken/x': '',
		})
		writeFileSync(join(root, 'nested/.gitignore'), '*.o\n')
		for (const inner of ['nested', 'mod']) await inGit(join(root, inner), 'init', '-q')
		writeFileSync(join(root, 'mod/.git/info/exclude'), '*.tmp\n')
		await inGit(join(root, 'mod'), 'add', 'c')
		await inGit(join(root, 'mod'), 'commit', '-qm', 'c')
		await inGit(root, 'init', '-q')
		await inGit(root, 'add', 'mod')
		await inGit(join(root, 'lone'), 'init', '-q')
		writeFileSync(join(root, 'broken/.git'), 'gitdir: nowhere\n')
		mkdirSync(join(root, 'odd/.GIT'), { recursive: true })
		writeFileSync(join(root, 'odd/.GIT/config'), '')
		expect(await pathsOf(root)).toEqual([
			'a',
			'broken/x',
			'mod-x',
			'mod/c',
			'nested-',
			'nested/.gitignore',
			'nested/b',
		])
	})

	test('a merge that stands still lists each file once', async () => {
		const root = tree({ f: '1', g: '1' })
		await inGit(root, 'init', '-q', '-b', 'one')
		await inGit(root, 'add', '.')
		await inGit(root, 'commit', '-qm', '1')
		await inGit(root, 'checkout', '-qb', 'two')
		writeFileSync(join(root, 'f'), '2')
		await inGit(root, 'commit', '-qam', '2')
		await inGit(root, 'checkout', '-q', 'one')
		writeFileSync(join(root, 'f'), '3')
		await inGit(root, 'commit', '-qam', '3')
		await inGit(root, 'merge', '-q', 'two').catch(() => {})
		expect((await inGit(root, 'ls-files')).split('\n').filter((line) => line === 'f')).toHaveLength(3)
		expect(await pathsOf(root)).toEqual(['f', 'g'])
	})

	test('like git’s own list, for any tree and any rules', async () => {
		const name = fc.constantFrom('a', 'b', 'a-', 'a.o', 'b!', 'c', '.x')
		const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
		const rule = fc.constantFrom('a', '/a', '*.o', 'b/', '!a.o', 'a/b', 'c', '!c', '/a/*', '!/a/c', '**/b!')
		const world = fc.record({
			paths: fc.array(path, { maxLength: 14 }),
			rules: fc.array(rule, { maxLength: 4 }),
			inner: fc.array(rule, { maxLength: 2 }),
			tracked: fc.array(path, { maxLength: 4 }),
		})
		await fc.assert(
			fc.asyncProperty(world, async ({ paths, rules, inner, tracked }) => {
				const root = emptyFolder()
				for (const one of paths) {
					try {
						add(root, { [one]: one })
					} catch {
						// A file is where its folder would be.
					}
				}
				writeFileSync(join(root, '.gitignore'), rules.map((line) => `${line}\n`).join(''))
				mkdirSync(join(root, 'in'))
				writeFileSync(join(root, 'in/.gitignore'), inner.map((line) => `${line}\n`).join(''))
				add(root, { 'in/a': '', 'in/c/a.o': '' })
				await inGit(root, 'init', '-q')
				for (const one of tracked) await inGit(root, 'add', '-f', one).catch(() => {})
				const own = await inGit(root, 'ls-files', '-z', '-c', '-o', '--exclude-standard')
				const expected = [...new Set(own.split('\0').slice(0, -1))].sort(byBytes)
				const { entries } = await whole(root)
				expect(entries.filter(({ kind }) => kind !== 'folder').map((entry) => entry.path)).toEqual(expected)
			}),
			{ numRuns: 25 },
		)
	})
})

describe('the project’s own lists', () => {
	const project = {
		'.gitignore': '/data/\n*.ckpt\nresults/\n',
		'a.py': '',
		'big.bin': '',
		'data/train.csv': '',
		'data/raw/x.csv': '',
		'data/raw/tmp/y.csv': '',
		'm/last.ckpt': '',
		'results/r.json': '',
		'results/deep/s.json': '',
		'sub/results/t.json': '',
	}

	test('included although git ignores it, also in an ignored folder; excluded after all', async () => {
		const root = tree(project)
		await inGit(root, 'init', '-q')
		expect(await pathsOf(root, { include: ['/data/raw/'] })).toEqual([
			'.gitignore',
			'a.py',
			'big.bin',
			'data/raw/tmp/y.csv',
			'data/raw/x.csv',
		])
		expect(await pathsOf(root, { include: ['*.ckpt', '/data/raw/'], exclude: ['tmp/', '*.bin'] })).toEqual([
			'.gitignore',
			'a.py',
			'data/raw/x.csv',
			'm/last.ckpt',
		])
	})

	test('a rule of the settings that leaves out what git tracks says how many', async () => {
		const root = tree({ a: '', 'd/one': '', 'd/two': '', 'd/new': '', 'e.bin': '' })
		await inGit(root, 'init', '-q')
		await inGit(root, 'add', 'a', 'd/one', 'd/two', 'e.bin')
		const left = await leftOut(root, { ...files, exclude: ['/d/', '*.bin'] })
		expect(left).toEqual([
			{ rule: '/d/ (settings)', paths: ['d/'], count: 1, tracked: 2 },
			{ rule: '*.bin (settings)', paths: ['e.bin'], count: 1, tracked: 1 },
		])
	})

	test('results are marked, although git ignores them; what only comes back does not go up', async () => {
		const root = tree(project)
		await inGit(root, 'init', '-q')
		const { entries, leftOut: left } = await whole(root, { results: ['/results/', '!s.json'] })
		const marks = entries.map(({ path, up, back }) => `${path}${up ? ' up' : ''}${back ? ' back' : ''}`)
		expect(marks).toEqual([
			'.gitignore up',
			'a.py up',
			'big.bin up',
			'results/deep/s.json back',
			'results/r.json back',
		])
		expect(left().map(({ rule }) => rule)).not.toContain('results/r.json')
		const anywhere = await whole(root, { results: ['results/'] })
		expect(anywhere.entries.filter(({ back }) => back).map(({ path }) => path)).toEqual([
			'results/deep/s.json',
			'results/r.json',
			'sub/results/t.json',
		])
	})

	test('extras of a git project: only what is named and git ignores', async () => {
		const root = tree({ ...project, 'data/.gitkeep': '' })
		await inGit(root, 'init', '-q')
		await inGit(root, 'add', '-f', 'data/.gitkeep')
		const extras = { scope: 'extras', include: ['/data/', 'a.py', '*.ckpt'], exclude: ['tmp/'] } as const
		expect(await pathsOf(root, extras)).toEqual(['data/raw/x.csv', 'data/train.csv', 'm/last.ckpt'])
		expect(await pathsOf(root, { ...extras, include: [] })).toEqual([])
	})

	test('everything: without git, and without .git', async () => {
		const root = tree({ '.gitignore': '*\n', 'a/b': '', '.hawser-tmp/x': '' })
		await inGit(root, 'init', '-q')
		const found = await listed(localListing(root, everything))
		expect(found.map(({ path, up, back }) => [path, up, back])).toEqual([
			['.gitignore', false, true],
			['a/b', false, true],
		])
	})
})

describe('what files are', () => {
	test('odd names, in the order of their bytes', async () => {
		const root = tree(Object.fromEntries(oddNames.map((name) => [name, name])))
		const sorted = [...oddNames].sort(byBytes)
		expect(await pathsOf(root)).toEqual(sorted)
		await inGit(root, 'init', '-q')
		expect(await pathsOf(root)).toEqual(sorted)
		await inGit(root, 'add', '-A')
		expect(await pathsOf(root)).toEqual(sorted)
	})

	test('sizes, times, executables, links, holes, empty folders and what never travels', async () => {
		const root = tree({
			f: 'four',
			x: '',
			'dir/': '',
			'dir!': '',
			'deep/er/': '',
			hard: 'h',
			'ignored/': '',
			'.gitignore': 'ignored\n',
		})
		chmodSync(join(root, 'x'), 0o755)
		utimesSync(join(root, 'f'), 1, 1_700_000_000.125)
		linkSync(join(root, 'hard'), join(root, 'hard2'))
		for (const [name, target] of [
			['in', 'f'],
			['out', '/etc/passwd'],
			['loop', 'loop'],
			['folder', 'dir'],
			['none', 'no\xc3\xa9'],
		])
			symlinkSync(Buffer.from(target ?? '', 'latin1'), join(root, name ?? ''))
		writeFileSync(join(root, 'sparse'), '')
		truncateSync(join(root, 'sparse'), 1_000_000)
		execFileSync('mkfifo', [join(root, 'fifo')])
		const { entries, troubles } = await whole(root)
		const found = new Map(entries.map((entry) => [entry.path, entry]))
		expect([...found.keys()]).toEqual([
			'.gitignore',
			'deep/er',
			'dir',
			'dir!',
			'f',
			'folder',
			'hard',
			'hard2',
			'in',
			'loop',
			'none',
			'out',
			'sparse',
			'x',
		])
		expect(found.get('f')).toMatchObject({
			kind: 'file',
			size: 4,
			mtime: 1_700_000_000_125_000_000n,
			executable: false,
		})
		expect(found.get('x')).toMatchObject({ executable: true })
		expect(found.get('dir')).toMatchObject({ kind: 'folder', size: 0, mtime: 0n })
		expect(found.get('none')).toMatchObject({ kind: 'link', target: 'no\xc3\xa9', size: 4 })
		expect(found.get('loop')).toMatchObject({ kind: 'link', target: 'loop' })
		expect(found.get('sparse')).toMatchObject({ size: 1_000_000, sparse: true })
		expect(found.get('hard')).not.toHaveProperty('sparse')
		expect(troubles.all).toEqual([{ path: 'fifo', kind: 'special', reason: '' }])
	})

	test('what cannot be read is told; an unreadable folder hides, and is told before what follows it', async () => {
		const root = tree({
			a: '',
			'closed/x': '',
			'entered/y': '',
			secret: 's',
			z: '',
			'.gitignore': 'shut/\n',
			'shut/q': '',
		})
		await inGit(root, 'init', '-q')
		await inGit(root, 'add', 'closed/x')
		chmodSync(join(root, 'secret'), 0)
		const closed: [name: string, mode: number][] = [
			['closed', 0],
			['entered', 0o444],
			['shut', 0],
		]
		for (const [name, mode] of closed) chmodSync(join(root, name), mode)
		chmodSync(root, 0o755)
		await asNobody(root, async () => {
			const listing = localListing(root, files)
			let toldInTime = false
			const paths: string[] = []
			for await (const { path } of listing) {
				paths.push(path)
				if (path === 'z')
					toldInTime = listing.troubles.hides('closed/x') && listing.troubles.hides('entered/y')
			}
			expect(paths).toEqual(['.gitignore', 'a', 'secret', 'z'])
			expect(toldInTime).toBe(true)
			expect(listing.troubles.all.map(({ path, kind }) => [path, kind])).toEqual([
				['closed', 'folder'],
				['entered', 'folder'],
				['secret', 'file'],
			])
			expect(await codeOf(pathsOf(join(root, 'closed')))).toBe('files-unreadable')
		})
		for (const [name] of closed) chmodSync(join(root, name), 0o755)
	})

	test('folders that vanish, or become files or links, while they are listed are no failure', async () => {
		const root = emptyFolder()
		for (let at = 100; at < 400; at++) add(root, { [`d${at}/a`]: '', [`d${at}/b`]: '' })
		add(root, { 'elsewhere/secret': '' })
		let seen = 0
		const paths: string[] = []
		for await (const { path } of localListing(root, files)) {
			paths.push(path)
			if (++seen !== 20) continue
			for (let at = 250; at < 300; at++) rmSync(join(root, `d${at}`), { recursive: true })
			for (let at = 300; at < 320; at++) {
				renameSync(join(root, `d${at}`), join(root, `moved${at}`))
				symlinkSync('elsewhere', join(root, `d${at}`))
			}
		}
		expect(paths).toEqual([...paths].sort(byBytes))
		expect(paths.filter((path) => path.startsWith('d1'))).toHaveLength(200)
		expect(await pathsOf(root)).toContain('moved300/a')
	})
})

test('stopped early or cancelled, nothing of it is left', async () => {
	const root = emptyFolder()
	for (let at = 0; at < 3000; at++) add(root, { [`d${at % 50}/f${at}`]: '' })
	const before = rulesFolders()
	for await (const _ of localListing(root, { ...files, exclude: ['*.x'] })) break
	const ender = new AbortController()
	const cancelled = async () => {
		for await (const _ of localListing(root, files, ender.signal)) ender.abort()
	}
	expect(await codeOf(cancelled())).toBe('operation-cancelled')
	expect(await codeOf(listed(localListing(root, files, AbortSignal.abort())))).toBe('operation-cancelled')
	expect(rulesFolders()).toEqual(before)
	const gits = () =>
		execFileSync('ps', ['-A', '-o', 'ppid=,command='])
			.toString()
			.split('\n')
			.filter((line) => line.trim().startsWith(`${process.pid} `) && /ls-files|check-ignore/.test(line))
	await expect.poll(gits, { timeout: 5000 }).toEqual([])
})

test('a root: there or not, a link, empty, its place on the disk', async () => {
	const root = tree({ f: '', 'd/': '' })
	const link = join(emptyFolder(), 'link')
	symlinkSync(root, link)
	const inode = lstatSync(root, { bigint: true }).ino.toString()
	expect(await inspectRoot(root)).toMatchObject({
		exists: 'yes',
		realPath: root,
		isLink: false,
		isEmpty: false,
		inode,
	})
	expect(await inspectRoot(link)).toMatchObject({ exists: 'yes', realPath: root, isLink: true, inode })
	expect(await inspectRoot(join(root, 'd'))).toMatchObject({ exists: 'yes', isEmpty: true })
	expect(await inspectRoot(join(root, 'f'))).toMatchObject({ exists: 'other', realPath: null })
	const missing = await inspectRoot(join(root, 'no/such'))
	const realPath = join(root, 'no/such')
	expect(missing).toMatchObject({ exists: 'no', realPath, isEmpty: true, inode: null })
	expect(missing.freeBytes).toBeGreaterThan(0)
	expect(await codeOf(pathsOf(join(root, 'no/such')))).toBe('files-unreadable')
	expect(at(root, 'f').toString()).toBe(join(root, 'f'))
})

test('a git that is ended in the middle of its list makes no shorter listing', async () => {
	const root = tree(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, ''])))
	await inGit(root, 'init', '-q')
	await inGit(root, 'add', '.')
	const real = execFileSync('which', ['git']).toString().trim()
	const { PATH } = process.env
	const rows = [
		['--cached', `${real} "$@" | head -c 1000`],
		['--others', `${real} "$@" | head -c 1000`],
		['--stdin', 'head -c 1 >/dev/null'],
	]
	for (const [which, part] of rows) {
		const git = `case $* in *${which}*) ${part}; kill -KILL $$ ;; *) exec ${real} "$@" ;; esac`
		process.env.PATH = withPrograms({ git })
		try {
			writeFileSync(join(root, '.gitignore'), 'x\n')
			writeFileSync(join(root, 'x'), '')
			expect(await codeOf(pathsOf(root))).toBe('git-failed')
		} finally {
			process.env.PATH = PATH
		}
	}
	expect(await pathsOf(root)).toHaveLength(301)
})
