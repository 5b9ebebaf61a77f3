import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import type { Worktree } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import { alone, gist, git, laptop, readGit, refuse, workstation } from './git.ts'
import { commitAt, openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { contains, haveCommits } from './objects.ts'
import { readRemote } from './remote.ts'
import { addWorktree, type FoundWorktree, listLaptop, removeWorktree } from './worktrees.ts'

/** A merge that is begun: `files` are the ones left to be resolved. */
export interface PreparedMerge {
	path: string
	branch: string
	files: string[]
}

/** A merge of a big tree writes many files. */
const mergeMs = 15 * 60_000

/**
 * A branch and a worktree of its own on the laptop, beside its repository, in which the merge of both sides is begun;
 * the person's own worktrees are left alone. One that is there and not merged into the base branch yet is given
 * again as it is. Where there is nothing to merge, the repository and its base branch are the answer.
 * @throws ProblemError; then nothing of it is left
 */
export async function prepareMerge(
	link: Link,
	project: ProjectConfig,
	signal: AbortSignal = new AbortController().signal,
): Promise<PreparedMerge> {
	await checkNames(project, signal)
	// Two at once would begin the same one. What changes the repository queues for that by itself.
	return await alone(`${project.local}\0merge`, () => prepare(link, project, signal))
}

async function prepare(link: Link, project: ProjectConfig, signal: AbortSignal): Promise<PreparedMerge> {
	const { base, validation: branch } = project.git
	const folder = await openLocal(project, signal)
	const prefix = `hawser/merge-${branch}-`
	const worktrees = await listLaptop(project, signal)
	const numbered = worktrees.filter(
		(each) => isNumbered(each.branch, prefix) && !each.missing && !each.unfinished,
	)
	for (const each of numbered) {
		const { head, path } = each
		if ((await isMerging(path, signal)) || !(await contains(folder, `refs/heads/${base}`, head, signal)))
			return await preparedIn(each, signal)
	}
	const remote = await readRemote(link, project, signal)
	if (remote.path === null && remote.problem) throw new ProblemError(remote.problem)
	const { validation } = remote
	if (validation === null) return refuse('branch-missing', { side: workstation, branch })
	const tip = await commitAt(folder, `refs/heads/${base}`, signal)
	if (tip === null) return refuse('branch-missing', { side: laptop, branch: base })
	await haveCommits(link, project, folder, remote, [validation], signal)
	if (await contains(folder, tip, validation, signal)) return { path: folder, branch: base, files: [] }
	// Made, and then killed before the merge was begun; or the person has aborted that.
	const idle = numbered.find((each) => each.head === tip && each.changedCount + each.untrackedCount === 0)
	const made = idle ?? (await makeWorktree(link, project, folder, prefix, worktrees, signal))
	const message = `Merge branch '${branch}' into ${base}`
	try {
		await alone(project.local, () => beginMerge(made.path, validation, message, signal))
	} catch (error) {
		if (!idle) await takeBack(link, project, folder, made)
		throw error
	}
	return await preparedIn(made, signal)
}

const isNumbered = (branch: string | null, prefix: string): branch is string =>
	branch?.startsWith(prefix) === true && /^\d+$/.test(branch.slice(prefix.length))

async function makeWorktree(
	link: Link,
	project: ProjectConfig,
	folder: string,
	prefix: string,
	worktrees: readonly FoundWorktree[],
	signal: AbortSignal,
): Promise<Worktree> {
	const beside = folder.replace(/\/+$/, '')
	for (let number = 1; ; number++) {
		const [branch, path] = [`${prefix}${number}`, `${beside}-merge-${number}`]
		const isOurs = worktrees.some((each) => each.unfinished && each.path === path)
		const isTaken = async () =>
			existsSync(path) || (await commitAt(folder, `refs/heads/${branch}`, signal)) !== null
		if (!isOurs && (await isTaken())) continue
		return await addWorktree(
			link,
			project,
			{ machine: 'laptop', path, branch, from: project.git.base },
			signal,
		)
	}
}

async function gitFile(path: string, name: string, signal: AbortSignal): Promise<string> {
	const args = ['rev-parse', '--path-format=absolute', '--git-path', name]
	return (await readGit(path, args, { signal })).stdout.replace(/\n$/, '')
}

async function isMerging(path: string, signal: AbortSignal): Promise<boolean> {
	return existsSync(await gitFile(path, 'MERGE_HEAD', signal))
}

async function beginMerge(path: string, commit: string, message: string, signal: AbortSignal): Promise<void> {
	const args = ['merge', '--no-ff', '--no-commit', '--no-squash', '--no-stat', '--no-autostash', '-q']
	const { exitCode, stdout, stderr } = await git(path, [...args, '-m', message, commit], {
		signal,
		timeoutMs: mergeMs,
		expected: [0, 1, 2, 128],
	})
	if (exitCode <= 1 && (await isMerging(path, signal))) return
	refuse('git-failed', { side: laptop, what: `merge in ${path}`, reason: gist(stderr || stdout) })
}

/** Only what was made a moment ago, and as it was made. */
async function takeBack(link: Link, project: ProjectConfig, folder: string, made: Worktree): Promise<void> {
	const left = new AbortController().signal
	if (await isMerging(made.path, left)) await git(made.path, ['merge', '--abort'], { expected: [0, 128] })
	await removeUnused(link, project, made)
	if (existsSync(join(made.path, '.git')) || made.branch === null) return
	await git(folder, ['update-ref', '-d', `refs/heads/${made.branch}`, made.head], { expected: [0, 1, 128] })
}

async function removeUnused(link: Link, project: ProjectConfig, made: Worktree): Promise<void> {
	try {
		await removeWorktree(link, project, { machine: 'laptop', path: made.path })
	} catch (error) {
		// It stays for the person, and the failure before it is the one to be told.
		if (!(error instanceof ProblemError)) throw error
	}
}

async function preparedIn({ path, branch }: Worktree, signal: AbortSignal): Promise<PreparedMerge> {
	const args = ['diff', '--name-only', '-z', '--no-relative', '--diff-filter=U']
	const files = (await readGit(path, args, { signal })).stdout.split('\0').filter((file) => file !== '')
	return { path, branch: branch ?? '', files: [...new Set(files)] }
}
