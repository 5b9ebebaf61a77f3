import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { git, gitEnvironment, laptop, readGit, refuse } from './git.ts'

/**
 * Git LFS keeps a few lines in place of a file's content; without git-lfs those lines would be taken for the file
 * on its way in, and the file for those lines on its way out. So whatever writes or adds such a file asks here first.
 */

/** Of files that a commit or tree of this repository holds those that its attributes give to LFS. */
export async function lfsFiles(
	folder: string,
	tree: string,
	files: readonly string[],
	signal?: AbortSignal,
): Promise<string[]> {
	if (files.length === 0 || !(await mentionsLfs(folder, tree, files, signal))) return []
	const index = join(tmpdir(), `hawser-lfs-${randomUUID()}`)
	const env = { ...gitEnvironment(), GIT_INDEX_FILE: index }
	try {
		// Not `check-attr --source`, which came with 2.40.
		await git(folder, ['read-tree', `${tree}^{tree}`], { env, signal })
		const args = ['check-attr', '--cached', '-z', '--stdin', 'filter']
		const { stdout } = await git(folder, args, {
			env,
			signal,
			input: files.map((file) => `${file}\0`).join(''),
		})
		const fields = stdout.split('\0')
		return fields.filter((_, at) => at % 3 === 0 && fields[at + 2] === 'lfs')
	} finally {
		await rm(index, { force: true })
	}
}

/** Whether an attributes file that these files obey speaks of LFS at all: asked without reading the whole tree. */
async function mentionsLfs(
	folder: string,
	tree: string,
	files: readonly string[],
	signal?: AbortSignal,
): Promise<boolean> {
	const folders = new Set([''])
	for (const file of files)
		for (let at = posix.dirname(file); at !== '.' && !folders.has(at); at = posix.dirname(at)) folders.add(at)
	const named = [...folders].filter((at) => !at.includes('\n'))
	// A line is one question; a name with a line break cannot be asked for, so it is looked into in full.
	if (named.length < folders.size) return true
	const questions = named.map((at) => `${tree}:${at === '' ? '' : `${at}/`}.gitattributes\n`).join('')
	const [{ stdout }, own] = await Promise.all([
		readGit(folder, ['cat-file', '--batch'], { input: questions, signal }),
		ownAttributes(folder, signal),
	])
	return stdout.includes('lfs') || own
}

/** Attributes that are no part of the tree: the repository's own and the person's. */
async function ownAttributes(folder: string, signal?: AbortSignal): Promise<boolean> {
	const [global, info] = await Promise.all([
		readGit(folder, ['config', '--type=path', 'core.attributesFile'], { expected: [0, 1], signal }),
		readGit(folder, ['rev-parse', '--path-format=absolute', '--git-path', 'info/attributes'], { signal }),
	])
	const paths = [...global.stdout.split('\n'), info.stdout.replace(/\n$/, '')].filter((path) => path !== '')
	const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')))
	return texts.some((text) => text.includes('lfs'))
}

/** Whether the laptop keeps files with LFS: the program is there, and git was told of it. */
export async function hasLfs(folder: string, signal?: AbortSignal): Promise<boolean> {
	const asked = ['config', '--get-regexp', '^filter\\.lfs\\.(process|clean)$']
	const [told, there] = await Promise.all([
		readGit(folder, asked, { expected: [0, 1], signal }),
		// git-lfs answers by itself; without it git says that there is no such command.
		readGit(folder, ['lfs', 'version'], { expected: [0, 1], signal }),
	])
	return told.exitCode === 0 && there.exitCode === 0
}

/**
 * For files that are about to be written on the laptop, as they are in a commit or tree that is here.
 * @throws ProblemError `lfs-missing` where LFS keeps one of them and the laptop lacks it
 */
export async function refuseMissingLfs(
	folder: string,
	tree: string,
	files: readonly string[],
	signal?: AbortSignal,
): Promise<void> {
	const kept = await lfsFiles(folder, tree, files, signal)
	if (kept.length > 0 && !(await hasLfs(folder, signal)))
		refuse('lfs-missing', { side: laptop, files: kept.slice(0, 50) })
}
