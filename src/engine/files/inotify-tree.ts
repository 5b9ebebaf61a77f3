import { readdir } from 'node:fs/promises'
import { Inotify, type InotifyEvent, is } from './inotify.ts'
import { isGitName } from './rules.ts'
import type { TreeListener, TreeWatch } from './tree-watch.ts'

const longestCatchUpMs = 2000
/** Each takes some 200 bytes here and a kilobyte in the kernel, whose watches other programs need too. */
const mostFolders = 50_000
/** What stands where a folder was: nothing, or something else; or a folder that nobody may look into. */
const passing = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM'])

/**
 * Watches a tree of Linux: each of its folders by itself. `.git` at its top is left out, and of one further down all but
 * what says which files are git's.
 *
 * A folder is watched before it is read, so whatever comes into it is found by one or the other. Of a folder that is new
 * it is told once all of it is watched: what happened in it before is then in a place that was touched.
 * @param root absolute, without links, as text
 * @throws Error: why it cannot be watched
 */
export async function watchByInotify(root: string, listener: TreeListener): Promise<TreeWatch> {
	const tree = new InotifyTree(root, listener)
	try {
		await tree.open()
		return tree
	} catch (error) {
		await tree.close()
		throw error
	}
}

class InotifyTree implements TreeWatch {
	readonly #root: Buffer
	readonly #listener: TreeListener
	readonly #inotify: Inotify
	/** Paths of the watched folders, relative, latin1 strings of bytes, and the other way round. */
	readonly #paths = new Map<number, string>()
	readonly #watches = new Map<string, number>()
	/** New folders that are not watched whole yet. */
	readonly #scans = new Set<Promise<void>>()
	readonly #marks = new Map<number, () => void>()
	#touched = new Set<string>()
	#failure: string | null = null
	#closed = false

	constructor(root: string, listener: TreeListener) {
		this.#root = Buffer.from(root)
		this.#listener = listener
		this.#inotify = new Inotify(
			(events) => this.#take(events),
			() => this.#lose('what watched it ended'),
		)
	}

	async open(): Promise<void> {
		await this.#watchAll('')
		if (this.#failure !== null) throw new Error(this.#failure)
		if (this.#watches.size === 0) throw new Error('it is no folder that can be read')
	}

	async caughtUp(): Promise<boolean> {
		const late = Promise.withResolvers<boolean>()
		const timer = setTimeout(() => late.resolve(false), longestCatchUpMs)
		try {
			return await Promise.race([this.#passed(), late.promise])
		} finally {
			clearTimeout(timer)
		}
	}

	async #passed(): Promise<boolean> {
		if (this.#closed || this.#failure !== null) return false
		const mark = this.#inotify.mark()
		if (typeof mark === 'string') return false
		const heard = Promise.withResolvers<void>()
		this.#marks.set(mark, heard.resolve)
		await heard.promise
		while (this.#scans.size > 0) await Promise.all(this.#scans)
		return !this.#closed && this.#failure === null
	}

	async close(): Promise<void> {
		this.#closed = true
		await this.#inotify.close()
		await Promise.all(this.#scans)
	}

	#take(events: readonly InotifyEvent[]): void {
		for (const event of events) this.#hear(event)
		this.#tell()
	}

	#tell(): void {
		if (this.#touched.size === 0 || this.#closed) return
		const paths = [...this.#touched]
		this.#touched = new Set()
		this.#listener.touched(paths)
	}

	#hear({ watch, mask, name }: InotifyEvent): void {
		if (mask & is.overflow) this.#lose('too much happened at once')
		if (mask & is.unmounted) this.#lose('its disk was taken away')
		if (mask & is.ignored) this.#ignored(watch)
		const folder = this.#paths.get(watch)
		if (folder === undefined) return
		if (mask & (is.deletedSelf | is.movedSelf)) {
			// Of any other folder the one that it is in tells.
			if (folder === '') this.#lose('the folder went away')
			return
		}
		if (name === '') return
		const path = folder === '' ? name : `${folder}/${name}`
		if (!(mask & is.folder)) this.#touched.add(path)
		else if (mask & (is.movedFrom | is.deleted)) {
			this.#forget(path)
			this.#touched.add(path)
		} else this.#comes(path)
	}

	/** A folder is new here, or may be looked into from now on. */
	#comes(path: string): void {
		const scan = this.#watchAll(path).then(() => {
			this.#touched.add(path)
			this.#scans.delete(scan)
			this.#tell()
		})
		this.#scans.add(scan)
	}

	#ignored(watch: number): void {
		this.#marks.get(watch)?.()
		this.#marks.delete(watch)
		const path = this.#paths.get(watch)
		this.#paths.delete(watch)
		if (path !== undefined && this.#watches.get(path) === watch) this.#watches.delete(path)
	}

	/** A folder has gone from its place, and may be watched in another one. */
	#forget(gone: string): void {
		const below = `${gone}/`
		for (const [path, watch] of this.#watches) {
			if (path !== gone && !path.startsWith(below)) continue
			this.#watches.delete(path)
			this.#paths.delete(watch)
			this.#inotify.remove(watch)
		}
	}

	async #watchAll(top: string): Promise<void> {
		for (let paths = [top]; paths.length > 0; ) {
			const next: string[] = []
			for (const path of paths) next.push(...(await this.#watch(path)))
			paths = next
		}
	}

	/** Watches one folder. @returns those in it */
	async #watch(path: string): Promise<string[]> {
		if (this.#closed || this.#failure !== null || !isWatched(path)) return []
		if (this.#watches.size >= mostFolders) {
			this.#lose(`it has more than ${mostFolders} folders`)
			return []
		}
		const at = path === '' ? this.#root : Buffer.concat([this.#root, slash, Buffer.from(path, 'latin1')])
		const watch = this.#inotify.add(at)
		if (typeof watch === 'string') {
			if (!passing.has(watch))
				this.#lose(watch === 'ENOSPC' ? tooFew : `a folder cannot be watched (${watch})`)
			return []
		}
		const before = this.#paths.get(watch)
		if (before !== undefined && this.#watches.get(before) === watch) this.#watches.delete(before)
		this.#paths.set(watch, path)
		this.#watches.set(path, watch)
		try {
			const found = await readdir(at as unknown as string, { withFileTypes: true, encoding: 'buffer' })
			return found
				.filter((one) => one.isDirectory())
				.map(({ name }) => (path === '' ? '' : `${path}/`) + name.toString('latin1'))
		} catch (error) {
			const { code = '' } = error as NodeJS.ErrnoException
			if (!passing.has(code)) this.#lose(`a folder cannot be read (${code})`)
			return []
		}
	}

	#lose(why: string): void {
		if (this.#failure !== null || this.#closed) return
		this.#failure = why
		this.#listener.lost(why)
	}
}

const slash = Buffer.from('/')
const tooFew = 'the system allows fewer watches than it has folders: fs.inotify.max_user_watches'

function isWatched(path: string): boolean {
	const parts = path.split('/')
	const git = parts.findIndex(isGitName)
	if (git < 0) return true
	const rest = parts.slice(git + 1).join('/')
	return git > 0 && (rest === '' || rest === 'info')
}
