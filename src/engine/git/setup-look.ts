import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import { laptop, readGit, refuse, workstation } from './git.ts'
import { hubAddress, isNetworkAddress } from './hub-address.ts'
import { commitAt, openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { askHub } from './objects.ts'
import { remoteWorktree } from './remote.ts'
import { checkMs, localScript, remoteScript } from './scripts.ts'
import { checkGitVersion, laptopGit } from './version.ts'

/** The script `git-setup` is told so that it leaves the hub alone. */
export const noAddress = '-'
/** History begins with these; a shallow or merged one with many. */
const mostRoots = 20

/** One machine, as `git-setup look` finds it. */
export interface Ground {
	/** The clone's topmost folder; null: none is there. */
	clone: string | null
	/** The commits at its branches; '' for none. */
	base: string
	validation: string
	/** What an earlier push over the link left to be taken. */
	incoming: { base: string | null; validation: string | null }
	/** What is missing there, or left by a killed one. */
	todo: ReadonlySet<string>
	/** The hub's branches as that machine sees them; null: it was not asked, or does not reach it. */
	hub: { base: string; validation: string } | null
	/** Why it does not reach the hub. */
	unreachable: string | null
	version: string
	lfs: boolean
}

/** Both sides of a project before it is set up. */
export interface Standing {
	/** The laptop's repository. */
	folder: string
	tip: string
	/** The laptop's own validation branch; null: none. */
	validation: string | null
	roots: readonly string[]
	/** What the workstation may be given as the hub's address; '' for none. */
	url: string
	/** The branches on the hub as the laptop sees them. */
	hub: { base: string | null; validation: string | null }
	here: Ground
	there: Ground
	/** The workstation can take from the hub itself. */
	reaches: boolean
	/** Files that are kept with Git LFS; some of them. */
	lfsFiles: readonly string[]
	submodules: readonly string[]
}

/** Pure: the fields of its result, `name=value`. */
export function parseGround(fields: readonly string[]): Ground {
	const pairs = fields.map((field) => [field.split('=', 1)[0] ?? '', field.replace(/^[^=]*=/, '')] as const)
	const facts = new Map(pairs)
	const or = (name: string) => facts.get(name) || null
	const asked = facts.has('hub-base')
	return {
		clone: or('clone'),
		base: facts.get('base') ?? '',
		validation: facts.get('validation') ?? '',
		incoming: { base: or('incoming-base'), validation: or('incoming-validation') },
		todo: new Set(pairs.filter(([name]) => name === 'todo').map(([, what]) => what)),
		hub: asked ? { base: facts.get('hub-base') ?? '', validation: facts.get('hub-validation') ?? '' } : null,
		unreachable: or('unreachable'),
		version: facts.get('version') ?? '',
		lfs: facts.get('lfs') === 'yes',
	}
}

/**
 * Reads both sides and refuses what setting up would not go well with; nothing is changed.
 * @throws ProblemError
 */
export async function lookAtBoth(link: Link, project: ProjectConfig, signal: AbortSignal): Promise<Standing> {
	const { hub, base, validation, worktree } = project.git
	if (project.strategy !== 'git')
		refuse('strategy-unsupported', { strategy: project.strategy, kind: 'setup' })
	await checkNames(project, signal)
	await laptopGit()
	const folder = await openLocal(project, signal)
	const tip = await commitAt(folder, `refs/heads/${base}`, signal)
	if (tip === null) refuse('branch-missing', { side: laptop, branch: base })
	const [own, roots, address, [hubBase = null, hubValidation = null], submodules, lfsFiles] =
		await Promise.all([
			commitAt(folder, `refs/heads/${validation}`, signal),
			rootsOf(folder, tip, signal),
			hub === 'direct' ? '' : hubAddress(folder, hub, signal),
			hub === 'direct' ? [null, null] : askHub(folder, hub, [base, validation], signal),
			submodulesOf(folder, tip, signal),
			lfsFilesOf(folder, signal),
		])
	const names = [base, validation]
	const [here, there] = await Promise.all([
		localScript(
			'git-setup',
			['look', '', folder, worktree ?? '', hub, noAddress, ...names, laptop, ...roots],
			folder,
			signal,
		),
		remoteScript(
			link,
			'git-setup',
			[
				'look',
				'',
				project.remote,
				remoteWorktree(project),
				hub,
				address ?? '',
				...names,
				workstation,
				...roots,
			],
			signal,
			checkMs,
		),
	])
	const standing: Standing = {
		folder,
		tip,
		validation: own,
		roots,
		url: address ?? '',
		hub: { base: hubBase, validation: hubValidation },
		here: parseGround(here.fields),
		there: parseGround(there.fields),
		reaches: false,
		lfsFiles,
		submodules,
	}
	standing.reaches = reachesHub(standing)
	await refuseUnfit(project, standing, address === null, signal)
	return standing
}

/** A path may lead to another repository over there: only what it shows tells. A clone's own remote is believed. */
function reachesHub({ there, hub, url }: Standing): boolean {
	if (!there.hub) return false
	if (isNetworkAddress(url) || (there.clone !== null && !there.todo.has('remote'))) return true
	return there.hub.base === (hub.base ?? '') && there.hub.validation === (hub.validation ?? '')
}

async function refuseUnfit(
	project: ProjectConfig,
	{ folder, here, there, lfsFiles, reaches }: Standing,
	secret: boolean,
	signal: AbortSignal,
): Promise<void> {
	checkGitVersion(workstation, there.version)
	const { hub } = project.git
	if (secret && (there.clone === null || there.todo.has('remote'))) refuse('hub-url-secret', { hub })
	const makes = ({ clone, todo }: Ground) => clone === null || todo.has('worktree')
	if (lfsFiles.length > 0) {
		if (makes(there) && !there.lfs) refuse('lfs-missing', { side: workstation, files: [...lfsFiles] })
		if (makes(here) && !here.lfs) refuse('lfs-missing', { side: laptop, files: [...lfsFiles] })
	}
	if (there.clone !== null || reaches) return
	const { stdout } = await readGit(folder, ['rev-parse', '--is-shallow-repository'], { signal })
	if (stdout.trim() === 'true') refuse('repository-shallow', { side: laptop, path: folder })
}

async function rootsOf(folder: string, tip: string, signal: AbortSignal): Promise<string[]> {
	const args = ['rev-list', '--max-parents=0', `--max-count=${mostRoots}`, tip, '--']
	return (await readGit(folder, args, { signal })).stdout.split('\n').filter((id) => id !== '')
}

async function submodulesOf(folder: string, tip: string, signal: AbortSignal): Promise<string[]> {
	const { stdout } = await readGit(folder, ['ls-tree', '-r', '-z', '--full-tree', tip], { signal })
	const entries = stdout.split('\0').filter((entry) => entry.startsWith('160000 '))
	return entries.map((entry) => entry.slice(entry.indexOf('\t') + 1))
}

async function lfsFilesOf(folder: string, signal: AbortSignal): Promise<string[]> {
	const { stdout } = await readGit(folder, ['ls-files', '-z', '--', ':(attr:filter=lfs)'], { signal })
	return stdout
		.split('\0')
		.filter((file) => file !== '')
		.slice(0, 20)
}
