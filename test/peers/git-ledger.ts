import { createHash } from 'node:crypto'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { GitProject } from './git-project.ts'
import { git } from './repositories.ts'

/** What existed at one moment in the repositories of a project, to ask later whether any of it is lost. */
export interface Ledger {
	/** Commits, trees and contents that a ref, a reflog or an index of one of them reaches: id → where. */
	objects: Map<string, string>
	/** Of those, the ones that only an index may reach are left out: a person may stage something else. */
	history: Set<string>
	/** What is on the disk, as the id that git would give to these very bytes: → where. */
	files: Map<string, { repository: string; folder: string; file: string }>
	/** The commit that is checked out in each folder. */
	heads: Map<string, string>
}

const repositoriesOf = ({ hub, laptop, clone }: GitProject) => ({ hub, laptop, clone })
const foldersOf = ({ laptop, clone, worktree }: GitProject) => ({ laptop, clone, worktree })

export async function takeLedger(project: GitProject): Promise<Ledger> {
	const ledger: Ledger = { objects: new Map(), history: new Set(), files: new Map(), heads: new Map() }
	const reach = async (name: string, at: string) => {
		const ask = async (...more: string[]) => {
			const args = ['rev-list', '--objects', '--no-object-names', '--all', '--reflog', ...more]
			// Where the history was cut off, or a module is named, git has not all of it: what it has is listed.
			const said = await git(at, ...args, '--missing=allow-any').catch(() => '')
			return said.split('\n').filter((id) => id !== '')
		}
		for (const id of await ask('--indexed-objects')) ledger.objects.set(id, name)
		for (const id of await ask()) ledger.history.add(id)
	}
	await Promise.all([
		...Object.entries(repositoriesOf(project)).map(([name, at]) => reach(name, at)),
		...Object.entries(foldersOf(project)).map(async ([name, at]) => {
			await list(at, '', name, ledger)
			ledger.heads.set(name, await git(at, 'rev-parse', 'HEAD').catch(() => ''))
		}),
	])
	return ledger
}

/** A repository inside another one is files like any others, to the last of its objects. */
async function list(folder: string, inner: string, name: string, ledger: Ledger): Promise<void> {
	for (const entry of await readdir(join(folder, inner), { withFileTypes: true }).catch(() => [])) {
		const file = join(inner, entry.name)
		if (inner === '' && entry.name === '.git') continue
		if (entry.isDirectory()) await list(folder, file, name, ledger)
		else if (entry.isFile() || entry.isSymbolicLink()) {
			const path = join(folder, file)
			const bytes = entry.isFile() ? await readFile(path) : Buffer.from(await readlink(path))
			ledger.files.set(blobId(bytes), { repository: folder, folder: name, file })
		}
	}
}

function blobId(bytes: Buffer): string {
	return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** What was there and can be found neither on a disk nor in what the repositories reach, in words. */
export async function lost(before: Ledger, project: GitProject): Promise<string[]> {
	const now = await takeLedger(project)
	const gone: string[] = []
	for (const [id, where] of before.objects)
		if (!now.objects.has(id) && !now.files.has(id)) gone.push(`object ${id} of ${where}`)
	for (const [id, { repository, folder, file }] of before.files) {
		if (now.objects.has(id) || now.files.has(id)) continue
		// A filter may stand between a commit and the disk: line ends, for one.
		const commit = before.heads.get(folder)
		const filtered = await git(repository, 'cat-file', '--filters', `${commit}:${file}`).catch(() => null)
		if (filtered === null || !sameBytes(filtered, id)) gone.push(`${folder}/${file}`)
	}
	return gone
}

/** `git` above gives its text without the last line break. */
function sameBytes(text: string, id: string): boolean {
	return [text, `${text}\n`, `${text}\r\n`].some((bytes) => blobId(Buffer.from(bytes)) === id)
}

/** As `lost`, for what was ever in a history: that nobody may stage away. */
export async function lostHistory(ever: ReadonlySet<string>, project: GitProject): Promise<string[]> {
	const now = await takeLedger(project)
	return [...ever].filter((id) => !now.history.has(id))
}
