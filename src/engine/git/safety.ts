import { randomBytes } from 'node:crypto'
import type { Safety } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import { fieldsOf, type Rec } from './records.ts'
import { type Side, sidesOf } from './sides.ts'

/**
 * The name of one operation on both machines, sortable by time: `20261123T101500042Z-up-3f9c`. Names are compared to
 * tell which operation was the last, so they hold milliseconds.
 */
export function newOperation(kind: 'up' | 'back' | 'go' | 'undo' | 'setup', now: number): string {
	const at = new Date(now).toISOString().replace(/[-:.]/g, '')
	return `${at}-${kind}-${randomBytes(2).toString('hex')}`
}

/** One change of one branch, as it was kept. See git-keep.sh for the refs. */
export interface KeptChange {
	number: number
	branch: string
	/** The commit it was at. */
	head: string
	/** The one it was taken to; null: it may not have come to that. */
	after: string | null
}

export interface KeptOperation {
	name: string
	/** By number. */
	changes: KeptChange[]
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
	changes: Map<number, Partial<KeptChange>>
	undoes: string | null
	ended: boolean
}

const refName = /^refs\/hawser\/safety\/([^/]+)\/(\d+)\/([^/]+)(?:\/(.*))?$/

/** Reads the records of git-safety.sh. Refs that are not as ours are left out. */
export function parseKept(records: readonly Rec[]): Kept {
	const branches = new Map<string, string>()
	const operations = new Map<string, Reading>()
	for (const [record, id = '', ref = ''] of records) {
		if (record !== 'safety.ref') continue
		if (ref.startsWith('refs/heads/')) branches.set(ref.slice('refs/heads/'.length), id)
		const [, name = '', number = '', kind, rest = ''] = refName.exec(ref) ?? []
		if (kind === undefined) continue
		const operation = operations.get(name) ?? { changes: new Map(), undoes: null, ended: false }
		operations.set(name, operation)
		if (kind === 'undoes') operation.undoes = rest
		if (kind === 'ended') operation.ended = true
		if (kind !== 'head' && kind !== 'after') continue
		const change = operation.changes.get(Number(number)) ?? {}
		operation.changes.set(Number(number), { ...change, branch: rest, [kind]: id })
	}
	return {
		journal: fieldsOf(records, 'git.journal') !== null,
		branches,
		operations: [...operations]
			.sort(([one], [other]) => (one < other ? 1 : -1))
			.map(([name, { changes, undoes, ended }]) => ({
				name,
				undoes,
				ended,
				changes: [...changes]
					.sort(([one], [other]) => one - other)
					.flatMap(([number, { branch = '', head, after = null }]) =>
						head === undefined ? [] : [{ number, branch, head, after }],
					),
			})),
	}
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
				for (const { branch, head } of changes) if (!heads.has(branch)) heads.set(branch, head)
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

/** Kind and time (ms) of an operation, out of its name. */
export function nameParts(name: string): { kind: string; at: number } {
	const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{0,3})Z-([a-z]+)/.exec(name)
	if (!found) return { kind: '', at: 0 }
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = found
		.slice(1, 8)
		.map(Number)
	return { kind: found[8] ?? '', at: Date.UTC(year, month - 1, day, hour, minute, second, ms) }
}
