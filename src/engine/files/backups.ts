import { lstat, opendir } from 'node:fs/promises'
import { ProblemError } from '../../contract/client.ts'
import { type Backup, type BackupFile, backupSchema } from '../../contract/code.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { afterMarker, startScript } from '../remote/script.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import { shownPath } from './entry.ts'
import { type Machine, runLines } from './line-script.ts'
import { backupsIn, type FilePlaces } from './places.ts'

/** What was kept of a tree: listed, looked into, let go. `files-lib.sh` says what a backup is. */

/** A tree of files and the folder of its backups, on one machine. */
export interface BackupPlace {
	machine: Machine
	root: string
	backups: string
}

/** Where a project has backups; without a link those on the laptop alone. */
export function backupPlaces(places: FilePlaces, link: Link | null): BackupPlace[] {
	const { local, into, own, ownInto, remote, ownThere } = places
	return [
		{ machine: 'laptop', root: local, backups: backupsIn(own) },
		...(ownInto === own ? [] : [{ machine: 'laptop' as const, root: into, backups: backupsIn(ownInto) }]),
		...(link ? [{ machine: link, root: remote, backups: backupsIn(ownThere) }] : []),
	]
}

const sideOf = (machine: Machine) => (machine === 'laptop' ? 'laptop' : 'workstation')

const idPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z-([a-z]+)(?:-\d{1,5})?$/

/**
 * The name of the `n`th backup of one operation, from 1 on. rsync overwrites what an earlier run put into the same
 * folder, so each run of it needs one of its own.
 */
export const backupBeside = (id: string, n: number): string => (n === 1 ? id : `${id}-${n}`)

/** What a backup's name says; null for a folder that is none of ours. `at`: ms since the epoch. */
export function readBackupId(id: string): Pick<Backup, 'kind' | 'at'> | null {
	const [, year, month, day, hour, minute, second, word] = idPattern.exec(id) ?? []
	const kind = backupSchema.shape.kind.safeParse(word)
	const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
	return kind.success && !Number.isNaN(at) ? { kind: kind.data, at } : null
}

/**
 * All that hold something, newest first.
 * @throws ProblemError `link-lost`, `remote-timeout`, `remote-failed`, `operation-cancelled`
 */
export async function listBackups(
	places: readonly BackupPlace[],
	options: { signal?: AbortSignal } = {},
): Promise<Backup[]> {
	const lists = await Promise.all(places.map((place) => backupsOf(place, options.signal)))
	return lists
		.flat()
		.filter(({ count }) => count > 0)
		.sort((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1))
}

async function backupsOf({ machine, backups }: BackupPlace, signal?: AbortSignal): Promise<Backup[]> {
	const found: Backup[] = []
	await command(machine, ['list', backups], signal, (line) => {
		const [word, id = '', count, bytes] = line.split(' ')
		const about = word === 'backup' ? readBackupId(id) : null
		if (about)
			found.push({ id, machine: sideOf(machine), ...about, count: Number(count), bytes: Number(bytes) })
	})
	return found
}

async function command(
	machine: Machine,
	args: readonly string[],
	signal: AbortSignal | undefined,
	onLine: (line: string) => void,
): Promise<void> {
	let isDone = false
	const { code, stderr } = await runLines(
		machine,
		'files-backups',
		args,
		none(),
		(line) => {
			if (line === 'done') isDone = true
			else onLine(line)
		},
		signal,
	)
	if (code === 0 && isDone) return
	throw scriptFailed('files-backups', { code }, stderr)
}

async function* none(): AsyncIterable<string> {}

export interface KeptFile {
	/** As in an `Entry`. */
	path: string
	bytes: number
	/** ms since the epoch. */
	changedAt: number
}

/**
 * The place of that backup. On the workstation there is one; that it has no such backup shows when it is used.
 * @throws ProblemError `backup-unknown`
 */
export async function findBackup(
	places: readonly BackupPlace[],
	machine: Backup['machine'],
	id: string,
): Promise<BackupPlace> {
	if (readBackupId(id) === null) throw unknownBackup(id)
	for (const place of places) {
		if (sideOf(place.machine) !== machine) continue
		if (place.machine !== 'laptop' || (await isFolder(`${place.backups}/${id}`))) return place
	}
	throw unknownBackup(id)
}

const unknownBackup = (id: string) => new ProblemError(problem('backup-unknown', { backup: id }))

const isFolder = async (path: string) => (await lstat(path).catch(() => null))?.isDirectory() ?? false

/**
 * A page of the files of one backup, by the bytes of their paths.
 * @param options.after the last path of the page before, as shown; `most`: default 1000
 * @throws ProblemError `backup-unknown`, `link-lost`, `remote-failed`, `operation-cancelled`
 */
export async function listBackupFiles(
	place: BackupPlace,
	id: string,
	options: { after?: string; most?: number; signal?: AbortSignal } = {},
): Promise<{ files: BackupFile[]; more: boolean }> {
	const { after, most = 1000, signal } = options
	// By what is shown, since that is what the next page is asked by.
	const from = after === undefined ? null : Buffer.from(after)
	let first: { path: Buffer; file: BackupFile }[] = []
	const cut = () => {
		first.sort((one, other) => Buffer.compare(one.path, other.path))
		first = first.slice(0, most + 1)
	}
	for await (const { path, bytes, changedAt } of backupFiles(place, id, signal)) {
		const file = { path: shownPath(path), bytes, changedAt }
		const shown = Buffer.from(file.path)
		if (from && Buffer.compare(shown, from) <= 0) continue
		first.push({ path: shown, file })
		if (first.length > 2 * most + 1000) cut()
	}
	cut()
	return { files: first.slice(0, most).map(({ file }) => file), more: first.length > most }
}

/**
 * Every file and link of a backup, in no certain order, as fast as they are taken.
 * @throws ProblemError as `listBackupFiles`
 */
export async function* backupFiles(
	{ machine, backups }: BackupPlace,
	id: string,
	signal?: AbortSignal,
): AsyncGenerator<KeptFile> {
	if (readBackupId(id) === null) throw unknownBackup(id)
	if (machine !== 'laptop') yield* filesThere(machine, backups, id, signal)
	else {
		const tree = `${backups}/${id}/tree`
		if (!(await isFolder(tree))) throw unknownBackup(id)
		yield* filesHere(Buffer.from(tree), '', signal)
	}
}

async function* filesHere(folder: Buffer, prefix: string, signal?: AbortSignal): AsyncGenerator<KeptFile> {
	// A name need not be UTF-8.
	for await (const one of await opendir(folder as unknown as string, {
		encoding: 'buffer' as BufferEncoding,
	})) {
		signal?.throwIfAborted()
		const name = one.name as unknown as Buffer
		const at = Buffer.concat([folder, Buffer.from('/'), name])
		const path = prefix + name.toString('latin1')
		if (one.isDirectory()) yield* filesHere(at, `${path}/`, signal)
		else if (one.isFile() || one.isSymbolicLink()) {
			const { size, mtimeMs } = await lstat(at)
			yield { path, bytes: size, changedAt: Math.floor(mtimeMs) }
		}
	}
}

const noSuchBackup = 3
/** While it is listened to, nothing comes for this long only when it hangs. */
const listSilenceMs = 120_000

async function* filesThere(
	link: Link,
	backups: string,
	id: string,
	signal?: AbortSignal,
): AsyncGenerator<KeptFile> {
	const remote = await startScript(link, 'files-backups', ['files', backups, id], signal)
	const close = () => remote.close()
	signal?.addEventListener('abort', close, { once: true })
	if (signal?.aborted) close()
	let isLate = false
	const late = () => {
		isLate = true
		close()
	}
	let timer = setTimeout(late, listSilenceMs)
	try {
		remote.stdin.end()
		remote.stderr.resume()
		const pieces = new Pieces()
		for await (const data of remote.stdout as AsyncIterable<Buffer>) {
			clearTimeout(timer)
			for (const piece of pieces.take(data)) {
				const file = fileOf(piece)
				if (file) yield file
			}
			timer = setTimeout(late, listSilenceMs)
		}
		const { code } = await remote.exit
		if (code === noSuchBackup) throw unknownBackup(id)
		if (code !== 0 || pieces.rest !== '//done\n') throw scriptFailed('files-backups', { code })
	} catch (error) {
		if (!isLate) throw error
		const seconds = listSilenceMs / 1000
		throw new ProblemError(problem('remote-timeout', { script: 'files-backups', seconds }))
	} finally {
		clearTimeout(timer)
		signal?.removeEventListener('abort', close)
		close()
	}
}

/** Cuts what comes after the marker at each `//`, which is in no path: all but the last piece are whole. */
class Pieces {
	rest = ''
	#isOurs = false

	take(data: Buffer): string[] {
		this.rest += data.toString('latin1')
		if (!this.#isOurs) {
			const ours = afterMarker(this.rest)
			if (ours === null) return []
			this.#isOurs = true
			this.rest = ours
		}
		const pieces = this.rest.split('//')
		if (pieces.length > 1) this.rest = `//${pieces.pop()}`
		else pieces.length = 0
		return pieces
	}
}

function fileOf(piece: string): KeptFile | null {
	const [, bytes, seconds, path] = /^(\d+) (-?\d+) \.\/(.+)\n$/s.exec(piece) ?? []
	if (path === undefined) return null
	return { path, bytes: Number(bytes), changedAt: Number(seconds) * 1000 }
}

export interface KeepFor {
	days: number
	mebibytes: number
}

/**
 * Which backups of one place are let go: those that are too old, then the oldest until the rest is small enough; by
 * size never the newest one, and never one of `stays`. `now`: ms.
 */
export function outlived(
	backups: readonly Backup[],
	{ days, mebibytes }: KeepFor,
	now: number,
	stays: ReadonlySet<string> = new Set(),
): string[] {
	const oldestFirst = [...backups].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
	const newest = oldestFirst.at(-1)
	let bytes = backups.reduce((sum, backup) => sum + backup.bytes, 0)
	return oldestFirst.flatMap((backup) => {
		const isOld = now - backup.at > days * 86_400_000
		const isTooMuch = bytes > mebibytes * 1_048_576 && backup !== newest
		if (stays.has(backup.id) || !(isOld || isTooMuch)) return []
		bytes -= backup.bytes
		return [backup.id]
	})
}

/** How many names go into one command. */
const atOnce = 500

/**
 * Lets go what has outlived its time in these places, and what was received in part and never went on. Ended in the middle, the next time goes on.
 * @param options.stays backups of operations under way
 * @throws ProblemError as `listBackups`
 */
export async function pruneBackups(
	places: readonly BackupPlace[],
	keep: KeepFor,
	now: number,
	options: { stays?: ReadonlySet<string>; signal?: AbortSignal } = {},
): Promise<{ machine: Backup['machine']; id: string }[]> {
	const lists = places.map(async (place) => {
		const removed: { machine: Backup['machine']; id: string }[] = []
		const ids = outlived(await backupsOf(place, options.signal), keep, now, options.stays)
		// Without a name too: what an earlier time left is cleared.
		for (let from = 0; from === 0 || from < ids.length; from += atOnce) {
			const args = ['remove', place.backups, String(Math.ceil(keep.days)), ...ids.slice(from, from + atOnce)]
			await command(place.machine, args, options.signal, (line) => {
				const [word, id = ''] = line.split(' ')
				if (word === 'removed') removed.push({ machine: sideOf(place.machine), id })
			})
		}
		return removed
	})
	return (await Promise.all(lists)).flat()
}
