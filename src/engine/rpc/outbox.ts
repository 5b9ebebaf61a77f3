import type { Change } from '../../contract/state.ts'

/** Changes of one face are sent at most this often (ms): more than a person can see, less than a flood. */
const pace = 30

/**
 * Changes on their way to one face. Entries carry whole values, so of several changes to one entry only
 * the last is kept: however slow the face, no more waits here than one state.
 */
export class Outbox {
	readonly #send: (changes: Change[]) => void
	readonly #hasRoom: () => boolean
	readonly #waiting = new Map<string, Change>()
	#timer: NodeJS.Timeout | null = null
	#sentAt = 0

	constructor(send: (changes: Change[]) => void, hasRoom: () => boolean) {
		this.#send = send
		this.#hasRoom = hasRoom
	}

	add(changes: readonly Change[]): void {
		for (const change of changes) {
			const id = JSON.stringify([change.slice, change.key ?? null])
			// The last word of an entry also takes the last place: a whole slice may stand before or after it.
			this.#waiting.delete(id)
			this.#waiting.set(id, change)
		}
		this.#schedule()
	}

	/** Sends what waits now, when there is room. */
	flush(): void {
		if (this.#waiting.size === 0) return
		if (!this.#hasRoom()) {
			this.#schedule()
			return
		}
		const changes = [...this.#waiting.values()]
		this.#waiting.clear()
		this.#sentAt = performance.now()
		this.#send(changes)
	}

	dispose(): void {
		if (this.#timer) clearTimeout(this.#timer)
		this.#timer = null
		this.#waiting.clear()
	}

	#schedule(): void {
		if (this.#timer || this.#waiting.size === 0) return
		const wait = Math.max(0, this.#sentAt + pace - performance.now())
		this.#timer = setTimeout(
			() => {
				this.#timer = null
				this.flush()
			},
			this.#hasRoom() ? wait : pace,
		)
	}
}
