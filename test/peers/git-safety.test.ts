import { chmod, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { listSafety } from '../../src/engine/git/safety.ts'
import { up } from '../../src/engine/git/up.ts'
import { run } from '../../src/engine/process/process.ts'
import { scriptText } from '../../src/engine/remote/script.ts'
import { type GitProject, gitProject, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const fresh = async () => {}

async function setUp(): Promise<GitProject> {
	const project = await gitProject({ before: fresh })
	made.push(project)
	return project
}

const names = (text: string) => text.split('\0').filter((name) => name !== '')
const safetyRefs = async (at: string) =>
	(await git(at, 'for-each-ref', '--format=%(refname)', 'refs/hawser/safety/')).split('\n').filter(Boolean)

/** The one safety ref of that branch's first change that ends so. */
async function refOf(at: string, branch: string, last: string): Promise<string> {
	const refs = await safetyRefs(at)
	const head = refs.find((ref) => ref.endsWith(`/head/${branch}`)) ?? ''
	return head.replace(/head\/.*$/, last)
}

const oddNames = [
	'with space.txt',
	'line\nbreak.txt',
	'grüße-日本.txt',
	'-dash.txt',
	'--all',
	':(top)x',
	'a\tb',
	'"q"',
	"it's",
	'*.md',
	'\\n',
	'trailing ',
]

/** Edits of every kind in a worktree. */
async function mess(at: string): Promise<void> {
	await writeFile(join(at, 'model.py'), 'staged\n')
	await git(at, 'add', 'model.py')
	await writeFile(join(at, 'model.py'), 'staged, then edited\n')
	await writeFile(join(at, 'new staged.txt'), 'new\n')
	await git(at, 'add', 'new staged.txt')
	await rm(join(at, 'gone.txt'))
	await rm(join(at, 'folder'), { recursive: true })
	await writeFile(join(at, 'folder'), 'a file where a folder was\n')
	await rm(join(at, 'swap'))
	await mkdir(join(at, 'swap'))
	await writeFile(join(at, 'swap/inside'), 'a folder where a file was\n')
	await chmod(join(at, 'tool.sh'), 0o755)
	await symlink('no where', join(at, 'dangling'))
	await writeFile(join(at, 'bytes.bin'), Buffer.from([0, 255, 1, 13, 10, 0]))
	await mkdir(join(at, 'deep/er'), { recursive: true })
	for (const name of oddNames) await writeFile(join(at, 'deep/er', name), `in ${name}\n`)
	await writeFile(join(at, 'ignored.log'), 'not kept')
}

async function prepare(project: GitProject): Promise<void> {
	const { laptop } = project
	await writeFile(join(laptop, '.gitignore'), '*.log\n')
	for (const name of ['gone.txt', 'tool.sh', 'swap']) await writeFile(join(laptop, name), `${name}\n`)
	await mkdir(join(laptop, 'folder'))
	await writeFile(join(laptop, 'folder/one.txt'), 'one\n')
	await git(laptop, 'add', '.')
	await git(laptop, 'commit', '-q', '-m', 'More files')
	await project.up()
	await git(project.clone, 'for-each-ref', '--format=delete %(refname)', 'refs/hawser/').then((lines) =>
		Promise.all(
			lines
				.split('\n')
				.filter(Boolean)
				.map((line) => git(project.clone, 'update-ref', '-d', line.slice(7))),
		),
	)
}

async function prepared(): Promise<GitProject> {
	const project = await gitProject({ before: prepare })
	made.push(project)
	return project
}

describe.concurrent('what is kept', () => {
	test('a clean worktree: heads, and HEAD itself as index and tree', async () => {
		const project = await setUp()
		const before = await git(project.clone, 'rev-parse', 'master')
		const tip = await project.commit('model.py', '1\n')
		await project.up()
		for (const branch of ['master', 'gpu-validation']) {
			for (const last of [`head/${branch}`, 'index', 'tree'])
				expect(await git(project.clone, 'rev-parse', await refOf(project.clone, branch, last))).toBe(before)
			const after = await refOf(project.clone, branch, `after/${branch}`)
			expect(await git(project.clone, 'rev-parse', after)).toBe(tip)
		}
		const list = await listSafety(project.link, project.project)
		expect(list).toMatchObject([{ machine: 'workstation', kind: 'up' }])
		expect(list[0]?.heads).toEqual(
			expect.arrayContaining([
				{ branch: 'master', commit: before },
				{ branch: 'gpu-validation', commit: before },
			]),
		)
		expect(Math.abs((list[0]?.at ?? 0) - Date.now())).toBeLessThan(300_000)
		expect(await listSafety(null, project.project)).toEqual([])
	})

	test('every change and file of a worktree, byte for byte', async () => {
		const project = await prepared()
		const { worktree, clone } = project
		await project.result('metrics.json', '{"loss": 1}')
		await mess(worktree)
		const indexBefore = await git(worktree, 'ls-files', '--stage')
		const statusBefore = await git(worktree, 'status', '--porcelain', '-z', '-uall')
		// `back` commits results with other changes around: they stay.
		await project.back()
		const head = await git(clone, 'rev-parse', 'gpu-validation^')
		const at = (last: string) => refOf(clone, 'gpu-validation', last)
		expect(await git(clone, 'rev-parse', await at('head/gpu-validation'))).toBe(head)
		expect(await git(clone, 'rev-parse', await at('after/gpu-validation'))).toBe(
			await git(clone, 'rev-parse', 'gpu-validation'),
		)
		for (const last of ['index', 'tree'])
			expect(await git(clone, 'rev-parse', `${await at(last)}^`)).toBe(head)
		const other = join(project.folder, 'restored')
		await git(clone, 'worktree', 'add', '-q', '--detach', other, await at('index'))
		expect(await git(other, 'ls-files', '--stage')).toBe(indexBefore)
		await git(other, 'checkout', '-q', await at('tree'))
		const files = names(await git(other, 'ls-files', '-z'))
		expect(files).toEqual(expect.arrayContaining(oddNames.map((name) => `deep/er/${name}`)))
		expect(files).toContain('results/metrics.json')
		for (const name of files.filter((file) => file !== 'dangling'))
			expect(await readFile(join(other, name)), name).toEqual(await readFile(join(worktree, name)))
		expect(files).not.toContain('gone.txt')
		expect(files).not.toContain('ignored.log')
		expect(files).not.toContain('folder/one.txt')
		expect(await git(clone, 'ls-tree', await at('tree'), 'dangling', 'tool.sh')).toMatch(
			/^120000 .*\n100755 /,
		)
		// Nothing of what was kept was touched by keeping it.
		expect(
			`?? results/metrics.json\0${await git(worktree, 'status', '--porcelain', '-z', '-uall')}`
				.split('\0')
				.sort(),
		).toEqual(statusBefore.split('\0').sort())
	})

	test('what is too big, unreadable or a repository of its own is named', async () => {
		const project = await prepared()
		const { worktree, clone } = project
		await writeFile(join(worktree, 'huge.bin'), '')
		await truncate(join(worktree, 'huge.bin'), 50 * 1024 * 1024 + 1)
		await writeFile(join(worktree, 'just.bin'), '')
		await truncate(join(worktree, 'just.bin'), 50 * 1024 * 1024)
		await mkdir(join(worktree, 'inner'))
		await git(join(worktree, 'inner'), 'init', '-q')
		await writeFile(join(worktree, 'inner/x'), 'x')
		await project.result('metrics.json', '1')
		await project.back()
		const tree = await refOf(clone, 'gpu-validation', 'tree')
		const message = await git(clone, 'log', '-1', '--format=%B', tree)
		expect(message).toContain('\n  huge.bin\n  inner/')
		const files = names(await git(clone, 'ls-tree', '-r', '-z', '--name-only', tree))
		expect(files).toContain('just.bin')
		expect(files).not.toContain('huge.bin')
	})

	test('a filter that is not there does not stop it: the files themselves are kept', async () => {
		const project = await prepared()
		const { worktree, clone } = project
		await git(clone, 'config', 'filter.model.clean', 'no-such-program-here %f')
		await git(clone, 'config', 'filter.model.smudge', 'no-such-program-here %f')
		await git(clone, 'config', 'filter.model.required', 'true')
		await writeFile(join(clone, '.git/info/attributes'), '*.pt filter=model\n')
		await writeFile(join(worktree, 'weights.pt'), 'weights\n')
		await project.result('metrics.json', '1')
		await project.back()
		const tree = await refOf(clone, 'gpu-validation', 'tree')
		expect(await git(clone, 'cat-file', 'blob', `${tree}:weights.pt`)).toBe('weights')
	})

	test('a git of 2.34 is asked nothing that it does not know', async () => {
		const project = await prepared()
		// A stand-in for the older program: what came later is refused, as it would.
		const tools = join(project.folder, 'tools')
		await mkdir(tools)
		await writeFile(
			join(tools, 'git'),
			`#!/bin/sh
for word do case $word in version) echo git version 2.34.1; exit ;; merge-tree) exit 129 ;; esac; done
case "$*" in *'worktree list'*-z* | *'cat-file'*-Z* | *'ls-tree'*--format* | *'ls-files'*--format* | *'for-each-ref'*--stdin*) exit 129 ;; esac
PATH=\${PATH#*:} exec git "$@"
`,
			{ mode: 0o755 },
		)
		const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: `${tools}:/usr/local/bin:/usr/bin:/bin` }
		const link = localLink(project.home, env)
		await project.result('metrics.json', '1')
		await project.commit('model.py', '1\n')
		await up(stepRunner(), link, project.project)
		expect(
			await git(project.clone, 'cat-file', '-t', await refOf(project.clone, 'gpu-validation', 'tree')),
		).toBe('commit')
	})
})

describe('branches whose names would stand in each other’s way', () => {
	test('are kept side by side', async () => {
		const project = await gitProject({
			names: { base: 'a', validation: 'index/tree/head', laptop: 'l', clone: 'c', worktree: 'w' },
		})
		made.push(project)
		await project.commit('model.py', '1\n')
		await project.up()
		expect((await safetyRefs(project.clone)).map((ref) => ref.split('/').slice(4).join('/'))).toEqual([
			'1/after/a',
			'1/head/a',
			'1/index',
			'1/tree',
			'2/after/index/tree/head',
			'2/head/index/tree/head',
			'2/index',
			'2/tree',
		])
	})
})

/** Safety refs of an operation so many days before now. */
function daysAgo(days: number): string {
	return `${new Date(Date.now() - days * 86_400_000).toISOString().replace(/[-:.]/g, '')}-up-0000`
}

async function keptOf(project: GitProject): Promise<string[]> {
	return [...new Set((await safetyRefs(project.clone)).map((ref) => ref.split('/')[3] ?? ''))]
}

async function pretend(project: GitProject, operations: readonly string[]): Promise<void> {
	const head = await git(project.clone, 'rev-parse', 'master')
	for (const name of operations)
		for (const last of ['1/head/master', '1/index', '2/head/a/b'])
			await git(project.clone, 'update-ref', `refs/hawser/safety/${name}/${last}`, head)
}

describe('pruning', () => {
	test('by age: over 30 days', async () => {
		const project = await setUp()
		const [old, young] = [daysAgo(30.1), daysAgo(29.9)]
		await pretend(project, [old, young, daysAgo(400)])
		await git(project.clone, 'pack-refs', '--all')
		await project.commit('model.py', '1\n')
		await project.up()
		const kept = await keptOf(project)
		expect(kept).toHaveLength(2)
		expect(kept).toContain(young)
	})

	test('by number: the last 50 stay', async () => {
		const project = await setUp()
		const all = Array.from({ length: 55 }, (_, n) => daysAgo(20 - n / 100))
		await pretend(project, all)
		await project.commit('model.py', '1\n')
		await project.up()
		const kept = await keptOf(project)
		expect(kept).toHaveLength(50)
		expect(kept.slice(0, 49)).toEqual(all.slice(6))
	})

	test('nothing is removed by an operation that changes nothing', async () => {
		const project = await setUp()
		await pretend(project, [daysAgo(99)])
		await project.up()
		expect(await keptOf(project)).toHaveLength(1)
	})
})

test('a change without the name of an operation is refused', async () => {
	const project = await setUp()
	const script = `${scriptText('lib')}\n${scriptText('git-up').replace(/\n[^\n]*\n$/, '\n')}`
	const words = `side=here operation= owner=1 journal=journal\nkeep refs/heads/master a b ''`
	const ended = await run({
		file: '/bin/sh',
		args: ['-s'],
		input: `${script}\n${words}\n`,
		cwd: project.clone,
		timeoutMs: 20_000,
		expected: [10],
	})
	expect(ended.stdout).toContain('the operation has no name')
	expect(await safetyRefs(project.clone)).toEqual([])
})
