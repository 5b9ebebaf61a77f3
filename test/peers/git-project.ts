import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { Plan, PlannedKind } from '../../src/contract/code.ts'
import { type ProjectConfig, projectSchema } from '../../src/contract/config.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { back } from '../../src/engine/git/back.ts'
import { readLocal } from '../../src/engine/git/local.ts'
import { pendingOf } from '../../src/engine/git/pending.ts'
import { preview } from '../../src/engine/git/preview.ts'
import { readRemote } from '../../src/engine/git/remote.ts'
import { up } from '../../src/engine/git/up.ts'
import type { Wish } from '../../src/engine/git/wish.ts'
import type { Link } from '../../src/engine/link/link.ts'
import type { StepRunner } from '../../src/engine/operation.ts'
import { type LocalLink, localLink } from './local-link.ts'
import {
	committerIn,
	git,
	makeRepositories,
	type Repositories,
	type RepositoryNames,
} from './repositories.ts'

export const plainNames: RepositoryNames = {
	base: 'master',
	validation: 'gpu-validation',
	laptop: 'nt',
	clone: 'nt',
	worktree: 'nt-gpu',
}

export interface GitProject extends Repositories {
	folder: string
	home: string
	link: LocalLink
	project: ProjectConfig
	names: RepositoryNames
	up(wish?: Wish): ReturnType<typeof up>
	back(wish?: Wish): ReturnType<typeof back>
	preview(kind: Exclude<PlannedKind, 'agent'>, wish?: Wish): Promise<Plan>
	pending(): Promise<ReturnType<typeof pendingOf>>
	/** Writes a file in the worktree, as a run does. */
	result(name: string, text: string): Promise<void>
	/** Every ref, index and file of the three repositories, without the safety refs. */
	fingerprint(): Promise<Record<string, string>>
	remove(): Promise<void>
}

export function stepRunner(signal = new AbortController().signal): StepRunner & { seen: string[] } {
	const seen: string[] = []
	return {
		signal,
		seen,
		async step(id, work) {
			signal.throwIfAborted()
			return await work((detail) => seen.push(`${id}: ${detail}`))
		},
	}
}

export interface GitProjectOptions {
	names?: RepositoryNames
	hub?: string
	/** Of the project's settings, over what is usual here. */
	git?: Partial<ProjectConfig['git']>
	link?: Link
	home?: string
	/** What comes before the test itself; done once for all the tests of a file that give the same function. */
	before?: (project: GitProject) => Promise<unknown>
}

export async function gitProject(options: GitProjectOptions = {}): Promise<GitProject> {
	const { before } = options
	if (!before) return await makeProject(options)
	let pattern = patterns.get(before)
	if (!pattern) {
		pattern = makeProject(options).then(async (project) => {
			await before(project)
			await removeSamples(project)
			return project
		})
		patterns.set(before, pattern)
	}
	return await makeProject(options, await pattern)
}

const patterns = new Map<GitProjectOptions['before'], Promise<GitProject>>()
afterAll(async () => {
	for (const pattern of patterns.values()) await (await pattern).remove()
	patterns.clear()
})

const execute = promisify(execFile)

/** Most of a small repository's files are sample hooks, which nothing here uses. */
async function removeSamples({ hub, laptop, clone }: GitProject): Promise<void> {
	for (const hooks of [join(hub, 'hooks'), join(laptop, '.git/hooks'), join(clone, '.git/hooks')])
		for (const file of await readdir(hooks).catch(() => []))
			if (file.endsWith('.sample')) await rm(join(hooks, file))
}

/** A copy of another project's repositories: that takes a tenth of the time of making them. */
async function copyRepositories(from: GitProject, folder: string): Promise<Repositories> {
	await execute('cp', ['-a', `${from.folder}/.`, folder])
	const at = (path: string) => path.replace(from.folder, folder)
	const [hub, laptop, clone, worktree] = [at(from.hub), at(from.laptop), at(from.clone), at(from.worktree)]
	const link = (await readFile(join(worktree, '.git'), 'utf8')).trim().replace('gitdir: ', '')
	for (const file of [
		join(laptop, '.git/config'),
		join(clone, '.git/config'),
		join(worktree, '.git'),
		join(at(link), 'gitdir'),
	])
		await writeFile(file, (await readFile(file, 'utf8')).replaceAll(from.folder, folder))
	return { hub, laptop, clone, worktree, commit: committerIn(laptop) }
}

async function makeProject(options: GitProjectOptions, pattern?: GitProject): Promise<GitProject> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-git-'))
	const home = options.home ?? join(folder, 'home of workstation')
	const names = options.names ?? plainNames
	const repositories = pattern
		? await copyRepositories(pattern, folder)
		: await makeRepositories(folder, home, names, { 'model.py': 'one\ntwo\nthree\n', 'data.csv': 'a,b\n' })
	const local = localLink(home, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' })
	const link = options.link ?? local
	const project = projectSchema.parse({
		name: 'nt',
		workstation: 'lab',
		local: repositories.laptop,
		remote: `~/${names.clone}`,
		git: {
			hub: options.hub ?? 'origin',
			base: names.base,
			validation: names.validation,
			remoteWorktree: `~/${names.worktree}`,
			...options.git,
		},
		validation: { command: 'true' },
	})
	return {
		...repositories,
		folder,
		home,
		link: local,
		project,
		names,
		up: (wish) => up(stepRunner(), link, project, wish),
		back: (wish) => back(stepRunner(), link, project, wish),
		preview: (kind, wish = {}) => preview(link, project, kind, wish, new AbortController().signal, 1),
		async pending() {
			const [mine, theirs] = await Promise.all([readLocal(project), readRemote(link, project)])
			return pendingOf(project, mine, theirs, 1)
		},
		async result(name, text) {
			const path = join(repositories.worktree, 'results', name)
			await mkdir(dirname(path), { recursive: true })
			await writeFile(path, text)
		},
		async fingerprint() {
			const all: Record<string, string> = {}
			const { hub, laptop, clone, worktree } = repositories
			for (const [name, at] of Object.entries({ hub, laptop, clone, worktree })) {
				const ask = (...question: string[]) => git(at, ...question).catch(() => 'none')
				// What is kept to undo with is beside the repository's own life.
				const refs = (await ask('for-each-ref')).split('\n')
				all[`${name} refs`] = refs.filter((line) => !line.includes('\trefs/hawser/safety/')).join('\n')
				all[`${name} HEAD`] = await ask('rev-parse', '--symbolic-full-name', 'HEAD')
				if (name === 'hub') continue
				all[`${name} index`] = await ask('ls-files', '--stage')
				await filesOf(at, name, all)
			}
			return all
		},
		remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
	}
}

async function filesOf(folder: string, name: string, into: Record<string, string>): Promise<void> {
	for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
		const path = join(folder, entry.name)
		const label = `${name}/${entry.name}`
		if (entry.name === '.git') {
			// Nothing of ours may be left lying, and no lock.
			const left = entry.isDirectory() ? await readdir(path, { recursive: true }) : []
			into[label] = left
				// What is kept to undo with lies there, also a branch whose name begins so.
				.filter((file) => !/^refs\/hawser(\/safety\/.*(?<!\.lock))?$/.test(file))
				.filter((file) => /(^|\/)hawser[^/]*$|\.lock$/.test(file))
				.join()
		} else if (entry.isDirectory()) await filesOf(path, label, into)
		else if (entry.isSymbolicLink()) into[label] = await readlink(path)
		else
			into[label] = createHash('sha1')
				.update(await readFile(path))
				.digest('hex')
	}
}

/** The problem a promise is refused with; a success or another error is a failure of the test. */
export async function refusal(work: Promise<unknown>): Promise<Problem> {
	try {
		await work
	} catch (error) {
		if (error instanceof ProblemError) return error.problem
		throw error
	}
	throw new Error('it was not refused')
}

/** Writes a file in a worktree and commits it. */
export async function commitIn(folder: string, name: string, text: string): Promise<void> {
	await mkdir(join(folder, name, '..'), { recursive: true })
	await writeFile(join(folder, name), text)
	await git(folder, 'add', '--', name)
	await git(folder, 'commit', '-q', '-m', `Change ${name}`)
}
