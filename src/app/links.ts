import { shell } from 'electron'
import { isSafeUrl } from '../contract/problem.ts'
import { shorten } from './words.ts'

/** More than so many in so short a time were not clicked by a person. */
const mostAtOnce = 3
const withinMs = 10_000

/** Opens addresses in the system's own browser, or its settings. */
export class Links {
	#openedAt: number[] = []

	/**
	 * Settles when the system took it over. An address that is not safe, and one too many, are dropped without a
	 * word: no click of a person leads there.
	 * @throws Error when nothing on this machine opens it, with words for a person
	 */
	async open(url: string): Promise<void> {
		if (!isSafeUrl(url)) return
		const now = performance.now()
		this.#openedAt = this.#openedAt.filter((at) => now - at < withinMs)
		if (this.#openedAt.length >= mostAtOnce) return
		this.#openedAt.push(now)
		try {
			await shell.openExternal(url)
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error)
			throw new Error(`${shorten(url, 200)} could not be opened: ${reason}`)
		}
	}
}
