import { randomBytes } from 'node:crypto'
import type { Safety } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import { fieldsOf, fileName, type Rec } from './records.ts'
import { type Side, sidesOf } from './sides.ts'

/**
 * The name of one operation on both machines, sortable by time: `20261123T101500042Z-up-3f9c`. Names are compared to
 * tell which operation was the last, so they hold milliseconds.
 */
export function newOperation(
	kind: 'up' | 'back' | 'go' | 'undo' | 'setup' | 'agent' | 'worktree-add' | 'worktree-remove',
	now: number,
): string {
	const at = new Date(now).toISOString().replace(/[-:.]/g, '')
	return `${at}-${kind}-${randomBytes(2).toString('hex')}`
}

/** One change of one branch, as it was kept. See git-keep.sh for the refs. */
export interface KeptChange {
	number: number
	branch: string
	/** The commit it was at; null: it was made. */
	head: string | null
	/** The one it was taken to; null: it was taken away; undefined: it may not have come to that. */
	after: string | null | undefined
}

/** A worktree that was made or removed, and how it is there now. */
export interface KeptWorktree {
	number: number
	is: 'added' | 'removed'
	/** The ref it is kept at. */
	ref: string
	/** That keeps it. */
	id: string
	path: string
	/** Empty: none. */
	branch: string
	/** The project that it was for: a repository may serve several. */
	project: string
	/** Half: a killed operation has begun to make or to remove it. */
	state: 'absent' | 'whole' | 'half'
	/** What is checked out there. */
	found: string
}

export interface KeptOperation {
	name: string
	/** By number. */
	changes: KeptChange[]
	worktree: KeptWorktree | null
	/** The operation that it undoes. */
	undoes: string | null
	/** That undo came to its end in this repository. */
	ended: boolean
}

/** What is kept in one repository. */
export interface Kept {
	/** An operation of ours is under way there, or was killed: even one that had come to its end, but for telling so. */
	journal: boolean
	branches: ReadonlyMap<string, string>
	/** Newest first. */
	operations: KeptOperation[]
}

export async function readKept(side: Side, signal: AbortSignal): Promise<Kept> {
	return parseKept(await side.ask('git-safety', [side.name, side.path], signal))
}

interface Reading {
	changes: Map<number, { branch: string; head?: string; after?: string; made?: string; gone?: string }>
	worktree: KeptWorktree | null
	undoes: string | null
	ended: boolean
}

const refName = /^refs\/hawser\/safety\/([^/]+)\/(\d+)\/([^/]+)(?:\/(.*))?$/

/** Reads the records of git-safety.sh. Refs that are not as ours are left out. */
export function parseKept(records: readonly Rec[]): Kept {
	const branches = new Map<string, string>()
	const operations = new Map<string, Reading>()
	const ids = new Map<string, string>()
	for (const [record, id = '', ref = ''] of records) {
		if (record !== 'safety.ref') continue
		ids.set(ref, id)
		if (ref.startsWith('refs/heads/')) branches.set(ref.slice('refs/heads/'.length), id)
		const [, name = '', number = '', kind, rest = ''] = refName.exec(ref) ?? []
		if (kind === undefined) continue
		const operation = operations.get(name) ?? { ...nothing, changes: new Map() }
		operations.set(name, operation)
		if (kind === 'undoes') operation.undoes = rest
		if (kind === 'ended') operation.ended = true
		if (!changeKinds.has(kind)) continue
		operation.changes.set(Number(number), {
			...operation.changes.get(Number(number)),
			branch: rest,
			[kind]: id,
		})
	}
	for (const worktree of worktreesIn(records, ids)) {
		const [, name = ''] = refName.exec(worktree.ref) ?? []
		const operation = operations.get(name)
		if (operation) operation.worktree = worktree
	}
	return {
		journal: fieldsOf(records, 'git.journal') !== null,
		branches,
		operations: [...operations]
			.sort(([one], [other]) => (one < other ? 1 : -1))
			.map(([name, { changes, ...rest }]) => ({
				...rest,
				name,
				changes: [...changes]
					.sort(([one], [other]) => one - other)
					.flatMap(([number, { branch, head, after, made, gone }]): KeptChange[] => {
						if (made !== undefined) return [{ number, branch, head: null, after: made }]
						if (head === undefined) return []
						return [{ number, branch, head, after: gone === undefined ? after : null }]
					}),
			})),
	}
}

const nothing = { worktree: null, undoes: null, ended: false }
const changeKinds = new Set(['head', 'after', 'made', 'gone'])

function worktreesIn(records: readonly Rec[], ids: ReadonlyMap<string, string>): KeptWorktree[] {
	return records.flatMap(([record, ref = '', state = '', found = '', branch = '', project = '', ...path]) => {
		const [, , number, is] = refName.exec(ref) ?? []
		const isKnown = is === 'added' || is === 'removed'
		if (record !== 'safety.worktree' || !isKnown) return []
		if (state !== 'absent' && state !== 'whole' && state !== 'half') return []
		const about = { number: Number(number), is, ref, id: ids.get(ref) ?? '' } as const
		return [{ ...about, path: fileName(path.join('\t')), branch, project, state, found }]
	})
}

/** What was kept before operations on both machines, newest first. With `link` null only the laptop's. */
export async function listSafety(
	link: Link | null,
	project: ProjectConfig,
	signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<Safety[]> {
	const sides = await sidesOf(link, project, signal)
	const lists = await Promise.all(
		sides.map(async (side) =>
			(await readKept(side, signal)).operations.map(({ name, changes }): Safety => {
				const heads = new Map<string, string>()
				for (const { branch, head, after } of changes) {
					const commit = head ?? after
					if (commit && !heads.has(branch)) heads.set(branch, commit)
				}
				return {
					machine: side.machine,
					operation: name,
					...nameParts(name),
					heads: [...heads].map(([branch, commit]) => ({ branch, commit })),
				}
			}),
		),
	)
	return lists.flat().sort((one, other) => (one.operation < other.operation ? 1 : -1))
}

/** Kind ("worktree add" in two words) and time (ms) of an operation, out of its name. */
export function nameParts(name: string): { kind: string; at: number } {
	const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{0,3})Z-(worktree-[a-z]+|[a-z]+)/.exec(name)
	if (!found) return { kind: '', at: 0 }
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = found
		.slice(1, 8)
		.map(Number)
	return {
		kind: (found[8] ?? '').replace('-', ' '),
		at: Date.UTC(year, month - 1, day, hour, minute, second, ms),
	}
}
