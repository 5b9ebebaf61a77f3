import type { FileHandle } from 'node:fs/promises'
import type { Entry } from './entry.ts'
import { NulSplitter } from './records.ts'

/**
 * An entry as three texts without NUL, of latin1 characters: what it is (`f` file, `x` executable file, `l` link, `d`
 * folder; its size; its time in nanoseconds; ` s` when it has holes), its path, and where a link leads. None: `-`.
 */
export type EntryFields = readonly [version: string, path: string, target: string]

export const entryFields = 3

const letterOf = ({ kind, executable }: Entry) =>
	kind === 'link' ? 'l' : kind === 'folder' ? 'd' : executable ? 'x' : 'f'

export const fieldsOf = (entry: Entry | null): EntryFields =>
	entry === null
		? ['-', '', '']
		: [`${letterOf(entry)}${entry.size} ${entry.mtime}${entry.sparse ? ' s' : ''}`, entry.path, entry.target]

const version = /^[fxld]\d{1,16} -?\d{1,24}(?: s)?$/

/** Null: there is none. @throws Error when it is no such record */
export function entryOf(fields: readonly string[], at: number): Entry | null {
	const [first = '', path = '', target = ''] = [fields[at], fields[at + 1], fields[at + 2]]
	if (first === '-') return null
	if (path === '' || !version.test(first)) throw new Error('a record is not as it was written')
	const letter = first[0]
	const space = first.indexOf(' ')
	const sparse = first.endsWith('s')
	const entry: Entry = {
		path,
		kind: letter === 'l' ? 'link' : letter === 'd' ? 'folder' : 'file',
		size: Number(first.slice(1, space)),
		mtime: BigInt(first.slice(space + 1, sparse ? -2 : undefined)),
		executable: letter === 'x',
		target,
	}
	if (sparse) entry.sparse = true
	return entry
}

const chunkBytes = 32 * 1024

/**
 * The fields of a file from an offset up to another, many at a time: a multiple of `width`.
 * @throws Error when the last ones are cut off
 */
export async function* fieldGroups(
	file: FileHandle,
	from: number,
	to: number,
	width: number,
): AsyncGenerator<string[]> {
	const splitter = new NulSplitter()
	const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(chunkBytes, to - from)))
	let fields: string[] = []
	let at = from
	while (at < to) {
		const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at)
		if (bytesRead === 0) break
		at += bytesRead
		splitter.take(buffer.subarray(0, bytesRead), fields)
		const rest = fields.splice(fields.length - (fields.length % width))
		if (fields.length > 0) yield fields
		fields = rest
	}
	if (at < to || fields.length > 0 || splitter.isCut) throw new Error('it ends in the middle of a record')
}
