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

const version = /^([fxld])(\d{1,16}) (-?\d{1,24})( s)?$/

/** Null: there is none. @throws Error when it is no such record */
export function entryOf(fields: readonly string[], at: number): Entry | null {
	const [first = '', path = '', target = ''] = [fields[at], fields[at + 1], fields[at + 2]]
	if (first === '-') return null
	const parts = version.exec(first)
	if (!parts || path === '') throw new Error('a record is not as it was written')
	const [, letter, size, mtime, sparse] = parts
	const kind = letter === 'l' ? 'link' : letter === 'd' ? 'folder' : 'file'
	const entry: Entry = {
		path,
		kind,
		size: Number(size),
		mtime: BigInt(mtime ?? 0),
		executable: letter === 'x',
		target,
	}
	if (sparse) entry.sparse = true
	return entry
}

const chunkBytes = 128 * 1024

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
	let rest: string[] = []
	let at = from
	while (at < to) {
		const { buffer, bytesRead } = await file.read(
			Buffer.allocUnsafe(Math.min(chunkBytes, to - at)),
			0,
			undefined,
			at,
		)
		if (bytesRead === 0) break
		at += bytesRead
		const fields = [...rest, ...splitter.take(buffer.subarray(0, bytesRead))]
		const whole = fields.length - (fields.length % width)
		rest = fields.slice(whole)
		if (whole > 0) yield fields.slice(0, whole)
	}
	if (at < to || rest.length > 0 || splitter.isCut) throw new Error('it ends in the middle of a record')
}
