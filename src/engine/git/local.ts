import { statSync } from 'node:fs'
import { type SimpleGit, simpleGit } from 'simple-git'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import { problem } from '../problems.ts'
import type { LocalFacts } from './facts.ts'
import { gist, git, gitEnvironment, laptop, localPath, readGit, refuse } from './git.ts'
import { checkNames } from './names.ts'
import { laneLength } from './pending.ts'

/** How much of the base branch is kept to compare with the workstation's branch. */
const historyLength = 400

/** simple-git takes no variable of git's that is not named to it; these it may have from the person. */
function parser(folder: string, signal?: AbortSignal): SimpleGit {
	const env: Record<string, string> = {}
	const allowEnvironment: string[] = ['GIT_OPTIONAL_LOCKS']
	for (const [name, value] of Object.entries({ ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0' }))
		if (value !== undefined && (!isGuarded(name) || allowEnvironment.includes(name))) env[name] = value
	return simpleGit({
		baseDir: folder,
		allowEnvironment,
		timeout: { block: 30_000 },
		...(signal ? { abort: signal } : {}),
	}).env(env)
}

const isGuarded = (name: string) =>
	/^GIT_/i.test(name) || /^(EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS)$/i.test(name)

/**
 * The topmost folder of the laptop's repository.
 * @throws ProblemError `repository-missing`, `repository-unreadable`, `git-missing`
 */
export async function openLocal(project: ProjectConfig, signal?: AbortSignal): Promise<string> {
	const path = localPath(project.local)
	const missing = { side: laptop, path: project.local }
	if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) refuse('repository-missing', missing)
	const found = await readGit(path, ['rev-parse', '--show-prefix'], { expected: [0, 128], signal })
	if (found.exitCode === 0) {
		// Else it is a plain folder inside some other repository.
		if (found.stdout.trim() !== '') refuse('repository-missing', missing)
		return path
	}
	if (found.stderr.includes('not a git repository')) refuse('repository-missing', missing)
	return refuse('repository-unreadable', { ...missing, reason: gist(found.stderr) })
}

/** The commit at a full ref name, or null. */
export async function commitAt(folder: string, ref: string, signal?: AbortSignal): Promise<string | null> {
	const args = ['rev-parse', '-q', '--verify', `${ref}^{commit}`]
	const { exitCode, stdout } = await readGit(folder, args, { expected: [0, 1, 128], signal })
	return exitCode === 0 ? stdout.trim() : null
}

/** Whether the hub is a remote of that repository, or none is needed. */
export async function hasHub(folder: string, hub: string, signal?: AbortSignal): Promise<boolean> {
	if (hub === 'direct') return true
	const args = ['config', '--get-all', `remote.${hub}.url`]
	return (await readGit(folder, args, { expected: [0, 1], signal })).exitCode === 0
}

/** The git folder of the laptop's worktree, from the root: HEAD, index and logs/HEAD lie in it. */
export async function gitFolderOf(project: ProjectConfig, signal?: AbortSignal): Promise<string> {
	const folder = await openLocal(project, signal)
	return (await git(folder, ['rev-parse', '--absolute-git-dir'], { signal })).stdout.trim()
}

/**
 * Reads the laptop's repository; talks to nobody.
 * @throws ProblemError `unsafe-name`, `repository-missing`, `repository-unreadable`, `branch-missing` for the
 *   base branch, `git-missing`, `git-failed`
 */
export async function readLocal(project: ProjectConfig, signal?: AbortSignal): Promise<LocalFacts> {
	const { hub, base, validation } = project.git
	await checkNames(project, signal)
	const folder = await openLocal(project, signal)
	const [head, hubBase, hubValidation, hubThere, status] = await Promise.all([
		commitAt(folder, `refs/heads/${base}`, signal),
		commitAt(folder, `refs/remotes/${hub}/${base}`, signal),
		commitAt(folder, `refs/remotes/${hub}/${validation}`, signal),
		hasHub(folder, hub, signal),
		statusOf(folder, signal),
	])
	if (head === null) refuse('branch-missing', { side: laptop, branch: base })
	const [history, toHub] = await Promise.all([
		log(folder, [head], historyLength, signal),
		hubBase === null ? null : lane(folder, [hubBase, hubValidation], head, signal),
	])
	return {
		path: folder,
		head,
		...status,
		hubBase,
		hubValidation,
		toHub,
		history,
		problem: hubThere ? null : problem('hub-missing', { side: laptop, hub }),
	}
}

async function statusOf(folder: string, signal?: AbortSignal) {
	try {
		const status = await parser(folder, signal).status()
		const tracked = status.files.filter(({ index, working_dir }) => !(index === '?' && working_dir === '?'))
		return {
			branch: status.detached ? null : status.current,
			changedFiles: tracked.map((file) => file.path),
			untrackedFiles: status.not_added,
		}
	} catch (error) {
		signal?.throwIfAborted()
		const reason = gist(error instanceof Error ? error.message : String(error))
		return refuse('git-failed', { side: laptop, what: 'read the status', reason })
	}
}

/** What `to` has and none of `from` has. */
export async function lane(
	folder: string,
	from: readonly (string | null)[],
	to: string,
	signal?: AbortSignal,
) {
	const range = [to, ...from.flatMap((commit) => (commit === null ? [] : `^${commit}`))]
	const [count, commits] = await Promise.all([
		readGit(folder, ['rev-list', '--count', ...range, '--'], { signal }),
		log(folder, range, laneLength, signal),
	])
	return {
		count: Number(count.stdout),
		commits: commits.map(({ id, subject, author, at }): Commit => ({ id, subject, author, at })),
	}
}

/** A subject may be a whole book; nobody reads more of it than this many columns. */
const fields = ['%H', '%P', '%ct', '%<(100,trunc)%an', '%<(250,trunc)%s'].join('%x1f')

/** At most `most` commits with their parents, newest first. */
export async function log(
	folder: string,
	range: readonly string[],
	most: number,
	signal?: AbortSignal,
): Promise<LocalFacts['history']> {
	const { stdout } = await readGit(
		folder,
		// A person may have set any of these otherwise.
		[
			'-c',
			'i18n.logOutputEncoding=UTF-8',
			'log',
			'-z',
			'--no-show-signature',
			'--no-color',
			'--no-decorate',
			`--format=${fields}`,
			`--max-count=${most}`,
			...range,
			'--',
		],
		{ signal },
	)
	return parseLog(stdout)
}

export function parseLog(text: string): LocalFacts['history'] {
	return text
		.split('\0')
		.filter((entry) => entry !== '')
		.map((entry) => {
			const [id = '', parents = '', seconds = '', author = '', ...subject] = entry.split('\u001f')
			return {
				id,
				parents: parents.split(' ').filter((parent) => parent !== ''),
				at: Number(seconds) * 1000,
				author: author.trim(),
				subject: subject.join('\u001f').trim(),
			}
		})
}
