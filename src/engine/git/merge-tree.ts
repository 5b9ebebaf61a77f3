import { gist, git, laptop, readGit, refuse } from './git.ts'

/** What `git merge-tree --write-tree -z` says of a merge, see git-merge-tree(1), and single files of a tree. */

export interface StageEntry {
	/** Six octal digits. */
	mode: string
	id: string
	/** 1: the common ancestor, 2: the first side, 3: the second. */
	stage: number
	path: string
}

export interface MergedTree {
	/** With conflict markers in it where it is not clean. */
	tree: string
	clean: boolean
	/** Of the files that could not be merged. */
	stages: StageEntry[]
	/** The files that messages of conflicts name: a conflict of directories has no stages. */
	named: string[]
}

/** Pure; the output of an exit code 0 or 1. */
export function parseMergedTree(output: string, clean: boolean): MergedTree {
	const [tree = '', ...fields] = output.split('\0')
	const end = fields.indexOf('')
	const stages = (end < 0 ? fields : fields.slice(0, end)).flatMap((field) => {
		const [, mode, id, stage, path] = /^(\d{6}) ([0-9a-f]+) ([123])\t(.*)$/s.exec(field) ?? []
		return mode && id && path ? [{ mode, id, stage: Number(stage), path }] : []
	})
	return { tree, clean, stages, named: namedIn(end < 0 ? [] : fields.slice(end + 1)) }
}

/** Messages are: how many paths, the paths, the kind, the text. */
function namedIn(fields: readonly string[]): string[] {
	const named: string[] = []
	for (let at = 0; at < fields.length; ) {
		const count = Number(fields[at])
		if (fields[at] === '' || !Number.isInteger(count)) break
		const paths = fields.slice(at + 1, at + 1 + count)
		if (fields[at + 1 + count]?.startsWith('CONFLICT')) named.push(...paths)
		at += count + 3
	}
	return [...new Set(named)]
}

/**
 * Merges two commits into a tree; writes objects only.
 * @throws ProblemError `git-missing` where git is too old, `git-failed`, as for histories with nothing in common
 */
export async function mergeTree(
	folder: string,
	first: string,
	second: string,
	signal?: AbortSignal,
): Promise<MergedTree> {
	const args = [
		'-c',
		'merge.directoryRenames=false',
		'merge-tree',
		'--write-tree',
		'-z',
		'--messages',
		first,
		second,
	]
	const { exitCode, stdout, stderr } = await git(folder, args, { signal, expected: [0, 1, 128, 129] })
	if (exitCode === 129) refuse('git-missing', { side: laptop, reason: 'Its git is too old' })
	if (exitCode === 128)
		refuse('git-failed', { side: laptop, what: 'foresee the merge', reason: gist(stderr) })
	return parseMergedTree(stdout, exitCode === 0)
}

/**
 * A file where the other side has a folder is merged under a name with the commit behind it: `path~1a2b…`. This
 * is its own name. `commits` are those that were merged.
 */
export function ownPath(path: string, commits: readonly string[]): string {
	for (const commit of commits) {
		const at = path.lastIndexOf(`~${commit}`)
		if (at > 0 && /^(_\d+)?$/.test(path.slice(at + 1 + commit.length))) return path.slice(0, at)
	}
	return path
}

export interface TreeEntry {
	mode: string
	/** `blob` is a file or a symlink, `commit` a submodule, `tree` a folder. */
	type: string
	id: string
}

/** Names that fit into one command line. */
export function* portions(paths: readonly string[], most = 200): Generator<readonly string[]> {
	for (let at = 0; at < paths.length; at += most) yield paths.slice(at, at + most)
}

/** What a commit or tree has at these paths. */
export async function entriesAt(
	folder: string,
	tree: string,
	paths: readonly string[],
	signal?: AbortSignal,
): Promise<Map<string, TreeEntry>> {
	const found = new Map<string, TreeEntry>()
	for (const some of portions(paths)) {
		const args = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', tree, '--', ...some]
		for (const line of (await readGit(folder, args, { signal })).stdout.split('\0')) {
			const [, mode, type, id, path] = /^(\d{6}) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? []
			if (mode && type && id && path !== undefined) found.set(path, { mode, type, id })
		}
	}
	return found
}
