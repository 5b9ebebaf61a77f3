import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import {
	chmod,
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	readlink,
	rm,
	symlink,
	writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Entry } from '../../src/engine/files/entry.ts'
import { backupId } from '../../src/engine/files/places.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { type LocalLink, localLink } from './local-link.ts'

/** A tree of files and a folder of backups, for one test. Paths are bytes as characters (latin1). */
export interface BackupsBed {
	home: string
	root: string
	backups: string
	link: LocalLink
	write(path: string, text: string, mode?: number): Promise<void>
	link_(path: string, target: string): Promise<void>
	/** What is there now, as a listing has it. */
	seen(...paths: string[]): Promise<Entry[]>
	/** All below a folder: files' texts, links as `-> TARGET`, empty folders as `/`. */
	all(folder: string): Promise<Record<string, string>>
	dispose(): Promise<void>
}

export const bytes = (path: string) => Buffer.from(path, 'latin1')
/** Of a name as it is typed here. */
export const latin1 = (name: string) => Buffer.from(name, 'utf8').toString('latin1')

/** Where another file system is mounted, or null. */
export const elsewhere = ['/dev/shm'].find(
	(folder) => existsSync(folder) && statSync(folder).dev !== statSync(tmpdir()).dev,
)

export async function makeBed(
	options: { far?: boolean; env?: Record<string, string> } = {},
): Promise<BackupsBed> {
	const home = await mkdtemp(join(tmpdir(), "hawser it's \\backups-"))
	const away = options.far && elsewhere ? await mkdtemp(join(elsewhere, 'hawser backups-')) : home
	const root = join(home, 'the tree')
	const backups = join(away, 'own', 'backups')
	await mkdir(root)
	const at = (path: string) => Buffer.concat([bytes(`${latin1(root)}/`), bytes(path)])
	const link = localLink(home, options.env)
	const write = async (path: string, text: string, mode = 0o644) => {
		await mkdir(dirname(at(path).toString('latin1')) === '.' ? root : folderOf(at(path)), { recursive: true })
		await writeFile(at(path), text)
		await chmod(at(path), mode)
	}
	return {
		home,
		root,
		backups,
		link,
		write,
		link_: async (path, target) => {
			await mkdir(folderOf(at(path)), { recursive: true })
			await symlink(bytes(target), at(path))
		},
		seen: (...paths) => Promise.all(paths.map((path) => entryOf(at(path), path))),
		all: async (folder) => {
			const found: Record<string, string> = {}
			if (existsSync(folder)) await walk(bytes(latin1(folder)), '', found)
			return found
		},
		dispose: async () => {
			await link.dispose()
			for (const folder of new Set([home, away])) {
				if (!existsSync(folder)) continue
				execFileSync('chmod', ['-R', 'u+rwx', folder])
				await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
			}
		},
	}
}

function folderOf(at: Buffer): Buffer {
	return at.subarray(0, at.lastIndexOf('/'))
}

async function entryOf(at: Buffer, path: string): Promise<Entry> {
	const stat = await lstat(at, { bigint: true })
	const none = { path, size: 0, mtime: 0n, executable: false, target: '' }
	if (stat.isDirectory()) return { ...none, kind: 'folder' }
	if (stat.isSymbolicLink()) {
		const target = await readlink(at, 'buffer')
		return { ...none, kind: 'link', size: target.length, target: target.toString('latin1') }
	}
	const executable = (stat.mode & 0o100n) !== 0n
	return { ...none, kind: 'file', size: Number(stat.size), mtime: stat.mtimeNs, executable }
}

async function walk(folder: Buffer, prefix: string, found: Record<string, string>): Promise<void> {
	const names = await readdir(folder, { encoding: 'buffer' })
	if (names.length === 0 && prefix !== '') found[prefix] = '/'
	for (const name of names) {
		const at = Buffer.concat([folder, Buffer.from('/'), name])
		const path = prefix + name.toString('latin1')
		const stat = await lstat(at)
		if (stat.isDirectory()) await walk(at, `${path}/`, found)
		else if (stat.isSymbolicLink()) found[path] = `-> ${await readlink(at, 'latin1')}`
		else if (stat.isFile()) found[path] = await readFile(at, 'latin1')
		else found[path] = 'special'
	}
}

/** The same link, with another program for the shell there. */
export function withShell(link: Link, shell: string): Link {
	return { ...link, exec: (command, signal) => link.exec(command.replace('/bin/sh', shell), signal) }
}

/** 2026-11-23 15:04:05.123 UTC. */
export const madeAt = Date.UTC(2026, 10, 23, 15, 4, 5, 123)
export const upId = backupId('up', madeAt)

/** Names that need care, as bytes. */
export const hardNames = [
	...[
		'a b',
		'-rf',
		'--',
		"it's",
		'q"q',
		'$HOME',
		'`id`',
		'*',
		'[a-z]',
		'?',
		'#!',
		'~',
		'\\',
		'\\n',
		'a\\0012b',
	],
	...['new\nline', '\n', 'ends\n', 'tab\there', '\u0001', '\u001d', ' ', ' x ', '%s%n', 'e\u0301', '\u00e9'],
	...['a'.repeat(255), '\u00ff\u00fe\u0081\u0088', 'done', 'end', 'd x', '1 kept'],
].map((name) => (/^[\u0080-\u00ff]+$/.test(name) && name.length > 1 ? name : latin1(name)))
