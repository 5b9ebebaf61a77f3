import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listSafety } from '../../src/engine/git/safety.ts'
import { planUndo, undo } from '../../src/engine/git/undo.ts'
import { commitIn, type GitProject, refusal, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'
import { add, extra, list, names, remove, repository, setUp, sides } from './worktrees-bed.ts'

/** Worktrees that were made or removed, and the undo of that. */

const { signal } = new AbortController()
const planOf = ({ link, project }: GitProject) => planUndo(link, project, signal)
const undoOf = ({ link, project }: GitProject, wish = {}) => undo(stepRunner(), link, project, wish)
const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', '-q', '--verify', ref)
const has = async (folder: string, ref: string) =>
	await head(folder, ref).then(
		() => true,
		() => false,
	)

/** What undo would do, and that looking changes nothing. */
async function titles(project: GitProject): Promise<string[]> {
	const before = await project.fingerprint()
	const plan = await planOf(project)
	expect(plan).toMatchObject({ kind: 'undo', problem: null, id: expect.stringMatching(/./) })
	expect(await project.fingerprint()).toEqual(before)
	return plan.steps.map(({ machine, title }) => `${machine}: ${title}`)
}

describe.each(sides)('on the %s', (side) => {
	test('one that was made goes with its branch, comes again, and goes again', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = join(project.folder, side, 'new', 'place')
		const before = await project.fingerprint()
		const found = await add(project, side, path, 'feature')
		const with_ = await project.fingerprint()
		expect(await titles(project)).toEqual([
			`${side}: Remove the worktree at ${path}`,
			`${side}: Remove the branch feature`,
		])
		expect((await planOf(project)).notes[0]).toContain('"worktree add"')
		const { id } = await planOf(project)
		await undoOf(project, { plan: id })
		expect(existsSync(path)).toBe(false)
		expect(await project.fingerprint()).toEqual(before)
		expect(await titles(project)).toEqual([
			`${side}: Make the worktree at ${path} again`,
			`${side}: Make the branch feature again`,
		])
		await undoOf(project)
		expect(await project.fingerprint()).toEqual(with_)
		expect((await list(project)).find((each) => each.path === path)).toEqual(found)
		await undoOf(project)
		expect(await project.fingerprint()).toEqual(before)
		expect(await git(at, 'worktree', 'list', '--porcelain')).not.toContain(path)
	})

	test('one that was removed comes again at its place, with its branch and commit', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		const before = (await list(project)).find((each) => each.path === path)
		await remove(project, side, path)
		expect(await titles(project)).toEqual([`${side}: Make the worktree at ${path} again`])
		await undoOf(project)
		expect((await list(project)).find((each) => each.path === path)).toEqual(before)
		expect(await git(path, 'status', '--porcelain', '--branch')).toBe('## extra')
		expect(await readFile(join(path, 'model.py'), 'utf8')).toBe('one\ntwo\nthree\n')
		expect(await titles(project)).toEqual([`${side}: Remove the worktree at ${path}`])
		await undoOf(project)
		expect(existsSync(path)).toBe(false)
		expect(await has(repository(project, side), 'refs/heads/extra')).toBe(true)
	})

	test('commits that only its own reflog reaches are kept', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = await extra(project, side)
		await commitIn(path, 'lost.txt', '1\n')
		await commitIn(path, 'lost.txt', '2\n')
		const one = await head(path)
		await git(path, 'reset', '-q', '--hard', 'master')
		await git(path, 'checkout', '-q', '--detach')
		await commitIn(path, 'other.txt', '1\n')
		const other = await head(path)
		await git(path, 'checkout', '-q', 'extra')
		await git(at, 'reflog', 'expire', '--expire=now', 'extra')
		await remove(project, side, path)
		await git(at, 'gc', '-q', '--prune=now')
		const kept = await git(at, 'for-each-ref', '--format=%(refname)', 'refs/hawser/safety')
		const parents = (await git(at, 'rev-parse', `${kept}^@`)).split('\n')
		expect(parents.toSorted()).toEqual([await head(at, 'master'), one, other].toSorted())
	})

	test('a branch that was undone keeps what only its reflog reaches', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = join(project.folder, side, 'x')
		await add(project, side, path, 'feature')
		await commitIn(path, 'lost.txt', '1\n')
		const lost = await head(path)
		await git(path, 'reset', '-q', '--hard', 'master')
		// Where HEAD has no reflog, git takes that of its branch.
		await git(path, 'reflog', 'expire', '--expire=now', 'HEAD')
		await git(path, 'checkout', '-q', '--detach')
		await git(path, 'checkout', '-q', 'feature')
		await undoOf(project)
		expect(await has(at, 'refs/heads/feature')).toBe(false)
		await git(at, 'gc', '-q', '--prune=now')
		expect(await git(at, 'cat-file', '-t', lost)).toBe('commit')
	})

	test.each(names)('at a place of any name: %j', async (name) => {
		const project = await setUp()
		const path = join(project.folder, side, name === '.' ? 'dot' : name)
		const branch = `b/${name.replaceAll(/[\s*?[\]\\;|.]/g, '_')}`
		await add(project, side, path, branch)
		const [first] = await titles(project)
		expect(first).toBe(`${side}: Remove the worktree at ${path}`)
		await undoOf(project)
		expect(existsSync(path)).toBe(false)
		await undoOf(project)
		expect((await list(project)).find((each) => each.path === path)).toMatchObject({ branch })
		expect(existsSync(join(project.home, 'pwned'))).toBe(false)
	})

	test('a branch that was there before stays', async () => {
		const project = await setUp()
		await git(repository(project, side), 'branch', 'feature')
		const path = join(project.folder, side, 'x')
		await add(project, side, path, 'feature')
		expect(await titles(project)).toEqual([`${side}: Remove the worktree at ${path}`])
		await undoOf(project)
		expect(await has(repository(project, side), 'refs/heads/feature')).toBe(true)
	})

	test('a branch with commits stays; the worktree goes when they are on a remote', async () => {
		const project = await setUp()
		const path = join(project.folder, side, 'x')
		await add(project, side, path, 'feature')
		await commitIn(path, 'work.txt', '1\n')
		const plan = await planOf(project)
		expect(plan).toMatchObject({
			id: '',
			problem: {
				code: 'worktree-in-use',
				facts: { path, lost: ['1 commit that no remote and no other branch has'] },
			},
		})
		expect(await refusal(undoOf(project))).toMatchObject({ code: 'worktree-in-use' })
		expect(existsSync(join(path, 'work.txt'))).toBe(true)
		await git(path, 'push', '-q', 'origin', 'HEAD:refs/heads/feature')
		await git(path, 'fetch', '-q', 'origin')
		const again = await planOf(project)
		expect(again.steps.map(({ title }) => title)).toEqual([`Remove the worktree at ${path}`])
		expect(again.notes.join()).toContain('The branch feature stays')
		await undoOf(project)
		expect(existsSync(path)).toBe(false)
		expect(await git(repository(project, side), 'show', 'feature:work.txt')).toBe('1')
		// What comes next is to bring it back.
		expect(await titles(project)).toEqual([`${side}: Make the worktree at ${path} again`])
	})

	test.each<[string, (path: string) => Promise<unknown>, string]>([
		['a change', (path) => writeFile(join(path, 'model.py'), 'mine\n'), 'model.py (changed)'],
		['an untracked file', (path) => writeFile(join(path, 'notes'), ''), 'notes (untracked)'],
		[
			'another branch',
			(path) => git(path, 'checkout', '-q', '-b', 'switched'),
			'the place of switched, which was checked out there since',
		],
	])('one that was made, with %s, stays', async (_, change, lost) => {
		const project = await setUp()
		const path = join(project.folder, side, 'x')
		await add(project, side, path, 'feature')
		await change(path)
		const before = await project.fingerprint()
		expect(await planOf(project)).toMatchObject({ id: '', problem: { facts: { lost: [lost] } } })
		expect(await refusal(undoOf(project))).toMatchObject({ code: 'worktree-in-use', facts: { lost: [lost] } })
		expect(await project.fingerprint()).toEqual(before)
	})

	test('one that was removed, and something is there now, or its branch is in use, or moved, or gone', async () => {
		const project = await setUp()
		const at = repository(project, side)
		const path = await extra(project, side)
		const was = await head(at, 'extra')
		await remove(project, side, path)
		await mkdir(path)
		await writeFile(join(path, 'mine'), '')
		expect(await refusal(undoOf(project))).toMatchObject({ code: 'folder-in-the-way', facts: { path } })
		expect((await planOf(project)).problem?.code).toBe('folder-in-the-way')
		const elsewhere = join(project.folder, side, 'elsewhere')
		await rm(path, { recursive: true })
		await git(at, 'worktree', 'add', '-q', elsewhere, 'extra')
		expect((await planOf(project)).problem).toMatchObject({
			facts: { reason: expect.stringContaining(elsewhere) },
		})
		await commitIn(elsewhere, 'later.txt', '1\n')
		const moved = await head(elsewhere)
		await git(at, 'worktree', 'remove', elsewhere)
		expect((await planOf(project)).notes.join()).toContain('The branch extra has moved since')
		await undoOf(project)
		expect(await head(path)).toBe(moved)
		await undoOf(project).catch(() => {})
		await git(at, 'worktree', 'remove', '--force', path)
		await git(at, 'branch', '-q', '-D', 'extra')
		expect(await has(at, was)).toBe(true)
	})

	test('a detached one', async () => {
		const project = await setUp()
		const path = await extra(project, side)
		await git(path, 'checkout', '-q', '--detach', 'master')
		await remove(project, side, path)
		await undoOf(project)
		expect(await head(path)).toBe(await head(repository(project, side), 'master'))
		expect(await git(path, 'status', '--porcelain', '--branch')).toBe('## HEAD (no branch)')
	})
})

test('worktrees of another project that shares the repository are not its business', async () => {
	const project = await setUp()
	await add(project, 'laptop', join(project.folder, 'x'), 'feature')
	const other = { ...project.project, name: 'other' }
	expect(await planUndo(project.link, other, signal)).toMatchObject({ problem: { code: 'nothing-to-undo' } })
	const [kept] = await listSafety(null, project.project)
	expect(kept).toMatchObject({ kind: 'worktree add', machine: 'laptop', heads: [{ branch: 'feature' }] })
})

test('only the last operation: an up after a worktree was made', async () => {
	const project = await setUp()
	const path = join(project.folder, 'x')
	await add(project, 'laptop', path, 'feature')
	await project.commit('ours.txt', '1\n')
	await project.up()
	expect((await planOf(project)).notes[0]).toContain('"up"')
	await undoOf(project)
	expect(existsSync(path)).toBe(true)
})
