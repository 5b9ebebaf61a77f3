import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommitWish } from '../../src/contract/code.ts'
import { commitChanges, planCommit } from '../../src/engine/git/laptop-commit.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { localScript } from '../../src/engine/git/scripts.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()

/** A git that at one point kills, with KILL, itself and all whom the journal names. */
const deadlyGit = `#!/bin/sh
point=\${PWD%/*}/point
read -r when verb 2>/dev/null <"$point" || exec '${realGit}' "$@"
case " $* " in *" $verb "*) ;; *) exec '${realGit}' "$@" ;; esac
rm "$point"
[ "$when" = before ] || '${realGit}' "$@" >/dev/null 2>&1
journal=$(cd "$('${realGit}' rev-parse --git-common-dir)" && pwd)/hawser-journal
kill -KILL $(sed -n -e 's/^owner \\([0-9]*\\) .*/\\1/p' -e 's/^child \\([0-9]*\\) .*/\\1/p' "$journal") $$
`

/** Stands in for time: the wait for a signature ends after 1 s. */
const hastySleep = `#!/bin/sh
case $1 in 60 | 300) set -- 1 ;; esac
PATH=\${PATH#*:} exec sleep "$@"
`

const path = process.env.PATH
const tools = mkdtempSync(join(tmpdir(), 'hawser-commit-'))
const made: GitProject[] = []
beforeAll(async () => {
	await writeFile(join(tools, 'git'), deadlyGit, { mode: 0o755 })
	await writeFile(join(tools, 'sleep'), hastySleep, { mode: 0o755 })
	process.env.PATH = `${tools}:${path}`
	// None of this machine's own settings: names, hooks and signatures are what these tests are about.
	Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' })
})
afterAll(async () => {
	process.env.PATH = path
	delete process.env.GIT_CONFIG_GLOBAL
	delete process.env.GIT_CONFIG_SYSTEM
	for (const project of made) await project.remove()
	await rm(tools, { recursive: true })
})

const fresh = async () => {}

async function setUp(): Promise<GitProject> {
	const project = await gitProject({ before: fresh })
	made.push(project)
	return project
}

const { signal } = new AbortController()
const known: CommitWish = { message: 'All of it', untracked: false }
const all: CommitWish = { ...known, untracked: true }
const commit = (project: GitProject, wish = known) =>
	commitChanges(project.project, wish, newOperation('up', Date.now()), signal)
const plan = (project: GitProject, wish = known) => planCommit(project.project, wish, signal)
const shown = (folder: string) => git(folder, 'show', '--format=', '--name-status', '--no-renames', 'HEAD')
const status = (folder: string) => git(folder, 'status', '--porcelain')

/** Every kind of change there is. */
async function change({ laptop }: GitProject): Promise<void> {
	await git(laptop, 'rm', '-q', 'data.csv')
	await writeFile(join(laptop, 'model.py'), 'staged\n')
	await writeFile(join(laptop, 'staged "new".txt'), 'new\n')
	await git(laptop, 'add', '.')
	await writeFile(join(laptop, 'model.py'), 'staged and then changed\n')
	await writeFile(join(laptop, '.git/info/exclude'), '*.log\n')
	await writeFile(join(laptop, 'big.log'), 'ignored')
	await mkdir(join(laptop, 'deep er'))
	await writeFile(join(laptop, 'deep er/new\nline\t$(x)'), 'unknown\n')
}

async function hook(project: GitProject, name: string, body: string): Promise<void> {
	const hooks = join(project.laptop, '.git/hooks')
	await mkdir(hooks, { recursive: true })
	await writeFile(join(hooks, name), `#!/bin/sh\n${body}\n`)
	await chmod(join(hooks, name), 0o755)
}

describe.concurrent('what it holds', () => {
	test('tracked changes, staged or not', async () => {
		const project = await setUp()
		await change(project)
		const before = await project.fingerprint()
		expect(await plan(project)).toEqual([
			{ path: 'data.csv', change: 'deleted' },
			{ path: 'model.py', change: 'modified' },
			{ path: 'staged "new".txt', change: 'added' },
		])
		expect(await project.fingerprint()).toEqual(before)
		const made = await commit(project)
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(made)
		expect(await shown(project.laptop)).toBe('D\tdata.csv\nM\tmodel.py\nA\t"staged \\"new\\".txt"')
		expect(await git(project.laptop, 'show', 'HEAD:model.py')).toBe('staged and then changed')
		expect(await status(project.laptop)).toBe('?? "deep er/"')
	})

	test('unknown files too when asked, ignored ones and other repositories never', async () => {
		const project = await setUp()
		await change(project)
		const inner = join(project.laptop, 'inner')
		await mkdir(inner)
		await git(inner, 'init', '-q')
		await writeFile(join(inner, 'own.txt'), 'own')
		expect((await plan(project, all)).map((file) => file.path)).toEqual([
			'data.csv',
			'model.py',
			'staged "new".txt',
			'deep er/new\nline\t$(x)',
		])
		await commit(project, all)
		expect(await status(project.laptop)).toBe('?? inner/')
		expect(await git(project.laptop, 'ls-files', '-z')).toContain('deep er/new\nline\t$(x)\0')
		expect(await readFile(join(project.laptop, 'big.log'), 'utf8')).toBe('ignored')
	})

	test('a file that became a folder, a folder that became a link', async () => {
		const project = await setUp()
		await commitIn(project.laptop, 'folder/file', 'one')
		await rm(join(project.laptop, 'data.csv'))
		await mkdir(join(project.laptop, 'data.csv'))
		await writeFile(join(project.laptop, 'data.csv/part'), 'one')
		await rm(join(project.laptop, 'folder'), { recursive: true })
		await symlink('model.py', join(project.laptop, 'folder'))
		await commit(project, all)
		expect(await status(project.laptop)).toBe('')
		expect((await git(project.laptop, 'ls-files')).split('\n')).toEqual([
			'data.csv/part',
			'folder',
			'model.py',
		])
	})

	test('nothing: no commit', async () => {
		const project = await setUp()
		const before = await project.fingerprint()
		expect(await plan(project, all)).toEqual([])
		expect(await commit(project, all)).toBe(await git(project.laptop, 'rev-parse', 'HEAD'))
		expect(await project.fingerprint()).toEqual(before)
	})

	test('words are data', async () => {
		const project = await setUp()
		await change(project)
		const message = `-m "Über" $(touch x) 'quoted'\r\n\n\tindented\n# kept`
		await commit(project, { ...known, message })
		expect(await git(project.laptop, 'log', '-1', '--format=%B')).toBe(
			`-m "Über" $(touch x) 'quoted'\n\n\tindented\n# kept\n`,
		)
	})

	test('up, asked for it, commits first', async () => {
		const project = await setUp()
		await change(project)
		const { up } = await import('../../src/engine/git/up.ts')
		const { stepRunner } = await import('./git-project.ts')
		await up(stepRunner(), project.link, project.project, { commit: all })
		expect(await git(project.worktree, 'log', '-1', '--format=%s')).toBe('All of it')
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(
			await git(project.laptop, 'rev-parse', 'HEAD'),
		)
	})
})

describe.concurrent('kept first', () => {
	test('index and files as they were', async () => {
		const project = await setUp()
		await change(project)
		const before = await git(project.laptop, 'rev-parse', 'HEAD')
		await commit(project)
		const refs = await git(project.laptop, 'for-each-ref', '--format=%(refname)', 'refs/hawser/safety')
		const of = (name: string) => refs.split('\n').find((ref) => ref.endsWith(name)) ?? refs
		expect(await git(project.laptop, 'rev-parse', of('head/master'))).toBe(before)
		expect(await git(project.laptop, 'show', `${of('/index')}:model.py`)).toBe('staged')
		expect(await git(project.laptop, 'show', `${of('/tree')}:model.py`)).toBe('staged and then changed')
	})
})

describe.concurrent('refused, and nothing is changed', () => {
	const cases: [string, (project: GitProject) => Promise<unknown>, Record<string, unknown>][] = [
		[
			'another branch is checked out',
			({ laptop }) => git(laptop, 'checkout', '-q', '-b', 'topic'),
			{ code: 'not-on-branch', facts: { branch: 'master', found: 'topic' } },
		],
		[
			'no branch is',
			({ laptop }) => git(laptop, 'checkout', '-q', '--detach'),
			{ code: 'not-on-branch', facts: { found: 'no branch' } },
		],
		[
			'a merge is under way',
			async ({ laptop }) =>
				writeFile(join(laptop, '.git/MERGE_HEAD'), await git(laptop, 'rev-parse', 'HEAD')),
			{ code: 'merge-in-progress', facts: { what: 'merge' } },
		],
		[
			'nobody is named',
			({ laptop }) => git(laptop, 'config', '--unset', 'user.name'),
			{ code: 'identity-missing', facts: { setting: 'user.name' } },
		],
		[
			'no address is',
			({ laptop }) => git(laptop, 'config', '--unset', 'user.email'),
			{ code: 'identity-missing', facts: { setting: 'user.email' } },
		],
		[
			'a file over 50 MiB',
			async ({ laptop }) => {
				await writeFile(join(laptop, 'weights.bin'), '')
				await truncate(join(laptop, 'weights.bin'), 50 * 1024 * 1024 + 1)
			},
			{ code: 'commit-too-big', facts: { files: ['weights.bin'], limit: '50 MiB' } },
		],
	]
	test.each(cases)('%s', async (_, arrange, expected) => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'changed\n')
		await arrange(project)
		const before = await project.fingerprint()
		expect(await refusal(plan(project, all))).toMatchObject(expected)
		expect(await refusal(commit(project, all))).toMatchObject(expected)
		expect(await project.fingerprint()).toEqual(before)
	})

	test('files that a stash left in conflict', async () => {
		const project = await setUp()
		const { laptop } = project
		await writeFile(join(laptop, 'model.py'), 'stashed\n')
		await git(laptop, 'stash')
		await commitIn(laptop, 'model.py', 'committed\n')
		await expect(git(laptop, 'stash', 'pop')).rejects.toThrow()
		const before = await project.fingerprint()
		expect((await refusal(plan(project))).code).toBe('merge-in-progress')
		expect((await refusal(commit(project))).code).toBe('merge-in-progress')
		expect(await project.fingerprint()).toEqual(before)
	})

	test('over the limit as wished', async () => {
		const project = await setUp()
		await writeFile(join(project.laptop, 'model.py'), 'changed\n')
		expect((await refusal(planCommit(project.project, known, signal, 3))).code).toBe('commit-too-big')
		await commitChanges(project.project, known, newOperation('up', 1), signal, 0)
		expect(await status(project.laptop)).toBe('')
	})
})

describe.concurrent('hooks', () => {
	test('run in their order, on the PATH of a person, and may change what is committed', async () => {
		const project = await setUp()
		await change(project)
		const log = join(project.folder, 'hooks')
		await hook(
			project,
			'pre-commit',
			`echo "pre-commit $PATH" >>'${log}'; echo formatted >model.py; git add model.py`,
		)
		await hook(project, 'commit-msg', `echo commit-msg >>'${log}'; echo 'Signed-off-by: me' >>"$1"`)
		await hook(project, 'post-commit', `echo post-commit >>'${log}'`)
		await commit(project)
		const lines = (await readFile(log, 'utf8')).trim().split('\n')
		expect(lines.map((line) => line.split(' ')[0])).toEqual(['pre-commit', 'commit-msg', 'post-commit'])
		expect(lines[0]).toContain('/usr/local/bin')
		expect(lines[0]).toContain('/opt/homebrew/bin')
		expect(await git(project.laptop, 'show', 'HEAD:model.py')).toBe('formatted')
		expect(await git(project.laptop, 'log', '-1', '--format=%B')).toContain('Signed-off-by: me')
		expect(await status(project.laptop)).toBe('?? "deep er/"')
	})

	test.each(['pre-commit', 'commit-msg'])(
		'a %s that refuses is shown, and the index is as it was',
		async (name) => {
			const project = await setUp()
			await change(project)
			await hook(project, name, "echo 'line 3: no tabs, please' >&2; exit 1")
			const before = await project.fingerprint()
			const stood = await status(project.laptop)
			expect(await refusal(commit(project))).toMatchObject({
				code: 'git-failed',
				facts: { side: 'The laptop', reason: expect.stringContaining('line 3: no tabs, please') },
			})
			expect(await status(project.laptop)).toBe(stood)
			const after = await project.fingerprint()
			for (const key of ['laptop index', 'laptop HEAD', 'laptop/model.py'])
				expect(after[key]).toBe(before[key])
			expect(after['laptop refs']?.replaceAll(/^.*refs\/hawser.*\n/gm, '')).toBe(before['laptop refs'])
			await rm(join(project.laptop, '.git/hooks', name))
			await commit(project)
			expect(await status(project.laptop)).toBe('?? "deep er/"')
		},
	)

	test('one that hangs is ended', async () => {
		const project = await setUp()
		await change(project)
		await hook(project, 'pre-commit', 'exec tail -f /dev/null')
		const stood = await status(project.laptop)
		expect(await refusal(commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { reason: expect.stringContaining('a hook') },
		})
		expect(await status(project.laptop)).toBe(stood)
	})
})

describe.concurrent('signing', () => {
	async function signed(): Promise<GitProject & { key: string }> {
		const project = await setUp()
		await change(project)
		const key = join(project.folder, 'key')
		execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key])
		const { laptop } = project
		await git(laptop, 'config', 'gpg.format', 'ssh')
		await git(laptop, 'config', 'user.signingKey', `${key}.pub`)
		await git(laptop, 'config', 'commit.gpgSign', 'true')
		await writeFile(join(project.folder, 'allowed'), `test@localhost ${await readFile(`${key}.pub`, 'utf8')}`)
		await git(laptop, 'config', 'gpg.ssh.allowedSignersFile', join(project.folder, 'allowed'))
		return { ...project, key }
	}

	test('the person’s wish is respected: in their commit and in the merge of results', async () => {
		const project = await signed()
		await commit(project)
		await git(project.laptop, 'verify-commit', 'HEAD')
		await project.result('metrics.json', '1')
		await project.back()
		expect(await git(project.laptop, 'log', '-1', '--format=%P')).toContain(' ')
		await git(project.laptop, 'verify-commit', 'HEAD')
	})

	test('and in rebased results', async () => {
		const project = await signed()
		project.project.git.bringBack = 'rebase'
		await commit(project)
		await project.result('metrics.json', '1')
		await project.back()
		expect(await git(project.laptop, 'log', '-1', '--format=%P')).not.toContain(' ')
		await git(project.laptop, 'verify-commit', 'HEAD')
	})

	test('a key that is not there is told, and nothing is changed', async () => {
		const project = await signed()
		await rm(project.key)
		await rm(`${project.key}.pub`)
		const stood = await status(project.laptop)
		expect(await refusal(commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The laptop' },
		})
		expect(await status(project.laptop)).toBe(stood)
	})

	test.each(['commit', 'merge'] as const)('one that waits for a passphrase is ended: %s', async (what) => {
		const project = await signed()
		if (what === 'merge') {
			await commit(project)
			await project.result('metrics.json', '1')
		}
		// Stands in for an agent that asks on a screen where nobody is.
		const program = join(project.folder, 'signer')
		await writeFile(program, '#!/bin/sh\nexec tail -f /dev/null\n', { mode: 0o755 })
		await git(project.laptop, 'config', 'gpg.ssh.program', program)
		const stood = await git(project.laptop, 'rev-parse', 'HEAD')
		expect(await refusal(what === 'merge' ? project.back() : commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The laptop', reason: expect.stringContaining('passphrase') },
		})
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(stood)
		await git(project.laptop, 'config', '--unset', 'gpg.ssh.program')
		if (what === 'merge') await project.back()
		else await commit(project)
		await git(project.laptop, 'verify-commit', 'HEAD')
	})
})

describe.concurrent('killed', () => {
	test.each([
		'before update-index',
		'after update-index',
		'before commit',
		'after commit',
		'before update-ref',
		'after update-ref',
	])('%s: again completes', async (at) => {
		const project = await setUp()
		const { laptop } = project
		await change(project)
		const point = join(laptop, '../point')
		await writeFile(point, `${at}\n`)
		await commit(project, all).catch(() => {})
		const struck = !existsSync(point)
		expect(struck).toBe(true)
		await rm(point, { force: true })
		// Whoever is next clears up, and never leaves an index that takes the commit back.
		await localScript('git-land', ['settle', '', laptop], laptop, signal)
		expect(existsSync(join(laptop, '.git/index.lock'))).toBe(false)
		const made = (await git(laptop, 'log', '-1', '--format=%s')) === 'All of it'
		expect(await git(laptop, 'diff', '--cached', '--name-only', '--diff-filter=A')).toBe(
			made ? '' : '"staged \\"new\\".txt"',
		)
		if (made) expect(await status(laptop)).toBe('')
		await commit(project, all)
		expect(await status(laptop)).toBe('')
		expect(await git(laptop, 'rev-list', '--count', 'HEAD')).toBe('3')
		const left = Object.entries(await project.fingerprint()).filter(([file]) => file.endsWith('/.git'))
		expect(left.map(([, files]) => files.replace(/refs\/hawser/, '')).join('')).toBe('')
	})
})
