import { statSync } from 'node:fs'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit, Lane } from '../../contract/state.ts'
import { problem } from '../problems.ts'
import type { LocalFacts } from './facts.ts'
import { gist, laptop, localPath, readGit, refuse } from './git.ts'
import { difference } from './history.ts'
import { checkNames } from './names.ts'
import { laneLength } from './pending.ts'
import { type GitFolders, readStanding } from './standing.ts'
import { parseStatus, statusArguments } from './status.ts'

/** How much of the base branch is kept to compare with the workstation's branch. */
const historyLength = 400

/**
 * The topmost folder of the laptop's repository.
 * @throws ProblemError `repository-missing`, `repository-unreadable`, `git-missing`
 */
export async function openLocal(project: ProjectConfig, signal?: AbortSignal): Promise<string> {
	const path = folderOf(project)
	await foldersOf(project, path, signal)
	return path
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

/**
 * Where git keeps what it knows of the laptop's worktree. Both from the root.
 * @throws as `openLocal`
 */
export async function gitFoldersOf(project: ProjectConfig, signal?: AbortSignal): Promise<GitFolders> {
	return await foldersOf(project, folderOf(project), signal)
}

function folderOf(project: ProjectConfig): string {
	const path = localPath(project.local)
	if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
		refuse('repository-missing', { side: laptop, path: project.local })
	return path
}

async function foldersOf(project: ProjectConfig, path: string, signal?: AbortSignal): Promise<GitFolders> {
	const args = ['rev-parse', '--path-format=absolute', '--show-prefix', '--git-dir', '--git-common-dir']
	const { exitCode, stdout, stderr } = await readGit(path, args, { expected: [0, 128], signal })
	const missing = { side: laptop, path: project.local }
	if (exitCode !== 0) {
		if (stderr.includes('not a git repository')) refuse('repository-missing', missing)
		refuse('repository-unreadable', { ...missing, reason: gist(stderr) })
	}
	const [prefix, own = '', common = own] = stdout.split('\n')
	// Else it is a plain folder inside some other repository.
	if (prefix !== '') refuse('repository-missing', missing)
	return { own, common }
}

/**
 * Reads the laptop's repository; talks to nobody. What does not wait for something else is asked at the same time.
 * @throws ProblemError `unsafe-name`, `repository-missing`, `repository-unreadable`, `branch-missing` for the
 *   base branch, `git-missing`, `git-failed`
 */
export async function readLocal(project: ProjectConfig, signal?: AbortSignal): Promise<LocalFacts> {
	const { hub, base } = project.git
	await checkNames(project, signal)
	const path = folderOf(project)
	// Settled, not raced: where one of them fails, none of the others may outlive the reading.
	// The status comes first, being what takes long.
	const [status, lanes, folders] = await Promise.allSettled([
		readGit(path, statusArguments, { signal }),
		readLanes(project, path, signal),
		foldersOf(project, path, signal),
	])
	// Without a repository all of them fail, and this one knows why.
	const found = settledValue(folders)
	const { refs, hubThere, ...history } = settledValue(lanes)
	if (history.head === null) refuse('branch-missing', { side: laptop, branch: base })
	const { branch, stashes, changedFiles, untrackedFiles } = parseStatus(settledValue(status).stdout)
	const standing = await readStanding(path, found, signal)
	return {
		path,
		...history,
		head: history.head,
		branch,
		changedFiles,
		untrackedFiles,
		standing: { detached: branch === null, stashes, ...standing },
		folders: found,
		hubBase: refs.hubBase,
		hubValidation: refs.hubValidation,
		problem: hubThere ? null : problem('hub-missing', { side: laptop, hub }),
	}
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
	if (settled.status === 'rejected') throw settled.reason
	return settled.value
}

async function readLanes(project: ProjectConfig, folder: string, signal?: AbortSignal) {
	const { hub, base, validation } = project.git
	const names = [
		`refs/heads/${base}`,
		`refs/remotes/${hub}/${base}`,
		`refs/remotes/${hub}/${validation}`,
	] as const
	const refs = await readRefs(folder, names, signal)
	const [head, hubBase, hubValidation] = names.map((name) => refs.get(name) ?? null) as [
		string | null,
		string | null,
		string | null,
	]
	// A remote that is removed takes its branches along.
	const hubThere = hubBase !== null || (await hasHub(folder, hub, signal))
	const seen = { refs: { hubBase, hubValidation }, hubThere }
	if (head === null) return { ...seen, head, history: [], toHub: null, fromHub: null }
	const there = [hubBase, hubValidation].flatMap((id) => id ?? [])
	// As a rule the newest commits of all three say everything at once.
	const history = await log(folder, [head, ...there], historyLength, signal)
	const laneOf = async (from: readonly string[], to: readonly string[]): Promise<Lane> =>
		laneIn(history, from, to) ?? (await lane(folder, from, to, signal))
	const [toHub, fromHub] = await Promise.all([
		hubBase === null ? null : laneOf(there, [head]),
		there.length === 0 ? null : laneOf([head], there),
	])
	return { ...seen, head, history, toHub, fromHub }
}

/** What any of `to` has and none of `from` has, where the history that was read tells. */
function laneIn(history: LocalFacts['history'], from: readonly string[], to: readonly string[]): Lane | null {
	const ids = difference(to, from, [history])
	if (ids === null) return null
	const newest = new Set(ids.slice(0, laneLength))
	return { count: ids.length, commits: history.filter(({ id }) => newest.has(id)).map(commitOf) }
}

const commitOf = ({ id, subject, author, at }: Commit): Commit => ({ id, subject, author, at })

/** The objects at full ref names; those that are not there are left out. */
async function readRefs(
	folder: string,
	names: readonly string[],
	signal?: AbortSignal,
): Promise<Map<string, string>> {
	// A name also stands for all below it, and a ref's name cannot hold what would make it a pattern.
	const args = ['for-each-ref', '--format=%(objectname) %(refname)', '--', ...names]
	const { stdout } = await readGit(folder, args, { signal })
	const found = stdout.split('\n').map((line): [string, string] => {
		const space = line.indexOf(' ')
		return [line.slice(space + 1), line.slice(0, space)]
	})
	return new Map(found.filter(([name]) => names.includes(name)))
}

/** What any of `to` has and none of `from` has. */
export async function lane(
	folder: string,
	from: readonly (string | null)[],
	to: string | readonly string[],
	signal?: AbortSignal,
): Promise<Lane> {
	const without = from.flatMap((commit) => commit ?? [])
	const tips = [to].flat().filter((tip) => !without.includes(tip))
	// Nothing to ask git, as it is most of the time.
	if (tips.length === 0) return { count: 0, commits: [] }
	const range = [...tips, ...without.map((commit) => `^${commit}`)]
	const commits = await log(folder, range, laneLength, signal)
	const all = commits.length < laneLength ? commits.length : await countOf(folder, range, signal)
	return { count: all, commits: commits.map(commitOf) }
}

async function countOf(folder: string, range: readonly string[], signal?: AbortSignal): Promise<number> {
	return Number((await readGit(folder, ['rev-list', '--count', ...range, '--'], { signal })).stdout)
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
