import { ProblemError } from '../../contract/client.ts'
import type { FileChange, Take } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Facts } from '../../contract/problem.ts'
import type { Link } from '../link/link.ts'
import type { Rider } from '../remote/batch.ts'
import type { RemoteFacts } from './facts.ts'
import { gist, git, laptop, localPath, readGit, refuse, workstation } from './git.ts'
import { joinedTree } from './join.ts'
import { type Leftover, LeftoversError, leftoverHere } from './leftovers.ts'
import { commitAt, gitFoldersOf } from './local.ts'
import { ownPath } from './merge-tree.ts'
import { checkNames } from './names.ts'
import { askHub, contains, haveCommits } from './objects.ts'
import { readRemote, remoteWorktree } from './remote.ts'
import { mergeTaking } from './resolve.ts'
import { checkMs, localScript, remoteScript, sendable } from './scripts.ts'
import { changesBetween } from './trees.ts'
import { requireGit } from './version.ts'
import type { Wish } from './wish.ts'

/** A file over this many bytes is not committed, unless that is wished. */
const fileLimit = 50 * 1024 * 1024
/** Bytes; zero: none. */
export const limitOf = ({ big }: Wish): number => (big ? 0 : fileLimit)

/** How things stand on both sides. Nothing was changed; both branches' commits are on the laptop. */
export interface Prospect {
	/** The laptop's repository. */
	folder: string
	/** The laptop's base branch. */
	tip: string
	remote: RemoteFacts
	/** The workstation's branches. */
	remoteBase: string
	validation: string
	/** The two branches on the hub; null: none there, or no hub. */
	hubBase: string | null
	hubValidation: string | null
}

export type Direction = 'up' | 'back'

/** What merging would be. */
export interface Foreseen {
	/** The tree of base and validation merged. */
	tree: string
	/** What it changes in the workstation's validation branch. */
	changes: FileChange[]
	/** The merge itself, made here, where sides were taken; null: it is made where it is needed. */
	merge: string | null
}

/**
 * Reads both sides. Only a killed operation's leftovers are cleared up first, or with `leaves` not even those.
 * @throws ProblemError for whatever stands in the way; `LeftoversError` where they are to be left
 */
export async function lookAhead(
	link: Link,
	project: ProjectConfig,
	signal: AbortSignal,
	{ rider, leaves = false }: { rider?: Rider | undefined; leaves?: boolean } = {},
): Promise<Prospect> {
	await checkNames(project)
	// Both are asked at once. Where one fails, the other is ended, and waited for: nothing goes on after an answer.
	const asking = new AbortController()
	let failure: unknown
	const orEnd = async <T>(looking: Promise<T>): Promise<T> => {
		try {
			return await looking
		} catch (error) {
			if (!asking.signal.aborted) failure = error
			asking.abort()
			throw error
		}
	}
	const both = AbortSignal.any([signal, asking.signal])
	// The far side first: it is asked before the near one's processes are started.
	const [there, here] = await Promise.allSettled([
		orEnd(leaves ? readRemote(link, project, both, rider) : readSettled(link, project, both, rider)),
		orEnd(lookHere(project, signal, both, leaves)),
	])
	if (here.status === 'rejected' || there.status === 'rejected') throw failure
	const { folder, tip, hubBase, hubValidation, left } = here.value
	const { base } = project.git
	const remote = there.value
	await requireGit(remote)
	const farLeft: Leftover[] =
		remote.journal === null ? [] : [{ machine: 'workstation', branch: remote.journal.branch }]
	if (leaves && (left || farLeft.length > 0)) throw new LeftoversError([...(left ? [left] : []), ...farLeft])
	if (tip === null) refuse('branch-missing', { side: laptop, branch: base })
	const { base: remoteBase, validation } = remote
	if (remote.problem) throw new ProblemError(remote.problem)
	if (remoteBase === null || validation === null)
		refuse('branch-missing', { side: workstation, branch: base })
	if (remote.ongoing) refuse('merge-in-progress', { side: workstation, ...remote.ongoing })
	await haveCommits(link, project, folder, remote, [validation, remoteBase], signal)
	return { folder, tip, remote, remoteBase, validation, hubBase, hubValidation }
}

/** The laptop's side, and what it sees of the hub. Only reading ends with `asking`. */
async function lookHere(project: ProjectConfig, signal: AbortSignal, asking: AbortSignal, leaves: boolean) {
	const folders = await gitFoldersOf(project, signal)
	const folder = localPath(project.local)
	const left = await leftoverHere(folders.common)
	if (left && !leaves) await localScript('git-land', ['settle', '', folder], folder, signal)
	const { hub, base, validation } = project.git
	const [tip, [hubBase = null, hubValidation = null]] = await Promise.all([
		commitAt(folder, `refs/heads/${base}`, asking),
		hub === 'direct' ? [] : askHub(folder, hub, [base, validation], asking, signal),
	])
	return { folder, tip, hubBase, hubValidation, left }
}

async function readSettled(
	link: Link,
	project: ProjectConfig,
	signal: AbortSignal,
	rider?: Rider,
): Promise<RemoteFacts> {
	const remote = await readRemote(link, project, signal, rider)
	if (remote.journal === null) return remote
	const { hub, base, validation } = project.git
	const args = ['settle', '', project.remote, remoteWorktree(project), hub, base, validation]
	await remoteScript(link, 'git-up', args, signal, checkMs)
	return await readRemote(link, project, signal)
}

export function refuseBig(remote: RemoteFacts, project: ProjectConfig, limit: number): void {
	if (limit === 0) return
	const big = remote.resultFiles.filter((file) => (remote.resultSizes[file] ?? 0) > limit)
	if (big.length > 0)
		refuse('results-too-big', { files: big, limit: `${limit / 1024 / 1024} MiB`, path: project.remote })
}

/** Two ways, or so it looks: where a clone's history was cut off, nothing can be told from what lies below. */
export async function refuseDiverged(folder: string, facts: Facts, signal: AbortSignal): Promise<never> {
	const { stdout } = await readGit(folder, ['rev-parse', '--is-shallow-repository'], { signal })
	if (stdout.trim() === 'true') refuse('repository-shallow', { side: laptop, path: folder })
	return refuse('diverged', facts)
}

/**
 * The merge of the laptop's base branch and the workstation's validation branch, the results that wait there
 * uncommitted too. Writes objects only.
 * @throws ProblemError `conflict` with the files that `take` does not settle
 */
export async function foresee(
	project: ProjectConfig,
	prospect: Prospect,
	direction: Direction,
	take: Take | undefined,
	signal: AbortSignal,
): Promise<Foreseen> {
	const { folder, tip, validation, remote } = prospect
	const { base, validation: branch } = project.git
	const words = direction === 'up' ? { from: base, into: branch } : { from: branch, into: base }
	// There is nothing to merge where one holds the other, as it is most of the time.
	const isForward = await contains(folder, tip, validation, signal)
	const { tree, merge } = isForward
		? { tree: `${tip}^{tree}`, merge: null }
		: await merged(project, prospect, words, take, signal)
	// Results that are not committed yet: what the other side changed there, they would be merged with.
	const waiting = new Set(remote.resultFiles)
	const changes = await changesBetween(folder, validation, isForward ? tip : tree, signal)
	const both = changes.map(({ path }) => path).filter((file) => waiting.has(file))
	if (both.length > 0) refuse('conflict', { ...words, files: both })
	return { tree, merge, changes }
}

async function merged(
	project: ProjectConfig,
	{ folder, tip, validation }: Prospect,
	words: { from: string; into: string },
	take: Take | undefined,
	signal: AbortSignal,
): Promise<Pick<Foreseen, 'tree' | 'merge'>> {
	const { base } = project.git
	const args = [
		'-c',
		'merge.directoryRenames=false',
		'merge-tree',
		'--write-tree',
		'-z',
		'--name-only',
		'--no-messages',
		validation,
		tip,
	]
	const { exitCode, stdout, stderr } = await git(folder, args, { signal, expected: [0, 1, 128, 129] })
	if (exitCode === 129) refuse('git-missing', { side: laptop, reason: 'Its git is too old' })
	if (exitCode === 128) {
		if (!/unrelated histories/.test(stderr))
			refuse('git-failed', { side: laptop, what: 'foresee the merge', reason: gist(stderr) })
		await refuseDiverged(folder, { branch: words.into, side: laptop, other: 'the workstation' }, signal)
	}
	let [tree = '', ...files] = stdout.split('\0').filter((field) => field !== '')
	let merge: string | null = null
	const joined = exitCode === 1 ? await joinedTree(folder, base, validation, tip, signal) : null
	if (joined !== null) tree = joined
	else if (exitCode === 1) {
		const own = new Set(files.map((file) => ownPath(file, [tip, validation])))
		const left = [...own].filter((file) => take?.[file] === undefined)
		if (take === undefined || left.length > 0) refuse('conflict', { ...words, files: left })
		const first = words.from === base ? 'workstation' : 'laptop'
		const message = `Merge branch '${words.from}' into ${words.into}`
		const sides = { folder, laptop: tip, workstation: validation }
		merge = await mergeTaking(sides, take, first, message, signal)
		tree = `${merge}^{tree}`
	}
	return { tree, merge }
}

/** Whether one of two commits contains the other; which one is the newer. */
export async function newerOf(
	folder: string,
	one: string,
	other: string,
	signal: AbortSignal,
): Promise<string | null> {
	if (await contains(folder, one, other, signal)) return one
	return (await contains(folder, other, one, signal)) ? other : null
}

/** Looks whether the laptop's base branch can move, and overwrites none of these files that git does not look after. */
export async function checkLaptop(
	project: ProjectConfig,
	{ folder, tip }: Prospect,
	mode: string,
	target: string,
	files: readonly string[],
	signal: AbortSignal,
): Promise<void> {
	const { base, validation } = project.git
	const args = ['check', '', folder, base, tip, mode, validation, target, ...sendable(files)]
	await localScript('git-land', args, folder, signal)
}
