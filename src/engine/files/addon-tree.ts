import { rmSync } from 'node:fs'
import { mkdtemp, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { pathOfShown } from './entry.ts'
import type { TreeListener, TreeWatch } from './tree-watch.ts'
import { type WatchAddon, watchAddon } from './watch-addon.ts'

/** More at once than this, and some may have been dropped without a word: the kernel keeps 16,384 by default. */
const mostAtOnce = 2000
const longestCatchUpMs = 2000
/** FSEvents keeps events back for a millisecond, and each tree's stream goes its own way. */
const streamsApartMs = process.platform === 'darwin' ? 250 : 0

/**
 * Trees whose watch could not be begun or ended whole: the library keeps parts of it, and a later one of the same tree
 * would not hear of everything.
 */
const spoiled = new Set<string>()

/** How many watches of this process were begun or ended. */
let changes = 0
let last = 0

/**
 * Watches a tree of macOS. `.git` at its top is left out.
 *
 * What happens is handed over by one thread for all watches of a process, in its order, but gathered for each of them
 * and handed over in rounds, at most every 50 ms: all watches in the same order each round, as long as none is begun or
 * ended. So after a file in a folder of ours was heard of twice, all that happened in the tree before was heard of.
 * @param root absolute, without links, as text
 * @throws Error: why it cannot be watched
 */
export async function watchByAddon(root: string, listener: TreeListener): Promise<TreeWatch> {
	if (spoiled.has(root)) throw new Error('an earlier watch of it is left; start Hawser anew')
	const addon = watchAddon()
	if ('failure' in addon) throw new Error(addon.failure)
	const cookies = await Cookies.open(addon)
	try {
		// The library takes two watches of the same folder for one, unless what they leave out differs.
		const own = `.hawser-watch-${++last}`
		const tree = await subscribe(addon, root, ['.git', own], (error, events) => {
			if (error) listener.lost(error.message)
			else if (events.length > mostAtOnce) listener.lost('too much happened at once')
			// A folder that went away and came back is watched no more.
			else if (events.some(({ path, type }) => path === root && type === 'delete'))
				listener.lost('the folder went away')
			else listener.touched(events.map(({ path }) => within(root, path)))
		})
		return {
			caughtUp: () => cookies.passed(),
			close: async () => {
				await Promise.all([tree.close(), cookies.close()])
			},
		}
	} catch (error) {
		await cookies.close()
		throw error
	}
}

/** Of a name that is no UTF-8 nothing but the folder that it is in is known. */
function within(root: string, path: string): string {
	const [known = ''] = path.slice(root.length + 1).split(/[^/]*\ufffd/)
	return pathOfShown(known.replace(/\/$/, ''))
}

type Heard = Parameters<WatchAddon['subscribe']>[1]

async function subscribe(
	addon: WatchAddon,
	folder: string,
	ignore: string[],
	heard: Heard,
): Promise<{ close(): Promise<void> }> {
	changes += 1
	try {
		const { unsubscribe } = await addon.subscribe(folder, heard, { ignore }).catch((error: unknown) => {
			spoiled.add(folder)
			throw error
		})
		return {
			close: async () => {
				changes += 1
				await unsubscribe().catch(() => spoiled.add(folder))
				changes += 1
			},
		}
	} finally {
		changes += 1
	}
}

/** A folder of ours beside the tree: what is written into it is heard of after what happened before. */
class Cookies {
	readonly #folder: string
	#watch: { close(): Promise<void> } | null = null
	#count = 0
	#heard: (path: string) => void = () => {}
	#turn: Promise<unknown> = Promise.resolve()
	#closed = false

	private constructor(folder: string) {
		this.#folder = folder
	}

	static async open(addon: WatchAddon): Promise<Cookies> {
		const folder = await realpath(await mkdtemp(join(tmpdir(), '.hawser-watch-')))
		const cookies = new Cookies(folder)
		cookies.#watch = await subscribe(addon, folder, [], (_, events) => {
			for (const { path } of events) cookies.#heard(path)
		}).catch((error: unknown) => {
			rmSync(folder, { recursive: true, force: true })
			throw error
		})
		return cookies
	}

	async passed(): Promise<boolean> {
		const mine = this.#turn.then(() => this.#pass())
		this.#turn = mine.catch(() => {})
		return await mine
	}

	async #pass(): Promise<boolean> {
		const late = AbortSignal.timeout(longestCatchUpMs)
		for (let heard = 0, known = changes; heard < 2; ) {
			if (late.aborted || !(await this.#one(late))) return false
			heard = known === changes ? heard + 1 : 0
			known = changes
		}
		if (streamsApartMs > 0) await wait(streamsApartMs)
		// What was handed over before may still wait for its turn here.
		await nextTurn()
		await nextTurn()
		return !this.#closed
	}

	async #one(late: AbortSignal): Promise<boolean> {
		const heard = Promise.withResolvers<boolean>()
		const path = join(this.#folder, String(++this.#count % 2))
		const give = () => heard.resolve(false)
		late.addEventListener('abort', give, { once: true })
		this.#heard = (one) => {
			if (one === path) heard.resolve(true)
		}
		try {
			await writeFile(path, String(this.#count))
			return await heard.promise
		} catch {
			return false
		} finally {
			late.removeEventListener('abort', give)
		}
	}

	async close(): Promise<void> {
		this.#closed = true
		await this.#watch?.close()
		rmSync(this.#folder, { recursive: true, force: true })
	}
}
