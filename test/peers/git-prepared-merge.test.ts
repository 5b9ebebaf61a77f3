import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { prepareMerge } from '../../src/engine/git/resolve.ts'
import { removeWorktree } from '../../src/engine/git/worktrees.ts'
import { commitIn, type GitProject, gitProject, plainNames, refusal } from './git-project.ts'
import { git, type RepositoryNames } from './repositories.ts'

/** A merge that would conflict, begun in a worktree of its own for a person to finish. */

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

/** Both sides changed the same line; the workstation has committed its change. */
const conflicting = async (project: GitProject) => {
	await commitIn(project.worktree, 'model.py', 'theirs\n')
	await project.commit('model.py', 'mine\n')
}

const oddNames: RepositoryNames = {
	base: `ba'se-ü`,
	validation: '-gpu/$(touch·pwned)"',
	laptop: 'my nt $(touch pwned)',
	clone: `n't`,
	worktree: '-w "t"',
}

async function setUp(options: { hub?: string; names?: RepositoryNames } = {}): Promise<GitProject> {
	const project = await gitProject({ ...options, names: options.names ?? plainNames })
	made.push(project)
	await conflicting(project)
	return project
}

/** The folders that the branch lies in are no leftovers. */
const withoutFolders = (fingerprint: Record<string, string>) => ({
	...fingerprint,
	'laptop/.git': (fingerprint['laptop/.git'] ?? '').replace(
		/refs\/heads\/hawser|logs\/refs\/heads\/hawser|,/g,
		'',
	),
})

const prepare = (project: GitProject) => prepareMerge(project.link, project.project)

describe.each<[string, { hub?: string; names?: RepositoryNames }]>([
	['by the hub', {}],
	['over the link', { hub: 'direct' }],
	['with odd names', { names: oddNames }],
])('%s', (_title, options) => {
	test('it is begun beside the repository; nothing else changes, and again gives the same', async () => {
		const project = await setUp(options)
		const { base, validation } = project.names
		await writeFile(join(project.laptop, 'data.csv'), 'not committed\n')
		await writeFile(join(project.laptop, 'untracked'), '')
		const before = await project.fingerprint()
		const found = await prepare(project)
		expect(found).toEqual({
			path: `${project.laptop}-merge-1`,
			branch: `hawser/merge-${validation}-1`,
			files: ['model.py'],
		})
		expect(await readFile(join(found.path, 'model.py'), 'utf8')).toMatch(
			/^<{7} .*\nmine\n={7}\ntheirs\n>{7} /,
		)
		expect(await git(found.path, 'rev-parse', 'MERGE_HEAD')).toBe(
			await git(project.worktree, 'rev-parse', 'HEAD'),
		)
		const refs = { ...(await project.fingerprint()) }
		const own = `${await git(project.laptop, 'rev-parse', `refs/heads/${base}`)} commit\trefs/heads/${found.branch}`
		refs['laptop refs'] = (refs['laptop refs'] ?? '')
			.split('\n')
			.filter((line) => line !== own)
			.join('\n')
		expect(withoutFolders(refs)).toEqual(before)
		await writeFile(join(found.path, 'model.py'), 'half resolved\n')
		expect(await prepare(project)).toEqual(found)
		expect(await readFile(join(found.path, 'model.py'), 'utf8')).toBe('half resolved\n')
		expect(existsSync(join(project.home, 'pwned')) || existsSync(join(project.folder, 'pwned'))).toBe(false)
	})

	test('finished and merged into the base branch, back and up go on', async () => {
		const project = await setUp(options)
		const { path, branch } = await prepare(project)
		expect(await refusal(project.back())).toMatchObject({ code: 'conflict' })
		await writeFile(join(path, 'model.py'), 'both\n')
		await git(path, 'commit', '-q', '-a', '--no-edit')
		expect(await git(path, 'log', '-1', '--format=%s')).toBe(
			`Merge branch '${project.names.validation}' into ${project.names.base}`,
		)
		// It is kept until it is merged.
		expect(await prepare(project)).toEqual({ path, branch, files: [] })
		await git(project.laptop, 'merge', '-q', '--ff-only', `refs/heads/${branch}`)
		const after = await prepare(project)
		expect(after).toEqual({ path: project.laptop, branch: project.names.base, files: [] })
		await project.back()
		await project.up()
		expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('both\n')
		await removeWorktree(project.link, project.project, { machine: 'laptop', path })
		expect(existsSync(path)).toBe(false)
	})
})

test('places and branches that are taken are passed over', async () => {
	const project = await setUp()
	await mkdir(`${project.laptop}-merge-1`)
	await git(project.laptop, 'branch', 'hawser/merge-gpu-validation-2')
	expect(await prepare(project)).toMatchObject({
		path: `${project.laptop}-merge-3`,
		branch: 'hawser/merge-gpu-validation-3',
	})
})

test('two at once are one', async () => {
	const project = await setUp()
	const [one, other] = await Promise.all([prepare(project), prepare(project)])
	expect(other).toEqual(one)
})

test('one that was aborted is begun again', async () => {
	const project = await setUp()
	const found = await prepare(project)
	await git(found.path, 'merge', '--abort')
	expect(await prepare(project)).toEqual(found)
	expect(await git(found.path, 'rev-parse', 'MERGE_HEAD')).toBe(
		await git(project.worktree, 'rev-parse', 'HEAD'),
	)
})

test('one whose folder is gone makes room for a new one', async () => {
	const project = await setUp()
	const found = await prepare(project)
	await rm(found.path, { recursive: true })
	expect(await prepare(project)).toMatchObject({
		branch: 'hawser/merge-gpu-validation-2',
		files: ['model.py'],
	})
})

test('a merge that git refuses leaves nothing', async () => {
	const project = await setUp()
	await git(project.laptop, 'config', 'merge.verifySignatures', 'true')
	const before = await project.fingerprint()
	const found = await refusal(prepare(project))
	expect(found).toMatchObject({ code: 'git-failed', facts: { side: 'The laptop' } })
	expect(withoutFolders(await project.fingerprint())).toEqual(before)
	expect(existsSync(`${project.laptop}-merge-1`)).toBe(false)
})

test('a worktree that cannot be filled leaves nothing', async () => {
	const project = await setUp()
	await writeFile(join(project.laptop, '.git/info/attributes'), 'data.csv filter=broken\n')
	await git(project.laptop, 'config', 'filter.broken.smudge', 'false')
	await git(project.laptop, 'config', 'filter.broken.required', 'true')
	await git(project.laptop, 'config', 'filter.broken.clean', 'cat')
	const before = await project.fingerprint()
	expect(await refusal(prepare(project))).toMatchObject({ code: 'git-failed' })
	expect(existsSync(`${project.laptop}-merge-1`)).toBe(false)
	expect(withoutFolders(await project.fingerprint())).toEqual(before)
	await git(project.laptop, 'config', 'filter.broken.smudge', 'cat')
	expect(await prepare(project)).toMatchObject({ path: `${project.laptop}-merge-1`, files: ['model.py'] })
})

test('the person’s hooks run, and cannot ask', async () => {
	const project = await setUp()
	const hook = join(project.laptop, '.git/hooks/post-checkout')
	await writeFile(hook, '#!/bin/sh\nread answer\npwd >"$(git rev-parse --git-common-dir)/hooked"\n')
	await chmod(hook, 0o755)
	const { path } = await prepare(project)
	expect((await readFile(join(project.laptop, '.git/hooked'), 'utf8')).trim()).toBe(path)
})

test('one that was killed while it was made is completed', async () => {
	const project = await setUp()
	const path = `${project.laptop}-merge-1`
	const args = ['--no-checkout', '--detach', '--lock', '--reason', 'hawser is making it']
	await git(project.laptop, 'worktree', 'add', '-q', ...args, '--', path, 'master')
	expect(await prepare(project)).toMatchObject({
		path,
		branch: 'hawser/merge-gpu-validation-1',
		files: ['model.py'],
	})
	expect(await git(project.laptop, 'worktree', 'list', '--porcelain')).not.toContain('locked')
})

test('where the workstation has no such branch it is said', async () => {
	const project = await setUp()
	await git(project.worktree, 'checkout', '-q', '--detach')
	await git(project.clone, 'branch', '-q', '-D', 'gpu-validation')
	expect(await refusal(prepare(project))).toMatchObject({
		code: 'branch-missing',
		facts: { side: 'The workstation' },
	})
})
