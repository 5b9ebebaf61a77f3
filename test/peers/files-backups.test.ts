import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
	type BackupPlace,
	findBackup,
	listBackupFiles,
	listBackups,
	pruneBackups,
} from '../../src/engine/files/backups.ts'
import { isSame } from '../../src/engine/files/entry.ts'
import { keepHere, keepThere, removeHere, removeThere } from '../../src/engine/files/keeping.ts'
import { restoreFiles } from '../../src/engine/files/restore.ts'
import type { Link } from '../../src/engine/link/link.ts'
import {
	type BackupsBed,
	elsewhere,
	hardNames,
	latin1,
	madeAt,
	makeBed,
	upId,
	withShell,
} from './backups-bed.ts'
import { codeOf, server, up } from './linked.ts'
import { sshdMissing } from './sshd.ts'

let bed: BackupsBed
afterEach(async () => await bed.dispose())

const backup = () => join(bed.backups, upId)
const tree = () => join(backup(), 'tree')

const busybox = ['/bin/busybox', '/usr/bin/busybox', process.env.HAWSER_TEST_BUSYBOX ?? ''].find(
	(path) => path !== '' && existsSync(path),
)

/** A workstation with BusyBox alone: its shell and its tools. */
function busyboxOnly(bed: BackupsBed): Link {
	const bin = join(bed.home, 'bin')
	execFileSync('mkdir', ['-p', bin])
	execFileSync(busybox ?? '', ['--install', '-s', bin])
	return withShell(bed.link, `env PATH='${bin.replaceAll("'", "'\\''")}' ${busybox} sh`)
}

/** A stand-in for BSD's stat, which cannot run here: it refuses what that lacks and takes its formats. */
const bsdStat = `#!/bin/sh
[ "$1" = -f ] || { echo "stat: illegal option" >&2; exit 1; }
format=$2
shift 2
case $format in
'%Lp %z %m %Fm') for f; do /usr/bin/stat -c '%a %s %Y %.9Y' "$f" || exit; done ;;
'//%z %m %N') for f; do /usr/bin/stat -c '//%s %Y %n' "$f" || exit; done ;;
*) exit 1 ;;
esac
`

async function bsdTools(bed: BackupsBed): Promise<Link> {
	const bin = join(bed.home, 'bin')
	await mkdir(bin, { recursive: true })
	await writeFile(join(bin, 'stat'), bsdStat, { mode: 0o755 })
	return withShell(bed.link, `env PATH='${bin.replaceAll("'", "'\\''")}':"$PATH" /bin/sh`)
}

const shells: [name: string, link: (() => Link | Promise<Link>) | null][] = [
	['the laptop', null],
	...['dash', 'bash', 'zsh'].flatMap((name): (typeof shells)[number][] => {
		const path = [`/bin/${name}`, `/usr/bin/${name}`].find(existsSync)
		return path === undefined
			? []
			: [[name, () => withShell(bed.link, name === 'zsh' ? `${path} --emulate sh` : path)]]
	}),
	...(busybox ? [['BusyBox', () => busyboxOnly(bed)] as (typeof shells)[number]] : []),
	['BSD stat (stand-in)', () => bsdTools(bed)],
]

const ways = [
	['within one file system', false],
	...(elsewhere ? [['from one file system to another', true] as [string, boolean]] : []),
] as [string, boolean][]

describe.each(ways)('%s', (_, far) => {
	beforeEach(async () => {
		bed = await makeBed({ far })
	})

	describe.each(shells)('on %s', (_shell, linkOf) => {
		const remove = async (...paths: string[]) => {
			const at = { root: bed.root, backup: backup() }
			const seen = await bed.seen(...paths)
			return linkOf ? await removeThere(await linkOf(), at, seen) : await removeHere(at, seen)
		}
		const place = async (): Promise<BackupPlace> => ({
			machine: linkOf ? await linkOf() : 'laptop',
			root: bed.root,
			backups: bed.backups,
		})

		test('names that need care there and back, with times and bits', async () => {
			const paths = hardNames.flatMap((name) => [name, `${latin1('ünder')}/${name}`, `deep/${name}/${name}`])
			const flat = paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)))
			const texts = Object.fromEntries(flat.map((path, index) => [path, `text ${index}`]))
			for (const [path, text] of Object.entries(texts)) await bed.write(path, text, 0o750)
			await bed.write('stays', 'here')
			const seen = await bed.seen(...flat)
			const at = { root: bed.root, backup: backup() }
			const machine = linkOf ? await linkOf() : null
			const result = machine ? await removeThere(machine, at, seen) : await removeHere(at, seen)
			expect(result).toEqual({ kept: flat.length, absent: 0, left: [] })
			expect(await bed.all(bed.root)).toEqual({ stays: 'here' })
			expect(await bed.all(tree())).toEqual(texts)
			const from: BackupPlace = { machine: machine ?? 'laptop', root: bed.root, backups: bed.backups }
			expect(await listBackups([from])).toMatchObject([
				{ id: upId, kind: 'up', at: madeAt, count: flat.length, bytes: Object.values(texts).join('').length },
			])
			const pages: string[] = []
			for (let after: string | undefined; ; ) {
				const page = await listBackupFiles(from, upId, {
					most: 40,
					...(after === undefined ? {} : { after }),
				})
				pages.push(...page.files.map(({ path }) => path))
				after = page.files.at(-1)?.path
				if (!page.more) break
			}
			const shown = flat.map((path) => Buffer.from(path, 'latin1').toString())
			expect(pages).toEqual(shown.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))))
			const back = await restoreFiles(from, upId, madeAt + 1)
			expect(back).toEqual({ restored: flat.length, same: 0, left: [], kept: null })
			expect(await bed.all(bed.root)).toEqual({ ...texts, stays: 'here' })
			// BusyBox's cp keeps whole seconds.
			const after = await bed.seen(...flat)
			expect(after.filter((entry, index) => !isSame(entry, seen[index] ?? null))).toEqual([])
			const again = await restoreFiles(from, upId, madeAt + 2)
			expect(again).toEqual({ restored: 0, same: flat.length, left: [], kept: null })
			expect(await listBackups([from])).toHaveLength(1)
		})

		test('only the version that was seen is taken', async () => {
			for (const name of ['size', 'time', 'bit', 'kind', 'gone', 'folder', 'same', 'to link', 'second'])
				await bed.write(`in/${name}`, name)
			await bed.link_('in/link', 'one')
			await bed.link_('in/lasting', 'a//b\n')
			await mkdir(join(bed.root, 'empty'))
			await mkdir(join(bed.root, 'filled'))
			const paths = [
				'bit',
				'folder',
				'gone',
				'kind',
				'lasting',
				'link',
				'same',
				'second',
				'size',
				'time',
				'to link',
			]
			const seen = await bed.seen('empty', 'filled', ...paths.map((name) => `in/${name}`))
			// Of a file system with whole seconds.
			const whole = seen.map((entry) =>
				entry.path === 'in/second'
					? { ...entry, mtime: (entry.mtime / 1_000_000_000n) * 1_000_000_000n }
					: entry,
			)
			const of = (name: string) => join(bed.root, 'in', name)
			await writeFile(of('size'), 'longer')
			await utimes(of('time'), new Date(), statSync(of('time')).mtimeMs / 1000 + 0.01)
			await chmod(of('bit'), 0o755)
			for (const name of ['gone', 'kind', 'folder', 'link', 'to link']) await rm(of(name))
			await mkdir(of('kind'))
			await writeFile(of('link'), 'one')
			await symlink('same', of('to link'))
			await mkdir(of('folder'))
			await bed.write('filled/new', 'new')
			const at = { root: bed.root, backup: backup() }
			const result = linkOf ? await removeThere(await linkOf(), at, whole) : await removeHere(at, whole)
			expect(result.left.map(({ path, why }) => `${path} ${why}`).sort()).toEqual(
				['bit', 'folder', 'kind', 'link', 'size', 'time', 'to link']
					.map((name) => `in/${name} changed`)
					.concat('filled changed')
					.sort(),
			)
			expect(result).toMatchObject({ kept: 4, absent: 1 })
			expect(await bed.all(tree())).toEqual({
				'in/same': 'same',
				'in/second': 'second',
				'in/lasting': '-> a//b\n',
				'empty/': '/',
			})
			expect(existsSync(join(bed.root, 'empty'))).toBe(false)
		})

		test('folders that became empty go, others stay', async () => {
			for (const path of ['a/b/c/one', 'a/b/c/two', 'a/b/d/stays', 'x/y/z']) await bed.write(path, path)
			expect(await remove('a/b/c/one', 'a/b/c/two', 'x/y/z')).toMatchObject({ kept: 3 })
			expect(await bed.all(bed.root)).toEqual({ 'a/b/d/stays': 'a/b/d/stays' })
			expect(await bed.all(tree())).toEqual({
				'a/b/c/one': 'a/b/c/one',
				'a/b/c/two': 'a/b/c/two',
				'x/y/z': 'x/y/z',
			})
		})

		test('a folder that is to stay does so, and what is above it', async () => {
			const paths = ['a/b\nx/c/one', 'a/b\nx/two', 'x/y/z']
			for (const path of paths) await bed.write(path, path)
			const seen = await bed.seen(...paths)
			const kept = seen.map((entry) => ({ ...entry, stays: entry.path.startsWith('a') ? 'a/b\nx' : '' }))
			const at = { root: bed.root, backup: backup() }
			expect(linkOf ? await removeThere(await linkOf(), at, kept) : await removeHere(at, kept)).toMatchObject(
				{
					kept: 3,
				},
			)
			expect(await bed.all(bed.root)).toEqual({ 'a/b\nx/': '/' })
		})

		test('a folder above that became a link is not followed, neither in the tree nor in the backup', async () => {
			for (const path of ['sub/file', 'sub/deep/file', 'other/file']) await bed.write(path, path)
			await bed.write('kept/file', 'the tree')
			const seen = await bed.seen('kept/file', 'sub/deep/file', 'sub/file')
			const away = join(bed.home, 'away')
			await rename(join(bed.root, 'sub'), away)
			await symlink(away, join(bed.root, 'sub'))
			const victim = join(bed.home, 'victim')
			await mkdir(victim)
			await mkdir(tree(), { recursive: true })
			await symlink(victim, join(tree(), 'kept'))
			const at = { root: bed.root, backup: backup() }
			const result = linkOf ? await removeThere(await linkOf(), at, seen) : await removeHere(at, seen)
			expect(result.left).toEqual([
				{ path: 'sub/deep/file', why: 'way', said: '' },
				{ path: 'sub/file', why: 'way', said: '' },
			])
			expect(await bed.all(away)).toEqual({ file: 'sub/file', 'deep/file': 'sub/deep/file' })
			expect(await bed.all(victim)).toEqual({})
			expect(await bed.all(`${backup()}-2`)).toEqual({ 'tree/kept/file': 'the tree' })
		})

		test('nothing in a backup is overwritten: a namesake goes to one beside it', async () => {
			const machine = linkOf ? await linkOf() : null
			for (const version of ['1', '2', '3']) {
				await bed.write('dir/file', version)
				await bed.write('dir/other', version)
				await bed.write(`dir/only ${version}`, version)
				const seen = await bed.seen('dir/file', `dir/only ${version}`, 'dir/other')
				const at = { root: bed.root, backup: backup() }
				const result = machine ? await removeThere(machine, at, seen) : await removeHere(at, seen)
				expect(result).toEqual({ kept: 3, absent: 0, left: [] })
			}
			await mkdir(`${bed.backups}/elsewhere`)
			expect(await bed.all(tree())).toMatchObject({ 'dir/file': '1', 'dir/only 2': '2', 'dir/only 3': '3' })
			expect(await bed.all(`${backup()}-2/tree`)).toEqual({ 'dir/file': '2', 'dir/other': '2' })
			expect(await bed.all(`${backup()}-3/tree`)).toEqual({ 'dir/file': '3', 'dir/other': '3' })
			const from: BackupPlace = { machine: machine ?? 'laptop', root: bed.root, backups: bed.backups }
			expect((await listBackups([from])).map(({ id, count }) => [id, count])).toEqual([
				[`${upId}-3`, 2],
				[`${upId}-2`, 2],
				[upId, 5],
			])
			await restoreFiles(from, `${upId}-2`, madeAt + 5, { paths: ['dir/file'] })
			expect(await bed.all(bed.root)).toEqual({ 'dir/file': '2' })
		})

		test('a copy is kept without a removal', async () => {
			for (const path of ['a', 'sub/b']) await bed.write(path, path)
			await bed.link_('sub/c', '../a')
			const at = { root: bed.root, backup: backup() }
			const before = await bed.all(bed.root)
			const paths = ['a', 'not there', 'sub/b', 'sub/c']
			const result = linkOf ? await keepThere(await linkOf(), at, paths) : await keepHere(at, paths)
			expect(result).toEqual({ kept: 3, absent: 1, left: [] })
			expect(await bed.all(tree())).toEqual(before)
			expect(await bed.all(bed.root)).toEqual(before)
			expect(statSync(join(tree(), 'a')).ino).not.toBe(statSync(join(bed.root, 'a')).ino)
		})

		test('a restore keeps what is there, makes folders, and refuses what is in the way', async () => {
			for (const path of ['in/changed', 'in/same', 'gone/deep/file', 'blocked', 'linked/file', 'sub/file'])
				await bed.write(path, `old ${path}`, 0o755)
			await bed.link_('in/link', 'old target')
			const from = await place()
			const paths = [
				'blocked',
				'gone/deep/file',
				'in/changed',
				'in/link',
				'in/same',
				'linked/file',
				'sub/file',
			]
			const at = { root: bed.root, backup: backup() }
			await (from.machine === 'laptop' ? keepHere(at, paths) : keepThere(from.machine, at, paths))
			await bed.write('in/changed', 'new')
			await rm(join(bed.root, 'in/link'))
			await bed.write('in/link', 'a file now')
			for (const name of ['gone', 'blocked', 'linked', 'sub'])
				await rm(join(bed.root, name), { recursive: true })
			await bed.write('blocked/by', 'a folder')
			await mkdir(join(bed.home, 'victim'))
			await symlink(join(bed.home, 'victim'), join(bed.root, 'linked'))
			await bed.write('sub', 'a file where a folder was')
			const result = await restoreFiles(from, upId, madeAt + 1000)
			const own = '20261123T150406.123Z-restore'
			expect(result).toMatchObject({ restored: 3, same: 1, kept: own })
			expect(result.left.map(({ path, why }) => `${path} ${why}`).sort()).toEqual([
				'blocked folder',
				'linked/file way',
				'sub/file way',
			])
			expect(await bed.all(bed.root)).toEqual({
				'in/changed': 'old in/changed',
				'in/same': 'old in/same',
				'in/link': '-> old target',
				'gone/deep/file': 'old gone/deep/file',
				'blocked/by': 'a folder',
				linked: `-> ${latin1(join(bed.home, 'victim'))}`,
				sub: 'a file where a folder was',
			})
			expect(await bed.all(join(bed.home, 'victim'))).toEqual({})
			expect(await bed.all(join(bed.backups, own, 'tree'))).toEqual({
				'in/changed': 'new',
				'in/link': 'a file now',
			})
			expect(statSync(join(bed.root, 'in/changed')).mode & 0o777).toBe(0o755)
			// And back to how it was.
			await restoreFiles(from, own, madeAt + 2000)
			expect(await bed.all(bed.root)).toMatchObject({ 'in/changed': 'new', 'in/link': 'a file now' })
		})

		test('what cannot be taken or made is said, and stays', async () => {
			await bed.write('a', 'a')
			await bed.write('b', 'b')
			const from = await place()
			expect(await codeOf(restoreFiles(from, upId, madeAt))).toBe('backup-unknown')
			expect(await codeOf(findBackup([from], 'laptop', '../../etc'))).toBe('backup-unknown')
			await mkdir(join(bed.backups, '..'), { recursive: true })
			await writeFile(bed.backups, 'a file where the backups should be')
			expect(await codeOf(remove('a', 'b'))).toBe('backup-failed')
			await rm(bed.backups)
			const at = { root: join(bed.root, 'gone'), backup: backup() }
			const seen = await bed.seen('a')
			const removal = linkOf ? removeThere(await linkOf(), at, seen) : removeHere(at, seen)
			expect(await codeOf(removal)).toBe('files-root-missing')
			expect(await bed.all(bed.root)).toEqual({ a: 'a', b: 'b' })
			expect(existsSync(bed.backups)).toBe(false)
			const [entry] = seen
			if (!entry) throw new Error('nothing seen')
			const bad = ['../x', '/etc/passwd', 'a/../../x', '.git/config', 'sub/.GIT/hooks/x', '', './a', 'a//b']
			const unsafe = bad.map((path) => ({ ...entry, path }))
			const there = { root: bed.root, backup: backup() }
			const result = linkOf
				? await removeThere(await linkOf(), there, unsafe)
				: await removeHere(there, unsafe)
			expect(result.left.map(({ why }) => why)).toEqual(bad.map(() => 'unsafe'))
		})

		test('pruning lets go what is old, then the oldest of too much, never what stays', async () => {
			const from = await place()
			const day = 86_400_000
			const now = madeAt + 40 * day
			const ids = [40, 29, 28, 1].map((days) =>
				new Date(now - days * day).toISOString().replaceAll(/[-:]/g, ''),
			)
			for (const id of ids) {
				const folder = join(bed.backups, `${id}-up/tree/locked`)
				await mkdir(folder, { recursive: true })
				await writeFile(join(folder, 'file'), Buffer.alloc(700_000))
				await chmod(folder, 0o500)
			}
			await mkdir(join(bed.backups, '.gone-20260101T000000.000Z-up/tree'), { recursive: true })
			await writeFile(join(bed.backups, 'notes'), 'not ours')
			const keep = { days: 30, mebibytes: 1 }
			const stays = new Set([`${ids[1]}-up`])
			const removed = await pruneBackups([from], keep, now, { stays })
			expect(removed.map(({ id }) => id)).toEqual([`${ids[0]}-up`, `${ids[2]}-up`])
			expect((await listBackups([from])).map(({ id }) => id)).toEqual([`${ids[3]}-up`, `${ids[1]}-up`])
			expect(existsSync(join(bed.backups, '.gone-20260101T000000.000Z-up'))).toBe(false)
			expect(await readFile(join(bed.backups, 'notes'), 'utf8')).toBe('not ours')
			expect(await pruneBackups([from], keep, now + 100 * day)).toHaveLength(2)
			expect(await pruneBackups([{ ...from, backups: join(bed.home, 'none') }], keep, now)).toEqual([])
		})
	})
})

describe.skipIf(sshdMissing)('over a real sshd', () => {
	test('many files, and the backups below the home', async () => {
		bed = await makeBed()
		const sshd = await server({ homeName: 'remote höme' })
		const link = await up(sshd)
		const paths = Array.from({ length: 3000 }, (_, index) => `d${index % 37}/f${index}`).sort()
		for (const path of paths) await bed.write(path, path)
		const backups = '.hawser/files/0123456789abcdef/backups'
		const seen = await bed.seen(...paths)
		const settled: string[] = []
		const result = await removeThere(link, { root: bed.root, backup: `${backups}/${upId}` }, seen, {
			onDone: (path) => settled.push(path),
		})
		expect(result).toEqual({ kept: 3000, absent: 0, left: [] })
		expect(settled).toHaveLength(3000)
		expect(lstatSync(join(sshd.home, '.hawser')).mode & 0o077).toBe(0)
		const place: BackupPlace = { machine: link, root: bed.root, backups }
		expect(await listBackups([place])).toMatchObject([{ machine: 'workstation', count: 3000 }])
		const back = await restoreFiles(place, upId, madeAt + 1, { paths: ['d1', 'd2/f2', 'not/there'] })
		expect(back.restored).toBe(paths.filter((path) => path.startsWith('d1/')).length + 1)
		expect(back.left).toEqual([{ path: 'not/there', why: 'absent', said: '' }])
		expect(await bed.seen('d2/f2')).toEqual(seen.filter(({ path }) => path === 'd2/f2'))
	})

	test('cancelled or the link lost in the middle: at once, nothing is lost, and again goes on', async () => {
		bed = await makeBed()
		const sshd = await server()
		const link = await up(sshd)
		const paths = Array.from({ length: 4000 }, (_, index) => `d${index % 400}/f${index}`).sort()
		for (const path of paths) await bed.write(path, path)
		const at = { root: bed.root, backup: `~/backups/${upId}` }
		const seen = await bed.seen(...paths)
		const whole = async () => {
			const [left, kept] = [await bed.all(bed.root), await bed.all(join(sshd.home, 'backups', upId, 'tree'))]
			return paths.filter((path) => (left[path] === path) === (kept[path] === path))
		}
		const ender = new AbortController()
		let cancelledAt = 0
		const cancelled = codeOf(
			removeThere(link, at, seen, {
				signal: ender.signal,
				onDone: () => {
					if (cancelledAt === 0) cancelledAt = performance.now()
					ender.abort()
				},
			}),
		)
		expect(await cancelled).toBe('operation-cancelled')
		expect(performance.now() - cancelledAt).toBeLessThan(1000)
		await expect.poll(() => running(sshd.home), { timeout: 10_000 }).toEqual([])
		expect(await whole()).toEqual([])
		let isFirst = true
		const lost = codeOf(
			removeThere(link, at, seen, {
				onDone: (_, outcome) => {
					if (outcome === 'kept' && isFirst) void sshd.stopConnections()
					if (outcome === 'kept') isFirst = false
				},
			}),
		)
		expect(await lost).toBe('link-lost')
		await link.whenUp(15_000)
		await expect.poll(() => running(sshd.home), { timeout: 10_000 }).toEqual([])
		expect(await whole()).toEqual([])
		const { kept, absent, left } = await removeThere(link, at, seen)
		expect({ all: kept + absent, left }).toEqual({ all: 4000, left: [] })
		expect(kept).toBeGreaterThan(0)
		expect(absent).toBeGreaterThan(0)
		expect(await whole()).toEqual([])
		expect(await bed.all(bed.root)).toEqual({})
	})
})

/** The scripts that run in this home. Linux only. */
function running(home: string): string[] {
	if (process.platform !== 'linux') return []
	return readdirSync('/proc').filter((pid) => {
		if (!/^\d+$/.test(pid)) return false
		try {
			const isShell = /^(?:\/bin\/)?sh\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
			return isShell && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${home}\0`)
		} catch {
			return false
		}
	})
}

describe.skipIf(!elsewhere)('where a copy does not fit', () => {
	test('what could not be kept stays, and no half of it is in the backup', async () => {
		bed = await makeBed({ far: true })
		const big = 'x'.repeat(400_000)
		await bed.write('big', big)
		await bed.write('small', 'small')
		// A limit on the size of files stands in for a full disk.
		const link = withShell(bed.link, `/bin/sh -c 'ulimit -f 200; exec /bin/sh "$@"' sh`)
		const at = { root: bed.root, backup: backup() }
		const result = await removeThere(link, at, await bed.seen('big', 'small'))
		expect(result).toMatchObject({ kept: 1, left: [{ path: 'big', why: 'failed' }] })
		expect(await bed.all(bed.root)).toEqual({ big })
		expect(await bed.all(bed.backups)).toEqual({ [`${upId}/tree/small`]: 'small' })
		await keepHere(at, ['big'])
		await bed.write('big', 'newer')
		const place: BackupPlace = { machine: link, root: bed.root, backups: bed.backups }
		const back = await restoreFiles(place, upId, madeAt + 1, { paths: ['big'] })
		expect(back).toMatchObject({ restored: 0, kept: null, left: [{ path: 'big', why: 'failed' }] })
		expect(await bed.all(bed.root)).toEqual({ big: 'newer' })
	})
})
