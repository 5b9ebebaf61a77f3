import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { GitProject } from './git-project.ts'
import { env, git } from './repositories.ts'

const execute = promisify(execFile)

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
	/** The repositories that git itself could not read: of them nothing is in here. */
	unread: string[]
}

/**
 * One shell asks everything, a process a question: this test process is large, and slow to start others. Where the
 * history was cut off, or a module is named, git has not all of it: what it has is listed.
 */
const questions = `
history() { git -C "$1" rev-list --objects --no-object-names --all --reflog --missing=allow-any $2; }
for at in "$1" "$2" "$3"; do
	history "$at" && echo all && history "$at" --indexed-objects && echo all || echo unread
done
for at in "$2" "$3" "$4"; do
	git -C "$at" rev-parse -q --verify HEAD || echo none
done`

export async function takeLedger(project: GitProject): Promise<Ledger> {
	const { hub, laptop, clone, worktree } = project
	const repositories = ['hub', 'laptop', 'clone']
	const folders = { laptop, clone, worktree }
	const ledger: Ledger = {
		objects: new Map(),
		history: new Set(),
		files: new Map(),
		heads: new Map(),
		unread: [],
	}
	const asked = execute('sh', ['-c', questions, 'ledger', hub, laptop, clone, worktree], {
		env,
		maxBuffer: 64 * 1024 * 1024,
	})
	for (const [name, at] of Object.entries(folders)) list(at, '', name, ledger)
	const lines = (await asked).stdout.split('\n')
	for (const name of repositories) {
		const end = lines.findIndex((line) => line === 'all' || line === 'unread')
		const history = lines.splice(0, end + 1)
		if (history.pop() === 'all') {
			const next = lines.findIndex((line) => line === 'all' || line === 'unread')
			const objects = lines.splice(0, next + 1)
			if (objects.pop() === 'all') {
				for (const id of history) ledger.history.add(id)
				for (const id of objects) ledger.objects.set(id, name)
				continue
			}
		}
		ledger.unread.push(name)
	}
	for (const [index, name] of Object.keys(folders).entries()) ledger.heads.set(name, lines[index] ?? '')
	return ledger
}

/** A repository inside another one is files like any others, to the last of its objects. */
function list(folder: string, inner: string, name: string, ledger: Ledger): void {
	for (const entry of entriesOf(join(folder, inner))) {
		const file = join(inner, entry.name)
		if (inner === '' && entry.name === '.git') continue
		if (entry.isDirectory()) list(folder, file, name, ledger)
		else if (entry.isFile() || entry.isSymbolicLink()) {
			const path = join(folder, file)
			const bytes = entry.isFile() ? readFileSync(path) : Buffer.from(readlinkSync(path))
			ledger.files.set(blobId(bytes), { repository: folder, folder: name, file })
		}
	}
}

function entriesOf(folder: string): Dirent[] {
	try {
		return readdirSync(folder, { withFileTypes: true })
	} catch {
		return []
	}
}

function blobId(bytes: Buffer): string {
	return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** What was there and can be found neither on a disk nor in what the repositories reach, in words. */
export async function lost(before: Ledger, project: GitProject, now?: Ledger): Promise<string[]> {
	now ??= await takeLedger(project)
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
export function lostHistory(ever: ReadonlySet<string>, now: Ledger): string[] {
	return [...ever].filter((id) => !now.history.has(id))
}
