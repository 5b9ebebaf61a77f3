import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parsePointers } from '../../src/engine/git/lfs-pointers.ts'
import { type GitProject, type GitProjectOptions, gitProject, refusal } from './git-project.ts'
import { server, up } from './linked.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'
import { sshdMissing } from './sshd.ts'

const isThere = spawnSync('git', ['lfs', 'version']).status === 0
if (!isThere)
	console.warn('git-lfs is not here: how its contents go over the link is not tested (package git-lfs)')
const withLfs = isThere ? describe : describe.skip

beforeAll(() => {
	Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' })
})
const made: GitProject[] = []
afterAll(async () => {
	delete process.env.GIT_CONFIG_GLOBAL
	delete process.env.GIT_CONFIG_SYSTEM
	for (const project of made) await project.remove()
})

const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n'
const idOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const inStore = (bytes: Buffer) => {
	const oid = idOf(bytes)
	return join('objects', oid.slice(0, 2), oid.slice(2, 4), oid)
}
/** Bytes of which no text is made on the way: NUL, line ends, 0xff. */
const content = (size: number) => Buffer.concat([Buffer.from([0, 10, 13, 255, 29, 30]), randomBytes(size)])

async function setUp(hub: 'direct' | 'cut off', options: GitProjectOptions = {}): Promise<GitProject> {
	const project = await gitProject({ hub: hub === 'direct' ? 'direct' : 'origin', ...options })
	made.push(project)
	await git(project.laptop, 'lfs', 'install', '--local')
	await git(project.clone, 'lfs', 'install', '--local')
	// The laptop reaches the hub, and with it a folder where LFS keeps what is pushed; the workstation does neither.
	if (hub === 'direct') await git(project.laptop, 'remote', 'remove', 'origin')
	else await git(project.laptop, 'config', 'lfs.url', `file://${project.hub}`)
	await git(project.clone, 'remote', 'set-url', 'origin', join(project.folder, 'nowhere.git'))
	return project
}

async function commitBytes(folder: string, files: Record<string, Buffer>): Promise<void> {
	await writeFile(join(folder, '.gitattributes'), attributes)
	for (const [name, bytes] of Object.entries(files)) {
		await mkdir(join(folder, name, '..'), { recursive: true })
		await writeFile(join(folder, name), bytes)
	}
	await git(folder, 'add', '.')
	await git(folder, 'commit', '-q', '-m', 'Weights')
}

const parts = async (folder: string) =>
	(await readdir(join(folder, '.git/lfs/tmp')).catch(() => [])).filter((name) => name.includes('hawser'))

withLfs.each(['direct', 'cut off'] as const)('contents of Git LFS over the link, hub %s', (hub) => {
	test('go up with the commits that point to them, before any branch moves', async () => {
		const project = await setUp(hub)
		const [small, large, older] = [content(10), content(3_000_000), content(5000)]
		await commitBytes(project.laptop, { 'large.bin': older })
		await commitBytes(project.laptop, { 'deep er/small.bin': small, 'large.bin': large })
		const plan = await project.preview('up')
		expect(plan.problem).toBeNull()
		expect(plan.notes.join()).toContain('3 contents of Git LFS, 2.9 MiB, go over the link too.')
		await project.up({ plan: plan.id })
		for (const at of [project.clone, project.worktree]) {
			expect(idOf(await readFile(join(at, 'large.bin')))).toBe(idOf(large))
			expect(idOf(await readFile(join(at, 'deep er/small.bin')))).toBe(idOf(small))
			expect(await git(at, 'status', '--porcelain')).toBe('')
			expect(await git(at, 'show', 'HEAD:large.bin')).toMatch(/^version https:\/\/git-lfs/)
		}
		// What only a commit in between points to has come along.
		expect(idOf(await readFile(join(project.clone, '.git/lfs', inStore(older))))).toBe(idOf(older))
		expect(await parts(project.clone)).toEqual([])
		expect((await project.preview('up')).notes.join()).not.toContain('Git LFS')
	})

	test('come back with results, committed there or not yet', async () => {
		const project = await setUp(hub)
		await commitBytes(project.laptop, { 'a.bin': content(10) })
		await project.up()
		const [trained, waiting] = [content(2_000_000), content(2000)]
		await commitBytes(project.worktree, { 'results/trained.bin': trained })
		await writeFile(join(project.worktree, 'results/waiting.bin'), waiting)
		const plan = await project.preview('back')
		expect(plan.problem).toBeNull()
		expect(plan.notes.join()).toContain('2 contents of Git LFS, 1.9 MiB, go over the link too.')
		await project.back({ plan: plan.id })
		expect(idOf(await readFile(join(project.laptop, 'results/trained.bin')))).toBe(idOf(trained))
		expect(idOf(await readFile(join(project.laptop, 'results/waiting.bin')))).toBe(idOf(waiting))
		for (const at of [project.laptop, project.clone, project.worktree])
			expect(await git(at, 'status', '--porcelain')).toBe('')
		expect(await parts(project.laptop)).toEqual([])
		if (hub !== 'direct') expect(await readdir(project.hub)).toContain('lfs')
	})
})

withLfs('contents of Git LFS over the link', () => {
	test('where `lfs.storage` says otherwise, on both sides', async () => {
		const project = await setUp('direct')
		await git(project.laptop, 'config', 'lfs.storage', join(project.folder, 'laptop store'))
		await git(project.clone, 'config', 'lfs.storage', 'own store')
		const [bytes, result] = [content(1000), content(1001)]
		await commitBytes(project.laptop, { 'a.bin': bytes })
		await project.up()
		expect(idOf(await readFile(join(project.worktree, 'a.bin')))).toBe(idOf(bytes))
		expect(idOf(await readFile(join(project.clone, '.git/own store', inStore(bytes))))).toBe(idOf(bytes))
		await writeFile(join(project.worktree, 'b.bin'), result)
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'By hand')
		await project.back()
		expect(idOf(await readFile(join(project.folder, 'laptop store', inStore(result))))).toBe(idOf(result))
	})

	test('what the other side has already does not go again, and is not touched', async () => {
		const project = await setUp('direct')
		const [one, two] = [content(1000), content(1001)]
		await commitBytes(project.laptop, { 'one.bin': one, 'two.bin': two })
		const there = join(project.clone, '.git/lfs', inStore(one))
		await mkdir(join(there, '..'), { recursive: true })
		await writeFile(there, one)
		await chmod(there, 0o400)
		expect((await project.preview('up')).notes.join()).toContain('1 content of Git LFS, 1007 B, goes')
		const { ino } = statSync(there)
		await project.up()
		expect(statSync(there).ino).toBe(ino)
		expect(idOf(await readFile(join(project.worktree, 'one.bin')))).toBe(idOf(one))
	})

	test('a damaged one stops it before any branch moves, up and back', async () => {
		const project = await setUp('direct')
		const bytes = content(1000)
		await commitBytes(project.laptop, { 'a.bin': bytes })
		const mine = join(project.laptop, '.git/lfs', inStore(bytes))
		await chmod(mine, 0o600)
		await writeFile(mine, Buffer.alloc(bytes.length))
		const before = await project.fingerprint()
		expect(await refusal(project.up())).toMatchObject({
			code: 'lfs-damaged',
			facts: { side: 'The laptop', content: idOf(bytes) },
		})
		expect(await project.fingerprint()).toEqual(before)
		expect(await parts(project.clone)).toEqual([])
		await writeFile(mine, bytes)
		await project.up()
		const result = content(1000)
		await commitBytes(project.worktree, { 'b.bin': result })
		const theirs = join(project.clone, '.git/lfs', inStore(result))
		await chmod(theirs, 0o600)
		await writeFile(theirs, Buffer.alloc(result.length))
		const tip = await git(project.laptop, 'rev-parse', 'HEAD')
		expect(await refusal(project.back())).toMatchObject({
			code: 'lfs-damaged',
			facts: { side: 'The workstation', content: idOf(result) },
		})
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(tip)
		expect(await parts(project.laptop)).toEqual([])
	})

	test('a place where nothing can be written is named', async () => {
		const project = await setUp('direct')
		await commitBytes(project.laptop, { 'a.bin': content(100_000) })
		await rm(join(project.clone, '.git/lfs'), { recursive: true, force: true })
		await writeFile(join(project.clone, '.git/lfs'), 'in the way')
		const before = await project.fingerprint()
		expect(await refusal(project.up())).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The workstation', what: 'keep what Git LFS has' },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test.each(['up', 'back'] as const)(
		'a link that is lost in between, %s: again brings the rest',
		async (direction) => {
			const project = await setUp('direct')
			const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.bin`, content(400_000)]))
			if (direction === 'back') {
				await commitBytes(project.laptop, { 'first.bin': content(10) })
				await project.up()
			}
			await commitBytes(direction === 'up' ? project.laptop : project.worktree, files)
			const to = direction === 'up' ? project.clone : project.laptop
			const from = direction === 'up' ? project.laptop : project.clone
			const local = localLink(project.home, {
				GIT_CONFIG_GLOBAL: '/dev/null',
				GIT_CONFIG_SYSTEM: '/dev/null',
				PATH: `${join(project.folder, 'tools')}:${process.env.PATH}`,
			})
			Object.assign(project.link, { exec: local.exec })
			const point = join(project.folder, 'point')
			await mkdir(join(project.folder, 'tools'))
			// The second content is under way for as long as the link is there.
			const endless = direction === 'up' ? 'cat >/dev/null' : 'while echo more; do :; done'
			await writeFile(
				join(project.folder, 'tools/head'),
				`#!/bin/sh
PATH=\${PATH#*:}
read -r left 2>/dev/null <'${point}' || exec head "$@"
if [ "$left" -eq 1 ]; then rm '${point}'; ${endless}; exit 1; fi
echo "$((left - 1))" >'${point}'
exec head "$@"
`,
				{ mode: 0o755 },
			)
			await writeFile(point, '2\n')
			const tip = await git(to, 'rev-parse', 'HEAD')
			const cut = refusal(project[direction]())
			await vi.waitUntil(() => !existsSync(point), { timeout: 20_000 })
			local.drop()
			expect((await cut).code).toMatch(
				direction === 'up' ? /^(link-lost|git-failed)$/ : /^(link-lost|lfs-damaged)$/,
			)
			expect(await git(to, 'rev-parse', 'HEAD')).toBe(tip)
			const arrived = async () => {
				const there = Object.values(files).map((bytes) =>
					readFile(join(to, '.git/lfs', inStore(bytes))).then(
						(found) => idOf(found) === idOf(bytes),
						() => false,
					),
				)
				return (await Promise.all(there)).filter((is) => is).length
			}
			expect(await arrived()).toBe(1)
			expect(await parts(to)).toEqual([])
			expect(local.running()).toEqual([])
			await project[direction]()
			expect(await arrived()).toBe(3)
			expect(await git(to, 'rev-parse', 'HEAD')).toBe(
				await git(from, 'rev-parse', 'gpu-validation').catch(() => git(from, 'rev-parse', 'HEAD')),
			)
		},
	)
})

withLfs('contents of Git LFS over a real sshd', () => {
	test.skipIf(sshdMissing)('go up and come back by one login', async () => {
		const sshd = await server({ homeName: 'home of workstation' })
		await writeFile(join(sshd.home, '.gitconfig'), '[user]\n\tname = Test\n\temail = test@localhost\n')
		const link = await up(sshd)
		const logins: unknown[] = []
		link.onState((state) => state.status !== 'up' && logins.push(state))
		const project = await setUp('direct', { link, home: sshd.home })
		const [bytes, result] = [content(20_000_000), content(20_000_000)]
		await commitBytes(project.laptop, { 'a.bin': bytes })
		await project.up()
		expect(idOf(await readFile(join(project.worktree, 'a.bin')))).toBe(idOf(bytes))
		await project.result('b.bin', '')
		await writeFile(join(project.worktree, 'results/b.bin'), result)
		await project.back()
		expect(idOf(await readFile(join(project.laptop, 'results/b.bin')))).toBe(idOf(result))
		expect(logins).toEqual([])
	})
})

test('pointers are told from what looks like them', () => {
	const oid = 'a'.repeat(64)
	const blob = (text: string) => `${'1'.repeat(40)} blob ${text.length}\n${text}\n`
	const whole = (version: string, more = '', size = '12') =>
		blob(`version ${version}\n${more}oid sha256:${oid}\nsize ${size}\n`)
	const v1 = 'https://git-lfs.github.com/spec/v1'
	expect(parsePointers(whole(v1))).toEqual([{ oid, size: 12 }])
	expect(parsePointers(whole(v1) + whole(v1))).toEqual([{ oid, size: 12 }])
	expect(parsePointers(whole('https://hawser.github.com/spec/v1'))).toHaveLength(1)
	expect(parsePointers(whole(v1, `ext-0-foo sha256:${oid}\n`))).toHaveLength(1)
	expect(parsePointers(whole(v1, '', '0'))).toEqual([])
	expect(parsePointers(whole('https://example.com/spec/v1'))).toEqual([])
	expect(parsePointers(blob(`# How a pointer looks\nversion ${v1}\noid sha256:${oid}\nsize 1\n`))).toEqual([])
	expect(parsePointers(whole(v1).replace(oid, oid.toUpperCase()))).toEqual([])
})
