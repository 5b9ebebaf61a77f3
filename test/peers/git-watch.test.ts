import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { ProjectConfig } from '../../src/contract/config.ts'
import type { Pending } from '../../src/contract/state.ts'
import { commitIn, type GitProject, gitProject } from './git-project.ts'
import { type ProjectBed, projectBed } from './project-bed.ts'
import { git } from './repositories.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
	await noWatches()
})

/** The watches on folders that this process holds, all of its file system watchers together. */
function watches(): number {
	const open = process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length
	if (process.platform !== 'linux') return open
	const held = readdirSync('/proc/self/fdinfo').reduce((sum, descriptor) => {
		try {
			return (
				sum + (readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8').match(/^inotify wd/gm)?.length ?? 0)
			)
		} catch {
			return sum
		}
	}, 0)
	return Math.max(open, held)
}

/** A watch that was closed is gone with the next turn of the event loop. */
const noWatches = () => vi.waitFor(() => expect(watches()).toBe(0))

async function make(): Promise<GitProject> {
	const project = await gitProject()
	cleanups.push(() => project.remove())
	return project
}

async function watched(config: ProjectConfig): Promise<ProjectBed> {
	const bed = projectBed(config)
	cleanups.push(() => bed.session.dispose())
	await bed.session.start()
	return bed
}

/** Does something and waits until it shows; prints how long after its end that was. */
async function shows(
	bed: ProjectBed,
	what: string,
	work: () => Promise<unknown>,
	looks: (pending: Pending) => boolean,
) {
	const before = bed.pending()
	if (before.status === 'read') expect(looks(before), `${what}, before it was done`).toBe(false)
	await work()
	const done = performance.now()
	await bed.until(looks)
	console.log(`${what}: shown ${Math.max(0, performance.now() - done).toFixed(0)} ms after its end`)
}

test('what is done in the project’s own worktree shows', async () => {
	const { laptop, project } = await make()
	const bed = await watched(project)
	const on =
		(...args: string[]) =>
		() =>
			git(laptop, ...args)
	await shows(
		bed,
		'a commit',
		() => commitIn(laptop, 'a', '1'),
		({ toHub }) => toHub?.count === 1,
	)
	await writeFile(join(laptop, 'model.py'), 'x')
	await shows(bed, 'a stage', on('add', 'model.py'), ({ changedCount }) => changedCount === 1)
	await shows(bed, 'a stash', on('stash'), ({ standing }) => standing.stashes === 1)
	await writeFile(join(laptop, 'model.py'), 'y')
	await shows(bed, 'a second stash', on('stash'), ({ standing }) => standing.stashes === 2)
	await shows(
		bed,
		'the older one dropped',
		on('reflog', 'delete', '--rewrite', 'stash@{1}'),
		({ standing }) => standing.stashes === 1,
	)
	await shows(bed, 'the last one dropped', on('stash', 'drop'), ({ standing }) => standing.stashes === 0)
	await shows(bed, 'a push', on('push', '-q', 'origin', 'master'), ({ toHub }) => toHub?.count === 0)
	await shows(bed, 'a new branch', on('checkout', '-q', '-b', 'other'), ({ branch }) => branch === 'other')
	await commitIn(laptop, 'data.csv', 'theirs')
	await shows(bed, 'a checkout', on('checkout', '-q', 'master'), ({ branch }) => branch === 'master')
	await commitIn(laptop, 'data.csv', 'ours')
	const fails =
		(...args: string[]) =>
		() =>
			git(laptop, ...args).catch(() => {})
	await shows(bed, 'a merge begun', fails('merge', 'other'), ({ standing }) => standing.ongoing === 'merge')
	await shows(bed, 'it aborted', on('merge', '--abort'), ({ standing }) => standing.ongoing === null)
	await shows(
		bed,
		'a rebase begun',
		fails('rebase', 'other'),
		({ standing }) => standing.ongoing === 'rebase',
	)
	await shows(bed, 'it aborted', on('rebase', '--abort'), ({ standing }) => standing.ongoing === null)
	await shows(bed, 'a detached head', on('checkout', '-q', '--detach'), ({ standing }) => standing.detached)
	await shows(
		bed,
		'a remote removed',
		on('remote', 'remove', 'origin'),
		({ problem }) => problem?.code === 'hub-missing',
	)
})

test('what moves the base branch or the hub’s branches from elsewhere shows', async () => {
	const { laptop, folder, clone, project } = await make()
	await git(laptop, 'checkout', '-q', '-b', 'mine')
	const bed = await watched(project)
	const elsewhere = join(folder, 'elsewhere')
	await git(laptop, 'worktree', 'add', '-q', elsewhere, 'master')
	await shows(
		bed,
		'a commit in another worktree',
		() => commitIn(elsewhere, 'a', '1'),
		({ toHub }) => toHub?.count === 1,
	)
	await commitIn(clone, 'b', '1')
	await git(clone, 'push', '-q', 'origin', 'master')
	await shows(
		bed,
		'a fetch',
		() => git(laptop, 'fetch', '-q'),
		({ fromHub }) => fromHub?.count === 1,
	)
	await git(laptop, 'pack-refs', '--all')
	await rm(join(laptop, '.git/refs/remotes/origin'), { recursive: true, force: true })
	await commitIn(clone, 'c', '1')
	await git(clone, 'push', '-q', 'origin', 'master')
	await shows(
		bed,
		'a fetch after refs were packed',
		() => git(laptop, 'fetch', '-q'),
		({ fromHub }) => fromHub?.count === 2,
	)
	await commitIn(clone, 'd', '1')
	await git(clone, 'push', '-q', 'origin', 'master')
	await shows(
		bed,
		'the fetch after that',
		() => git(laptop, 'fetch', '-q'),
		({ fromHub }) => fromHub?.count === 3,
	)
	const tip = await git(laptop, 'rev-parse', 'master~1')
	await shows(
		bed,
		'update-ref',
		() => git(laptop, 'update-ref', 'refs/heads/master', tip),
		({ toHub }) => toHub?.count === 0,
	)
})

test('a linked worktree, where .git is a file', async () => {
	const { laptop, folder, project } = await make()
	const linked = join(folder, 'linked')
	await git(laptop, 'checkout', '-q', '-b', 'elsewhere')
	await git(laptop, 'worktree', 'add', '-q', linked, 'master')
	const bed = await watched({ ...project, local: linked })
	await shows(
		bed,
		'a commit',
		() => commitIn(linked, 'a', '1'),
		({ toHub }) => toHub?.count === 1,
	)
	await writeFile(join(linked, 'model.py'), 'x')
	await shows(
		bed,
		'a stage',
		() => git(linked, 'add', '-A'),
		({ changedCount }) => changedCount === 1,
	)
	await shows(
		bed,
		'a stash elsewhere',
		async () => {
			await writeFile(join(laptop, 'data.csv'), 'x')
			await git(laptop, 'stash')
		},
		({ standing }) => standing.stashes === 1,
	)
})

test('a base branch in folders, made anew after it was packed', async () => {
	const { laptop, project } = await make()
	await git(laptop, 'checkout', '-q', '-b', 'team/a/main')
	await git(laptop, 'push', '-q', 'origin', 'team/a/main')
	await git(laptop, 'pack-refs', '--all')
	const bed = await watched({ ...project, git: { ...project.git, base: 'team/a/main' } })
	await shows(
		bed,
		'a commit',
		() => commitIn(laptop, 'a', '1'),
		({ toHub }) => toHub?.count === 1,
	)
	await shows(
		bed,
		'another',
		() => git(laptop, 'commit', '-q', '--allow-empty', '-m', 'x'),
		({ toHub }) => toHub?.count === 2,
	)
})

test('a lock left behind shows, and so does its end', async () => {
	const { laptop, project } = await make()
	const bed = await watched(project)
	const lock = join(laptop, '.git/index.lock')
	await shows(
		bed,
		'a lock',
		() => writeFile(lock, ''),
		({ standing }) => standing.lock?.path === lock,
	)
	await shows(
		bed,
		'its end',
		() => rm(lock),
		({ standing }) => standing.lock === null,
	)
})

test('a repository that is removed, made again, moved away and moved back', async () => {
	const { laptop, hub, folder, project } = await make()
	const bed = await watched(project)
	const gone = () => bed.untilState(({ status }) => status === 'unreadable')
	await rm(laptop, { recursive: true })
	await gone()
	expect(bed.pending()).toMatchObject({ problem: { code: 'repository-missing' } })
	await git(folder, 'clone', '-q', hub, laptop)
	await bed.until(({ branch }) => branch === 'master')
	await rename(laptop, `${laptop} away`)
	await gone()
	await rename(`${laptop} away`, laptop)
	await bed.until(({ branch }) => branch === 'master')
	await rm(join(laptop, '.git'), { recursive: true })
	await gone()
	await git(laptop, 'init', '-q', '-b', 'master')
	await bed.untilState(
		(pending) => pending.status === 'unreadable' && pending.problem.code === 'branch-missing',
	)
	await shows(
		bed,
		'the first commit',
		() => commitIn(laptop, 'a', '1'),
		({ branch }) => branch === 'master',
	)
})

test('a rebase of 200 commits gives few readings, the last of which is right', async () => {
	const { laptop, project } = await make()
	await git(laptop, 'checkout', '-q', '-b', 'other')
	await commitIn(laptop, 'other', '1')
	await git(laptop, 'checkout', '-q', 'master')
	for (let n = 0; n < 200; n++) await git(laptop, 'commit', '-q', '--allow-empty', '-m', `${n}`)
	const bed = await watched(project)
	const before = bed.readings()
	await git(laptop, 'rebase', '-q', 'other')
	const tip = await git(laptop, 'rev-parse', 'master')
	await bed.until(({ head, standing }) => head === tip && standing.ongoing === null && !standing.detached)
	console.log(`a rebase of 200 commits: ${bed.readings() - before} readings`)
	expect(bed.readings() - before).toBeLessThan(20)
})

test('what is not of interest is not read for', async () => {
	const { laptop, project } = await make()
	const bed = await watched(project)
	const before = bed.readings()
	await writeFile(join(laptop, '.git/COMMIT_EDITMSG'), 'x')
	await git(laptop, 'update-ref', 'refs/heads/unrelated', 'HEAD')
	// Heard in the order they come: once this one is shown, the others would have been.
	await shows(
		bed,
		'a commit',
		() => commitIn(laptop, 'a', '1'),
		({ toHub }) => toHub?.count === 1,
	)
	expect(bed.readings() - before).toBeLessThanOrEqual(2)
})

test('disposed in the middle of a reading: it ends, and nothing is watched', async () => {
	const { project } = await make()
	const bed = projectBed(project)
	const starting = bed.session.start()
	await vi.waitFor(() => expect(watches()).toBeGreaterThan(0))
	await bed.session.dispose()
	await starting
	await noWatches()
	expect(bed.pending()).toEqual({ status: 'unknown' })
})

test('fifty projects that are disposed leave no watch', async () => {
	const { project } = await make()
	const beds = Array.from({ length: 50 }, (_, n) => projectBed({ ...project, name: `p${n}` }))
	await Promise.all(beds.map((bed) => bed.session.start()))
	expect(watches()).toBeGreaterThan(0)
	await Promise.all(beds.map((bed) => bed.session.dispose()))
	await noWatches()
}, 60_000)

test('a folder to come is waited for, however deep', async () => {
	const { project, hub } = await make()
	const folder = await mkdtemp(join(tmpdir(), 'hawser-watch-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true }))
	const local = join(folder, 'a/b/c')
	const bed = await watched({ ...project, local })
	expect(bed.pending().status).toBe('unreadable')
	await mkdir(local, { recursive: true })
	await git(local, 'clone', '-q', hub, '.')
	await bed.until(({ branch }) => branch === 'master')
})
