import type { Entry } from './entry.ts'
import { holes } from './local-listing.ts'
import { isGitName, isOwnName } from './rules.ts'
import type { Trouble } from './troubles.ts'

/** What a workstation's folder is, beside what is in it. Paths are latin1 strings of bytes. */
export interface RemoteHead {
	/** `other`: something that is no folder; `denied`: one that may not be read. */
	exists: 'yes' | 'no' | 'other' | 'denied'
	/** Its path without links; null: it is not there. */
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
	return {
		exists: exists === 'yes' || exists === 'other' || exists === 'denied' ? exists : 'no',
		root: records.get('root') ?? null,
		isLink: records.has('link'),
		inode: records.get('inode') ?? null,
		freeBytes: /^\d+$/.test(free) ? Number(free) * 1024 : null,
		home: records.get('home') ?? '',
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
			return passes(path, { entry: { ...entry, ...holes(bytes, Number(blocks)) } })
		}
	}
}

/** Where a link's path ends: its target's length is known, or else its path has no such byte. */
function linkSplit(path: string, targetLength: number): number {
	const at = path.length - targetLength - 1
	return targetLength > 0 && path[at] === separator ? at : path.indexOf(separator)
}

function timeOf(seconds: string, fraction: string): bigint {
	const nanoseconds = BigInt(fraction.slice(0, 9).padEnd(9, '0'))
	const whole = BigInt(seconds) * 1_000_000_000n
	return seconds.startsWith('-') ? whole - nanoseconds : whole + nanoseconds
}

const passes = (path: string, parsed: Exclude<Parsed, null>): Parsed =>
	/(^|\/)\.(git|hawser-[^/]*)(\/|$)/i.test(path) &&
	path.split('/').some((name) => isGitName(name) || isOwnName(name))
		? 'nothing'
		: parsed
