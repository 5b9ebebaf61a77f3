import { mkdtempSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { refusal } from './git-project.ts'
import { git } from './repositories.ts'
import { noHub, type SetupGround, type SetupOptions, setupGround } from './setup-ground.ts'

const made: SetupGround[] = []
afterEach(async () => {
	for (const ground of made.splice(0)) await ground.remove()
})

async function ground(options?: SetupOptions): Promise<SetupGround> {
	const here = await setupGround(options)
	made.push(here)
	return here
}

// Stand-in for a workstation without git-lfs: one that answers as if it were not there.
const withoutLfs = mkdtempSync(join(tmpdir(), 'hawser-no-lfs-'))
beforeAll(() => writeFile(join(withoutLfs, 'git-lfs'), '#!/bin/sh\nexit 127\n', { mode: 0o755 }))
afterAll(() => rm(withoutLfs, { recursive: true }))

describe('refuses, and changes nothing', () => {
	const elsewhere = async (here: SetupGround, at: string) => {
		await git(here.home, 'init', '-q', '--', at)
		await git(at, 'commit', '-q', '--allow-empty', '-m', 'Something else')
	}
	const cases: [
		name: string,
		arrange: (here: SetupGround) => Promise<unknown>,
		expected: { code: string; facts?: Record<string, unknown> },
		options?: SetupOptions,
	][] = [
		[
			'a folder with files where the clone is to be',
			async ({ clone }) => {
				await mkdir(clone)
				await writeFile(join(clone, 'thesis.txt'), 'all of it')
			},
			{ code: 'folder-in-the-way', facts: { found: 'a folder with other files', side: 'The workstation' } },
		],
		[
			'a file there',
			({ clone }) => writeFile(clone, 'x'),
			{ code: 'folder-in-the-way', facts: { found: 'a file' } },
		],
		[
			'a link to nothing there',
			({ clone }) => symlink('/nowhere/at all', clone),
			{ code: 'folder-in-the-way', facts: { found: 'a file' } },
		],
		[
			'a file above it',
			async ({ home, project }) => {
				await writeFile(join(home, 'code'), 'x')
				project.remote = '~/code/python/nt'
			},
			{ code: 'folder-in-the-way', facts: { found: 'a file', path: expect.stringMatching(/\/code$/) } },
		],
		[
			'a repository with another history',
			(here) => elsewhere(here, here.clone),
			{ code: 'folder-in-the-way', facts: { found: 'a repository with another history' } },
		],
		[
			'a repository without a commit',
			({ home, clone }) => git(home, 'init', '-q', '--', clone),
			{ code: 'folder-in-the-way' },
		],
		[
			'a bare repository',
			({ home, hub, clone }) => git(home, 'clone', '-q', '--bare', '--', hub, clone),
			{ code: 'folder-in-the-way', facts: { found: 'a bare repository' } },
		],
		[
			'a folder within another repository',
			async (here) => {
				await elsewhere(here, here.home)
				await mkdir(here.clone)
				await writeFile(join(here.clone, 'thesis.txt'), 'all of it')
			},
			{ code: 'folder-in-the-way', facts: { found: 'a folder with other files' } },
		],
		[
			'a folder with files where the worktree is to be',
			async ({ worktree }) => {
				await mkdir(worktree)
				await writeFile(join(worktree, 'thesis.txt'), 'all of it')
			},
			{ code: 'folder-in-the-way', facts: { found: 'a folder that is no worktree of this clone' } },
		],
		[
			'a worktree of another branch',
			async (here) => {
				await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
				await git(here.clone, 'worktree', 'add', '-q', '-b', 'other', here.worktree)
			},
			{ code: 'folder-in-the-way', facts: { found: 'a worktree of the branch other' } },
		],
		[
			'a worktree of another clone',
			async (here) => {
				await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
				await elsewhere(here, join(here.home, 'b'))
				await git(join(here.home, 'b'), 'worktree', 'add', '-q', '-b', 'gpu-validation', here.worktree)
			},
			{ code: 'folder-in-the-way', facts: { found: 'a folder that is no worktree of this clone' } },
		],
		[
			'the validation branch checked out elsewhere',
			async (here) => {
				await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
				await git(here.clone, 'checkout', '-q', '-b', 'gpu-validation')
			},
			{ code: 'folder-in-the-way', facts: { found: 'the branch gpu-validation checked out' } },
		],
		[
			'a worktree whose folder was moved away',
			async (here) => {
				await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
				await git(here.clone, 'worktree', 'add', '-q', '-b', 'gpu-validation', here.worktree)
				await rename(here.worktree, join(here.home, 'kept'))
			},
			{ code: 'folder-in-the-way', facts: { found: expect.stringContaining('git worktree prune') } },
		],
		[
			'one place for both',
			async ({ project }) => {
				project.git.remoteWorktree = `${project.remote}/`
			},
			{ code: 'folder-in-the-way' },
		],
		[
			'a shallow clone that does not reach back',
			async ({ home, hub, clone }) => {
				await git(home, 'clone', '-q', '--depth=1', '--', `file://${hub}`, clone)
			},
			{ code: 'repository-shallow', facts: { side: 'The workstation' } },
		],
		[
			'a shallow laptop where the hub is out of reach',
			async ({ folder, hub, laptop }) => {
				await rm(laptop, { recursive: true })
				await git(folder, 'clone', '-q', '--depth=1', '--', `file://${hub}`, laptop)
				await git(laptop, 'remote', 'set-url', 'origin', hub)
			},
			{ code: 'repository-shallow', facts: { side: 'The laptop' } },
			{ env: noHub },
		],
		[
			'files of Git LFS where git-lfs is missing',
			async ({ laptop, commit }) => {
				await commit('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n')
				await commit('weights.bin', 'version https://git-lfs.github.com/spec/v1\n')
				await git(laptop, 'push', '-q', 'origin', 'master')
			},
			{ code: 'lfs-missing', facts: { side: 'The workstation', files: ['weights.bin'] } },
			{ env: { PATH: `${withoutLfs}:${process.env.PATH}` } },
		],
		[
			'a hub that the laptop does not have',
			async ({ project }) => {
				project.git.hub = 'upstream'
			},
			{ code: 'hub-missing', facts: { side: 'The laptop' } },
		],
		[
			'a base branch that the laptop does not have',
			async ({ project }) => {
				project.git.base = 'main'
			},
			{ code: 'branch-missing', facts: { side: 'The laptop', branch: 'main' } },
		],
		[
			'a folder of the laptop’s in the way of its worktree',
			async ({ laptopWorktree }) => {
				await mkdir(laptopWorktree)
				await writeFile(join(laptopWorktree, 'thesis.txt'), 'all of it')
			},
			{ code: 'folder-in-the-way', facts: { side: 'The laptop' } },
			{ laptopWorktree: true },
		],
	]
	test.each(cases)('%s', async (_name, arrange, expected, options) => {
		const here = await ground(options)
		await arrange(here)
		const before = await here.fingerprint()
		expect(await refusal(here.setUp())).toMatchObject(expected)
		expect(await here.fingerprint()).toEqual(before)
	})

	test.skipIf(process.getuid?.() === 0)('a folder that cannot be written to', async () => {
		const here = await ground()
		await chmod(here.home, 0o500)
		try {
			expect(await refusal(here.setUp())).toMatchObject({ code: 'git-failed' })
		} finally {
			await chmod(here.home, 0o700)
		}
	})
})

/** The hub over plain HTTP, as files. Gives its address with a login, and what ends it. */
async function serve(hub: string): Promise<{ url: string; stop(): Promise<unknown> }> {
	await git(hub, 'update-server-info')
	const server = createServer((request, response) => {
		const path = (request.url ?? '').replace(/^\/nt\.git|\?.*$/g, '')
		readFile(join(hub, path)).then(
			(data) => response.end(data),
			() => response.writeHead(404).end(),
		)
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	const address = server.address()
	const port = typeof address === 'object' ? address?.port : 0
	return {
		url: `http://terry:hunter2@127.0.0.1:${port}/nt.git`,
		stop: () => new Promise((done) => server.close(done)),
	}
}

test('a hub’s address with a password is not copied, and one that is there already serves', async () => {
	const here = await ground()
	await git(here.laptop, 'push', '-q', 'origin', 'master:gpu-validation')
	const { url, stop } = await serve(here.hub)
	try {
		await git(here.laptop, 'remote', 'set-url', 'origin', url)
		const before = await here.fingerprint()
		const problem = await refusal(here.setUp())
		expect(problem).toMatchObject({ code: 'hub-url-secret', facts: { hub: 'origin' } })
		expect(JSON.stringify(problem)).not.toContain('hunter2')
		expect(await here.fingerprint()).toEqual(before)
		await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
		await here.setUp()
		expect(await git(here.clone, 'config', 'remote.origin.url')).toBe(here.hub)
		expect(JSON.stringify(await readFile(join(here.clone, '.git/config'), 'utf8'))).not.toContain('hunter2')
	} finally {
		await stop()
	}
})
