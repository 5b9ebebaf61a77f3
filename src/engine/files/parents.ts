import { lstat } from 'node:fs/promises'

/**
 * Whether paths of the laptop still lead through folders alone. rsync follows a link in the middle of a path that it is
 * told to send, and would send what lies outside of the tree. Made for paths in the order of a listing: each folder is
 * looked at once.
 */
export class Parents {
	readonly #root: string
	/** The folders on the way to the last path, and whether all is well down to each. */
	#way: { prefix: string; inside: boolean }[] = []

	constructor(root: string) {
		this.#root = Buffer.from(root, 'utf8').toString('latin1')
	}

	/** `path` as `Entry.path` has it. */
	async leadTo(path: string): Promise<boolean> {
		this.#way = this.#way.filter(({ prefix }) => path.startsWith(prefix))
		let { prefix, inside } = this.#way.at(-1) ?? { prefix: '', inside: true }
		for (let end = path.indexOf('/', prefix.length); end >= 0; end = path.indexOf('/', prefix.length)) {
			prefix = path.slice(0, end + 1)
			inside &&= await this.#isFolder(path.slice(0, end))
			this.#way.push({ prefix, inside })
		}
		return inside
	}

	async #isFolder(path: string): Promise<boolean> {
		try {
			return (await lstat(Buffer.from(`${this.#root}/${path}`, 'latin1'))).isDirectory()
		} catch {
			// It is gone: rsync says so.
			return true
		}
	}
}
