import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Conflict, Take } from '../../contract/code.ts'
import type { Commit } from '../../contract/state.ts'
import { git, gitEnvironment, readGit, refuse } from './git.ts'
import { entriesAt, type MergedTree, mergeTree, ownPath, portions, type TreeEntry } from './merge-tree.ts'

export { prepareMerge } from './prepared-merge.ts'

/** Two commits, both in the laptop's repository, and the branches they are known by. */
export interface Sides {
	folder: string
	/** The laptop's base commit. */
	laptop: string
	/** The workstation's validation commit. */
	workstation: string
}

type Side = 'laptop' | 'workstation'

/** How many commits of a side a conflict names. */
const fewCommits = 5
/** How far back they are looked for, over all the files. */
const mostCommits = 1000

/**
 * For files that would conflict: the commits of each side that changed them, newest first. A path as `git merge-tree`
 * names it, with a commit behind it, is answered with its own name, once.
 */
export async function conflictsOf(
	{ folder, laptop, workstation }: Sides,
	files: readonly string[],
	signal?: AbortSignal,
): Promise<Conflict[]> {
	const paths = [...new Set(files.map((file) => ownPath(file, [laptop, workstation])))]
	const [mine, theirs] = await Promise.all([
		changesUnderAnyName(folder, laptop, workstation, paths, signal),
		changesUnderAnyName(folder, workstation, laptop, paths, signal),
	])
	return paths.map((path) => ({
		path,
		laptop: mine.get(path) ?? [],
		workstation: theirs.get(path) ?? [],
	}))
}

/** As below; of a file that the other side has renamed, those that changed it under its old name. */
async function changesUnderAnyName(
	folder: string,
	commit: string,
	other: string,
	paths: readonly string[],
	signal?: AbortSignal,
): Promise<Map<string, Commit[]>> {
	const found = await changesOf(folder, commit, other, paths, signal)
	const without = paths.filter((path) => !found.has(path))
	if (without.length === 0) return found
	const renames = await renamesOf(folder, commit, other, signal)
	const renamed = without.flatMap((path) => renames.get(path) ?? [])
	const before = await changesOf(folder, commit, other, renamed, signal)
	for (const path of without) {
		const commits = before.get(renames.get(path) ?? '')
		if (commits) found.set(path, commits)
	}
	return found
}

/** The files that `other` has renamed since it went its own way from `commit`: the old name by the new one. */
async function renamesOf(
	folder: string,
	commit: string,
	other: string,
	signal?: AbortSignal,
): Promise<Map<string, string>> {
	const bases = await readGit(folder, ['merge-base', commit, other], { expected: [0, 1], signal })
	const base = bases.stdout.split('\n')[0] ?? ''
	if (base === '') return new Map()
	const args = ['diff-tree', '-r', '-M', '-z', '--diff-filter=R', '--name-status', base, other]
	const fields = (await readGit(folder, args, { signal })).stdout.split('\0')
	const renames = new Map<string, string>()
	for (let at = 0; at + 2 < fields.length; at += 3) renames.set(fields[at + 2] ?? '', fields[at + 1] ?? '')
	return renames
}

/** The commits that `commit` has and `without` lacks, by the files and folders they changed. */
async function changesOf(
	folder: string,
	commit: string,
	without: string,
	paths: readonly string[],
	signal?: AbortSignal,
): Promise<Map<string, Commit[]>> {
	const found = new Map<string, Commit[]>()
	const format = '--format=%x1e%H%x1f%ct%x1f%<(100,trunc)%an%x1f%<(250,trunc)%s%x1d'
	for (const some of portions(paths)) {
		const { stdout } = await readGit(
			folder,
			[
				'--literal-pathspecs',
				...['-c', 'i18n.logOutputEncoding=UTF-8'],
				...['log', '-z', '--name-only', '--no-renames', '--no-show-signature', '--no-color', '--no-decorate'],
				...['--no-ext-diff', '--no-relative', format, `--max-count=${mostCommits}`],
				...[commit, `^${without}`, '--', ...some],
			],
			{ signal },
		)
		for (const { of, files } of parseChanges(stdout))
			for (const path of some) {
				if (!files.some((file) => file === path || file.startsWith(`${path}/`))) continue
				const list = found.get(path) ?? []
				if (list.length < fewCommits) found.set(path, [...list, of])
			}
	}
	return found
}

/** Each commit, then its files, all ended by NUL; git puts line breaks before the first file. */
function parseChanges(text: string): { of: Commit; files: string[] }[] {
	return text
		.split('\u001e')
		.slice(1)
		.map((part) => {
			const end = part.indexOf('\u001d')
			const [id = '', seconds = '', author = '', ...subject] = part.slice(0, end).split('\u001f')
			return {
				of: { id, at: Number(seconds) * 1000, author: author.trim(), subject: subject.join(' ').trim() },
				files: part
					.slice(end + 1)
					.replace(/^[\0\n]+/, '')
					.split('\0')
					.filter((file) => file !== ''),
			}
		})
}

/**
 * A merge commit of both in which each conflicting file is as one side has it: gone, where that side has deleted
 * it; and where that side has it under another name, its content. `first` is its first parent's side.
 * Writes objects only; signed where `commit.gpgSign` is set.
 * @throws ProblemError `conflict` for a file that `take` does not name, or that cannot be as it says
 */
export async function mergeTaking(
	sides: Sides,
	take: Take,
	first: Side,
	message: string,
	signal?: AbortSignal,
): Promise<string> {
	const { folder } = sides
	const second = first === 'laptop' ? 'workstation' : 'laptop'
	const merged = await mergeTree(folder, sides[first], sides[second], signal)
	const stop = (files: readonly string[]): never =>
		refuse('conflict', { from: `the ${second}`, into: `the ${first}`, files: [...files] })
	if (!merged.clean && merged.stages.length === 0) stop(merged.named)
	const tree = merged.clean ? merged.tree : await resolvedTree(sides, merged, take, first, stop, signal)
	const sign = await readGit(folder, ['config', '--type=bool', 'commit.gpgSign'], {
		expected: [0, 1],
		signal,
	})
	const args = ['commit-tree', '-p', sides[first], '-p', sides[second], '-F', '-']
	if (sign.stdout.trim() === 'true') args.push('-S')
	const env = await identified(folder, signal)
	const { stdout } = await git(folder, [...args, tree], { env, input: `${message.trimEnd()}\n`, signal })
	return stdout.trim()
}

async function resolvedTree(
	sides: Sides,
	merged: MergedTree,
	take: Take,
	first: Side,
	stop: (files: readonly string[]) => never,
	signal?: AbortSignal,
): Promise<string> {
	const { folder, laptop, workstation } = sides
	const own = (path: string) => ownPath(path, [laptop, workstation])
	const taken = new Map<string, Side>()
	for (const [path, side] of Object.entries(take)) taken.set(own(path), side)
	const paths = [...new Set(merged.stages.map(({ path }) => own(path)))]
	// A name that is no UTF-8 did not arrive whole.
	const open = paths.filter((path) => !taken.has(path) || path.includes('\ufffd'))
	if (open.length > 0) stop(open)
	const pick = (side: Side) => paths.filter((path) => taken.get(path) === side)
	const chosen = new Map<string, TreeEntry | null>()
	for (const side of ['laptop', 'workstation'] as const) {
		const there = await entriesAt(folder, sides[side], pick(side), signal)
		for (const path of pick(side)) chosen.set(path, there.get(path) ?? renamed(path, side))
	}
	/** What a side has under another name, which the merge has brought to this one. */
	function renamed(path: string, side: Side): TreeEntry | null {
		const stage = side === first ? 2 : 3
		const entry = merged.stages.find((each) => each.stage === stage && own(each.path) === path)
		return entry
			? { mode: entry.mode, id: entry.id, type: entry.mode === '160000' ? 'commit' : 'blob' }
			: null
	}
	const gone = [...new Set([...merged.stages.map(({ path }) => path), ...paths])]
	const lines = gone.map((path) => `0 ${'0'.repeat(merged.tree.length)}\t${path}\0`)
	for (const [path, entry] of chosen)
		if (entry && entry.type !== 'tree') lines.push(`${entry.mode} ${entry.id}\t${path}\0`)
	const tree = await editedTree(folder, merged.tree, lines.join(''), signal)
	// Two files may not have room beside each other: one needs a folder where the other one is.
	const result = await entriesAt(folder, tree, paths, signal)
	const other = paths.filter((path) => !asChosen(chosen.get(path) ?? null, result.get(path)))
	if (other.length > 0) stop(other)
	return tree
}

/** A folder of that side is merged, not taken whole. Where a side has nothing, a folder may be the other one's. */
function asChosen(wanted: TreeEntry | null, found: TreeEntry | undefined): boolean {
	if (wanted === null || wanted.type === 'tree') return found === undefined || found.type === 'tree'
	return found?.id === wanted.id && found.mode === wanted.mode
}

/** A tree with these changes to it, as `git update-index --index-info` takes them. */
async function editedTree(
	folder: string,
	tree: string,
	changes: string,
	signal?: AbortSignal,
): Promise<string> {
	const scratch = await mkdtemp(join(tmpdir(), 'hawser-index-'))
	try {
		const env = { ...gitEnvironment(), GIT_INDEX_FILE: join(scratch, 'index') }
		await git(folder, ['read-tree', tree], { env, signal })
		await git(folder, ['update-index', '-z', '--index-info'], { env, input: changes, signal })
		return (await git(folder, ['write-tree'], { env, signal })).stdout.trim()
	} finally {
		await rm(scratch, { recursive: true, force: true })
	}
}

/** The environment for a commit of ours: a name where nobody is configured, the same as the scripts give. */
async function identified(folder: string, signal?: AbortSignal): Promise<NodeJS.ProcessEnv> {
	const env = gitEnvironment()
	for (const who of ['GIT_COMMITTER_IDENT', 'GIT_AUTHOR_IDENT']) {
		const args = ['-c', 'user.useConfigOnly=true', 'var', who]
		if ((await readGit(folder, args, { expected: [0, 1, 128], signal })).exitCode === 0) continue
		const [name, email] = [`Hawser on ${hostname()}`, `hawser@${hostname()}`]
		return {
			...env,
			...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
			...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
		}
	}
	return env
}
