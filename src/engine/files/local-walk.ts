import { shownPath } from './entry.ts'
import { GitNames, type Name } from './git-names.ts'
import type { GitPlace } from './git-stream.ts'
import { type IgnoreRules, ignoreRules, ownRepository, type Rule } from './ignore-rules.ts'
import type { FolderRead } from './look-worker.ts'
import type { Looker } from './looker.ts'
import { isGitName, isOwnName, type Rules, reachOf } from './rules.ts'
import { isBelow } from './sorted.ts'
import type { Troubles } from './troubles.ts'

/** Something that the walk met, in the order of paths' bytes. */
export interface Found {
	path: string
	/** File, link, empty folder, or other. */
	letter: 'f' | 'l' | 'e' | 'o'
	/** Git tracks it or would; null: not known yet. */
	listed: boolean | null
	tracked: boolean
	/** Why it is not listed, where a folder above it is ignored. */
	ignoredBy: Rule | null
	/** The pattern of `exclude` that leaves out a folder above it. */
	excludedBy: string | null
	repository: Repository
}

/** One git that says what is listed: the project's own, or one nested in it. */
export interface Repository {
	/** From the root, with a slash at its end; empty: the root's own. */
	prefix: string
	names: GitNames
	rules: IgnoreRules
	close(): void
}

/** What a walk leaves out with all that is in it. */
export interface Skipped {
	path: string
	rule: Rule | string
	/** How many files in it git tracks. */
	tracked: number
}

export interface Walk {
	/** With `only`: it shows nothing else. */
	looker: Looker
	/** Git is asked for these places alone; null: for all. */
	only: readonly string[] | null
	rules: Rules
	/** The repository of a folder below the root, which holds a `.git`. Null: git takes it for none. */
	nested(path: string): Promise<GitPlace | null>
	/** The pattern of `exclude` for each folder's path, which ends in a slash. */
	excluded(folders: readonly string[]): Promise<(string | null)[]>
	troubles: Troubles
	onSkipped(skipped: Skipped): void
	/** Everything opened for it is closed with it. */
	opened: Set<{ close(): void }>
}

const batchSize = 500
/** So many folders are read in one go. */
const readAtOnce = 32

/** What holds for everything in a folder. */
interface Inherited {
	ignoredBy: Rule | null
	excludedBy: string | null
}

export function openRepository(walk: Walk, prefix: string, place: GitPlace): Repository {
	const names = new GitNames(place, walk.rules.scope === 'tree', walk.only && placesIn(walk.only, prefix))
	const rules = ignoreRules(place)
	const repository = {
		prefix,
		names,
		rules,
		close: () => {
			names.close()
			rules.close()
			walk.opened.delete(repository)
		},
	}
	walk.opened.add(repository)
	return repository
}

/** As a repository below the root names them: of one that it is in itself, all of it. */
const placesIn = (only: readonly string[], prefix: string): string[] =>
	only.some((place) => prefix.startsWith(`${place}/`))
		? ['.']
		: only.filter((place) => place.startsWith(prefix)).map((place) => shownPath(place.slice(prefix.length)))

/** Git's rules for a folder that is in no repository, or in one that cannot be read. */
export function openNoRepository(walk: Walk, prefix: string, folder: string): Repository {
	const own = ownRepository([], folder)
	walk.opened.add(own)
	const repository = openRepository(walk, prefix, own.place)
	const close = () => {
		repository.close()
		own.close()
		walk.opened.delete(own)
	}
	return { ...repository, close }
}

/** Walks a tree below its root, folder by folder, and joins what it meets with what git names. */
export class Walker {
	readonly #walk: Walk
	readonly #reach: string[] | null
	#batch: Found[] = []

	constructor(walk: Walk) {
		this.#walk = walk
		const { include, results } = walk.rules
		this.#reach = reachOf([...include, ...results])
	}

	/** @throws ProblemError `files-unreadable`, `git-failed`, `git-missing` */
	async *all(repository: Repository | null, read: FolderRead): AsyncGenerator<Found[]> {
		yield* this.#folder(repository, '', read, { ignoredBy: null, excludedBy: null })
		if (this.#batch.length > 0) yield this.#take()
	}

	#take(): Found[] {
		const batch = this.#batch
		this.#batch = []
		return batch
	}

	/** Whether what is included or comes back may be in this folder. */
	#reaches(folder: string): boolean {
		return this.#reach === null || this.#reach.some((one) => isBelow(folder, one) || isBelow(one, folder))
	}

	async *#folder(
		repository: Repository | null,
		folder: string,
		{ items }: FolderRead,
		inherited: Inherited,
	): AsyncGenerator<Found[]> {
		const before = folder === '' ? '' : `${folder}/`
		const names = items.flatMap((item) => (item.startsWith('p') ? item.slice(1) : []))
		const read = this.#reader(names.map((name) => before + name))
		const excluded = new Map<string, string | null>()
		if (this.#walk.rules.exclude.length > 0 && inherited.excludedBy === null && names.length > 0) {
			const verdicts = await this.#walk.excluded(names.map((name) => `${before}${name}/`))
			for (const [at, name] of names.entries()) excluded.set(name, verdicts[at] ?? null)
		}
		const reads = new Map<string, FolderRead>()
		const gitLinks = new Set<string>()
		for (const item of items) {
			const name = item.slice(1)
			if (isGitName(name) || isOwnName(name)) continue
			const path = before + name
			if (item.startsWith('d')) {
				const contents = reads.get(name)
				reads.delete(name)
				if (!contents) continue
				const { ignoredBy } = inherited
				const state = { ignoredBy, excludedBy: inherited.excludedBy ?? excluded.get(name) ?? null }
				yield* this.#descend(repository, path, contents, state, gitLinks.delete(name))
				continue
			}
			let hit = repository ? advanced(repository, path) : null
			if (hit === undefined && repository) hit = await advance(repository, path)
			let letter = item[0] as Found['letter']
			if (item.startsWith('p')) {
				const contents = await read(path)
				if (hit) gitLinks.add(name)
				if (contents.error !== null || contents.items.length > 0) {
					reads.set(name, contents)
					continue
				}
				letter = 'e'
			}
			if (!repository) {
				this.#batch.push({ ...unasked, path, letter })
			} else {
				const isIgnored = inherited.ignoredBy !== null
				const excludedBy = inherited.excludedBy ?? (letter === 'e' ? (excluded.get(name) ?? null) : null)
				const listed = hit ? true : isIgnored ? false : null
				const tracked = hit?.tracked ?? false
				const { ignoredBy } = inherited
				this.#batch.push({ path, letter, listed, tracked, ignoredBy, excludedBy, repository })
			}
			if (this.#batch.length >= batchSize) yield this.#take()
		}
	}

	/** Reads folders one after another, some at once and ahead of being asked. */
	#reader(folders: readonly string[]): (folder: string) => Promise<FolderRead> {
		// Only the ones to come: of a root with thousands of folders all that was read would be held else.
		const chunks = new Map<number, Promise<readonly FolderRead[]>>()
		const begin = (chunk: number) => {
			const some = folders.slice(chunk * readAtOnce, (chunk + 1) * readAtOnce)
			if (chunks.has(chunk) || some.length === 0) return
			const reads = this.#walk.looker.folders(some)
			reads.catch(() => {})
			chunks.set(chunk, reads)
		}
		let at = 0
		let current: readonly FolderRead[] = []
		return async (folder) => {
			// The one for itself may have been left out of what is asked, as `.git` is.
			while (folders[at] !== folder) at++
			const chunk = Math.floor(at / readAtOnce)
			begin(chunk)
			begin(chunk + 1)
			chunks.delete(chunk - 1)
			current = (await chunks.get(chunk)) ?? current
			return current[at++ % readAtOnce] ?? { error: 'ENOENT', items: [] }
		}
	}

	async *#descend(
		repository: Repository | null,
		path: string,
		read: FolderRead,
		state: Inherited,
		isGitLink: boolean,
	): AsyncGenerator<Found[]> {
		const { rules, troubles } = this.#walk
		if (read.error === 'ENOENT' || read.error === 'ENOTDIR') return
		const unreadable = () => troubles.add({ path, kind: 'folder', reason: read.error ?? '' })
		if (!repository) {
			if (read.error !== null) unreadable()
			else yield* this.#folder(null, path, read, state)
			return
		}
		const below = await advance(repository, `${path}/`)
		const reaches = this.#reaches(path)
		if (rules.scope === 'extras' && !reaches) return
		if (state.excludedBy !== null && !reaches) {
			const tracked = await passBelow(repository, path)
			if (state.ignoredBy === null) this.#walk.onSkipped({ path, rule: state.excludedBy, tracked })
			return
		}
		const inside = path.slice(repository.prefix.length)
		const isOther = below !== null
		const isListed =
			isOther || isGitLink || (repository.names.current?.path.startsWith(`${inside}/`) ?? false)
		let { ignoredBy } = state
		if (!isListed && ignoredBy === null) {
			ignoredBy = (await repository.rules.ask([inside]))[0] ?? null
			if (ignoredBy !== null && !reaches) {
				this.#walk.onSkipped({ path, rule: ignoredBy, tracked: 0 })
				return
			}
		}
		if (read.error !== null) {
			unreadable()
			return
		}
		const inner = { ignoredBy, excludedBy: state.excludedBy }
		if (ignoredBy !== null || !read.items.some((item) => item.slice(1) === '.git')) {
			yield* this.#folder(repository, path, read, inner)
			return
		}
		const place = await this.#walk.nested(path)
		const own = place ? openRepository(this.#walk, `${path}/`, place) : null
		try {
			yield* this.#folder(own ?? repository, path, read, inner)
			// What is left of it is not judged by a repository that is closed.
			if (own && this.#batch.length > 0) yield this.#take()
		} finally {
			own?.close()
		}
	}
}

const unasked = { listed: null, tracked: false, ignoredBy: null, excludedBy: null, repository: null as never }

/** Goes on to a path in git's lists; the name that stands there, or null. A folder's path ends in a slash. */
async function advance(repository: Repository, path: string): Promise<Name | null> {
	for (;;) {
		const name = advanced(repository, path)
		if (name !== undefined) return name
		await repository.names.fill()
	}
}

/** The same where the lists are there that far; undefined: more of them is to be read first. */
function advanced({ names, prefix }: Repository, path: string): Name | null | undefined {
	const inside = prefix === '' ? path : path.slice(prefix.length)
	while (names.isReady) {
		const { current } = names
		if (current === undefined || current.path > inside) return null
		names.next()
		// A path in conflict is there more than once: the next call passes over the others.
		if (current.path === inside) return current
	}
	return undefined
}

/** Passes over all that is in a folder; how many of it are tracked. */
async function passBelow({ names, prefix }: Repository, folder: string): Promise<number> {
	const inside = `${folder.slice(prefix.length)}/`
	for (let tracked = 0; ; names.next()) {
		if (!names.isReady) await names.fill()
		const { current } = names
		if (!current?.path.startsWith(inside)) return tracked
		if (current.tracked) tracked++
	}
}
