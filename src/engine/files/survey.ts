import type { LeftOut, Take } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import { factText } from '../fact-text.ts'
import type { Link } from '../link/link.ts'
import type { Choice } from './choice.ts'
import { choose } from './choose.ts'
import { compare } from './compare.ts'
import { type Entry, shownPath } from './entry.ts'
import { conflictProblem, type GuardFacts, guardChoice, guardRoots } from './guards.ts'
import { patternMatcher } from './ignore-rules.ts'
import { type IndexFile, type IndexHead, openIndex } from './index-file.ts'
import { localListing } from './local-listing.ts'
import { inspectRoot } from './local-root.ts'
import { lookedUp, narrowed, withSight } from './narrow.ts'
import { laptopHas } from './on-laptop.ts'
import { filePlaces } from './places.ts'
import { resultPatterns } from './project.ts'
import { remoteListing, remoteVersions } from './remote-listing.ts'
import { everything, reachOf, rulesOf } from './rules.ts'
import { sameContent } from './same-content.ts'
import { isBelow } from './sorted.ts'
import type { Troubles } from './troubles.ts'

/** What moves files of one project: made by the engine. */
export interface FilesAround {
	project: ProjectConfig
	link: Link
	/** Absolute. */
	dataFolder: string
	/** ms since the epoch. */
	now(): number
}

export interface FilesWish {
	/** The preview that it is bound to. */
	plan?: string | undefined
	take?: Take | undefined
	/** So many files or deletions as would else wait for a person's word are meant. */
	big?: boolean | undefined
}

/** Both sides compared, and what is to be done about it. Closed by who asked for it. */
export interface Survey {
	choice: Choice
	/** What stops it before the first change; conflicts too. */
	problem: Problem | null
	index: IndexFile
	/** The laptop's folder of ours for the tree that was compared; it has a folder of its own: `isApart`. */
	own: string
	isApart: boolean
	/** For the index, once all was done. */
	head: IndexHead
	leftOut: LeftOut[]
	/** What could not be read, or never travels: sentences. */
	notes: string[]
	/** Absolute, without links. */
	roots: { laptop: string; workstation: string }
	/** The workstation's home. */
	home: string
	close(): Promise<void>
}

/**
 * Reads both sides and compares them with how they were at the last sync. Changes nothing.
 * @throws ProblemError as its listings, `files-index-broken`, `files-index-unreadable`
 */
export async function survey(
	{ project, link, dataFolder }: FilesAround,
	direction: 'up' | 'back',
	wish: FilesWish,
	signal: AbortSignal,
): Promise<Survey> {
	const places = filePlaces(project, dataFolder)
	const isApart = direction === 'back' && places.ownInto !== places.own
	const root = isApart ? places.into : places.local
	const patterns = resultPatterns(project)
	const reach = direction === 'back' ? reachOf(patterns) : null
	const isWanted = (path: string) =>
		reach === null || reach.some((place) => path === place || isBelow(path, place))
	const index = await openIndex(isApart ? places.ownInto : places.own)
	const results = patternMatcher(patterns)
	const listing = localListing(root, isApart ? everything : rulesOf(project), signal)
	// Both sides are read at the same time.
	const begun = begin(listing)
	// A whole tree may be told by its digest; a part of one is listed.
	const known = direction === 'up' ? index.head.digest : null
	const there = await Promise.all([
		inspectRoot(root),
		remoteListing(link, places.remote, { only: reach, known }, signal),
	]).catch((error: unknown) => {
		results.close()
		begun.close()
		throw error
	})
	const [here, tree] = there
	const versionsThere = async (paths: readonly string[]): Promise<Map<string, Entry>> => {
		const found = new Map<string, Entry>()
		const versions = await remoteVersions(link, places.remote, paths, signal)
		for await (const entry of versions.entries) found.set(entry.path, entry)
		return found
	}
	let choice: Choice | null = null
	try {
		const facts: GuardFacts = {
			direction,
			laptop: {
				path: isApart ? (project.files.into ?? project.local) : project.local,
				// A folder for results alone is made when there are some.
				isThere: here.exists !== 'no',
				realPath: here.realPath,
				isEmpty: here.isEmpty,
				freeBytes: here.freeBytes,
			},
			workstation: {
				path: places.remote,
				isThere: tree.head.exists !== 'no',
				realPath: tree.head.root,
				isEmpty: false,
				freeBytes: tree.head.freeBytes,
			},
			head: index.head,
			baseCount: index.count,
			...(wish.big ? { big: true } : {}),
		}
		const stopped = guardRoots(facts)
		const base = () => narrowed(index.entries(), isWanted)
		const workstation = tree.isSame ? base() : narrowed(withSight(tree.entries, tree.troubles), isWanted)
		const compared = stopped
			? compare(none, none, none)
			: compare(
					here.exists === 'no' ? none : narrowed(withSight(begun.entries, listing.troubles), isWanted),
					workstation,
					base(),
				)
		choice = await choose(
			tree.isSame ? lookedUp(compared, versionsThere) : compared,
			{
				direction,
				deletes: project.files.delete,
				isApart,
				ignoresCase: direction === 'back' && here.caseInsensitive,
				...(wish.take ? { take: wish.take } : {}),
			},
			{
				results: async (paths) => (await results.match(paths)).map((pattern) => pattern !== null),
				laptopHas: (paths) => laptopHas(root, paths),
				workstationHas: async (paths) => {
					const found = await versionsThere(paths)
					return paths.map((path) => found.has(path))
				},
				sameContent: (differences) => sameContent(link, root, places.remote, differences, signal),
			},
			signal,
		)
		const emptied =
			!stopped && direction === 'up' && !tree.isSame && choice.tally.workstation === 0
				? guardRoots({ ...facts, workstation: { ...facts.workstation, isEmpty: true } })
				: null
		const done = choice
		return {
			choice,
			problem: stopped ?? emptied ?? conflictProblem(choice) ?? guardChoice(choice, facts),
			index,
			own: isApart ? places.ownInto : places.own,
			isApart,
			head: {
				syncedAt: index.head.syncedAt,
				laptop: here.realPath ?? index.head.laptop,
				workstation: tree.head.root ?? index.head.workstation,
				// Only what is told by the base alone can be told by a digest.
				digest: direction === 'up' && isStill(choice, tree.troubles) ? tree.digest : null,
			},
			leftOut: listing.leftOut(),
			notes: [
				...troubleNotes('the laptop', listing.troubles),
				...troubleNotes('the workstation', tree.troubles),
			],
			roots: {
				laptop: here.realPath ?? root,
				workstation: tree.head.root ?? absoluteThere(places.remote, tree.head.home),
			},
			home: tree.head.home,
			close: () => done.close(),
		}
	} catch (error) {
		await choice?.close()
		throw error
	} finally {
		tree.close()
		results.close()
		begun.close()
	}
}

/** Has the first entries looked for before somebody asks for them. */
function begin<T>(source: AsyncIterable<T>): { entries: AsyncIterable<T>; close(): void } {
	const iterator = source[Symbol.asyncIterator]()
	const first = iterator.next()
	first.catch(() => {})
	async function* entries(): AsyncGenerator<T> {
		for (let next = await first; !next.done; next = await iterator.next()) yield next.value
	}
	return { entries: entries(), close: () => void iterator.return?.(undefined)?.catch(() => {}) }
}

/** Whether the workstation has exactly what the index has, and nothing was found that is not so. */
const isStill = ({ moves, conflictCount, stays, baseChanges, tally }: Choice, troubles: Troubles) =>
	moves + conflictCount + stays.size + baseChanges + troubles.count === 0 && tally.workstation === tally.base

const absoluteThere = (path: string, home: string) =>
	path.startsWith('/') ? path : `${home}/${path.replace(/^~\/?/, '')}`

const troubleWords = {
	folder: 'could not be read, and nothing in there moves or is deleted',
	file: 'likely cannot be read',
	special: 'no file but a socket, a FIFO or a device, and stays',
} as const

function troubleNotes(side: string, { all }: Troubles): string[] {
	return (['folder', 'file', 'special'] as const).flatMap((kind) => {
		const paths = all.filter((trouble) => trouble.kind === kind).map(({ path }) => shownPath(path) || '.')
		if (paths.length === 0) return []
		const is = kind === 'special' ? (paths.length === 1 ? 'is ' : 'are ') : ''
		return [`On ${side}, ${factText(paths)} ${is}${troubleWords[kind]}.`]
	})
}

const none: AsyncIterable<Entry> = {
	[Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}
