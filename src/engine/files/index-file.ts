import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import { batched } from './batches.ts'
import type { Entry, Listing } from './entry.ts'
import { entryFields, entryOf, fieldGroups, fieldsOf } from './entry-record.ts'

const headSchema = z.object({
	/** When both sides were last brought in step, in ms since the epoch; null: never. */
	syncedAt: z.number().nullable().default(null),
	/** Where the roots really were then: absolute, all links resolved; null: not known. */
	laptop: z.string().nullable().default(null),
	workstation: z.string().nullable().default(null),
	/** Of the workstation's listing after that; null: not known. */
	digest: z.string().nullable().default(null),
})
export type IndexHead = z.infer<typeof headSchema>

const noHead: IndexHead = headSchema.parse({})

/** What both sides now have at a path; null: nothing. */
export interface IndexChange {
	path: string
	entry: Entry | null
}

/** What both sides had at the last sync. */
export interface IndexFile {
	/** Another one each time that it is written anew; null: there is none. */
	readonly id: string | null
	readonly head: IndexHead
	/** How many entries. */
	readonly count: number
	/** @param isWanted by path; without it: all */
	entries(isWanted?: (path: string) => boolean): Listing
	/**
	 * Writes it anew with these changes, in ascending order of their paths. Until it returns, the old one counts.
	 * @throws ProblemError `files-index-unwritable`; whatever the changes throw
	 */
	replace(head: IndexHead, changes: AsyncIterable<IndexChange> | Iterable<IndexChange>): Promise<void>
	/** The entries stay. @throws ProblemError `files-index-unwritable` */
	remark(head: IndexHead): Promise<void>
}

/*
 * `index`: one line of JSON (format, version, id, head); the entries, each as `entry-record.ts` has it, every text ended
 * by NUL; at the end `=`, their number in 12 digits, and the CRC-32 of all before it in 8 hexadecimal digits.
 * `index-head`: JSON, the head that counts instead of the one in the index with the same id.
 */
const headerSchema = z.object({
	format: z.literal('hawser-files-index'),
	version: z.literal(1),
	id: z.string(),
	head: headSchema,
})
const markSchema = z.object({ id: z.string(), head: headSchema })

const trailerOf = (count: number, sum: number) =>
	`=${String(count).padStart(12, '0')}\0${sum.toString(16).padStart(8, '0')}\0`
const trailerBytes = trailerOf(0, 0).length
const mostHeaderBytes = 64 * 1024
const chunkBytes = 256 * 1024

interface Found {
	id: string | null
	head: IndexHead
	count: number
	/** Where the entries begin and end. */
	from: number
	to: number
}

const nothing: Found = { id: null, head: noHead, count: 0, from: 0, to: 0 }

/**
 * The index in a folder, which is made when something is written to it; without one it is empty.
 * One writer at a time: operations of one project follow each other.
 * @throws ProblemError `files-index-unreadable`; `files-index-broken`, once: the broken one is set aside (`index.broken`) for the next time
 */
export async function openIndex(folder: string): Promise<IndexFile> {
	const path = join(folder, 'index')
	const broken = async (reason: unknown): Promise<never> => {
		if (reason instanceof ProblemError) throw reason
		// It may be whole, and there another time.
		if (isSystems(reason))
			throw new ProblemError(problem('files-index-unreadable', { path, reason: reason.message }))
		await rename(path, join(folder, 'index.broken')).catch(() => {})
		const said = reason instanceof Error ? reason.message : String(reason)
		throw new ProblemError(problem('files-index-broken', { path, reason: said }))
	}
	let found = await examine(path).catch(broken)
	const mark = found.id === null ? null : await readMark(join(folder, 'index-head'))
	if (mark && mark.id === found.id) found = { ...found, head: mark.head }

	async function* batches(isWanted?: (path: string) => boolean): AsyncGenerator<Entry[]> {
		if (found.id === null) return
		const file = await open(path, 'r').catch(broken)
		try {
			// Whoever only looks may do so while an operation replaces it: then it is the new one that is read.
			const { from, to } = (await isStill(file, found)) ? found : await examineFile(file)
			for await (const fields of fieldGroups(file, from, to, entryFields))
				yield entriesOrFail(fields, isWanted)
		} catch (error) {
			await broken(error)
		} finally {
			await file.close()
		}
	}

	const entries = (isWanted?: (path: string) => boolean) => batched(() => batches(isWanted))
	return {
		get id() {
			return found.id
		},
		get head() {
			return found.head
		},
		get count() {
			return found.count
		},
		entries,
		replace: async (head, changes) => {
			const merged = merge(entries(), changes)
			found = await writable(path, () => write(folder, path, head, merged))
		},
		remark: async (head) => {
			if (found.id === null) found = await writable(path, () => write(folder, path, head, entries()))
			else {
				const text = JSON.stringify({ id: found.id, head })
				await writable(path, () => writeFileAtomic(join(folder, 'index-head'), text, { mode: 0o600 }))
				found = { ...found, head }
			}
		},
	}
}

function entriesOrFail(fields: readonly string[], isWanted?: (path: string) => boolean): Entry[] {
	const entries: Entry[] = []
	for (let at = 0; at < fields.length; at += entryFields) {
		// The path stands second: what is not wanted need not be read.
		if (isWanted && !isWanted(fields[at + 1] ?? '')) continue
		const entry = entryOf(fields, at)
		if (entry === null) throw new Error('a record is empty')
		entries.push(entry)
	}
	return entries
}

/** Reads all of it once, so that what is read from it later is known to be whole. @throws Error: why it is not */
async function examine(path: string): Promise<Found> {
	const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
		throw error
	})
	if (file === null) return nothing
	try {
		return await examineFile(file)
	} finally {
		await file.close()
	}
}

/** Whether it is the one that was examined, by its id. */
async function isStill(file: FileHandle, { id, from }: Found): Promise<boolean> {
	const { buffer, bytesRead } = await file.read(Buffer.alloc(from), 0, from, 0)
	const line = buffer.subarray(0, bytesRead)
	return line.indexOf('\n') === from - 1 && readHeader(line.toString()).id === id
}

async function examineFile(file: FileHandle): Promise<Found> {
	const { size } = await file.stat()
	const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(size, 1)))
	let header: z.infer<typeof headerSchema> | null = null
	let from = 0
	let sum = 0
	const to = size - trailerBytes
	for (let at = 0; at < to; ) {
		const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, to - at), at)
		if (bytesRead === 0) throw new Error('it became shorter while it was read')
		const bytes = chunk.subarray(0, bytesRead)
		if (header === null) {
			from = bytes.indexOf('\n') + 1
			if (from === 0) throw new Error('it does not begin as an index does')
			header = readHeader(bytes.subarray(0, from).toString())
		}
		sum = crc32(bytes, sum)
		at += bytesRead
	}
	if (header === null) throw new Error('it is cut off')
	const { buffer } = await file.read(Buffer.alloc(trailerBytes), 0, trailerBytes, to)
	const trailer = buffer.toString('latin1')
	const count = Number(/^=(\d{12})\0/.exec(trailer)?.[1])
	if (trailer !== trailerOf(count, sum)) throw new Error('it is cut off, or its bytes have changed')
	return { id: header.id, head: header.head, count, from, to }
}

function readHeader(line: string): z.infer<typeof headerSchema> {
	let json: unknown
	try {
		json = JSON.parse(line)
	} catch {
		throw new Error('it does not begin as an index does')
	}
	const header = headerSchema.safeParse(json)
	if (header.success) return header.data
	throw new Error('it is of another version of Hawser, or of another program')
}

async function readMark(path: string): Promise<z.infer<typeof markSchema> | null> {
	try {
		return markSchema.parse(JSON.parse(await readFile(path, 'utf8')))
	} catch {
		// The head in the index then counts: an older sync, and no digest that would spare a comparison.
		return null
	}
}

async function* merge(
	old: AsyncIterable<Entry>,
	changes: AsyncIterable<IndexChange> | Iterable<IndexChange>,
): AsyncGenerator<Entry> {
	const entries = old[Symbol.asyncIterator]()
	try {
		let next = await entries.next()
		let last = ''
		for await (const { path, entry } of changes) {
			if (path <= last || (entry && entry.path !== path)) throw new Error('Changes of an index out of order')
			last = path
			for (; !next.done && next.value.path < path; next = await entries.next()) yield next.value
			if (!next.done && next.value.path === path) next = await entries.next()
			if (entry) yield entry
		}
		for (; !next.done; next = await entries.next()) yield next.value
	} finally {
		await entries.return?.()
	}
}

async function write(
	folder: string,
	path: string,
	head: IndexHead,
	entries: AsyncIterable<Entry>,
): Promise<Found> {
	await mkdir(folder, { recursive: true, mode: 0o700 })
	const fresh = `${path}.new`
	const file = await open(fresh, 'w', 0o600)
	try {
		const id = randomUUID()
		const header = Buffer.from(`${JSON.stringify({ format: 'hawser-files-index', version: 1, id, head })}\n`)
		if (header.length > mostHeaderBytes) throw new Error('The head of an index is too long')
		const out = new Summed(file)
		await out.write(header)
		let count = 0
		let pending: string[] = []
		let length = 0
		const flush = async () => {
			await out.write(Buffer.from(pending.join(''), 'latin1'))
			pending = []
			length = 0
		}
		for await (const entry of entries) {
			const text = `${fieldsOf({ ...entry, sparse: false }).join('\0')}\0`
			pending.push(text)
			length += text.length
			count += 1
			if (length >= chunkBytes) await flush()
		}
		await flush()
		const to = out.bytes
		await out.write(Buffer.from(trailerOf(count, out.sum), 'latin1'))
		await file.sync()
		await file.close()
		await rename(fresh, path)
		await syncFolder(folder)
		return { id, head, count, from: header.length, to }
	} catch (error) {
		await file.close().catch(() => {})
		await rm(fresh, { force: true }).catch(() => {})
		throw error
	}
}

class Summed {
	bytes = 0
	sum = 0
	readonly #file: FileHandle

	constructor(file: FileHandle) {
		this.#file = file
	}

	async write(bytes: Buffer): Promise<void> {
		for (let done = 0; done < bytes.length; )
			done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten
		this.bytes += bytes.length
		this.sum = crc32(bytes, this.sum)
	}
}

/** So that the new name outlasts a power cut. Where folders cannot be synced, the old or the new index is there. */
async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, 'r').catch(() => null)
	await handle?.sync().catch(() => {})
	await handle?.close()
}

async function writable<T>(path: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work()
	} catch (error) {
		if (!isSystems(error)) throw error
		throw new ProblemError(problem('files-index-unwritable', { path, reason: error.message }))
	}
}

const isSystems = (error: unknown): error is NodeJS.ErrnoException =>
	error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
