import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitChanges, planCommit } from '../../src/engine/git/laptop-commit.ts'
import { hasLfs, lfsFiles, refuseMissingLfs } from '../../src/engine/git/lfs.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { type GitProject, gitProject, refusal } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const path = process.env.PATH ?? ''
const isThere = spawnSync('git', ['lfs', 'version']).status === 0
if (!isThere) console.warn('git-lfs is not here: what it does with contents is not tested (package git-lfs)')
const withLfs = isThere ? describe : describe.skip

/** All of our PATH but git-lfs: a machine that lacks it. */
const bare = mkdtempSync(join(tmpdir(), 'hawser-bare-'))
const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n'
const weights = 'weights\n'.repeat(1000)

beforeAll(async () => {
	const names = execFileSync('sh', ['-c', `IFS=:; for d in $PATH; do ls "$d"; done 2>/dev/null`], {
		encoding: 'utf8',
	})
	for (const name of new Set(names.split('\n'))) {
		const from = path.split(delimiter).find((folder) => name !== '' && existsSync(join(folder, name)))
		if (from && name !== 'git-lfs') await symlink(join(from, name), join(bare, name)).catch(() => {})
	}
	Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' })
})

const made: GitProject[] = []
afterAll(async () => {
	process.env.PATH = path
	delete process.env.GIT_CONFIG_GLOBAL
	delete process.env.GIT_CONFIG_SYSTEM
	for (const project of made) await project.remove()
	await rm(bare, { recursive: true })
})

const { signal } = new AbortController()

/** A project whose `.bin` files are LFS's; `lfs`: the sides that have it. */
async function setUp(lfs: { laptop: boolean; workstation: boolean }): Promise<GitProject> {
	const project = await gitProject()
	made.push(project)
	const PATH = lfs.workstation ? path : bare
	const link = localLink(project.home, {
		GIT_CONFIG_GLOBAL: '/dev/null',
		GIT_CONFIG_SYSTEM: '/dev/null',
		PATH,
	})
	Object.assign(project.link, { exec: link.exec })
	process.env.PATH = lfs.laptop ? path : bare
	if (lfs.laptop) await git(project.laptop, 'lfs', 'install', '--local')
	if (lfs.workstation) await git(project.clone, 'lfs', 'install', '--local')
	return project
}

/** A commit that holds an LFS file, made as LFS does, on the side at `folder`, without its tools. */
async function pointer(folder: string, name: string): Promise<void> {
	const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 8000\n`
	const at = join(folder, name)
	await mkdir(join(at, '..'), { recursive: true })
	await writeFile(at, text)
	await writeFile(join(folder, '.gitattributes'), attributes)
	await git(
		folder,
		'-c',
		'filter.lfs.clean=cat',
		'-c',
		'filter.lfs.process=',
		'add',
		'--',
		name,
		'.gitattributes',
	)
	await git(
		folder,
		'-c',
		'filter.lfs.clean=cat',
		'-c',
		'filter.lfs.process=',
		'commit',
		'-q',
		'-m',
		'Weights',
	)
}

describe('without git-lfs', () => {
	test('the laptop: a commit of such a file is refused, and nothing is changed', async () => {
		const project = await setUp({ laptop: false, workstation: false })
		await writeFile(join(project.laptop, '.gitattributes'), attributes)
		await writeFile(join(project.laptop, 'new weights.bin'), weights)
		await writeFile(join(project.laptop, 'plain.txt'), 'plain')
		const wish = { message: 'All', untracked: true }
		const before = await project.fingerprint()
		const expected = { code: 'lfs-missing', facts: { side: 'The laptop', files: ['new weights.bin'] } }
		expect(await refusal(planCommit(project.project, wish, signal))).toMatchObject(expected)
		expect(
			await refusal(commitChanges(project.project, wish, newOperation('up', Date.now()), signal)),
		).toMatchObject(expected)
		expect(await project.fingerprint()).toEqual(before)
	})

	test('the workstation: up is refused before anything goes to the hub', async () => {
		const project = await setUp({ laptop: false, workstation: false })
		await pointer(project.laptop, 'weights.bin')
		const before = await project.fingerprint()
		expect(await refusal(project.up())).toMatchObject({
			code: 'lfs-missing',
			facts: { side: 'The workstation', files: ['weights.bin'] },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test('the workstation: a result is refused before it is committed', async () => {
		const project = await setUp({ laptop: false, workstation: false })
		await writeFile(join(project.worktree, '.gitattributes'), attributes)
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'Attributes')
		await project.result('weights.bin', weights)
		const before = await project.fingerprint()
		const refused = await refusal(project.back())
		expect(refused).toMatchObject({ code: 'lfs-missing', facts: { files: ['results/weights.bin'] } })
		expect(await project.fingerprint()).toEqual(before)
	})

	test.each(['merge', 'keep'] as const)('the laptop, %s: what comes back is refused', async (mode) => {
		const project = await setUp({ laptop: false, workstation: false })
		project.project.git.bringBack = mode
		const kept = join(project.folder, 'kept')
		await git(project.laptop, 'worktree', 'add', '-q', '-b', 'gpu-validation', kept)
		await pointer(project.worktree, 'deep/er/weights.bin')
		const before = await project.fingerprint()
		expect(await refusal(project.back())).toMatchObject({
			code: 'lfs-missing',
			facts: { side: 'The laptop', files: ['deep/er/weights.bin'] },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test('what nobody touches is no reason to stop', async () => {
		const project = await setUp({ laptop: false, workstation: false })
		await pointer(project.laptop, 'weights.bin')
		await git(project.laptop, 'push', '-q', 'origin', 'master')
		for (const at of [project.clone, project.worktree])
			await git(at, 'pull', '-q', '--ff-only', 'origin', 'master')
		await project.commit('model.py', 'changed\n')
		await project.up()
		await project.result('metrics.json', '1')
		await project.back()
		expect(await readFile(join(project.laptop, 'results/metrics.json'), 'utf8')).toBe('1')
	})

	test('which files are: by the attributes of the commit, of the folder, and of the person', async () => {
		const project = await setUp({ laptop: false, workstation: false })
		const { laptop } = project
		const ask = () => lfsFiles(laptop, 'HEAD', ['a.bin', 'deep/a.dat', 'b.txt'], signal)
		expect(await ask()).toEqual([])
		await mkdir(join(laptop, 'deep'))
		await writeFile(join(laptop, 'deep/.gitattributes'), '*.dat filter=lfs\n')
		await git(laptop, 'add', '.')
		await git(laptop, 'commit', '-q', '-m', 'Attributes')
		expect(await ask()).toEqual(['deep/a.dat'])
		await writeFile(join(laptop, '.git/info/attributes'), '*.bin filter=lfs\n')
		expect(await ask()).toEqual(['a.bin', 'deep/a.dat'])
		expect(await hasLfs(laptop)).toBe(false)
		expect((await refusal(refuseMissingLfs(laptop, 'HEAD', ['a.bin'], signal))).code).toBe('lfs-missing')
		await refuseMissingLfs(laptop, 'HEAD', ['b.txt'], signal)
	})
})

withLfs('with git-lfs on both sides', () => {
	async function both(): Promise<GitProject> {
		const project = await setUp({ laptop: true, workstation: true })
		// Where a hub is a folder, LFS copies its contents into that folder.
		for (const at of [project.laptop, project.clone])
			await git(at, 'config', 'lfs.url', `file://${project.hub}`)
		return project
	}
	const isPointer = async (folder: string, name: string) =>
		expect(await git(folder, 'show', `HEAD:${name}`)).toMatch(/^version https:\/\/git-lfs/)

	test('pointers stay pointers, and contents arrive', async () => {
		const project = await both()
		await writeFile(join(project.laptop, '.gitattributes'), attributes)
		await writeFile(join(project.laptop, 'weights.bin'), weights)
		await commitChanges(
			project.project,
			{ message: 'Weights', untracked: true },
			newOperation('up', Date.now()),
			signal,
		)
		await isPointer(project.laptop, 'weights.bin')
		await project.up()
		await isPointer(project.worktree, 'weights.bin')
		for (const at of [project.clone, project.worktree])
			expect(await readFile(join(at, 'weights.bin'), 'utf8')).toBe(weights)
		await project.result('trained.bin', weights.toUpperCase())
		await project.back()
		await isPointer(project.laptop, 'results/trained.bin')
		expect(await readFile(join(project.laptop, 'results/trained.bin'), 'utf8')).toBe(weights.toUpperCase())
		for (const at of [project.laptop, project.clone, project.worktree])
			expect(await git(at, 'status', '--porcelain')).toBe('')
	})

	test('contents that cannot be had stop the move, and nothing is half done', async () => {
		const project = await both()
		await writeFile(join(project.laptop, '.gitattributes'), attributes)
		await writeFile(join(project.laptop, 'weights.bin'), weights)
		await git(project.laptop, 'add', '.')
		await git(project.laptop, 'commit', '-q', '-m', 'Weights')
		const before = await git(project.worktree, 'rev-parse', 'HEAD')
		// The contents stay behind, as after a push that LFS was left out of.
		process.env.GIT_LFS_SKIP_PUSH = '1'
		expect((await refusal(project.up())).code).toBe('git-failed')
		delete process.env.GIT_LFS_SKIP_PUSH
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(before)
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		expect(await git(project.clone, 'status', '--porcelain')).toBe('')
	})

	test('a file over the limit is none where LFS keeps it', async () => {
		const project = await both()
		await writeFile(join(project.laptop, '.gitattributes'), attributes)
		await writeFile(join(project.laptop, 'weights.bin'), weights)
		const wish = { message: 'Weights', untracked: true }
		expect(await planCommit(project.project, wish, signal, 100)).toHaveLength(2)
	})
})
