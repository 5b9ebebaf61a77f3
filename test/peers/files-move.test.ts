import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import {
	chmod,
	mkdir,
	readdir,
	readFile,
	readlink,
	rm,
	stat,
	symlink,
	utimes,
	writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RootWas } from '../../src/engine/files/move.ts'
import type { Moved } from '../../src/engine/files/move-list.ts'
import { remoteRsync } from '../../src/engine/files/rsync-program.ts'
import { moveBed as bed, moveMissing, put } from './files-move-bed.ts'
import { cleanups, codeOf } from './linked.ts'

if (moveMissing) console.warn(`files-move: skipped, ${moveMissing}`)

/** Whether this sandbox lets root mount a small file system. */
function canMount(): boolean {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-mount-'))
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder], { stdio: 'ignore' })
		execFileSync('umount', [folder])
		return true
	} catch {
		console.warn('files-move: no full disk here, since nothing can be mounted')
		return false
	} finally {
		rmdirSync(folder)
	}
}

describe.skipIf(moveMissing)('moving files over the live link', () => {
	test('finds rsync on both ends, and whether two folders share a file system', async () => {
		const { link, there, pair } = await bed()
		expect(pair.engine).toBe('full')
		expect(there.program?.path).toMatch(/^\/.*\/rsync$/)
		expect(there.sameVolume).toBe(true)
		expect((await remoteRsync(link, ['/proc', '~/x'])).sameVolume).toBe(false)
		expect(pair.words).toContain(`rsync ${pair.local.version.text} (`)
	})

	const names = [
		...[
			'#hash',
			';semi',
			'-dash',
			' lead',
			'trail ',
			'new\nline',
			'back\\#123',
			'tab\tx',
			'cr\rx',
			'[a]*?',
			'..dots',
		],
		...[
			'~home',
			'a:b',
			'sub/#q',
			'sub/-n',
			'cafe\u0301',
			'caf\u00e9',
			`${'x'.repeat(255)}`,
			'q"q',
			"it's",
			'$(id)',
		],
	]

	test('up and back: names that need care, links, folders, times and exec bits', async () => {
		const { localRoot, remoteRoot, moves } = await bed()
		for (const name of names) await put(localRoot, name, `of ${name}`)
		await writeFile(Buffer.concat([Buffer.from(`${localRoot}/`), Buffer.from('bad\xff', 'latin1')]), 'bytes')
		await chmod(join(localRoot, '-dash'), 0o700)
		await symlink('nowhere/at all', join(localRoot, 'link'))
		await symlink('.', join(localRoot, 'loop'))
		await mkdir(join(localRoot, 'empty'))
		const all = [...names, 'link', 'loop', 'empty']
		const bad: Moved = { path: 'bad\xff', size: 5 }
		expect(await moves('up', [...all, bad])).toMatchObject({ moved: all.length + 1, failed: [] })
		const listed = async (root: string) => (await readdir(root, { encoding: 'latin1' })).sort()
		expect(await listed(remoteRoot)).toEqual(await listed(localRoot))
		for (const name of names) {
			expect(await readFile(join(remoteRoot, name), 'utf8')).toBe(`of ${name}`)
			const [here, there] = [
				await stat(join(localRoot, name), { bigint: true }),
				await stat(join(remoteRoot, name), { bigint: true }),
			]
			expect(there.mtimeNs).toBe(here.mtimeNs)
		}
		expect((await stat(join(remoteRoot, '-dash'))).mode & 0o777).toBe(0o700)
		expect(await readlink(join(remoteRoot, 'link'))).toBe('nowhere/at all')
		await rm(localRoot, { recursive: true })
		expect(await moves('back', [...all, bad])).toMatchObject({ moved: all.length + 1, failed: [] })
		expect(await listed(localRoot)).toEqual(await listed(remoteRoot))
		for (const name of names) expect(await readFile(join(localRoot, name), 'utf8')).toBe(`of ${name}`)
	})

	test.each(['up', 'back'] as const)(
		'%s keeps what it overwrites, also a link or a file in the place of a folder',
		async (direction) => {
			const { localRoot, remoteRoot, moves, keep } = await bed()
			const [from, to] = direction === 'up' ? [localRoot, remoteRoot] : [remoteRoot, localRoot]
			await put(from, 'a/b', 'new')
			await put(from, 'same-size', 'new')
			await put(from, 'was-file/x', 'new')
			await put(from, 'was-link', 'new')
			await put(to, 'a/b', 'old one')
			await put(to, 'same-size', 'old')
			await put(to, 'was-file', 'file')
			await put(to, 'stays', 'stays')
			await symlink('target', join(to, 'was-link'))
			// The same second and the same size: only the fraction tells them apart.
			const second = Math.floor(Date.now() / 1000) - 100
			await utimes(join(from, 'same-size'), second, second + 0.25)
			await utimes(join(to, 'same-size'), second, second + 0.5)
			const paths = ['a/b', 'same-size', 'was-file/x', 'was-link']
			expect(await moves(direction, paths)).toMatchObject({ moved: 4, failed: [] })
			for (const path of paths) expect(await readFile(join(to, path), 'utf8')).toBe('new')
			const kept = keep[direction].backup
			expect(await readFile(join(kept, 'a/b'), 'utf8')).toBe('old one')
			expect(await readFile(join(kept, 'same-size'), 'utf8')).toBe('old')
			expect(await readFile(join(kept, 'was-file'), 'utf8')).toBe('file')
			expect(await readlink(join(kept, 'was-link'))).toBe('target')
			expect((await readdir(to)).sort()).toEqual(['a', 'same-size', 'stays', 'was-file', 'was-link'])
			expect((await readdir(kept)).sort()).toEqual(['a', 'same-size', 'was-file', 'was-link'])
		},
	)

	test('tells exactly what failed and why, and moves the rest', async () => {
		const { localRoot, remoteRoot, moves } = await bed()
		for (const name of ['ok', 'in the way', 'fifo']) await put(localRoot, name, 'x')
		await put(remoteRoot, 'in the way/inside', 'x')
		await rm(join(localRoot, 'fifo'))
		execFileSync('mkfifo', [join(localRoot, 'fifo')])
		const result = await moves('up', ['ok', 'in the way', 'fifo', 'gone\n"x"'])
		expect(result.moved).toBe(1)
		const failed = result.failed.map(({ path, why }) => `${path}: ${why}`).sort()
		expect(failed).toEqual(['fifo: special', 'gone\n"x": gone', 'in the way: in-the-way'])
		expect(await readFile(join(remoteRoot, 'in the way/inside'), 'utf8')).toBe('x')
		expect(await readFile(join(remoteRoot, 'ok'), 'utf8')).toBe('x')
	})

	test('a root that is missing, or is a link now, stops it before anything moves', async () => {
		const { localRoot, remoteRoot, moves, home } = await bed()
		await put(localRoot, 'f', 'x')
		await mkdir(join(home, 'elsewhere'))
		await symlink(join(home, 'elsewhere'), remoteRoot)
		expect(await codeOf(moves('up', ['f']))).toBe('files-root-moved')
		expect(await readdir(join(home, 'elsewhere'))).toEqual([])
		await rm(remoteRoot)
		expect(await codeOf(moves('back', ['f']))).toBe('files-root-missing')
		await rm(localRoot, { recursive: true })
		expect(await codeOf(moves('up', ['f']))).toBe('files-root-missing')
		await symlink(join(home, 'elsewhere'), localRoot)
		expect(await codeOf(moves('up', ['f']))).toBe('files-root-moved')
	})

	test.each(['full', 'plain'] as const)(
		'%s: a receiver that went away since both sides were compared is not made anew',
		async (engine) => {
			const { localRoot, remoteRoot, moves, pair } = await bed()
			const roots = { up: remoteRoot, back: localRoot }
			for (const direction of ['up', 'back'] as const) {
				await put(localRoot, 'f', 'x')
				await put(remoteRoot, 'f', 'x')
				const attempt = (receiver: RootWas) =>
					codeOf(moves(direction, ['f'], { pair: { ...pair, engine }, receiver }))
				await rm(roots[direction], { recursive: true })
				expect(await attempt('full')).toBe('files-root-gone')
				expect(await attempt('empty')).toBe('files-root-gone')
				expect(existsSync(roots[direction])).toBe(false)
				// What an unmounted disk leaves.
				await mkdir(roots[direction])
				expect(await attempt('full')).toBe('files-root-gone')
				expect(await readdir(roots[direction])).toEqual([])
				expect(await attempt('empty')).toBe('no problem')
				expect(await readdir(roots[direction])).toEqual(['f'])
				expect(await attempt('full')).toBe('no problem')
			}
		},
	)

	test('a folder of ours on the laptop that cannot be made: said in words', async () => {
		const { remoteRoot, localRoot, moves, keep } = await bed()
		await put(remoteRoot, 'big', randomBytes(9_000_000))
		await put(join(keep.back.partial, '..'), 'partial', 'a file')
		expect(await codeOf(moves('back', ['big']))).toBe('files-unwritable')
		await rm(localRoot, { recursive: true })
		await put(join(localRoot, '..'), basename(localRoot), 'a file')
		expect(await codeOf(moves('back', ['big'], { receiver: 'missing' }))).toMatch(/^files-/)
	})

	test('a folder that was swapped for a link leads nobody out of the tree', async () => {
		const { localRoot, remoteRoot, moves, home } = await bed()
		await put(home, 'outside/secret', 'secret')
		await put(localRoot, 'ok', 'x')
		await symlink(join(home, 'outside'), join(localRoot, 'sub'))
		const up = await moves('up', ['ok', 'sub/secret'])
		expect(up.failed.map(({ path }) => path)).toContain('sub/secret')
		expect(await readFile(join(remoteRoot, 'ok'), 'utf8')).toBe('x')
		await expect(readFile(join(remoteRoot, 'sub/secret'))).rejects.toThrow()
	})

	const tmpfs = process.platform === 'linux' && process.getuid?.() === 0 && canMount()
	test.skipIf(!tmpfs)(
		'a full disk and one that is read-only: said in words, and what was there stays',
		async () => {
			const { localRoot, remoteRoot, moves } = await bed()
			await mkdir(remoteRoot)
			const mount = (...args: string[]) => execFileSync('mount', [...args, remoteRoot])
			mount('-t', 'tmpfs', '-o', 'size=3m', 'none')
			cleanups.push(async () => execFileSync('umount', ['-l', remoteRoot]))
			await put(remoteRoot, 'big', 'old')
			await put(localRoot, 'big', randomBytes(5_000_000))
			expect(await codeOf(moves('up', ['big']))).toBe('files-no-space')
			expect(await readFile(join(remoteRoot, 'big'), 'utf8')).toBe('old')
			expect(await readdir(remoteRoot)).toEqual(['big'])
			mount('-o', 'remount,ro')
			await put(localRoot, 'big', 'small')
			expect(await codeOf(moves('up', ['big']))).toBe('files-unwritable')
			expect(await readFile(join(remoteRoot, 'big'), 'utf8')).toBe('old')
		},
	)

	test('nothing chosen: nothing is started', async () => {
		const { moves } = await bed()
		expect(await moves('up', [])).toEqual({ moved: 0, bytes: 0, failed: [], interrupted: false })
	})
})
