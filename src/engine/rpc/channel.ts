import type { Channel } from '../../contract/client.ts'

/** A channel that tells how much it holds back, can stop reading and can be ended by its owner. */
export interface MeteredChannel extends Channel {
	/** Bytes posted that the other side has not taken yet. */
	backlog(): number
	/** Stops taking messages from the other side until `resume`. */
	pause(): void
	resume(): void
	/** Ends it; both sides hear of it. */
	close(): void
}

/** From this backlog on (bytes) a sender should wait. */
export const highWater = 1024 * 1024
/** With this backlog (bytes) the other side counts as dead and the channel is ended. */
export const mostBacklog = 16 * 1024 * 1024
/** A longer message (bytes) from an engine ends the channel. The longest answer is a piece of a log. */
export const mostFromEngine = 16 * 1024 * 1024
/** A longer message (bytes) from a face ends the channel. Commands are small. */
export const mostFromFace = 256 * 1024

/**
 * The listeners of one end of a channel. Messages that come before anybody listens wait for the first
 * listener; an `onClose` that comes late is called all the same.
 */
export class ChannelEnd {
	readonly #messageListeners = new Set<(message: unknown) => void>()
	readonly #closeListeners = new Set<() => void>()
	/** Null once somebody has listened. */
	#early: unknown[] | null = []
	#closed = false

	get closed(): boolean {
		return this.#closed
	}

	receive(message: unknown): void {
		this.#early?.push(message)
		for (const listener of [...this.#messageListeners]) listener(message)
	}

	onMessage(listener: (message: unknown) => void): () => void {
		this.#messageListeners.add(listener)
		const early = this.#early ?? []
		this.#early = null
		for (const message of early) queueMicrotask(() => listener(message))
		return () => this.#messageListeners.delete(listener)
	}

	onClose(listener: () => void): () => void {
		if (this.#closed) queueMicrotask(listener)
		else this.#closeListeners.add(listener)
		return () => this.#closeListeners.delete(listener)
	}

	/** Tells that nothing will come any more; a second time does nothing. */
	end(): void {
		if (this.#closed) return
		this.#closed = true
		const listeners = [...this.#closeListeners]
		this.#closeListeners.clear()
		for (const listener of listeners) listener()
	}
}
