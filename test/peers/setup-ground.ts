import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProjectConfig, projectSchema } from '../../src/contract/config.ts'
import { back } from '../../src/engine/git/back.ts'
import { setUp } from '../../src/engine/git/setup.ts'
import { up } from '../../src/engine/git/up.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { plainNames, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { committerIn, git, type RepositoryNames } from './repositories.ts'

/** A laptop's repository with its hub, and a workstation that has nothing yet. */
export interface SetupGround {
	folder: string
	home: string
	hub: string
	laptop: string
	clone: string
	worktree: string
	laptopWorktree: string
	project: ProjectConfig
	link: Link
	names: RepositoryNames
	commit: ReturnType<typeof committerIn>
	/** Gives what each step said. */
	setUp(signal?: AbortSignal): Promise<Record<string, string>>
	up(): ReturnType<typeof up>
	back(): ReturnType<typeof back>
	/** Every byte there is, git's own files too. */
	fingerprint(): Promise<Record<string, string>>
	remove(): Promise<void>
}

export interface SetupOptions {
	names?: RepositoryNames
	hub?: string
	/** Of the workstation; it may hold its own git settings. */
	env?: Record<string, string>
	link?: Link
	home?: string
	/** Names a worktree on the laptop too. */
	laptopWorktree?: boolean
}

/** A hub's address that the workstation cannot reach: its git is told that it lies elsewhere. */
export const noHub = {
	GIT_CONFIG_COUNT: '1',
	GIT_CONFIG_KEY_0: 'url./nowhere/.insteadOf',
	GIT_CONFIG_VALUE_0: '/',
}

const unset = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
const identity = {
	GIT_AUTHOR_NAME: 'Test',
	GIT_AUTHOR_EMAIL: 'test@localhost',
	GIT_COMMITTER_NAME: 'Test',
	GIT_COMMITTER_EMAIL: 'test@localhost',
}

export async function setupGround(options: SetupOptions = {}): Promise<SetupGround> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-setup-'))
	const names = options.names ?? plainNames
	const home = options.home ?? join(folder, 'home of workstation')
	const [hub, laptop] = [join(folder, 'hub.git'), join(folder, names.laptop)]
	const laptopWorktree = join(folder, `${names.laptop} on the side`)
	await mkdir(home, { recursive: true })
	await mkdir(laptop)
	await git(folder, 'init', '-q', '--bare', '--', hub)
	await git(laptop, 'init', '-q')
	await git(laptop, 'symbolic-ref', 'HEAD', `refs/heads/${names.base}`)
	await git(laptop, 'config', 'user.name', 'Test')
	await git(laptop, 'config', 'user.email', 'test@localhost')
	const commit = committerIn(laptop)
	await commit('model.py', 'one\ntwo\nthree\n')
	await commit('data.csv', 'a,b\n')
	if (options.hub !== 'direct') {
		await git(laptop, 'remote', 'add', 'origin', hub)
		await git(laptop, 'push', '-q', 'origin', `refs/heads/${names.base}:refs/heads/${names.base}`)
		await git(hub, 'symbolic-ref', 'HEAD', `refs/heads/${names.base}`)
	}
	const link = options.link ?? localLink(home, { ...unset, ...identity, ...options.env })
	const project = projectSchema.parse({
		name: 'nt',
		workstation: 'lab',
		local: laptop,
		remote: `~/${names.clone}`,
		git: {
			hub: options.hub ?? 'origin',
			base: names.base,
			validation: names.validation,
			remoteWorktree: `~/${names.worktree}`,
			...(options.laptopWorktree ? { worktree: laptopWorktree } : {}),
		},
		validation: { command: 'true' },
	})
	const [clone, worktree] = [join(home, names.clone), join(home, names.worktree)]
	return {
		...{ folder, home, hub, laptop, clone, worktree, laptopWorktree, project, link, names, commit },
		async setUp(signal) {
			const runner = stepRunner(signal)
			await setUp(runner, link, project)
			return Object.fromEntries(
				runner.seen.map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*: ?/, '')]),
			)
		},
		up: () => up(stepRunner(), link, project),
		back: () => back(stepRunner(), link, project),
		fingerprint: () => fingerprintOf(folder),
		remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
	}
}

async function fingerprintOf(folder: string): Promise<Record<string, string>> {
	const all: Record<string, string> = {}
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name)
		const label = path.slice(folder.length + 1)
		if (entry.isDirectory()) all[label] = 'folder'
		else if (entry.isSymbolicLink()) all[label] = await readlink(path)
		else
			all[label] = createHash('sha1')
				.update(await readFile(path))
				.digest('hex')
	}
	return all
}
