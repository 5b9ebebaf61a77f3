import { type Entry, shownPath } from './entry.ts'
import { hasHoles } from './local-listing.ts'
import { isGitName, isOwnName } from './rules.ts'
import type { Trouble } from './troubles.ts'

/** What a workstation's folder is, beside what is in it. Its paths are text, as a command is given them. */
export interface RemoteHead {
	/** `other`: something that is no folder; `denied`: one that may not be read. */
	exists: 'yes' | 'no' | 'other' | 'denied'
	/** Its path without links, also where it would be made; null: not known. */
	root: string | null
	/** A link leads there. */
	isLink: boolean
	/** Its number on its disk, which stays when it is renamed; null: it is not there. */
	inode: string | null
	/** On its disk, or on the one where it would be; null: not known. */
	freeBytes: number | null
	home: string
	/** What tells sizes and times there: GNU find, BSD stat, or `stat -c`. Null: nothing was listed. */
	tools: 'gnu' | 'bsd' | 'stat' | null
}

/** From the head's records, a name and a value each. */
export function headOf(records: ReadonlyMap<string, string>): RemoteHead {
	const exists = records.get('exists')
	const tools = records.get('tools')
	const free = records.get('free') ?? ''
	const root = records.get('root')
	return {
		exists: exists === 'yes' || exists === 'other' || exists === 'denied' ? exists : 'no',
		root: root === undefined ? null : shownPath(root),
		isLink: records.has('link'),
		inode: records.get('inode') ?? null,
		freeBytes: /^\d+$/.test(free) ? Number(free) * 1024 : null,
		home: shownPath(records.get('home') ?? ''),
		tools: tools === 'gnu' || tools === 'bsd' || tools === 'stat' ? tools : null,
	}
}

/** An entry, something that never travels, or nothing of the tree (its root, a `.git`). Null: it makes no sense. */
export type Parsed = { entry: Entry } | { trouble: Trouble } | 'nothing' | null

/** Of a record: letter, size, seconds, fraction, mode, blocks, and for `c` the date, the fraction, the zone; path. */
const shape =
	/^(?:([fldo]) (\d+) (-?\d+)(?:[.,](\d+))? (\d+) (\d+)|c (\d+) (-?\d+) (\d+) (\d+) \S+ \d+:\d+:\d+(?:\.(\d+))? \S+) (\.(?:\/|$).*)$/s
const separator = '\u0001'

/** A record of files-list.sh, which describes them. */
export function parseRecord(record: string): Parsed {
	if (plainFile.test(record)) return parsePlainFile(record)
	const match = shape.exec(record)
	if (!match) return null
	const isC = match[1] === undefined
	const [, letter = 'f', , , , , , , , , , , where = ''] = match
	const [size, seconds, fraction, mode, blocks] = isC
		? [match[7], match[8], match[11], match[9], match[10]]
		: [match[2], match[3], match[4], match[5], match[6]]
	const bytes = Number(size)
	const path = where.slice(2)
	if (path === '') return 'nothing'
	const mtime = timeOf(seconds ?? '0', fraction ?? '')
	const plain = { path, size: 0, mtime: 0n, executable: false, target: '' }
	switch (letter) {
		case 'd':
			return passes(path, { entry: { ...plain, kind: 'folder' } })
		case 'o':
			return passes(path, { trouble: { path, kind: 'special', reason: '' } })
		case 'l': {
			const at = linkSplit(path, bytes)
			if (at < 0) return null
			const target = path.slice(at + 1)
			const entry: Entry = {
				...plain,
				path: path.slice(0, at),
				kind: 'link',
				size: target.length,
				mtime,
				target,
			}
			return passes(entry.path, { entry })
		}
		default: {
			const executable = (Number.parseInt(mode ?? '0', 8) & 0o100) !== 0
			const entry: Entry = { ...plain, kind: 'file', size: bytes, mtime, executable }
			if (hasHoles(bytes, Number(blocks))) entry.sparse = true
			return passes(path, { entry })
		}
	}
}

/** By far the most of them, and cheaper to take apart. */
const plainFile = /^f \d+ \d+[.,]\d+ \d+ \d+ \.\/./s

function parsePlainFile(record: string): Parsed {
	const afterSize = record.indexOf(' ', 2)
	const afterTime = record.indexOf(' ', afterSize + 1)
	const afterMode = record.indexOf(' ', afterTime + 1)
	const afterBlocks = record.indexOf(' ', afterMode + 1)
	const time = record.slice(afterSize + 1, afterTime)
	const point = time.search(/[.,]/)
	const path = record.slice(afterBlocks + 3)
	const entry: Entry = {
		path,
		kind: 'file',
		size: Number(record.slice(2, afterSize)),
		mtime: timeOf(time.slice(0, point), time.slice(point + 1)),
		executable: (Number.parseInt(record.slice(afterTime + 1, afterMode), 8) & 0o100) !== 0,
		target: '',
	}
	if (hasHoles(entry.size, Number(record.slice(afterMode + 1, afterBlocks)))) entry.sparse = true
	return passes(path, { entry })
}

/** Where a link's path ends: its target's length is known, or else its path has no such byte. */
function linkSplit(path: string, targetLength: number): number {
	const at = path.length - targetLength - 1
	return targetLength > 0 && path[at] === separator ? at : path.indexOf(separator)
}

function timeOf(seconds: string, fraction: string): bigint {
	const digits = fraction.slice(0, 9).padEnd(9, '0')
	if (!seconds.startsWith('-')) return BigInt(seconds + digits)
	const nanoseconds = BigInt(digits)
	const whole = BigInt(seconds) * 1_000_000_000n
	return whole - nanoseconds
}

const passes = (path: string, parsed: Exclude<Parsed, null>): Parsed =>
	/(^|\/)\.(git|hawser-[^/]*)(\/|$)/i.test(path) &&
	path.split('/').some((name) => isGitName(name) || isOwnName(name))
		? 'nothing'
		: parsed
