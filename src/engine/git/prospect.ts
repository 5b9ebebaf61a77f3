import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Facts } from '../../contract/problem.ts'
import type { Link } from '../link/link.ts'
import { run } from '../process/process.ts'
import { runScript, type ScriptName, scriptPayload } from '../remote/script.ts'
import type { RemoteFacts } from './facts.ts'
import { gist, git, laptop, networkEnvironment, readGit, refuse, workstation } from './git.ts'
import { commitAt, openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { askHub, contains, haveCommits } from './objects.ts'
import { resultOf } from './records.ts'
import { readRemote, remoteWorktree } from './remote.ts'

/** A result file over this many bytes is not committed. */
export const resultLimit = 50 * 1024 * 1024

/** Time for a look at the workstation that changes nothing. */
export const checkMs = 60_000
/** A fetch from the hub is part of it. */
const applyMs = 15 * 60_000

/** How things stand on both sides, and what a merge of the two branches would be. Nothing was changed. */
export interface Prospect {
	/** The laptop's repository. */
	folder: string
	/** The laptop's base branch. */
	tip: string
	remote: RemoteFacts
	/** The workstation's branches. */
	remoteBase: string
	validation: string
	/** The base branch on the hub; null: none there, or no hub. */
	hubBase: string | null
	/** The tree of base and validation merged. */
	tree: string
}

/**
 * Reads both sides and foresees the merge of the laptop's base branch and the workstation's validation
 * branch, the results that wait there uncommitted too. Only a killed operation's leftovers are cleared.
 * @throws ProblemError for whatever stands in the way
 */
export async function lookAhead(
	link: Link,
	project: ProjectConfig,
	direction: 'up' | 'back',
	signal: AbortSignal,
): Promise<Prospect> {
	await checkNames(project)
	const folder = await openLocal(project, signal)
	await settleLocal(folder, signal)
	const { hub, base } = project.git
	const [tip, remote, hubBase] = await Promise.all([
		commitAt(folder, `refs/heads/${base}`, signal),
		readSettled(link, project, signal),
		hub === 'direct' ? null : askHub(folder, hub, base, signal),
	])
	if (tip === null) refuse('branch-missing', { side: laptop, branch: base })
	const { base: remoteBase, validation } = remote
	if (remote.problem) throw new ProblemError(remote.problem)
	if (remoteBase === null || validation === null)
		refuse('branch-missing', { side: workstation, branch: base })
	refuseUntidy(remote, project)
	await haveCommits(link, project, folder, remote, [validation, remoteBase], signal)
	const [from, into] = [base, project.git.validation]
	const words = direction === 'up' ? { from, into } : { from: into, into: from }
	const tree = await foresee(folder, words, tip, validation, remote, signal)
	return { folder, tip, remote, remoteBase, validation, hubBase, tree }
}

async function readSettled(link: Link, project: ProjectConfig, signal: AbortSignal): Promise<RemoteFacts> {
	const remote = await readRemote(link, project, signal)
	if (remote.journal === null) return remote
	const { hub, base, validation } = project.git
	const args = ['settle', project.remote, remoteWorktree(project), hub, base, validation]
	await remoteScript(link, 'git-up', args, signal, checkMs)
	return await readRemote(link, project, signal)
}

async function settleLocal(folder: string, signal: AbortSignal): Promise<void> {
	const common = await git(folder, ['rev-parse', '--path-format=absolute', '--git-common-dir'], { signal })
	if (existsSync(join(common.stdout.replace(/\n$/, ''), 'hawser-journal')))
		await localScript('git-land', ['settle', folder], folder, signal)
}

function refuseUntidy(remote: RemoteFacts, project: ProjectConfig): void {
	if (remote.ongoing) refuse('merge-in-progress', { side: workstation, ...remote.ongoing })
	const big = remote.resultFiles.filter((file) => (remote.resultSizes[file] ?? 0) > resultLimit)
	if (big.length > 0)
		refuse('results-too-big', { files: big, limit: `${resultLimit / 1024 / 1024} MiB`, path: project.remote })
}

/** Two ways, or so it looks: where a clone's history was cut off, nothing can be told from what lies below. */
export async function refuseDiverged(folder: string, facts: Facts, signal: AbortSignal): Promise<never> {
	const { stdout } = await readGit(folder, ['rev-parse', '--is-shallow-repository'], { signal })
	if (stdout.trim() === 'true') refuse('repository-shallow', { side: laptop, path: folder })
	return refuse('diverged', facts)
}

/** The merged tree, or a `conflict`. */
async function foresee(
	folder: string,
	words: { from: string; into: string },
	tip: string,
	validation: string,
	remote: RemoteFacts,
	signal: AbortSignal,
): Promise<string> {
	const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', validation, tip]
	const { exitCode, stdout, stderr } = await git(folder, args, { signal, expected: [0, 1, 128, 129] })
	if (exitCode === 129) refuse('git-missing', { side: laptop, reason: 'Its git is too old' })
	if (exitCode === 128) {
		if (!/unrelated histories/.test(stderr))
			refuse('git-failed', { side: laptop, what: 'foresee the merge', reason: gist(stderr) })
		await refuseDiverged(folder, { branch: words.into, side: laptop, other: 'the workstation' }, signal)
	}
	const [tree = '', ...files] = stdout.split('\0').filter((field) => field !== '')
	if (exitCode === 1) refuse('conflict', { ...words, files })
	// Results that are not committed yet: what the other side changed there, they would be merged with.
	const waiting = new Set(remote.resultFiles)
	const both = (await changed(folder, validation, tree, signal)).filter((file) => waiting.has(file))
	if (both.length > 0) refuse('conflict', { ...words, files: both })
	return tree
}

async function changed(
	folder: string,
	from: string,
	to: string,
	signal: AbortSignal,
	filter: readonly string[] = [],
): Promise<string[]> {
	const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', ...filter, from, to]
	return (await readGit(folder, args, { signal })).stdout.split('\0').filter((file) => file !== '')
}

/** The files that are in `to` and not in `from`. */
export async function added(
	folder: string,
	from: string,
	to: string,
	signal: AbortSignal,
): Promise<string[]> {
	return await changed(folder, from, to, signal, ['--diff-filter=A'])
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

/** Arguments a script can take; the rest is found out when it acts. */
export function sendable(files: readonly string[]): string[] {
	const most = 128 * 1024
	let length = 0
	return files.filter((file) => {
		length += file.length + 3
		return length < most && !/[\n\u001d]/.test(file)
	})
}

/** Runs a git script on the workstation; gives its result's fields and what it said of its identity. */
export async function remoteScript(
	link: Link,
	name: ScriptName,
	args: readonly string[],
	signal: AbortSignal,
	timeoutMs = applyMs,
): Promise<{ fields: readonly string[]; identity: string | null }> {
	return withIdentity(resultOf(name, await runScript(link, name, args, { signal, timeoutMs })))
}

/** The same on the laptop. */
export async function localScript(
	name: ScriptName,
	args: readonly string[],
	folder: string,
	signal: AbortSignal,
): Promise<{ fields: readonly string[]; identity: string | null }> {
	const ended = await run({
		file: '/bin/sh',
		args: ['-s'],
		input: scriptPayload(name, args),
		cwd: folder,
		env: await networkEnvironment(folder),
		timeoutMs: applyMs,
		expected: [0, 1, 2, 10],
		signal,
	})
	return withIdentity(resultOf(name, { code: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr }))
}

function withIdentity({ fields, records }: ReturnType<typeof resultOf>) {
	const identity = records.find(([name]) => name === 'identity')?.[1] ?? null
	return { fields, identity }
}

/** Looks whether the laptop's base branch can move, and overwrites none of these files that nobody tracks. */
export async function checkLaptop(
	project: ProjectConfig,
	{ folder, tip }: Prospect,
	files: readonly string[],
	signal: AbortSignal,
): Promise<void> {
	await localScript('git-land', ['check', folder, project.git.base, tip, ...sendable(files)], folder, signal)
}
