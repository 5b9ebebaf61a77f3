import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commitChanges, planCommit } from '../../src/engine/git/laptop-commit.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { dirtySubmodules } from '../../src/engine/git/submodules.ts'
import { commitIn, type GitProject, gitProject } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const local = ['-c', 'protocol.file.allow=always']
const { signal } = new AbortController()

/** A project with a submodule that is checked out on the laptop and in the worktree on the workstation. */
async function setUp(): Promise<GitProject & { library: string; there: string }> {
	const project = await gitProject()
	made.push(project)
	const origin = join(project.folder, 'library')
	await git(project.folder, 'init', '-q', origin)
	for (const [name, value] of [
		['user.name', 'Test'],
		['user.email', 'test@localhost'],
	] as const)
		await git(origin, 'config', name, value)
	await commitIn(origin, 'lib.py', 'one\n')
	await git(project.laptop, ...local, 'submodule', 'add', '-q', origin, 'the library')
	await git(project.laptop, 'commit', '-q', '-m', 'Add the library')
	await project.up()
	await git(project.worktree, ...local, 'submodule', 'update', '-q', '--init')
	return {
		...project,
		library: join(project.laptop, 'the library'),
		there: join(project.worktree, 'the library'),
	}
}

const pointer = (folder: string) => git(folder, 'rev-parse', 'HEAD:the library')

describe.concurrent('submodules', () => {
	test('a pointer that changed moves up and back as git moves it; the folder over there stays as it is', async () => {
		const project = await setUp()
		const stood = await git(project.there, 'rev-parse', 'HEAD')
		await commitIn(project.library, 'lib.py', 'two\n')
		const wanted = await git(project.library, 'rev-parse', 'HEAD')
		const wish = { message: 'Newer library', untracked: false }
		expect(await planCommit(project.project, wish, signal)).toEqual([
			{ path: 'the library', change: 'modified' },
		])
		await commitChanges(project.project, wish, newOperation('up', Date.now()), signal)
		await project.up()
		expect(await pointer(project.worktree)).toBe(wanted)
		expect(await git(project.there, 'rev-parse', 'HEAD')).toBe(stood)
		await project.commit('model.py', 'after\n')
		// The folder there stands elsewhere than the pointer now, which is nothing to stop for.
		await project.up()
		expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('after\n')
		expect(await git(project.there, 'rev-parse', 'HEAD')).toBe(stood)
		await project.result('metrics.json', '1')
		await project.back()
		expect(await pointer(project.laptop)).toBe(wanted)
		expect(await git(project.library, 'rev-parse', 'HEAD')).toBe(wanted)
	})

	test('work in a submodule is named, never taken along, and never lost', async () => {
		const project = await setUp()
		for (const at of [project.library, project.there]) {
			await writeFile(join(at, 'lib.py'), 'not committed\n')
			await writeFile(join(at, 'notes.txt'), 'mine')
		}
		expect(await dirtySubmodules(project.laptop)).toEqual(['the library'])
		const before = await pointer(project.laptop)
		await writeFile(join(project.laptop, 'model.py'), 'changed\n')
		const wish = { message: 'All', untracked: true }
		expect(await planCommit(project.project, wish, signal)).toEqual([
			{ path: 'model.py', change: 'modified' },
		])
		await commitChanges(project.project, wish, newOperation('up', Date.now()), signal)
		await project.up()
		await project.result('metrics.json', '1')
		await project.back()
		expect(await pointer(project.laptop)).toBe(before)
		for (const at of [project.library, project.there]) {
			expect(await readFile(join(at, 'lib.py'), 'utf8')).toBe('not committed\n')
			expect(await readFile(join(at, 'notes.txt'), 'utf8')).toBe('mine')
		}
	})

	test('a clean one is not named', async () => {
		const project = await setUp()
		expect(await dirtySubmodules(project.laptop)).toEqual([])
	})
})
