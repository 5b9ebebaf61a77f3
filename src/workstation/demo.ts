import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProblemError } from '../contract/client.ts'
import { type ProjectConfig, projectSchema } from '../contract/config.ts'
import { problem } from '../engine/problems.ts'
import { type Finished, run } from '../engine/process/process.ts'

export interface DemoPlace {
	/** Holds the hub and the laptop's clone. */
	folder: string
	/** The workstation's home, which gets a clone and a worktree. */
	home: string
}

const base = 'master'
const validation = 'gpu-validation'

/** The demo project as a config entry. `folder` is the demo's own, an absolute path. */
export function demoProject(workstation: string, folder: string): ProjectConfig {
	return projectSchema.parse({
		name: 'forecast',
		workstation,
		local: join(folder, 'forecast'),
		remote: '~/forecast',
		git: { hub: 'origin', base, validation, remoteWorktree: '~/forecast-gpu', results: ['results/**'] },
		validation: { command: 'sh validate.sh', metrics: ['results/metrics.json'] },
	})
}

/**
 * Makes what is missing of the demo: hub, laptop clone (one commit ahead), workstation clone, worktree.
 * Each is built in a folder `.making` and moved into place when whole, so what is in place is a person's
 * and stays as it is.
 * @throws ProblemError `git-missing`, `process-failed`
 */
export async function makeDemo(place: DemoPlace, say: (detail: string) => void): Promise<void> {
	await needGit()
	const hub = join(place.folder, 'hub.git')
	for (const folder of [place.folder, place.home]) {
		await mkdir(folder, { recursive: true })
		await rm(join(folder, '.making'), { recursive: true, force: true })
	}
	if (!(await isThere(hub))) {
		say('Demo project: hub')
		await makeHub(join(place.folder, '.making'), hub)
	}
	const laptop = join(place.folder, 'forecast')
	if (!(await isThere(laptop))) {
		say('Demo project: laptop')
		await makeClone(place.folder, hub, laptop, commitSeason)
	}
	const workstation = join(place.home, 'forecast')
	if (!(await isThere(workstation))) {
		say('Demo project: workstation')
		await makeClone(place.home, hub, workstation, trackValidation)
	}
	await makeWorktree(place.home, workstation, join(place.home, 'forecast-gpu'))
	for (const folder of [place.folder, place.home])
		await rm(join(folder, '.making'), { recursive: true, force: true })
}

/**
 * Whoever uses this machine may have told git to sign, to run hooks, to name branches otherwise: none of
 * that counts while the demo is made. Dates and names are fixed, so the same commits come out again.
 */
function git(cwd: string, args: string[], expected?: number[]): Promise<Finished> {
	const env: NodeJS.ProcessEnv = {}
	for (const [name, value] of Object.entries(process.env)) if (!name.startsWith('GIT_')) env[name] = value
	Object.assign(env, {
		GIT_CONFIG_GLOBAL: '/dev/null',
		GIT_CONFIG_NOSYSTEM: '1',
		GIT_TERMINAL_PROMPT: '0',
		GIT_AUTHOR_DATE: '2026-01-05T09:00:00Z',
		GIT_COMMITTER_DATE: '2026-01-05T09:00:00Z',
		LC_ALL: 'C',
	})
	return run({ file: 'git', args: ['-c', 'core.hooksPath=/dev/null', ...args], cwd, env, expected })
}

async function needGit(): Promise<void> {
	try {
		await run({ file: 'git', args: ['--version'] })
	} catch (error) {
		const reason = error instanceof ProblemError ? error.problem.facts.reason : error
		throw new ProblemError(problem('git-missing', { side: 'This laptop', reason: String(reason) }))
	}
}

/** Commits work here on a machine where git was never set up, and wait for no signature. */
async function setIdentity(repository: string): Promise<void> {
	await git(repository, ['config', 'user.name', 'Hawser demo'])
	await git(repository, ['config', 'user.email', 'demo@localhost'])
	await git(repository, ['config', 'commit.gpgsign', 'false'])
}

const asset = (name: string) => readFile(new URL(`./demo/${name}`, import.meta.url), 'utf8')

const settings = (season: number) => `season ${season}\nwindows 50\nhorizon 12\nseconds 8\n`

async function makeHub(making: string, hub: string): Promise<void> {
	const seed = join(making, 'seed')
	const bare = join(making, 'hub.git')
	await mkdir(join(seed, 'data'), { recursive: true })
	await git(seed, ['init', '--quiet', `--initial-branch=${base}`])
	await setIdentity(seed)
	await writeFile(join(seed, 'README.md'), await asset('README.md'))
	await writeFile(join(seed, 'validate.sh'), await asset('validate.sh'))
	await writeFile(join(seed, 'data', 'passengers.csv'), await asset('passengers.csv'))
	await writeFile(join(seed, 'settings'), settings(1))
	await git(seed, ['add', '--all'])
	await git(seed, ['commit', '--quiet', '--message', 'Forecast monthly passengers'])
	await git(seed, ['branch', validation])
	await git(making, ['init', '--quiet', '--bare', `--initial-branch=${base}`, bare])
	await git(seed, ['push', '--quiet', bare, base, validation])
	await rename(bare, hub)
}

/** Clones the hub, lets `finish` add to it, and moves it into place. */
async function makeClone(
	folder: string,
	hub: string,
	target: string,
	finish: (clone: string) => Promise<void>,
): Promise<void> {
	const clone = join(folder, '.making', 'clone')
	await mkdir(join(folder, '.making'), { recursive: true })
	await git(folder, ['clone', '--quiet', '--branch', base, '--', hub, clone])
	await setIdentity(clone)
	await finish(clone)
	await rename(clone, target)
}

/** The commit that waits on the laptop to be sent. A laptop clone made anew may find it in the hub. */
async function commitSeason(clone: string): Promise<void> {
	const file = join(clone, 'settings')
	const before = await readFile(file, 'utf8').catch(() => '')
	if (before !== settings(1)) return
	await writeFile(file, settings(12))
	await git(clone, ['commit', '--quiet', '--all', '--message', 'Use a 12-month season'])
}

async function trackValidation(clone: string): Promise<void> {
	await git(clone, ['branch', '--quiet', '--track', validation, `origin/${validation}`])
}

/**
 * A worktree and its repository name each other by path, so it is moved by git. A kill within that move
 * leaves it in place with the old path on record, which `repair` puts right.
 */
async function makeWorktree(home: string, repository: string, target: string): Promise<void> {
	if (await isThere(target)) {
		await git(repository, ['worktree', 'repair', target], [0, 1, 128])
		return
	}
	const making = join(home, '.making', 'forecast-gpu')
	// One that was being made when it was killed is locked, and prune would keep it.
	await git(repository, ['worktree', 'unlock', making], [0, 128])
	await git(repository, ['worktree', 'prune'])
	const { stdout } = await git(repository, ['worktree', 'list', '--porcelain'])
	// A person moved it elsewhere.
	if (stdout.split('\n').includes(`branch refs/heads/${validation}`)) return
	await git(repository, ['worktree', 'add', '--quiet', making, validation])
	await git(repository, ['worktree', 'move', making, target])
}

async function isThere(path: string): Promise<boolean> {
	try {
		await lstat(path)
		return true
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
		throw error
	}
}
