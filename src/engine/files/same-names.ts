import { shownPath } from './entry.ts'

/** As a file system sees a name that tells neither case nor normal forms apart. */
const folded = (name: string): string => shownPath(name).normalize('NFC').toLowerCase()

interface Folder {
	/** With a slash at its end; the root: empty. */
	path: string
	names: Map<string, string>
}

/**
 * Finds paths that such a file system takes for one another. Holds the names of the folders that the last path is in,
 * no others: in sorted order what is in a folder is together.
 */
export class SameNames {
	readonly #open: Folder[] = [{ path: '', names: new Map() }]

	/** The path, or a part of it, that one before it has in other letters; null: none. Paths come in ascending order. */
	find(path: string): string | null {
		for (let top = this.#open.at(-1); top && !path.startsWith(top.path); top = this.#open.at(-1))
			this.#open.pop()
		for (;;) {
			const folder = this.#open.at(-1)
			if (!folder) return null
			const end = path.indexOf('/', folder.path.length)
			const name = path.slice(folder.path.length, end < 0 ? undefined : end)
			const key = folded(name)
			const namesake = folder.names.get(key)
			if (namesake !== undefined && namesake !== name) return folder.path + namesake
			folder.names.set(key, name)
			if (end < 0) return null
			this.#open.push({ path: path.slice(0, end + 1), names: new Map() })
		}
	}
}
