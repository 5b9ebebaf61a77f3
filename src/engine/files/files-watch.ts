import { realpath } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { LeftOut } from '../../contract/code.ts'
import { kindAt } from './lift.ts'
import { rootIdentity, type TreeStamp, treeStamp } from './rule-stamp.ts'
import { isGitName, isOwnName } from './rules.ts'
import { outermost } from './sorted.ts'
import { Touched } from './touched.ts'
import { type TreeListener, type TreeWatch, watchTree } from './tree-watch.ts'

/** What a survey of the laptop's tree is to look at. */
export interface Look {
	/** See `Touched`; null: all of the tree. */
	places: readonly string[] | null
	/** Why it is all of the tree; empty: it is not. */
	why: string
	/** Files with more than one name: what is written by one of them is not heard of for the others. */
	linked: ReadonlySet<string>
	/** What was left out when all of it was looked at. */
	leftOut: LeftOut[]
	/**
	 * What was looked at is in step now; the rest was before. Until something is touched nothing need be looked at.
	 * @param base the one that is in step, see `Asked`
	 * @param found by the listing
	 */
	vouch(base: string, found: { linked: readonly string[]; leftOut(): LeftOut[] }): void
	/** A preview showed all of the tree: what is bound to it looks at all of it too. */
	shown(plan: string): void
}

interface Asked {
	/** Names the last sync that the tree is compared with; null: there was none. */
	base: Promise<string | null>
	/** A person wants all of it to be looked at. */
	full: boolean
	/** The preview that it is bound to. */
	plan?: string | undefined
}

const longestMs = 3_600_000
/** A small tree is watched at once; nobody waits for a large one. */
const briefMs = 150
/** A tree that could not be watched is tried again after so long. */
const againMs = 600_000
const endMs = 5000
const mostLinked = 200

/** What of a nested repository decides which files travel. */
const gitRuleFiles = new Set(['', 'index', 'config', 'config.worktree', 'info', 'info/exclude'])

/**
 * Knows what was touched of one tree since it was in step with the workstation's. Begun by the first sync that
 * succeeds; where it cannot be sure of anything it says so, and all of the tree is looked at.
 */
export class FilesWatch {
	readonly #root: string
	readonly #now: () => number
	readonly #touched = new Touched()
	#watch: TreeWatch | null = null
	/** The folder that is watched, whatever stands in its place by now. */
	#identity = ''
	#starting: Promise<void> | null = null
	#failure: { why: string; at: number } | null = null
	#vouched: { base: string; stamp: string; since: number; mark: number } | null = null
	#linked: ReadonlySet<string> = new Set()
	#leftOut: LeftOut[] = []
	/** The last preview of all of the tree. */
	#shown: string | null = null
	/** How often it was not heard what happens. */
	#breaks = 0
	readonly #leaving = new Set<Promise<void>>()
	#closed = false

	/**
	 * @param root absolute, as text
	 * @param now ms since the epoch
	 */
	constructor(root: string, now: () => number) {
		this.#root = root
		this.#now = now
	}

	/** To be asked before the tree is listed. */
	async look({ base, full, plan }: Asked, signal?: AbortSignal): Promise<Look> {
		const stamping = () => treeStamp(this.#root, signal).catch(() => null)
		const early = this.#watch ? stamping() : null
		await this.#catchUp()
		let stamp = await early
		this.#requireSame(stamp)
		if (!this.#watch && (await base) !== null) {
			await this.#begun()
			stamp = this.#watch ? await stamping() : null
			this.#requireSame(stamp)
		}
		const mark = this.#touched.mark()
		await this.#seeLinked()
		const isFull = full || (plan !== undefined && plan === this.#shown)
		return this.#lookFrom(mark, await base, isFull, stamp)
	}

	/** An operation of ours noted what it did: the base has another name, and holds the same of what was not touched. */
	rebase(from: string | null, to: string | null): void {
		if (this.#vouched && to !== null && this.#vouched.base === from) this.#vouched.base = to
	}

	async close(): Promise<void> {
		this.#closed = true
		const ended = Promise.all([this.#starting, this.#watch?.close(), ...this.#leaving])
		await Promise.race([ended, wait(endMs, undefined, { ref: false })])
	}

	#lookFrom(mark: number, base: string | null, full: boolean, stamp: TreeStamp | null): Look {
		const touched = this.#touched.places()
		const doubt = full ? 'asked for' : this.#doubt(base, stamp)
		const why = doubt === '' && touched === null ? 'too much was touched' : doubt
		const isAll = why !== '' || touched === null
		// Only what comes of it can be vouched for again.
		if (isAll) this.#vouched = null
		const [breaks, isWatched, vouched] = [this.#breaks, this.#watch !== null, this.#vouched]
		return {
			places: isAll ? null : outermost([...touched, ...this.#linked]),
			why,
			linked: this.#linked,
			leftOut: this.#leftOut,
			shown: (plan) => {
				if (isAll) this.#shown = plan
			},
			vouch: (now, { linked, leftOut }) => {
				const isSure = isWatched && breaks === this.#breaks && this.#touched.lostSince(mark) === null
				if (!isSure || !stamp || stamp.blind !== null || linked.length > mostLinked) {
					this.#vouched = null
					this.#start()
					return
				}
				const since = isAll || !vouched ? this.#now() : vouched.since
				this.#vouched = { base: now, stamp: stamp.text, since, mark }
				if (isAll) {
					this.#linked = new Set(linked)
					this.#leftOut = leftOut()
				}
				this.#touched.settle(mark)
			},
		}
	}

	#requireSame(stamp: TreeStamp | null): void {
		if (this.#watch && stamp?.root !== this.#identity) this.#end('the folder is another one')
	}

	/** What happened before was told; or it is not watched any more. */
	async #catchUp(): Promise<void> {
		for (let watch = this.#watch; watch; watch = this.#watch) {
			if (await watch.caughtUp()) return
			if (watch === this.#watch) this.#end('it was not told in time what happened')
		}
	}

	/** Why what was touched does not tell all; empty: it does. */
	#doubt(base: string | null, stamp: TreeStamp | null): string {
		if (!this.#watch) return this.#failure?.why ?? this.#touched.lostSince(0) ?? 'nothing was watched'
		const vouched = this.#vouched
		if (!vouched) return this.#touched.lostSince(0) ?? 'nothing was in step since it is watched'
		const lost = this.#touched.lostSince(vouched.mark)
		if (lost !== null) return lost
		if (vouched.base !== base) return 'the last sync is another one'
		if (stamp?.blind) return stamp.blind
		if (stamp?.text !== vouched.stamp) return "the folder, or git's rules or list, changed"
		return this.#now() - vouched.since > longestMs ? 'more than an hour ago' : ''
	}

	/** A file with several names was perhaps written by another one. */
	async #seeLinked(): Promise<void> {
		const touched = this.#touched.all()
		const kinds = await Promise.all(touched.map((path) => kindAt(this.#root, path)))
		for (const [at, path] of touched.entries())
			if (kinds[at] === 'linked' && !this.#linked.has(path)) this.#touched.lose('a file has several names')
	}

	#hear(path: string): void {
		const parts = path.split('/')
		if (parts.some(isOwnName)) return
		const git = parts.findIndex(isGitName)
		const isRule = git < 0 ? parts.at(-1) === '.gitignore' : gitRuleFiles.has(parts.slice(git + 1).join('/'))
		if (isRule) this.#touched.lose("git's rules or list changed")
		else if (git < 0) this.#touched.touch(path)
	}

	async #begun(): Promise<void> {
		if (this.#watch) return
		this.#start()
		await Promise.race([this.#starting, wait(briefMs)])
	}

	#start(): void {
		if (this.#watch || this.#starting || this.#closed) return
		if (this.#failure && this.#now() - this.#failure.at < againMs) return
		this.#vouched = null
		this.#starting = this.#open().finally(() => {
			this.#starting = null
		})
	}

	async #open(): Promise<void> {
		let own: TreeWatch | null = null
		let isBroken = false
		try {
			const listener: TreeListener = {
				touched: (paths) => {
					for (const path of paths) this.#hear(path)
				},
				// What was dropped may have been a folder that nobody watches now.
				lost: (why) => {
					if (own !== null && own === this.#watch) this.#end(why)
					else isBroken = true
				},
			}
			const identity = await rootIdentity(this.#root)
			own = await watchTree(await realpath(this.#root), listener)
			if (identity !== (await rootIdentity(this.#root))) isBroken = true
			if (this.#closed || isBroken) await own.close()
			else {
				this.#watch = own
				this.#identity = identity
			}
			this.#failure = null
		} catch (error) {
			await own?.close()
			const said = error instanceof Error ? error.message : String(error)
			this.#failure = { why: `it cannot be watched (${said})`, at: this.#now() }
		}
	}

	#end(why: string): void {
		this.#touched.lose(why)
		this.#vouched = null
		this.#breaks += 1
		const watch = this.#watch
		this.#watch = null
		if (watch) this.#leave(watch)
	}

	#leave(watch: TreeWatch): void {
		const left = watch.close().finally(() => this.#leaving.delete(left))
		this.#leaving.add(left)
	}
}
