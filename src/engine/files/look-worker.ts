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
	/** Five a path: mode, size, time in nanoseconds, blocks of 512 bytes, owner (group in the upper 32 bits). */
	numbers: BigInt64Array<ArrayBuffer>
	errors: ReadonlyMap<number, string>
	/** Where links lead. */
	targets: ReadonlyMap<number, string>
}

/**
 * Runs in a thread of its own, from its text: it may name nothing from outside. Synchronous calls cost less than half
 * of what asynchronous ones do, and here they hold nobody up, not even on a disk that does not answer.
 */
function look(): void {
	const fs = process.getBuiltinModule('node:fs')
	const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
	const port = parentPort as MessagePort
	const root = (workerData as { root: string }).root
	const place = (path: string) => Buffer.from(path === '' ? root : `${root}/${path}`, 'latin1')
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
		const numbers = new BigInt64Array(paths.length * 5)
		const errors = new Map<number, string>()
		const targets = new Map<number, string>()
		for (const [at, path] of paths.entries()) {
			try {
				const seen = fs.lstatSync(place(path), { bigint: true })
				const owner = (seen.gid << 32n) | (seen.uid & 0xffffffffn)
				numbers.set([seen.mode, seen.size, seen.mtimeNs, seen.blocks, BigInt.asIntN(64, owner)], at * 5)
				if (seen.isSymbolicLink()) targets.set(at, fs.readlinkSync(place(path), 'latin1'))
			} catch (error) {
				errors.set(at, codeOf(error))
			}
		}
		return { numbers, errors, targets }
	}
	port.on('message', (question: Question) => {
		const { id } = question
		try {
			if (question.ask === 'folders') {
				port.postMessage({ id, folders: question.folders.map(read) } satisfies Answer)
			} else {
				const versions = version(question.paths)
				port.postMessage({ id, versions } satisfies Answer, [versions.numbers.buffer])
			}
		} catch (error) {
			port.postMessage({ id, failed: String(error) } satisfies Answer)
		}
	})
}

export const lookWorkerText = `(${look.toString()})()`
