import { execFileSync } from 'node:child_process'
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Entry, isSame } from '../../src/engine/files/entry.ts'
import { localListing } from '../../src/engine/files/local-listing.ts'
import { remoteListing, remoteVersions } from '../../src/engine/files/remote-listing.ts'
import { everything } from '../../src/engine/files/rules.ts'
import { byBytes } from '../../src/engine/files/sorted.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { quote } from '../../src/engine/quote.ts'
import { add, emptyFolder, inGit, listed, oddNames, tree } from './files-listing-bed.ts'
import { busyboxMissing, busyboxPath, likeMacOS, linkWithShell, withPrograms } from './files-listing-tools.ts'
import { codeOf, server, up } from './linked.ts'
import { type LocalLink, localLink } from './local-link.ts'
import { sshdMissing } from './sshd.ts'

for (const missing of [busyboxMissing, sshdMissing])
	if (missing) console.warn(`files-listing: skipped, ${missing}`)

const links: LocalLink[] = []
afterEach(async () => {
	for (const link of links.splice(0)) await link.dispose()
})

/** A workstation with a temporary folder of its own, which must be empty in the end. */
function workstation(env: Record<string, string> = {}): {
	link: LocalLink
	left: () => string[]
	temporary: string
} {
	const temporary = emptyFolder()
	const link = localLink(emptyFolder(), { TMPDIR: temporary, ...env })
	links.push(link)
	return { link, left: () => readdirSync(temporary), temporary }
}

async function odd(): Promise<string> {
	const root = tree(Object.fromEntries(oddNames.map((name) => [name, name])))
	add(root, { 'dir/': '', 'dir!': '', 'deep/er/': '', 'in\nner/': '', '.hawser-x/y': '', x: '' })
	await inGit(root, 'init', '-q')
	chmodSync(join(root, 'x'), 0o755)
	utimesSync(join(root, 'x'), 1, 1_700_000_000.125)
	const targets = [
		['in', 'x'],
		['out', '/etc/passwd'],
		['loop', 'loop'],
		['folder', 'dir'],
		['none', 'no\xc3\xa9 x'],
		['li\nnk', 'a'],
	]
	for (const [name, target] of targets)
		symlinkSync(Buffer.from(target ?? '', 'latin1'), join(root, name ?? ''))
	writeFileSync(join(root, 'sparse'), '')
	truncateSync(join(root, 'sparse'), 1_000_000)
	execFileSync('mkfifo', [join(root, 'fifo')])
	return root
}

const bare = ({ path, kind, size, executable, target, sparse }: Entry) => ({
	path,
	kind,
	size,
	executable,
	target,
	sparse: sparse ?? false,
})

async function sameOnBothSides(link: Link, root: string) {
	const here = await listed(localListing(root, everything))
	const { entries, head, troubles, isSame: known } = await remoteListing(link, root)
	const there = await listed(entries)
	expect(there.map(bare)).toEqual(here.map(bare))
	for (const [at, entry] of here.entries()) expect(isSame(entry, there[at] ?? null)).toBe(true)
	expect(head).toMatchObject({ exists: 'yes', root, isLink: false })
	expect(head.freeBytes).toBeGreaterThan(0)
	expect(troubles.all).toEqual([{ path: 'fifo', kind: 'special', reason: '' }])
	expect(known).toBe(false)
	return { head, here }
}

describe('the same tree, listed here and there', () => {
	test.skipIf(sshdMissing)('over a real sshd', async () => {
		const root = await odd()
		const { here } = await sameOnBothSides(await up(await server()), root)
		expect(here.length).toBeGreaterThan(30)
		expect(here.map(({ path }) => path)).toEqual(here.map(({ path }) => path).sort(byBytes))
	})

	test('with tools as macOS has them (a stand-in)', async () => {
		const { link, left } = workstation({ PATH: likeMacOS() })
		const { head } = await sameOnBothSides(link, await odd())
		expect(head.tools).toBe('bsd')
		expect(left()).toEqual([])
	})

	test.skipIf(busyboxMissing)('with BusyBox and nothing else', async () => {
		const path = busyboxPath()
		const link = linkWithShell(emptyFolder(), join(path, 'sh'), { PATH: path })
		const { head } = await sameOnBothSides(link, await odd())
		expect(head.tools).toBe('stat')
	})

	const shells = ['/usr/bin/dash', '/bin/bash', '/usr/bin/zsh', '/bin/ksh'].filter((shell) =>
		existsSync(shell),
	)
	test.each(shells)('with %s as sh', async (shell) => {
		const named = join(emptyFolder(), 'sh')
		symlinkSync(shell, named)
		await sameOnBothSides(linkWithShell(emptyFolder(), named), await odd())
	})
})

test('what is known is told in a word, and any change is not', async () => {
	const root = tree({ a: 'a', 'b/c': 'c' })
	const { link, left } = workstation()
	const first = await remoteListing(link, root)
	expect(await listed(first.entries)).toHaveLength(2)
	const again = await remoteListing(link, root, { known: first.digest })
	expect([again.isSame, again.digest, await listed(again.entries)]).toEqual([true, first.digest, []])
	chmodSync(join(root, 'a'), 0o755)
	const changed = await remoteListing(link, root, { known: first.digest })
	expect([changed.isSame, (await listed(changed.entries)).length]).toEqual([false, 2])
	const part = await remoteListing(link, root, { known: first.digest, only: ['b'] })
	expect([part.isSame, (await listed(part.entries)).map(({ path }) => path)]).toEqual([false, ['b/c']])
	expect(left()).toEqual([])
	await expect.poll(() => link.running()).toEqual([])
})

test('only some folders, and others passed over', async () => {
	const root = tree({
		'results/a': '',
		'results/b/c': '',
		res: '',
		'n*m/x': '',
		'nom/x': '',
		'one.json': '',
		'k/n*m/x': '',
		'-o/x': '',
	})
	const { link } = workstation()
	const paths = async (options: Parameters<typeof remoteListing>[2]) =>
		(await listed((await remoteListing(link, root, options)).entries)).map(({ path }) => path)
	expect(await paths({ only: ['results', 'one.json', 'not/there'] })).toEqual([
		'one.json',
		'results/a',
		'results/b/c',
	])
	expect(await paths({ only: [] })).toEqual([])
	expect(await paths({ prune: ['n*m', 'results/b', '-o'] })).toEqual([
		'k/n*m/x',
		'nom/x',
		'one.json',
		'res',
		'results/a',
	])
	expect(await paths({ only: ['-o'] })).toEqual(['-o/x'])
})

test('single paths, whatever they are; those that are not there are left out', async () => {
	const root = tree({ ...Object.fromEntries(oddNames.map((name) => [name, name])), 'd/x': '', 'e/': '' })
	const { link, left } = workstation()
	const asked = [...oddNames, 'd', 'e', 'no', 'no/such', '.hawser-nothing']
	const { entries } = await remoteVersions(link, root, asked)
	const found = await listed(entries)
	expect(found.map(({ path }) => path)).toEqual([...oddNames, 'd', 'e'].sort(byBytes))
	expect(found.find(({ path }) => path === 'd')?.kind).toBe('folder')
	expect(await listed((await remoteVersions(link, root, [])).entries)).toEqual([])
	expect(left()).toEqual([])
})

test('a root that is not there, is no folder, is a link, or is below the home', async () => {
	const root = tree({ f: '', 'd/x': '' })
	const home = emptyFolder()
	symlinkSync(root, join(home, 'link'))
	mkdirSync(join(home, 'empty'))
	const link = localLink(home)
	links.push(link)
	const head = async (path: string) => (await remoteListing(link, path)).head
	expect(await head(join(root, 'no/such'))).toMatchObject({
		...{ exists: 'no', root: join(root, 'no/such'), inode: null, home },
	})
	expect(await head('~/link/no')).toMatchObject({ exists: 'no', root: join(root, 'no') })
	expect((await head(join(root, 'no/such'))).freeBytes).toBeGreaterThan(0)
	expect(await head(join(root, 'f'))).toMatchObject({ exists: 'other' })
	expect(await head('~/link')).toMatchObject({ exists: 'yes', isLink: true, root })
	expect(await head('empty')).toMatchObject({ exists: 'yes', isLink: false, root: join(home, 'empty') })
	expect(await listed((await remoteListing(link, '~/link')).entries)).toHaveLength(2)
	expect(await listed((await remoteListing(link, '~/empty')).entries)).toEqual([])
})

describe('what could not be read is no deletion', () => {
	/** Commands as somebody who may not read everything, where the tests run as root. */
	const asNobody = (link: LocalLink): Link =>
		process.getuid?.() !== 0
			? link
			: {
					...link,
					exec: (command, signal) =>
						link.exec(`exec setpriv --reuid=65534 --clear-groups /bin/sh -c ${quote(command)}`, signal),
				}

	test('a folder without a right hides what is in it', async () => {
		const root = tree({ a: '', 'closed/x': '', 'entered/y': '', 'odd\nclosed/z': '', z: '' })
		for (const name of ['closed', 'odd\nclosed']) chmodSync(join(root, name), 0)
		chmodSync(join(root, 'entered'), 0o444)
		chmodSync(root, 0o755)
		for (const path of ['/usr/bin:/bin', likeMacOS()]) {
			execFileSync('chmod', ['-R', 'a+rX', path.split(':')[0] ?? ''])
			const home = emptyFolder()
			chmodSync(home, 0o777)
			const link = localLink(home, { PATH: path, TMPDIR: home })
			links.push(link)
			if (path !== '/usr/bin:/bin') chmodSync(join(path.split(':')[0] ?? '', '..'), 0o755)
			const { entries, troubles } = await remoteListing(asNobody(link), root)
			expect((await listed(entries)).map(({ path }) => path)).toEqual(['a', 'z'])
			expect(troubles.all.map(({ path }) => path).sort()).toEqual(['closed', 'entered', 'odd\nclosed'])
			expect(troubles.hides('entered/y')).toBe(true)
			expect(await remoteListing(asNobody(link), join(root, 'closed'))).toMatchObject({
				head: { exists: 'denied' },
			})
		}
		for (const name of readdirSync(root)) chmodSync(join(root, name), 0o755)
	})

	const faults: [what: string, programs: Record<string, string>][] = [
		[
			'find is killed',
			{
				find: 'case $* in *%T@*) /usr/bin/find "$@" | head -c 100; kill -KILL $$ ;; *) exec /usr/bin/find "$@" ;; esac',
			},
		],
		[
			'find fails with other words',
			{
				find: 'case $* in *%T@*) echo "find: ./d: Input/output error" >&2; exit 1 ;; *) exec /usr/bin/find "$@" ;; esac',
			},
		],
		['find fails without a word', { find: 'case $* in *%T@*) exit 1 ;; *) exec /usr/bin/find "$@" ;; esac' }],
		['sort has no room', { sort: 'echo "sort: write failed: No space left on device" >&2; exit 2' }],
		['no temporary folder', { mktemp: 'exit 1' }],
		['no tool tells sizes', { find: 'exit 1', stat: 'exit 1' }],
	]
	test.each(faults)('%s: all of it is hidden', async (_, programs) => {
		const { link, left } = workstation({ PATH: withPrograms(programs) })
		const { entries, troubles } = await remoteListing(link, tree({ 'd/a': '', b: '' }))
		await listed(entries)
		expect(troubles.hides('d/a')).toBe(true)
		expect(left()).toEqual([])
	})

	test('what vanishes meanwhile is gone, and no failure', async () => {
		const root = tree({ 'd/a': '', b: '' })
		const find = `case $* in *%T@*) /usr/bin/find "$@"; echo "find: './gone': No such file or directory" >&2; exit 1 ;; *) exec /usr/bin/find "$@" ;; esac`
		const { link } = workstation({ PATH: withPrograms({ find }) })
		const { entries, troubles } = await remoteListing(link, root)
		expect([await listed(entries), troubles.count]).toMatchObject([[{ path: 'b' }, { path: 'd/a' }], 0])
	})
})

describe('an answer that is not whole is never taken for one', () => {
	const many = () => tree(Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`d/file-${at}`, 'x'])))
	const rows: [what: string, programs: Record<string, string>][] = [
		['packed, and cut off', { gzip: '/usr/bin/gzip "$@" | head -c 500' }],
		['packed, and not unpackable', { gzip: 'head -c 5000 /dev/zero' }],
		['whole, and then more', { gzip: '{ cat; echo; } | /usr/bin/gzip -c' }],
		['without its end', { gzip: "sed -z '$d' | /usr/bin/gzip -c" }],
		['out of order', { gzip: "sed -z '1h;1d;3G' | /usr/bin/gzip -c" }],
		['garbage', { gzip: "sed -z '3s/.*/what?/' | /usr/bin/gzip -c" }],
	]
	test.each(rows)('%s', async (_, programs) => {
		const { link, left } = workstation({ PATH: withPrograms(programs) })
		const { entries } = await remoteListing(link, many())
		expect(await codeOf(listed(entries))).toBe('remote-garbled')
		await expect.poll(left).toEqual([])
	})

	test('the link is lost in the middle', async () => {
		const { link, left } = workstation({
			PATH: withPrograms({ gzip: '/usr/bin/gzip "$@" | head -c 500; exec sleep 5' }),
		})
		const { entries } = await remoteListing(link, many())
		const reading = codeOf(listed(entries))
		link.drop()
		expect(['link-lost', 'remote-garbled']).toContain(await reading)
		await expect.poll(left, { timeout: 20_000 }).toEqual([])
	})
})

test('cancelled, or nobody listens any more: it ends there by itself, and leaves nothing', async () => {
	const find = 'case $* in *%T@*) sleep 60 ;; *) exec /usr/bin/find "$@" ;; esac'
	const { link, left } = workstation({ PATH: withPrograms({ find }) })
	const ender = new AbortController()
	const listing = codeOf(remoteListing(link, tree({ a: '' }), {}, ender.signal))
	await expect.poll(left).toHaveLength(1)
	ender.abort()
	expect(await listing).toBe('operation-cancelled')
	await expect.poll(left, { timeout: 20_000, interval: 200 }).toEqual([])
	await expect.poll(() => link.running(), { timeout: 20_000 }).toEqual([])
	expect(await codeOf(remoteListing(link, '/', {}, AbortSignal.abort()))).toBe('operation-cancelled')
})

test('what a killed listing has left is swept up by a later one, and nothing newer or other', async () => {
	const { link, left, temporary } = workstation()
	const names = ['hawser-list.old', 'hawser-list.new', 'other.old']
	for (const name of names) add(temporary, { [`${name}/sorted`]: '' })
	for (const name of names.filter((one) => one.endsWith('old'))) utimesSync(join(temporary, name), 1, 1)
	await listed((await remoteListing(link, tree({ a: '' }))).entries)
	await expect.poll(() => left().sort()).toEqual(['hawser-list.new', 'other.old'])
})
