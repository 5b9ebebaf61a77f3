import { type GitPlace, type GitStream, inTime, startGit } from './git-stream.ts'
import { nulRecords } from './records.ts'

/** A list begins when git has walked all of the tree, which may be large and on a slow disk. */
const longestMs = 600_000

/** A path that git knows of and does not ignore. */
export interface Name {
	/** From the top of git's own tree. Another repository in it, whose files are not named, ends in a slash. */
	path: string
	tracked: boolean
}

/** One of git's sorted lists, read as far as it was asked for. */
class Names {
	#batch: string[] = []
	#at = 0
	readonly #git: GitStream
	readonly #source: AsyncGenerator<string[]>
	#first: Promise<IteratorResult<string[]>> | null

	constructor(git: GitStream) {
		this.#git = git
		this.#source = nulRecords(git.stdout)
		// Node throws away what a child that has ended wrote, unless somebody has begun to read it.
		this.#first = this.#source.next()
		this.#first.catch(() => {})
	}

	/** The next path without going on; undefined: there is none, or `fill` is to be called. */
	get path(): string | undefined {
		return this.#batch[this.#at]
	}

	next(): void {
		this.#at++
	}

	isEnded = false

	/** @throws ProblemError `git-failed`, `git-missing` */
	async fill(): Promise<void> {
		while (this.path === undefined && !this.isEnded) {
			const { value, done } = await inTime(
				this.#git,
				'ls-files',
				longestMs,
				this.#first ?? this.#source.next(),
			)
			this.#first = null
			this.#at = 0
			this.#batch = value ?? []
			if (!done) continue
			await this.#git.done
			this.isEnded = true
		}
	}

	close(): void {
		this.#git.close()
	}
}

/**
 * What git tracks and what it would, both at once in the order of their bytes. Git sorts each list itself.
 */
export class GitNames {
	readonly #tracked: Names
	readonly #others: Names | null

	/**
	 * @param others false: only what is tracked
	 * @param only what is in these places, as text; null: everything
	 */
	constructor(place: GitPlace, others: boolean, only: readonly string[] | null = null) {
		const env = { ...place.env, GIT_LITERAL_PATHSPECS: '1' }
		const list = (...args: string[]) =>
			new Names(startGit({ ...place, env }, ['ls-files', '-z', ...args, '--', ...(only ?? [])]))
		this.#tracked = list('--cached')
		this.#others = others ? list('--others', '--exclude-standard') : null
	}

	/** Whether `current` is to be trusted; else `fill` is to be called first. */
	get isReady(): boolean {
		return isReady(this.#tracked) && (this.#others === null || isReady(this.#others))
	}

	/** @throws ProblemError `git-failed`, `git-missing` */
	async fill(): Promise<void> {
		await this.#tracked.fill()
		await this.#others?.fill()
	}

	/** Undefined: there are no more. */
	get current(): Name | undefined {
		const tracked = this.#tracked.path
		const other = this.#others?.path
		if (tracked !== undefined && (other === undefined || tracked <= other))
			return { path: tracked, tracked: true }
		return other === undefined ? undefined : { path: other, tracked: false }
	}

	next(): void {
		const tracked = this.#tracked.path
		const other = this.#others?.path
		if (tracked !== undefined && (other === undefined || tracked <= other)) this.#tracked.next()
		else this.#others?.next()
	}

	close(): void {
		this.#tracked.close()
		this.#others?.close()
	}
}

const isReady = (names: Names) => names.isEnded || names.path !== undefined
