import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { openBridge } from '../link/bridge.ts'
import type { Link } from '../link/link.ts'
import { problemOf } from '../problems.ts'
import type { RemoteFacts } from './facts.ts'
import { gist, git, gitEnvironment, laptop, networkEnvironment, readGit, refuse } from './git.ts'
import { hasHub } from './local.ts'
import { areIds, recalled, remembered } from './remembered.ts'

/** Time for a push or a fetch. */
const transferMs = 30 * 60_000

/** Brings objects, and changes no ref. */
const quietFetch = [
	'fetch',
	'-q',
	'--no-tags',
	'--no-write-fetch-head',
	'--no-recurse-submodules',
	'--no-auto-maintenance',
	'--refmap=',
]

/**
 * Whether commits are here with all that belongs to them. A fetch that was killed may leave a commit without its
 * files, since it unpacks one object after another; what a ref reaches is known to be whole.
 */
async function hasCommits(folder: string, ids: readonly string[], signal?: AbortSignal): Promise<boolean> {
	const ask = async () => {
		const walk = ['rev-list', '--objects', '--quiet', '--missing=allow-promisor']
		const { exitCode } = await readGit(folder, [...walk, ...ids, '--not', '--all', '--'], {
			expected: [0, 1, 128],
			signal,
		})
		return exitCode === 0
	}
	return await remembered(signal, ['has', folder, ...ids], (there) => there, ask)
}

/** The same of one commit. */
export async function hasCommit(folder: string, id: string, signal?: AbortSignal): Promise<boolean> {
	return await hasCommits(folder, [id], signal)
}

/** Whether `commit` is reachable from `from`; both must be here. */
export async function contains(
	folder: string,
	from: string,
	commit: string,
	signal?: AbortSignal,
): Promise<boolean> {
	if (from === commit) return true
	const ask = async () => {
		const args = ['merge-base', '--is-ancestor', commit, from]
		return (await readGit(folder, args, { expected: [0, 1], signal })).exitCode === 0
	}
	// A ref moves.
	const stays = areIds([from, commit])
	// No two commits contain each other.
	if (stays && (await recalled<boolean>(signal, ['contains', folder, commit, from]))) return false
	return await remembered(signal, ['contains', folder, from, commit], () => stays, ask)
}

/**
 * What the hub has at these branches right now, in their order; null: no such branch there.
 * @param operation whose signal it is, where `signal` is that of a part of it
 * @throws ProblemError `hub-missing`, `hub-unreachable`
 */
export async function askHub(
	folder: string,
	hub: string,
	branches: readonly string[],
	signal: AbortSignal,
	operation: AbortSignal = signal,
): Promise<(string | null)[]> {
	const refs = branches.map((branch) => `refs/heads/${branch}`)
	const [isThere, env] = await Promise.all([
		hasHub(folder, hub, signal),
		networkEnvironment(folder, operation),
	])
	if (!isThere) refuse('hub-missing', { side: laptop, hub })
	const said = await git(folder, ['ls-remote', '--', hub, ...refs], { env, signal }).catch(unreachable(hub))
	const there = new Map(said.stdout.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
	return refs.map((ref) => there.get(ref) ?? null)
}

const unreachable = (hub: string) => (error: unknown) => {
	const { code, facts } = problemOf(error)
	if (code === 'git-failed') refuse('hub-unreachable', { side: laptop, hub, reason: facts.reason ?? '' })
	if (code === 'process-silent') refuse('hub-unreachable', { side: laptop, hub, reason: 'it did not answer' })
	throw error
}

/** Has the commits here, as objects only: from the hub, or over the link from the workstation's clone. */
export async function haveCommits(
	link: Link,
	project: ProjectConfig,
	folder: string,
	remote: Pick<RemoteFacts, 'path'>,
	commits: readonly string[],
	signal: AbortSignal,
): Promise<void> {
	const { hub, base, validation } = project.git
	const missing = async () => !(await hasCommits(folder, [...new Set(commits)], signal))
	if (!(await missing())) return
	if (hub !== 'direct') {
		const env = await networkEnvironment(folder, signal)
		for (const branch of [base, validation]) {
			const args = [...quietFetch, '--', hub, `refs/heads/${branch}`]
			// A branch that the hub does not have is no failure here; the workstation is asked next.
			await git(folder, args, { env, signal, timeoutMs: transferMs, expected: [0, 128] })
		}
		if (!(await missing())) return
	}
	await overLink(link, folder, signal, [
		...quietFetch,
		'--',
		address(remote),
		`refs/heads/${base}`,
		`refs/heads/${validation}`,
	])
	if (await missing()) refuse('moved-meanwhile', { what: 'The workstation’s clone' })
}

/** The clone as git names it on the bridge; the host in it is not looked at. */
const address = (remote: Pick<RemoteFacts, 'path'>) => `workstation:${remote.path}`

/** Runs one git that talks to the workstation's clone over the live link. */
async function overLink(
	link: Link,
	folder: string,
	signal: AbortSignal,
	args: readonly string[],
	expected?: readonly number[],
) {
	const bridge = openBridge(link, 'git')
	try {
		return await git(folder, args, {
			// Git LFS would look for a server of its own at the workstation’s address, and fail the push.
			env: { ...gitEnvironment(), ...bridge.env, GIT_LFS_SKIP_PUSH: '1' },
			extraPipes: bridge.extraPipes,
			onStart: bridge.onStart,
			timeoutMs: transferMs,
			signal,
			expected,
		})
	} catch (error) {
		throw bridge.problem ? new ProblemError(bridge.problem) : error
	} finally {
		await bridge.dispose()
	}
}

export interface Push {
	commit: string
	/** A full ref on the other side. */
	ref: string
	/** What was seen there; null: nothing. It is a fast-forward from that, or nothing happens. */
	was: string | null
}

const pushArguments = (target: string, { commit, ref, was }: Push) => [
	'push',
	'--porcelain',
	'--no-follow-tags',
	'--recurse-submodules=no',
	`--force-with-lease=${ref}:${was ?? ''}`,
	'--',
	target,
	`${commit}:${ref}`,
]

/**
 * Pushes to the hub exactly what was planned.
 * @throws ProblemError `moved-meanwhile`, `hub-unreachable`, `git-failed` when the hub or a hook refused
 */
export async function pushToHub(folder: string, hub: string, push: Push, signal: AbortSignal): Promise<void> {
	const env = await networkEnvironment(folder, signal)
	const args = pushArguments(hub, push)
	const { exitCode, stdout, stderr } = await git(folder, args, {
		env,
		signal,
		timeoutMs: transferMs,
		expected: [0, 1, 128],
	})
	if (exitCode === 0) return
	judgePush(stdout, stderr, push.ref)
	refuse('hub-unreachable', { side: laptop, hub, reason: gist(stderr) })
}

function judgePush(stdout: string, stderr: string, ref: string): void {
	const rejected = stdout.split('\n').find((line) => line.startsWith('!\t')) ?? ''
	const branch = ref.replace('refs/heads/', '')
	if (
		/\((stale info|fetch first|non-fast-forward|failed to update ref|incorrect old value[^)]*)\)/.test(
			rejected,
		)
	)
		refuse('moved-meanwhile', { what: `${branch} on the hub` })
	if (rejected !== '' || stderr.includes('failed to push some refs')) {
		const reason = gist(rejected.split('\t')[2] ? `${stderr}\n${rejected.split('\t')[2]}` : stderr)
		refuse('git-failed', { side: 'git', what: `push ${branch}`, reason })
	}
}

/** Pushes into the workstation's clone over the link. */
export async function pushOverLink(
	link: Link,
	folder: string,
	remote: Pick<RemoteFacts, 'path'>,
	push: Push,
	signal: AbortSignal,
): Promise<void> {
	const args = pushArguments(address(remote), push)
	const { exitCode, stdout, stderr } = await overLink(link, folder, signal, args, [0, 1])
	if (exitCode !== 0) {
		judgePush(stdout, stderr, push.ref)
		refuse('git-failed', { side: laptop, what: 'push over the link', reason: gist(stderr) })
	}
}
