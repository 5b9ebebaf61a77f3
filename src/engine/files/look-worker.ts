import type { BigIntStats, Dirent } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'

/** What the looking thread is asked, in order. Paths are latin1 strings of bytes, relative to the root. */
export type Question =
	| { id: number; ask: 'folders'; folders: readonly string[] }
	| { id: number; ask: 'versions'; paths: readonly string[] }

export type Answer =
	| { id: number; folders: readonly FolderRead[] }
	| { id: number; versions: Versions }
	| { id: number; failed: string }

export interface FolderRead {
	/** Why it cannot be read, as `EACCES`; null: it was. */
	error: string | null
	/**
	 * What is in it, each with a letter before its name: file, link, other, and a folder twice: `p` where its own name
	 * stands in the order, `d` where what is in it does.
	 */
	items: readonly string[]
}

/** Of paths in the order they were asked for; by their places there, those that could not be seen, and the links. */
export interface Versions {
	/** `numbersEach` a path, each at its place in `numberOf`. */
	numbers: Float64Array<ArrayBuffer>
	/** In nanoseconds since the epoch. */
	times: BigInt64Array<ArrayBuffer>
	errors: ReadonlyMap<number, string>
	/** Where links lead. */
	targets: ReadonlyMap<number, string>
}

/** Of a path: `mode` is 2 ** 24 more for a file with several names, `blocks` are 512 bytes each, `owner` and `group` numbers of theirs. */
export const numberOf = { mode: 0, size: 1, blocks: 2, owner: 3, group: 4 } as const
export const numbersEach = 5

/**
 * Runs in a thread of its own, from its text: it may name nothing from outside. Synchronous calls cost less than half
 * of what asynchronous ones do, and here they hold nobody up, not even on a disk that does not answer.
 */
function look(): void {
	const fs = process.getBuiltinModule('node:fs')
	const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
	const port = parentPort as MessagePort
	const root = (workerData as { root: string }).root
	// One for all: a buffer for each of a million paths leaves holes in the memory of the process.
	const before = Buffer.from(`${root}/`, 'latin1')
	const longest = 4096
	const bytes = Buffer.concat([before, Buffer.alloc(longest)])
	/** Good until the next one. */
	const place = (path: string) => {
		if (path === '') return bytes.subarray(0, before.length - 1)
		if (path.length > longest) return Buffer.from(`${root}/${path}`, 'latin1')
		return bytes.subarray(0, before.length + bytes.write(path, before.length, 'latin1'))
	}
	const codeOf = (error: unknown) => String((error as { code?: unknown }).code ?? error)
	const letter = (entry: Dirent<Buffer> | BigIntStats) =>
		entry.isFile() ? 'f' : entry.isSymbolicLink() ? 'l' : entry.isDirectory() ? 'd' : 'o'
	const isUnknown = (entry: Dirent<Buffer>) =>
		letter(entry) === 'o' &&
		!entry.isSocket() &&
		!entry.isFIFO() &&
		!entry.isBlockDevice() &&
		!entry.isCharacterDevice()
	const read = (folder: string): FolderRead => {
		try {
			const keys: [key: string, item: string][] = []
			for (const entry of fs.readdirSync(place(folder), { withFileTypes: true, encoding: 'buffer' })) {
				const name = entry.name.toString('latin1')
				let kind = letter(entry)
				// Some file systems do not tell the kind with the name.
				if (isUnknown(entry)) {
					const path = folder === '' ? name : `${folder}/${name}`
					const seen = fs.lstatSync(place(path), { bigint: true, throwIfNoEntry: false })
					if (!seen) continue
					kind = letter(seen)
				}
				if (kind !== 'd') keys.push([name, kind + name])
				else keys.push([name, `p${name}`], [`${name}/`, `d${name}`])
			}
			keys.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
			return { error: null, items: keys.map(([, item]) => item) }
		} catch (error) {
			return { error: codeOf(error), items: [] }
		}
	}
	const version = (paths: readonly string[]): Versions => {
		const numbers = new Float64Array(paths.length * 5)
		const times = new BigInt64Array(paths.length)
		const errors = new Map<number, string>()
		const targets = new Map<number, string>()
		for (const [at, path] of paths.entries()) {
			try {
				const seen = fs.lstatSync(place(path), { bigint: true })
				const mode = seen.isFile() && seen.nlink > 1n ? seen.mode | (1n << 24n) : seen.mode
				const each = [mode, seen.size, seen.blocks, seen.uid, seen.gid]
				for (let which = 0; which < 5; which++) numbers[at * 5 + which] = Number(each[which])
				times[at] = seen.mtimeNs
				if (seen.isSymbolicLink()) targets.set(at, fs.readlinkSync(place(path), 'latin1'))
			} catch (error) {
				errors.set(at, codeOf(error))
			}
		}
		return { numbers, times, errors, targets }
	}
	port.on('message', (question: Question) => {
		const { id } = question
		try {
			if (question.ask === 'folders') {
				port.postMessage({ id, folders: question.folders.map(read) } satisfies Answer)
			} else {
				const versions = version(question.paths)
				port.postMessage({ id, versions } satisfies Answer, [versions.numbers.buffer, versions.times.buffer])
			}
		} catch (error) {
			port.postMessage({ id, failed: String(error) } satisfies Answer)
		}
	})
}

export const lookWorkerText = `(${look.toString()})()`
