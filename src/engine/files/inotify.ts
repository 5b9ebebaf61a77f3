import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { loadAddon } from '../native-addon.ts'
import { type DescriptorReader, readDescriptor } from '../process/descriptor-reader.ts'

/**
 * inotify(7) itself: of what libraries make of it, none says when the kernel's queue was full, and then nobody knows
 * what happened. Its three calls are made through Koffi.
 */

/** Of `<sys/inotify.h>`, the same on every kind of machine. */
export const is = {
	modified: 0x2,
	attributes: 0x4,
	written: 0x8,
	movedFrom: 0x40,
	movedTo: 0x80,
	created: 0x100,
	deleted: 0x200,
	deletedSelf: 0x400,
	movedSelf: 0x800,
	unmounted: 0x2000,
	overflow: 0x4000,
	ignored: 0x8000,
	folder: 0x4000_0000,
} as const

const onlyFolders = 0x0100_0000
const withoutLinks = 0x0200_0000
const everything = is.modified | is.attributes | is.written | is.movedFrom | is.movedTo
const mask = everything | is.created | is.deleted | is.deletedSelf | is.movedSelf | onlyFolders | withoutLinks
const closeOnExec = 0o2000000

export interface InotifyEvent {
	/** The folder's; -1 with `overflow`. */
	watch: number
	/** Of `is`. */
	mask: number
	/** Of what is in the folder, a latin1 string of bytes; empty: the folder itself. */
	name: string
}

interface Calls {
	init(flags: number): number
	add(fd: number, path: Buffer, mask: number): number
	remove(fd: number, watch: number): number
	errno(): number
}

let loaded: Calls | { failure: string } | null = null

function calls(): Calls | { failure: string } {
	loaded ??= load()
	return loaded
}

type Koffi = Pick<typeof import('koffi'), 'load' | 'errno'>

function load(): Calls | { failure: string } {
	const kind = `linux-${process.arch}`
	const builds = ['glibc', 'musl'].map((libc) => ({
		file: `koffi-${kind}-${libc}.node`,
		module: `@koromix/koffi-${kind}`,
	}))
	const found = loadAddon(builds)
	if ('failure' in found) return found
	const koffi = found.addon as Koffi
	// Of the C library that is there anyway.
	const libc = koffi.load(null)
	return {
		init: libc.func('int inotify_init1(int flags)'),
		add: libc.func('int inotify_add_watch(int fd, const uint8_t *path, uint32_t mask)'),
		remove: libc.func('int inotify_rm_watch(int fd, int watch)'),
		errno: () => koffi.errno(),
	}
}

/** Cuts what is read into events: see inotify(7) for their shape. */
export class InotifyEvents {
	#rest: Buffer = Buffer.alloc(0)

	take(data: Buffer): InotifyEvent[] {
		const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data
		const events: InotifyEvent[] = []
		let at = 0
		while (all.length - at >= 16) {
			const end = at + 16 + all.readUInt32LE(at + 12)
			if (end > all.length) break
			const name = all.toString('latin1', at + 16, end)
			const nul = name.indexOf('\0')
			events.push({
				watch: all.readInt32LE(at),
				mask: all.readUInt32LE(at + 4),
				name: nul < 0 ? name : name.slice(0, nul),
			})
			at = end
		}
		this.#rest = Buffer.from(all.subarray(at))
		return events
	}
}

/** Watches of single folders, until it is closed. */
export class Inotify {
	readonly #calls: Calls
	readonly #fd: number
	readonly #reader: DescriptorReader
	#closed = false

	/**
	 * @param onEvents in the order in which it all happened, over all folders
	 * @param onEnd nothing will be told any more, though it was not closed
	 * @throws Error: there can be none
	 */
	constructor(onEvents: (events: InotifyEvent[]) => void, onEnd: () => void) {
		const own = calls()
		if ('failure' in own) throw new Error(own.failure)
		this.#calls = own
		this.#fd = own.init(closeOnExec)
		if (this.#fd < 0) throw new Error(`the system refuses it (${codeOf(own.errno())})`)
		const parts = new InotifyEvents()
		this.#reader = readDescriptor(this.#fd, (data) => onEvents(parts.take(data)), onEnd)
	}

	/**
	 * @param path absolute, as bytes
	 * @returns its number, the same for the same folder; or the system's code of what kept it from being watched
	 */
	add(path: Buffer): number | string {
		return this.#add(path, mask)
	}

	#add(path: Buffer, events: number): number | string {
		const watch = this.#calls.add(this.#fd, Buffer.concat([path, Buffer.of(0)]), events)
		return watch < 0 ? codeOf(this.#calls.errno()) : watch
	}

	remove(watch: number): void {
		this.#calls.remove(this.#fd, watch)
	}

	/**
	 * Begins and ends a watch of something that is in no tree: that this one is `ignored` is told after all that happened
	 * before.
	 * @returns its number; or the system's code
	 */
	mark(): number | string {
		const watch = this.#add(Buffer.from('/dev/null'), is.deletedSelf)
		if (typeof watch === 'number') this.remove(watch)
		return watch
	}

	async close(): Promise<void> {
		if (this.#closed) return
		this.#closed = true
		await this.#reader.stop()
		closeSync(this.#fd)
	}
}

const names = new Map(Object.entries(constants.errno).map(([name, code]) => [code as number, name]))
const codeOf = (errno: number) => names.get(errno) ?? `error ${errno}`
