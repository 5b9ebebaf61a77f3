import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { simpleGit } from 'simple-git'
import { afterEach, describe, expect, test } from 'vitest'
import { pendingSchema } from '../../src/contract/pending.ts'
import { readLocal } from '../../src/engine/git/local.ts'
import { mostFiles, pendingOf } from '../../src/engine/git/pending.ts'
import { parseRemote, remoteFactsScript } from '../../src/engine/git/remote.ts'
import { runBatch } from '../../src/engine/remote/batch.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const execute = promisify(execFile)
const opened: GitProject[] = []
afterEach(async () => {
	for (const project of opened.splice(0)) await project.remove()
})

async function make(options?: Parameters<typeof gitProject>[0]): Promise<GitProject> {
	const project = await gitProject(options)
	opened.push(project)
	return project
}

/** As a check does it: both sides' facts as they are shown, the workstation's in a batch with other scripts. */
async function shown({ project, link }: GitProject) {
	const script = remoteFactsScript(project)
	const [mine, [, theirs]] = await Promise.all([
		readLocal(project),
		runBatch(link, [{ name: 'run-list', args: [] }, script]),
	])
	const pending = pendingOf(project, mine, parseRemote(theirs?.stdout ?? '', theirs?.code ?? null), 1)
	expect(pendingSchema.parse(pending)).toEqual(pending)
	expect(JSON.stringify(pending).length).toBeLessThan(100_000)
	return pending
}

const calm = { detached: false, ongoing: null, stashes: 0, lock: null }
const old = new Date(Date.now() - 60_000)

/** Commits that touch the same line on two branches; gives the other branch's name. */
async function twoWays(folder: string, branch: string): Promise<string> {
	await git(folder, 'checkout', '-q', '-b', 'other')
	await commitIn(folder, 'model.py', 'theirs\n')
	await git(folder, 'checkout', '-q', branch)
	await commitIn(folder, 'model.py', 'ours\n')
	return 'other'
}

/** What a person begins in a worktree, and how it is called. Each of them stops at a conflict. */
const begun: [string, (folder: string, other: string) => Promise<unknown>, boolean][] = [
	['merge', (folder, other) => git(folder, 'merge', other), false],
	['cherry-pick', (folder, other) => git(folder, 'cherry-pick', other), false],
	['revert', (folder, other) => git(folder, 'revert', '--no-edit', other), false],
	['rebase', (folder, other) => git(folder, 'rebase', other), true],
	['rebase', (folder, other) => git(folder, 'rebase', '--apply', other), true],
	['bisect', (folder) => git(folder, 'bisect', 'start', 'HEAD', 'HEAD~2'), true],
]

describe('the laptop', () => {
	test('in step there is nothing', async () => {
		expect(await shown(await make())).toMatchObject({
			branch: 'master',
			standing: calm,
			changedCount: 0,
			untrackedCount: 0,
			toHub: { count: 0 },
			fromHub: { count: 0 },
			toWorkstation: { count: 0 },
			toLaptop: { count: 0 },
			remote: { standing: calm, changedCount: 0, untrackedCount: 0, resultCount: 0 },
			problem: null,
		})
	})

	test.each(begun)('in the middle of a %s', async (what, begin, detached) => {
		const project = await make()
		const other = await twoWays(project.laptop, 'master')
		await begin(project.laptop, other).catch(() => {})
		expect((await shown(project)).standing).toEqual({ ...calm, ongoing: what, detached })
	})

	test('in the middle of applying mails, and of a sequence between two of its commits', async () => {
		const project = await make()
		const other = await twoWays(project.laptop, 'master')
		const patch = await git(project.laptop, 'format-patch', '--stdout', `${other}~1..${other}`)
		await writeFile(join(project.folder, 'patch'), `${patch}\n`)
		await git(project.laptop, 'am', join(project.folder, 'patch')).catch(() => {})
		expect((await shown(project)).standing.ongoing).toBe('patch series')
		await git(project.laptop, 'am', '--abort')
		await git(project.laptop, 'checkout', '-q', other)
		await commitIn(project.laptop, 'more.py', 'more\n')
		await git(project.laptop, 'checkout', '-q', 'master')
		await git(project.laptop, 'cherry-pick', `master..${other}`).catch(() => {})
		await writeFile(join(project.laptop, 'model.py'), 'both\n')
		await git(project.laptop, 'commit', '-qam', 'Resolved')
		expect((await shown(project)).standing.ongoing).toBe('cherry-pick')
	})

	test('detached, stashes, and both ways to and from the hub', async () => {
		const project = await make()
		const { laptop, clone } = project
		for (const text of ['1', '2']) {
			await writeFile(join(laptop, 'model.py'), text)
			await git(laptop, 'stash')
		}
		await git(laptop, 'checkout', '-q', '--detach')
		await commitIn(clone, 'from-hub.py', '1\n')
		await git(clone, 'push', '-q', 'origin', 'master')
		await git(clone, 'push', '-q', 'origin', 'master~1:refs/heads/gpu-validation')
		await git(laptop, 'fetch', '-q')
		await git(laptop, 'checkout', '-q', 'master')
		await commitIn(laptop, 'to-hub.py', '1\n')
		await git(laptop, 'checkout', '-q', '--detach')
		expect(await shown(project)).toMatchObject({
			branch: null,
			standing: { ...calm, detached: true, stashes: 2 },
			toHub: { count: 1, commits: [{ subject: 'Change to-hub.py' }] },
			fromHub: { count: 1, commits: [{ subject: 'Change from-hub.py' }] },
		})
	})

	test('what is on both of the hub’s branches counts once, and more than is shown', async () => {
		const project = await make()
		const { laptop, hub, worktree } = project
		for (let n = 0; n < 25; n++) await git(laptop, 'commit', '-q', '--allow-empty', '-m', `n ${n}`)
		const tip = await git(laptop, 'rev-parse', 'HEAD')
		await git(laptop, 'push', '-q', 'origin', 'master', 'master:gpu-validation')
		await git(laptop, 'reset', '-q', '--hard', 'HEAD~25')
		await commitIn(worktree, 'results/m.json', '1')
		await git(hub, 'fetch', '-q', worktree, 'gpu-validation:gpu-only')
		const { fromHub, toHub } = await shown(project)
		expect(fromHub).toMatchObject({ count: 25, commits: { length: 20, 0: { id: tip } } })
		expect(toHub).toEqual({ count: 0, commits: [] })
	})

	test('changed and untracked files by name, however they are named', async () => {
		const project = await make()
		const names = [
			'-rf',
			' two  blanks ',
			'line\nbreak',
			'quote"\'$(x)`',
			'ünïcødé 漢字',
			'tab\there',
			'# branch.head x',
		]
		for (const name of names) await writeFile(join(project.laptop, name), 'x')
		expect((await shown(project)).untrackedFiles.sort()).toEqual([...names].sort())
		await git(project.laptop, 'add', '-A')
		await git(project.laptop, 'commit', '-qm', 'Odd names')
		for (const name of names) await writeFile(join(project.laptop, name), 'y')
		await git(project.laptop, 'mv', 'data.csv', 'moved.csv')
		const pending = await shown(project)
		expect(pending.changedFiles.sort()).toEqual([...names, 'data.csv', 'moved.csv'].sort())
		expect(pending).toMatchObject({ changedCount: names.length + 2, untrackedCount: 0 })
		// Read by somebody else, in another format (who takes off blanks around a name).
		const { files } = await simpleGit(project.laptop).status(['--no-renames'])
		expect(files.map(({ path }) => path.trim()).sort()).toEqual(
			pending.changedFiles.map((name) => name.trim()).sort(),
		)
	})

	test('what a person set otherwise changes nothing', async () => {
		const project = await make()
		for (const setting of [
			'status.showUntrackedFiles=no',
			'status.relativePaths=true',
			'log.showSignature=true',
			'core.quotePath=true',
			'status.renames=copies',
		])
			await git(project.laptop, 'config', ...(setting.split('=') as [string, string]))
		await mkdir(join(project.laptop, 'ünew'))
		await writeFile(join(project.laptop, 'ünew/a'), '')
		await writeFile(join(project.laptop, 'ünew/b'), '')
		expect((await shown(project)).untrackedFiles).toEqual(['ünew/a', 'ünew/b'])
	})

	test('a lock that stays is named with what holds it; one of this moment is not', async () => {
		const project = await make()
		const path = join(project.laptop, '.git/index.lock')
		await writeFile(path, '')
		expect((await shown(project)).standing.lock).toBe(null)
		await utimes(path, old, old)
		expect((await shown(project)).standing.lock).toEqual({ path, owner: null })
		const held = await open(path)
		try {
			const { lock } = (await shown(project)).standing
			expect(lock?.owner).toMatch(new RegExp(`^.+ \\(process ${process.pid}\\)$`))
		} finally {
			await held.close()
		}
	})

	test('a git that waits for a person’s editor keeps the lock and is named', async () => {
		const project = await make()
		await writeFile(join(project.laptop, 'model.py'), 'x')
		const sign = join(project.folder, 'editing')
		const editor = `touch '${sign}'; while [ -e '${sign}' ]; do sleep 0.1; done; false`
		// From a shell, as a person does it; what we start ourselves in a worktree holds nothing.
		const editing = execute('sh', ['-c', 'git commit -a; true'], {
			cwd: project.laptop,
			env: { ...process.env, GIT_EDITOR: editor },
		})
		try {
			await expect.poll(() => existsSync(sign)).toBe(true)
			const path = join(project.laptop, '.git/index.lock')
			await utimes(path, old, old)
			const { lock } = (await shown(project)).standing
			expect(lock).toEqual({ path, owner: expect.stringMatching(/^git \(process \d+\)$/) })
		} finally {
			await rm(sign, { force: true })
			await editing
		}
	})

	test('a linked worktree stands by itself; stashes and branches are shared', async () => {
		const project = await make()
		const linked = join(project.folder, 'linked')
		await writeFile(join(project.laptop, 'model.py'), 'x')
		await git(project.laptop, 'stash')
		await git(project.laptop, 'checkout', '-q', '-b', 'elsewhere')
		await git(project.laptop, 'worktree', 'add', '-q', linked, 'master')
		const other = await twoWays(linked, 'master')
		await git(linked, 'merge', other).catch(() => {})
		const there = { ...project, project: { ...project.project, local: linked } }
		expect((await shown(there)).standing).toEqual({ ...calm, ongoing: 'merge', stashes: 1 })
		expect((await shown(project)).standing).toEqual({ ...calm, stashes: 1 })
		await rm(linked, { recursive: true })
		await git(project.laptop, 'worktree', 'prune')
		await mkdir(linked)
		await writeFile(join(linked, '.git'), `gitdir: ${project.laptop}/.git/worktrees/linked\n`)
		expect(await refusal(shown(there))).toMatchObject({ code: 'repository-missing' })
	})

	test('a branch without a commit, and a base branch that is not there yet', async () => {
		const project = await make()
		await git(project.laptop, 'checkout', '-q', '--orphan', 'new')
		expect(await shown(project)).toMatchObject({ branch: 'new', standing: calm, changedCount: 2 })
		const empty = join(project.folder, 'empty')
		await git(project.folder, 'init', '-q', empty)
		const there = { ...project, project: { ...project.project, local: empty } }
		expect(await refusal(shown(there))).toMatchObject({ code: 'branch-missing', facts: { branch: 'master' } })
	})

	test('a clone that holds a part of the history', async () => {
		const project = await make()
		const shallow = join(project.folder, 'shallow')
		await git(
			project.folder,
			'clone',
			'-q',
			'--depth',
			'1',
			'--no-single-branch',
			`file://${project.hub}`,
			shallow,
		)
		await commitIn(shallow, 'new.py', '1\n')
		const there = { ...project, project: { ...project.project, local: shallow } }
		expect(await shown(there)).toMatchObject({ toHub: { count: 1 }, fromHub: { count: 0 }, standing: calm })
	})

	test('the hub’s repository is gone: what was seen last counts; its remote is gone: that is said', async () => {
		const project = await make()
		await rm(project.hub, { recursive: true })
		await commitIn(project.laptop, 'new.py', '1\n')
		expect(await shown(project)).toMatchObject({ toHub: { count: 1 }, problem: null })
		await git(project.laptop, 'remote', 'remove', 'origin')
		expect(await shown(project)).toMatchObject({
			toHub: null,
			fromHub: null,
			problem: { code: 'hub-missing', facts: { side: 'The laptop' } },
		})
	})
})

describe('the workstation', () => {
	test.each(begun)('its worktree in the middle of a %s', async (what, begin, detached) => {
		const project = await make()
		const other = await twoWays(project.worktree, 'gpu-validation')
		await begin(project.worktree, other).catch(() => {})
		const pending = await shown(project)
		expect(pending.remote?.standing).toEqual({ ...calm, ongoing: what, detached })
		// A branch that a rebase holds is no missing worktree.
		if (detached) expect(pending.problem).toMatchObject({ code: 'merge-in-progress', facts: { what } })
		else expect(pending.problem).toBe(null)
	})

	test('its clone in the middle of a merge, detached, with stashes', async () => {
		const project = await make()
		const other = await twoWays(project.clone, 'master')
		await writeFile(join(project.clone, 'data.csv'), 'x')
		await git(project.clone, 'stash')
		await git(project.clone, 'merge', other).catch(() => {})
		expect((await shown(project)).remote?.standing).toEqual({ ...calm, ongoing: 'merge', stashes: 1 })
		await git(project.clone, 'merge', '--abort')
		await git(project.clone, 'checkout', '-q', '--detach')
		expect((await shown(project)).remote?.standing).toEqual({ ...calm, detached: true, stashes: 1 })
	})

	test('changed, untracked and result files apart, however they are named', async () => {
		const project = await make()
		const { worktree } = project
		await writeFile(join(worktree, 'model.py'), 'changed')
		for (const name of ['-new', 'line\nbreak ü', '"q" $(x)']) await writeFile(join(worktree, name), '')
		await project.result('a b.json', '1')
		const { remote } = await shown(project)
		expect(remote).toMatchObject({ changedFiles: ['model.py'], resultFiles: ['results/a b.json'] })
		expect(remote?.untrackedFiles.sort()).toEqual(['-new', 'line\nbreak ü', '"q" $(x)'].sort())
		expect(remote).toMatchObject({ changedCount: 1, untrackedCount: 3, resultCount: 1 })
	})

	test('a lock that stays, with what holds it', async () => {
		const project = await make()
		const path = join(project.clone, '.git/worktrees/nt-gpu/index.lock')
		await writeFile(path, '')
		expect((await shown(project)).remote?.standing.lock).toBe(null)
		await utimes(path, old, old)
		expect((await shown(project)).remote?.standing.lock).toEqual({ path, owner: null })
		const held = await open(path)
		try {
			const lock = (await shown(project)).remote?.standing.lock
			expect(lock?.owner).toMatch(new RegExp(`^.+ \\(process ${process.pid}\\)$`))
		} finally {
			await held.close()
		}
	})

	test('its worktree is gone and pruned: that is said, and the rest is still known', async () => {
		const project = await make()
		await commitIn(project.clone, 'x.py', '1\n')
		await rename(project.worktree, `${project.worktree} moved`)
		await git(project.clone, 'worktree', 'prune')
		expect(await shown(project)).toMatchObject({
			toLaptop: { count: 0 },
			remote: { standing: calm, untrackedCount: 0 },
			problem: { code: 'worktree-missing' },
		})
	})

	test('a list of files that git could not finish is no short list', async () => {
		const project = await make()
		// Only `status` reads this, and ends at it.
		await git(project.clone, 'config', 'extensions.worktreeConfig', 'true')
		await git(project.worktree, 'config', '--worktree', 'status.showUntrackedFiles', 'nonsense')
		expect((await shown(project)).problem).toMatchObject({
			code: 'git-failed',
			facts: { what: 'list files' },
		})
	})
})

test('a hundred thousand and one files: the first few, and the true number', async () => {
	const project = await make()
	const touch = async (name: string, many: number) => {
		const folder = join(project.worktree, name)
		await mkdir(folder)
		const numbers = `i=0; while [ $i -lt ${many} ]; do echo "$i"; i=$((i+1)); done`
		await execute('sh', ['-c', `${numbers} | xargs touch`], { cwd: folder })
	}
	await touch('many', 100_001)
	await touch('results', 1001)
	// One folder is both sides: it is the making of the files that takes long.
	const both = { ...project, project: { ...project.project, local: project.worktree } }
	const pending = await shown(both)
	expect(pending.untrackedFiles).toHaveLength(mostFiles)
	expect(pending.untrackedCount).toBe(101_002)
	expect(pending.remote?.untrackedFiles).toHaveLength(mostFiles)
	expect(pending.remote?.untrackedFiles[0]).toBe('many/0')
	expect(pending.remote).toMatchObject({ untrackedCount: 100_001, resultCount: 1001 })
	expect(pending.remote?.resultFiles).toHaveLength(mostFiles)
	await git(project.worktree, 'add', '-A')
	const { remote } = await shown(both)
	expect(remote).toMatchObject({ changedCount: 100_001, changedFiles: { length: mostFiles } })
}, 240_000)
