import type { LeftOut, Take } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import { factText } from '../fact-text.ts'
import type { Link } from '../link/link.ts'
import { batched, batchesOf } from './batches.ts'
import type { Choice } from './choice.ts'
import { choose } from './choose.ts'
import { compare } from './compare.ts'
import { type Entry, type Listing, shownPath } from './entry.ts'
import type { FilesWatch, Look } from './files-watch.ts'
import { conflictProblem, type GuardFacts, guardChoice, guardRoots } from './guards.ts'
import { patternMatcher } from './ignore-rules.ts'
import type { IndexFile, IndexHead } from './index-file.ts'
import { openBase } from './index-journal.ts'
import { lifted } from './lift.ts'
import { type LocalListing, localListing } from './local-listing.ts'
import { inspectRoot } from './local-root.ts'
import type { RootWas } from './move.ts'
import { lookedUp, narrowed, withSight } from './narrow.ts'
import { laptopHas } from './on-laptop.ts'
import { filePlaces } from './places.ts'
import { resultPatterns } from './project.ts'
import { remoteListing, remoteVersions } from './remote-listing.ts'
import { everything, reachOf, rulesOf } from './rules.ts'
import { sameContent } from './same-content.ts'
import { isBelow, outermost } from './sorted.ts'
import { inPlaces, isFew } from './touched.ts'
import { Troubles } from './troubles.ts'
import { isPlainAbove, witnessOf } from './way-there.ts'

/** What moves files of one project: made by the engine. */
export interface FilesAround {
	project: ProjectConfig
	link: Link
	/** Absolute. */
	dataFolder: string
	/** ms since the epoch. */
	now(): number
	/** Knows what was touched on the laptop; without it all of the tree is looked at. */
	watch?: FilesWatch | null
}

export interface FilesWish {
	/** The preview that it is bound to. */
	plan?: string | undefined
	take?: Take | undefined
	/** So many files or deletions as would else wait for a person's word are meant. */
	big?: boolean | undefined
	/** All of the tree is looked at, also what nobody touched. */
	full?: boolean | undefined
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
	/** What was there. */
	were: { laptop: RootWas; workstation: RootWas }
	/** The workstation's home. */
	home: string
	/** Where it looked, and why it was everywhere; null: nothing knows of anything touched. */
	look: Pick<Look, 'places' | 'why'> | null
	/** All of it was carried out: what was not touched need not be looked at the next time. */
	vouch(): void
	close(): Promise<void>
}

/**
 * Reads both sides and compares them with how they were at the last sync. Changes nothing. For `up` only what was
 * touched on the laptop is looked at, on both sides, where the watch knows that.
 * @throws ProblemError as its listings, `files-index-broken`, `files-index-unreadable`
 */
export async function survey(
	around: FilesAround,
	direction: 'up' | 'back',
	wish: FilesWish,
	signal: AbortSignal,
): Promise<Survey> {
	const places = filePlaces(around.project, around.dataFolder)
	const isApart = direction === 'back' && places.ownInto !== places.own
	const opened = openBase(isApart ? places.ownInto : places.own)
	const base = opened.then(baseName)
	// Whoever asks for it may do so later, or never.
	base.catch(() => {})
	const asked = { base, full: wish.full ?? false, plan: wish.plan }
	const look = direction === 'up' ? ((await around.watch?.look(asked, signal)) ?? null) : null
	const index = await opened
	const isBound = Object.keys(wish.take ?? {}).length > 0
	if (look?.places && !isBound) {
		const only = outermost(await lifted(places.local, look.places))
		const seen = isFew(only) ? await surveyed(around, direction, wish, signal, index, look, only) : null
		if (seen) return seen
	}
	const seen = await surveyed(around, direction, wish, signal, index, look, null)
	return seen ?? unsure()
}

/** Which last sync an index is of; null: none. */
export const baseName = ({ head, count }: Pick<IndexFile, 'head' | 'count'>): string | null =>
	head.syncedAt === null || count === 0 ? null : `${head.syncedAt} ${count}`

const unsure = () => {
	throw new Error('All of a tree was not enough to look at')
}

/** @param only what is looked at; null: all. The result is null where it is not enough. */
async function surveyed(
	{ project, link, dataFolder }: FilesAround,
	direction: 'up' | 'back',
	wish: FilesWish,
	signal: AbortSignal,
	index: IndexFile,
	look: Look | null,
	only: readonly string[] | null,
): Promise<Survey | null> {
	const places = filePlaces(project, dataFolder)
	const isApart = direction === 'back' && places.ownInto !== places.own
	const root = isApart ? places.into : places.local
	const patterns = resultPatterns(project)
	const reach = only ?? (direction === 'back' ? reachOf(patterns) : null)
	const isTouched = only && inPlaces(only)
	const isWanted = (path: string) =>
		isTouched ? isTouched(path) : reach === null || reach.some((place) => isBelow(path, place))
	const results = patternMatcher(patterns)
	const rules = isApart ? everything : rulesOf(project)
	const listing = only?.length === 0 ? nothingListed() : localListing(root, rules, signal, only)
	// Both sides are read at the same time.
	const begun = begin(listing)
	// A whole tree may be told by its digest; a part of one is listed.
	const known = direction === 'up' && only === null ? index.head.digest : null
	const listed = remoteListing(link, places.remote, { only: reach, known }, signal)
	const there = await Promise.all([
		inspectRoot(root),
		listed,
		// Nothing is waited for here: what fails meanwhile would be nobody's.
		only
			? witnessOf(index, only).then((witness) => isPlainAbove(link, places.remote, only, witness, signal))
			: true,
	]).catch((error: unknown) => {
		results.close()
		begun.close()
		listed.then(
			(tree) => tree.close(),
			() => {},
		)
		throw error
	})
	const [here, tree, isPlain] = there
	const versionsThere = async (paths: readonly string[]): Promise<Map<string, Entry>> => {
		const found = new Map<string, Entry>()
		const versions = await remoteVersions(link, places.remote, paths, signal)
		for await (const entry of versions.entries) found.set(entry.path, entry)
		return found
	}
	let choice: Choice | null = null
	try {
		if (only && (!isPlain || tree.head.exists !== 'yes')) return null
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
		const base = () => {
			if (!isTouched) return narrowed(index.entries(), isWanted)
			return only.length === 0 ? none : index.entries(isTouched)
		}
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
		if (only) {
			if (listing.linked.some((path) => !look?.linked.has(path))) return await choice.close().then(() => null)
			// How much of all that is cannot be said of a part.
			if (choice.deleteThere.count > 0) return await choice.close().then(() => null)
			choice.tally = { ...choice.tally, workstation: index.count, base: index.count }
		}
		const emptied =
			!stopped && direction === 'up' && !tree.isSame && choice.tally.workstation === 0
				? guardRoots({ ...facts, workstation: { ...facts.workstation, isEmpty: true } })
				: null
		const done = choice
		const problem = stopped ?? emptied ?? conflictProblem(choice) ?? guardChoice(choice, facts)
		const vouch = () => {
			const base = baseName(index)
			if (base !== null && isInStep(done, listing.troubles, tree.troubles)) look?.vouch(base, listing)
		}
		if (problem === null && done.isNothing && done.baseChanges === 0) vouch()
		if (only === null) look?.shown(done.id)
		return {
			choice,
			problem,
			look: look && {
				places: only,
				why: only || look.why ? look.why : 'what was touched does not tell enough',
			},
			vouch,
			index,
			own: isApart ? places.ownInto : places.own,
			isApart,
			head: {
				syncedAt: index.head.syncedAt,
				laptop: here.realPath ?? index.head.laptop,
				workstation: tree.head.root ?? index.head.workstation,
				// Only what is told by the base alone can be told by a digest.
				digest: only
					? isUnchanged(choice)
						? index.head.digest
						: null
					: direction === 'up' && isStill(choice, tree.troubles)
						? tree.digest
						: null,
			},
			leftOut: only && look ? look.leftOut : listing.leftOut(),
			notes: [
				...troubleNotes('the laptop', listing.troubles),
				...troubleNotes('the workstation', tree.troubles),
			],
			roots: {
				laptop: here.realPath ?? root,
				workstation: tree.head.root ?? absoluteThere(places.remote, tree.head.home),
			},
			were: {
				laptop: rootWas(here.exists, here.isEmpty),
				workstation: rootWas(tree.head.exists, choice.tally.workstation === 0),
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
function begin<T extends Entry>(source: Listing<T>): { entries: Listing<T>; close(): void } {
	const iterator = batchesOf(source)
	const first = iterator.next()
	first.catch(() => {})
	async function* batches(): AsyncGenerator<readonly T[]> {
		for (let next = await first; !next.done; next = await iterator.next()) yield next.value
	}
	return { entries: batched(batches), close: () => void iterator.return?.(undefined)?.catch(() => {}) }
}

const isUnchanged = ({ moves, baseChanges }: Choice) => moves + baseChanges === 0

/** Whether nothing was left that would go up later without being touched. */
const isInStep = ({ stays }: Choice, ...troubles: Troubles[]) =>
	!stays.has('occupied') &&
	!stays.has('same-name') &&
	troubles.every(({ all }) => all.every(({ kind }) => kind === 'special'))

/** Whether the workstation has exactly what the index has, and nothing was found that is not so. */
const isStill = ({ moves, conflictCount, stays, baseChanges, tally }: Choice, troubles: Troubles) =>
	moves + conflictCount + stays.size + baseChanges + troubles.count === 0 && tally.workstation === tally.base

const rootWas = (exists: string, isEmpty: boolean): RootWas =>
	exists === 'no' ? 'missing' : isEmpty ? 'empty' : 'full'

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

const nothingListed = (): LocalListing => ({
	troubles: new Troubles(),
	linked: [],
	leftOut: () => [],
	...batched(async function* () {}),
})

const none: AsyncIterable<Entry> = {
	[Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}
