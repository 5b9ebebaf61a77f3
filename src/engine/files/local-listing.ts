import type { LeftOut } from '../../contract/code.ts'
import { readGit, refuse } from '../git/git.ts'
import { batched } from './batches.ts'
import { type Entry, type Listing, pathOfShown, shownPath } from './entry.ts'
import type { GitPlace } from './git-stream.ts'
import { type Matcher, patternMatcher } from './ignore-rules.ts'
import { LeftOuts } from './left-out.ts'
import {
	type Found,
	openNoRepository,
	openRepository,
	type Repository,
	type Walk,
	Walker,
} from './local-walk.ts'
import { type FolderRead, numberOf, numbersEach, type Versions } from './look-worker.ts'
import { type Looker, startLooker } from './looker.ts'
import { type Rules, reachOf } from './rules.ts'
import { ahead, isBelow } from './sorted.ts'
import { leadsTo, placesAbove } from './touched.ts'
import { Troubles } from './troubles.ts'

/** A file of the laptop's tree that travels one way or both. */
export interface LocalEntry extends Entry {
	/** The rules let it go up. */
	up: boolean
	/** It is one of the results, which come back. */
	back: boolean
}

/** May be gone through once. Ends what it started when that ends, also early. */
export interface LocalListing extends Required<Listing<LocalEntry>> {
	/** What could not be listed: see `Troubles` for when it is known. */
	readonly troubles: Troubles
	/** What stays behind by which rule; known when the listing has ended. */
	leftOut(): LeftOut[]
	/** Files with more than one name, up to a thousand; known when the listing has ended. */
	readonly linked: readonly string[]
}

/**
 * What travels of a tree, in the order of paths' bytes; holds a small part of it at a time.
 * @param root absolute, as text
 * @param only what is in these places, above which there is nothing but folders with something in them; null: all of it
 * @throws (while it is gone through) ProblemError `files-unreadable`, `git-missing`, `git-failed`,
 *   `operation-cancelled`
 */
export function localListing(
	root: string,
	rules: Rules,
	signal?: AbortSignal,
	only: readonly string[] | null = null,
): LocalListing {
	const troubles = new Troubles()
	const leftOuts = new LeftOuts()
	const linked: string[] = []
	return {
		troubles,
		linked,
		leftOut: () => leftOuts.all,
		...batched(() => list(root, rules, only, signal, { troubles, leftOuts, linked })),
	}
}

/** What is found out on the way. */
interface Findings {
	troubles: Troubles
	leftOuts: LeftOuts
	linked: string[]
}

const mostLinked = 1000

/**
 * Which rule leaves out what of a tree. A walk of its own; who lists the tree anyway asks the listing.
 * @throws as `localListing`
 */
export async function leftOut(root: string, rules: Rules, signal?: AbortSignal): Promise<LeftOut[]> {
	const listing = localListing(root, rules, signal)
	for await (const _ of listing);
	return listing.leftOut()
}

async function* list(
	root: string,
	rules: Rules,
	only: readonly string[] | null,
	signal: AbortSignal | undefined,
	{ troubles, leftOuts, linked }: Findings,
): AsyncGenerator<LocalEntry[]> {
	if (signal?.aborted) refuse('operation-cancelled', {})
	const whole = startLooker(Buffer.from(root).toString('latin1'))
	const looker = only ? blinkered(whole, only) : whole
	const matchers = {
		include: patternMatcher(rules.include),
		exclude: patternMatcher(rules.exclude),
		results: patternMatcher(rules.results),
	}
	const opened = new Set<{ close(): void }>([looker, ...Object.values(matchers)])
	const close = () => {
		for (const one of opened) one.close()
	}
	signal?.addEventListener('abort', close, { once: true })
	try {
		const walk: Walk = {
			looker,
			only,
			rules,
			nested: (path) => nestedPlace(root, path),
			excluded: (folders) => matchers.exclude.match(folders),
			troubles,
			onSkipped: ({ path, rule, tracked }) => leftOuts.add(`${path}/`, rule, tracked),
			opened,
		}
		const [top = { error: 'it vanished', items: [] }] = await looker.folders([''])
		if (top.error !== null) refuse('files-unreadable', { side: 'The laptop', path: root, reason: top.error })
		const isAll = rules.scope === 'everything'
		const repository = isAll ? null : await rootRepository(walk, root, top, signal)
		const mayRead = reader()
		const judge = new Judge(rules, matchers, leftOuts)
		const batches = looked(new Walker(walk).all(repository, top), judge, looker)
		for await (const { kept, versions } of ahead(batches, 2))
			yield entriesOf(kept, await versions, { troubles, linked }, mayRead)
		if (signal?.aborted) refuse('operation-cancelled', {})
	} catch (error) {
		if (signal?.aborted) refuse('operation-cancelled', {})
		throw error
	} finally {
		signal?.removeEventListener('abort', close)
		close()
	}
}

/** Sees of the folders above places only what leads to those. */
function blinkered(looker: Looker, only: readonly string[]): Looker {
	const ways = new Set(only.flatMap(placesAbove)).add('')
	const see = (folder: string, read: FolderRead): FolderRead => {
		if (!ways.has(folder)) return read
		const before = folder === '' ? '' : `${folder}/`
		const items = read.items.filter((item) => {
			const name = item.slice(1)
			return name === '.git' || leadsTo(before + name, only)
		})
		// A folder with nothing in it would be something else.
		return { ...read, items: items.length > 0 || read.items.length === 0 ? items : nothingToSee }
	}
	return {
		...looker,
		folders: async (folders) =>
			(await looker.folders(folders)).map((read, at) => see(folders[at] ?? '', read)),
	}
}

const nothingToSee = ['o.hawser-']

interface Kept {
	found: Found
	up: boolean
	back: boolean
}

async function* looked(
	walk: AsyncGenerator<Found[]>,
	judge: Judge,
	looker: { versions(paths: readonly string[]): Promise<Versions> },
): AsyncGenerator<{ kept: Kept[]; versions: Promise<Versions> }> {
	for await (const batch of walk) {
		const kept = await judge.batch(batch)
		if (kept.length === 0) continue
		const versions = looker.versions(kept.map(({ found }) => found.path))
		versions.catch(() => {})
		yield { kept, versions }
	}
}

/** Says of what the walk found which way it travels. */
class Judge {
	readonly #rules: Rules
	readonly #matchers: Record<'include' | 'exclude' | 'results', Matcher>
	readonly #leftOuts: LeftOuts
	readonly #reach: { include: string[] | null; results: string[] | null }

	constructor(
		rules: Rules,
		matchers: Record<'include' | 'exclude' | 'results', Matcher>,
		leftOuts: LeftOuts,
	) {
		this.#rules = rules
		this.#matchers = matchers
		this.#leftOuts = leftOuts
		this.#reach = { include: reachOf(rules.include), results: reachOf(rules.results) }
	}

	async batch(batch: readonly Found[]): Promise<Kept[]> {
		if (this.#rules.scope === 'everything') return batch.map((found) => ({ found, up: false, back: true }))
		await this.#askGit(batch)
		const ignored = batch.filter(({ listed }) => !listed)
		const included = await this.#matching('include', ignored)
		const results = await this.#matching('results', batch)
		const wanted = this.#rules.scope === 'tree' ? batch.filter(({ listed }) => listed) : []
		const excluded = await this.#matching('exclude', [...wanted, ...included.keys()])
		const kept: Kept[] = []
		for (const found of batch) {
			const isWanted = included.has(found) || (this.#rules.scope === 'tree' && found.listed === true)
			const by = found.excludedBy ?? excluded.get(found) ?? null
			const up = isWanted && by === null
			const back = results.has(found)
			if (up || back) kept.push({ found, up, back })
			if (up || found.letter === 'e') continue
			if (isWanted) this.#leftOuts.add(found.path, by ?? '', found.tracked ? 1 : 0)
			else if (this.#rules.scope === 'tree' && found.ignoredBy && !back)
				this.#leftOuts.add(found.path, found.ignoredBy, 0)
		}
		return kept
	}

	/** What git does not name may be ignored, new, or a name that its lists spell in another way. */
	async #askGit(batch: readonly Found[]): Promise<void> {
		const unknown = Map.groupBy(
			batch.filter(({ listed }) => listed === null),
			({ repository }) => repository,
		)
		for (const [{ prefix, rules }, found] of unknown) {
			const answers = await rules.ask(found.map(({ path }) => path.slice(prefix.length)))
			for (const [at, one] of found.entries()) {
				one.ignoredBy = answers[at] ?? null
				one.listed = one.ignoredBy === null
			}
		}
	}

	async #matching(which: 'include' | 'results' | 'exclude', found: readonly Found[]) {
		const reach = which === 'exclude' ? null : this.#reach[which]
		const asked =
			reach === null
				? this.#rules[which].length > 0
					? found
					: []
				: found.filter(({ path }) => reach.some((place) => isBelow(path, place)))
		const paths = asked.map(({ path, letter }) => (letter === 'e' ? `${path}/` : path))
		const patterns = await this.#matchers[which].match(paths)
		return new Map(
			asked.flatMap((one, at) => {
				const pattern = patterns[at] ?? null
				return pattern === null ? [] : [[one, pattern] as const]
			}),
		)
	}
}

/** Of a mode: which kind of file, and what its owner, group and others may. */
const kindBits = 0o170_000
const kinds = { file: 0o100_000, link: 0o120_000, folder: 0o040_000, linked: 2 ** 24 }

function entriesOf(
	kept: readonly Kept[],
	versions: Versions,
	{ troubles, linked }: Pick<Findings, 'troubles' | 'linked'>,
	mayRead: (mode: number, owner: number, group: number) => boolean,
): LocalEntry[] {
	const entries: LocalEntry[] = []
	for (let at = 0; at < kept.length; at++) {
		const { found, up, back } = kept[at] as Kept
		const { path, letter } = found
		const error = versions.errors.get(at)
		if (error) {
			// Gone meanwhile; else its folder may be listed, and what is in it not be looked at.
			if (error === 'ENOENT' || error === 'ENOTDIR') continue
			troubles.add({ path: path.slice(0, Math.max(path.lastIndexOf('/'), 0)), kind: 'folder', reason: error })
			continue
		}
		const number = (which: keyof typeof numberOf) => versions.numbers[at * numbersEach + numberOf[which]] ?? 0
		const mode = number('mode')
		const kind = mode & kindBits
		const mtime = versions.times[at] ?? 0n
		const entry: LocalEntry = {
			path,
			kind: 'file',
			size: 0,
			mtime,
			executable: false,
			target: '',
			up,
			back,
		}
		if (kind === kinds.file) {
			if (!mayRead(mode, number('owner'), number('group')))
				troubles.add({ path, kind: 'file', reason: 'EACCES' })
			if ((mode & kinds.linked) !== 0 && linked.length < mostLinked) linked.push(path)
			entry.size = number('size')
			entry.executable = (mode & 0o100) !== 0
			if (hasHoles(entry.size, number('blocks'))) entry.sparse = true
		} else if (kind === kinds.link) {
			entry.kind = 'link'
			entry.target = versions.targets.get(at) ?? ''
			entry.size = entry.target.length
		} else if (kind === kinds.folder) {
			if (letter !== 'e') continue
			entry.kind = 'folder'
			entry.mtime = 0n
		} else {
			troubles.add({ path, kind: 'special', reason: '' })
			continue
		}
		entries.push(entry)
	}
	return entries
}

const pageBytes = 4096

/** Less on the disk than its size by a page or more: it has holes, or the file system packs it. */
export const hasHoles = (size: number, blocks: number): boolean => size - blocks * 512 >= pageBytes

/** Whether we may read a file by its mode and owner; what else may forbid it shows when it is read. */
function reader(): (mode: number, owner: number, group: number) => boolean {
	const uid = process.geteuid?.() ?? 0
	if (uid === 0) return () => true
	const groups = new Set([process.getegid?.(), ...(process.getgroups?.() ?? [])])
	return (mode, owner, group) => {
		if (owner === uid) return (mode & 0o400) !== 0
		return (mode & (groups.has(group) ? 0o040 : 0o004)) !== 0
	}
}

/** The git that judges the tree: its own, that of a folder above it, or none. */
async function rootRepository(
	walk: Walk,
	root: string,
	{ items }: FolderRead,
	signal?: AbortSignal,
): Promise<Repository> {
	if (items.some((item) => item.slice(1) === '.git')) return openRepository(walk, '', { folder: root })
	const question = ['rev-parse', '--is-inside-work-tree']
	const { exitCode, stdout } = await readGit(root, question, { expected: [0, 128], signal })
	if (exitCode !== 0 || stdout !== 'true\n') return openNoRepository(walk, '', root)
	// A repository above that ignores all of this says nothing about it: a home kept in git, a build folder.
	const check = ['check-ignore', '-q', '--no-index', '.']
	const { exitCode: code } = await readGit(root, check, { expected: [0, 1, 128], signal })
	return code === 1 ? openRepository(walk, '', { folder: root }) : openNoRepository(walk, '', root)
}

/** A folder that holds a `.git`, below a repository's. */
async function nestedPlace(root: string, path: string): Promise<GitPlace | null> {
	// One that has no name as text is judged by the repository above.
	if (pathOfShown(shownPath(path)) !== path) return null
	const folder = `${root}/${shownPath(path)}`
	const question = ['rev-parse', '--show-prefix', '--is-inside-work-tree']
	const { exitCode, stdout } = await readGit(folder, question, { expected: [0, 128] })
	return exitCode === 0 && stdout === '\ntrue\n' ? { folder } : null
}
