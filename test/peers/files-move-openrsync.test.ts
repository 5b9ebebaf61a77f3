import { readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findRsync, rsyncPair } from '../../src/engine/files/rsync-program.ts'
import { moveBed as bed, moveMissing, put } from './files-move-bed.ts'
import { openrsyncStandIn } from './openrsync.ts'

if (moveMissing) console.warn(`files-move-openrsync: skipped, ${moveMissing}`)

describe.skipIf(moveMissing)('with openrsync (a stand-in)', () => {
	test.each(['laptop', 'workstation', 'both'] as const)(
		'at the %s: whole files, up and back',
		async (where) => {
			const { localRoot, remoteRoot, pair, moves, home } = await bed()
			const path = await openrsyncStandIn(join(home, 'bin'), pair.local.path)
			// Found as any other: it is asked what it is.
			const standIn = (await findRsync({ PATH: join(home, 'bin') }, undefined, [])) ?? null
			expect(standIn).toMatchObject({ path, version: { text: 'openrsync', openrsync: true } })
			const mixed = rsyncPair(
				where === 'workstation' ? pair.local : standIn,
				where === 'laptop' ? pair.remote : standIn,
			)
			expect(mixed.engine).toBe('plain')
			expect(mixed.words).toContain('whole files, since')
			const names = ['#a', '-n', 'sub/new\nline', 'ünï', 'exec']
			for (const name of names) await put(localRoot, name, `of ${name}`)
			await symlink('nowhere', join(localRoot, 'link'))
			expect(await moves('up', [...names, 'link'], { pair: mixed })).toMatchObject({ moved: 6, failed: [] })
			for (const name of names) expect(await readFile(join(remoteRoot, name), 'utf8')).toBe(`of ${name}`)
			const times = await Promise.all(
				[localRoot, remoteRoot].map(async (root) =>
					Math.floor((await stat(join(root, '#a'))).mtimeMs / 1000),
				),
			)
			expect(times[0]).toBe(times[1])
			await rm(localRoot, { recursive: true })
			expect(await moves('back', [...names, 'link'], { pair: mixed })).toMatchObject({ moved: 6, failed: [] })
			expect((await readdir(localRoot)).sort()).toEqual((await readdir(remoteRoot)).sort())
			await put(localRoot, 'in the way', 'x')
			await put(remoteRoot, 'in the way/inside', 'x')
			const clash = await moves('up', ['in the way', 'gone'], { pair: mixed })
			expect(clash.failed.map((one) => `${one.path}: ${one.why}`).sort()).toEqual([
				'gone: gone',
				'in the way: in-the-way',
			])
		},
	)
})
