import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach } from 'vitest'
import type { Entry } from '../../src/engine/files/entry.ts'
import { localListing } from '../../src/engine/files/local-listing.ts'
import type { Rules } from '../../src/engine/files/rules.ts'

/** Trees for listings, gone after each test. */

const execute = promisify(execFile)
const made: string[] = []
afterEach(() => {
	for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export function emptyFolder(): string {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hawser-tree-')))
	made.push(folder)
	return folder
}

/** A folder with these files, by their paths as bytes (latin1); one that ends in a slash is a folder. */
export function tree(files: Record<string, string>): string {
	const root = emptyFolder()
	add(root, files)
	return root
}

export const at = (root: string, path: string) => Buffer.from(`${root}/${path}`, 'latin1')

export function add(root: string, files: Record<string, string>): void {
	for (const [path, text] of Object.entries(files)) {
		const folder = path.endsWith('/') ? path : dirname(path)
		mkdirSync(at(root, folder), { recursive: true })
		if (!path.endsWith('/')) writeFileSync(at(root, path), text)
	}
}

export async function inGit(folder: string, ...args: string[]): Promise<string> {
	const env = {
		...process.env,
		GIT_CONFIG_GLOBAL: '/dev/null',
		GIT_AUTHOR_NAME: 'A',
		GIT_AUTHOR_EMAIL: 'a@b',
		GIT_COMMITTER_NAME: 'A',
		GIT_COMMITTER_EMAIL: 'a@b',
	}
	const { stdout } = await execute('git', args, { cwd: folder, env, encoding: 'latin1', maxBuffer: 2 ** 28 })
	return stdout
}

export const files: Rules = { scope: 'tree', include: [], exclude: [], results: [] }

export async function listed<T extends Entry>(listing: AsyncIterable<T>): Promise<T[]> {
	const entries: T[] = []
	for await (const entry of listing) entries.push(entry)
	return entries
}

export async function pathsOf(root: string, rules: Partial<Rules> = {}): Promise<string[]> {
	return (await listed(localListing(root, { ...files, ...rules }))).map(({ path }) => path)
}

/** The listing with its entries, gone through. */
export async function whole(root: string, rules: Partial<Rules> = {}) {
	const listing = localListing(root, { ...files, ...rules })
	return Object.assign(listing, { entries: await listed(listing) })
}

/** Names that a file system takes and that something on the way may stumble over. */
export const oddNames = [
	'new\nline',
	'-dash',
	'--help',
	' blanks ',
	'\xff\xfe',
	'e\xcc\x81',
	'\xc3\xa9',
	'x'.repeat(255),
	'one\x01b',
	'tab\tx',
	'a*b?[c]',
	'it\'s "quoted" $HOME `x`',
	'back\\slash',
	':colon',
	'!bang',
	'#hash',
	'\x7f\x1b[31m',
	'odd\nfolder/in\nit',
	'-folder/-x',
	'sub/a',
	'sub-b',
	'sub!',
	'sub0',
]

/** Runs as somebody who may not read everything, where the tests run as root. */
export async function asNobody<T>(root: string, work: () => Promise<T>): Promise<T> {
	if (process.getuid?.() !== 0) return await work()
	await execute('chown', ['-R', '65534', root])
	const { HOME } = process.env
	process.env.HOME = root
	process.seteuid?.(65534)
	try {
		return await work()
	} finally {
		process.seteuid?.(0)
		process.env.HOME = HOME
	}
}
