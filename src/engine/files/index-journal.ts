import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import { batched, batchesOf } from './batches.ts'
import type { Entry } from './entry.ts'
import { entryFields, entryOf, fieldsOf } from './entry-record.ts'
import { type IndexChange, type IndexFile, openIndex } from './index-file.ts'

/*
 * `index-changes`: JSON of what changed since the index was written, so that a large one need not be written anew for a
 * few files: the id of that index, the head that counts since, and for each path in order the path and the three texts
 * of `entry-record.ts`. Of another index than the one that is there, or broken, it does not count: then the base is an
 * older one, which only makes a comparison more careful.
 */
const journalSchema = z.object({
	id: z.string(),
	head: z.object({
		syncedAt: z.number().nullable(),
		laptop: z.string().nullable(),
		workstation: z.string().nullable(),
		digest: z.string().nullable(),
	}),
	changes: z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])),
})

/** A smaller index is written anew at once. */
const fewestEntries = 5000
/** So small a part of an index that its number of entries may be told without them. */
const mostPart = 0.02
const mostChanges = 2000

/**
 * The index in a folder with what changed since it was written.
 * @throws as `openIndex`
 */
export async function openBase(folder: string): Promise<IndexFile> {
	const path = join(folder, 'index-changes')
	const index = await openIndex(folder)
	const found = index.count > 0 ? await readJournal(path) : null
	const isOurs = found !== null && found.id === index.id
	let changes = new Map<string, Entry | null>(isOurs ? found.changes : [])
	const isNewer = isOurs && (found.head.syncedAt ?? 0) > (index.head.syncedAt ?? 0)
	let head = isNewer ? found.head : index.head

	async function* batches(isWanted?: (path: string) => boolean): AsyncGenerator<readonly Entry[]> {
		const ahead = [...changes].filter(([path]) => isWanted?.(path) ?? true)
		let at = 0
		for await (const batch of { [Symbol.asyncIterator]: () => batchesOf(index.entries(isWanted)) }) {
			const last = batch.at(-1)?.path
			if (last === undefined) continue
			const from = at
			while (at < ahead.length && (ahead[at]?.[0] ?? '') <= last) at += 1
			yield at === from ? batch : merged(batch, ahead.slice(from, at))
		}
		yield merged([], ahead.slice(at))
	}

	return {
		get id() {
			return index.id
		},
		get head() {
			return head
		},
		get count() {
			return index.count
		},
		entries: (isWanted) => (changes.size === 0 ? index.entries(isWanted) : batched(() => batches(isWanted))),
		replace: async (next, more) => {
			const few = await takeFew(more, index.count)
			const all = few.isAll
				? sorted([...changes, ...few.taken.map(({ path, entry }) => [path, entry] as const)])
				: null
			if (all && index.id !== null && isFewOf(all.size, index.count)) {
				// A clock that was set back must not make it older than the index's own head.
				head = { ...next, syncedAt: Math.max(next.syncedAt ?? 0, (head.syncedAt ?? 0) + 1) }
				await writeJournal(path, { id: index.id, head, changes: all })
				changes = all
			} else {
				await index.replace(next, changesOver(changes, few.rest()))
				changes = new Map()
				await rm(path, { force: true }).catch(() => {})
				head = next
			}
		},
		remark: async (next) => {
			await index.remark(next)
			head = next
		},
	}
}

const isFewOf = (changes: number, count: number) =>
	count >= fewestEntries && changes <= mostChanges && changes <= count * mostPart

const sorted = (changes: Iterable<readonly [string, Entry | null]>) =>
	new Map([...new Map(changes)].sort(([one], [other]) => (one < other ? -1 : 1)))

function merged(entries: readonly Entry[], changes: readonly (readonly [string, Entry | null])[]): Entry[] {
	const over = new Map(changes)
	const kept = entries.filter(({ path }) => !over.has(path))
	for (const entry of over.values()) if (entry) kept.push(entry)
	return kept.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** The first of many changes, as many as a journal takes; `rest` are all of them. */
async function takeFew(source: AsyncIterable<IndexChange> | Iterable<IndexChange>, count: number) {
	const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
	const taken: IndexChange[] = []
	let isAll = false
	while (isFewOf(taken.length, count)) {
		const next = await iterator.next()
		isAll = next.done === true
		if (next.done) break
		taken.push(next.value)
	}
	async function* rest(): AsyncGenerator<IndexChange> {
		yield* taken
		if (isAll) return
		try {
			for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
		} finally {
			await iterator.return?.()
		}
	}
	return { taken, isAll, rest }
}

/** Both in order; of a path in both the newer one counts. */
async function* changesOver(
	older: ReadonlyMap<string, Entry | null>,
	newer: AsyncIterable<IndexChange>,
): AsyncGenerator<IndexChange> {
	const before = [...older]
	let at = 0
	for await (const change of newer) {
		for (; at < before.length && (before[at]?.[0] ?? '') < change.path; at += 1)
			yield { path: before[at]?.[0] ?? '', entry: before[at]?.[1] ?? null }
		if (before[at]?.[0] === change.path) at += 1
		yield change
	}
	for (; at < before.length; at += 1) yield { path: before[at]?.[0] ?? '', entry: before[at]?.[1] ?? null }
}

interface Journal {
	id: string
	head: IndexFile['head']
	changes: ReadonlyMap<string, Entry | null>
}

async function readJournal(path: string): Promise<Journal | null> {
	try {
		const { id, head, changes } = journalSchema.parse(JSON.parse(await readFile(path, 'utf8')))
		const entries = changes.map(([path, ...fields]) => {
			const entry = entryOf(fields.slice(0, entryFields), 0)
			if (entry && entry.path !== path) throw new Error('an entry is of another path')
			return [path, entry] as const
		})
		return { id, head, changes: sorted(entries) }
	} catch {
		return null
	}
}

async function writeJournal(path: string, { id, head, changes }: Journal): Promise<void> {
	const rows = [...changes].map(([path, entry]) => [path, ...fieldsOf(entry && { ...entry, sparse: false })])
	try {
		await writeFileAtomic(path, JSON.stringify({ id, head, changes: rows }), { mode: 0o600 })
	} catch (error) {
		if (!(error instanceof Error)) throw error
		throw new ProblemError(problem('files-index-unwritable', { path, reason: error.message }))
	}
}
