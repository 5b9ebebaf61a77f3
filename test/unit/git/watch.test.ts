import { mkdtempSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { projectSchema } from '../../../src/contract/config.ts'
import { placesOf, placesToCome } from '../../../src/engine/git/watch.ts'

const project = (local: string) =>
	projectSchema.parse({
		name: 'nt',
		workstation: 'lab',
		local,
		remote: '~/nt',
		git: { base: 'team/main', hub: 'up-stream' },
		validation: { command: 'true' },
	})

test('a linked worktree is watched in its own git folder and in what it shares', () => {
	const folders = { own: '/r/nt/.git/worktrees/w', common: '/r/nt/.git' }
	const places = placesOf(project('/home/p/w'), folders, 'linux')
	expect([...places.keys()]).toEqual([
		'/home/p',
		'/home/p/w',
		'/r/nt/.git/worktrees/w',
		'/r/nt/.git/worktrees/w/reftable',
		'/r/nt/.git',
		'/r/nt/.git/refs',
		'/r/nt/.git/refs/heads',
		'/r/nt/.git/refs/heads/team',
		'/r/nt/.git/refs/remotes',
		'/r/nt/.git/refs/remotes/up-stream',
		'/r/nt/.git/refs/remotes/up-stream/team',
		'/r/nt/.git/logs',
		'/r/nt/.git/logs/refs',
		'/r/nt/.git/reftable',
	])
	expect(places.get('/r/nt/.git/refs/heads/team')).toEqual(new Set(['main']))
	expect(places.get('/r/nt/.git/refs/remotes/up-stream')).toEqual(new Set(['team', 'gpu-validation']))
	expect(places.get('/home/p')).toEqual(new Set(['w']))
})

test('one watch covers the whole worktree where the system has such a one', () => {
	const places = placesOf(
		project('/home/p/nt'),
		{ own: '/home/p/nt/.git', common: '/home/p/nt/.git' },
		'darwin',
	)
	expect(places.get('/home/p/nt')).toBe(null)
	expect(places.has('/home/p')).toBe(false)
})

test('while there is no repository, the next folder on the way is waited for', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-watch-'))
	try {
		const local = join(folder, 'a/b')
		expect([...placesToCome(project(local))]).toEqual([[folder, new Set(['a'])]])
		await mkdir(local, { recursive: true })
		expect([...placesToCome(project(local))]).toEqual([[local, new Set(['.git'])]])
		await rm(folder, { recursive: true })
		expect([...placesToCome(project(local))]).toEqual([[tmpdir(), new Set([basename(folder)])]])
	} finally {
		await rm(folder, { recursive: true, force: true })
	}
})
