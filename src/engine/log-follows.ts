import type { LogChunk } from '../contract/commands.ts'
import type { Link } from './link/link.ts'
import type { Face } from './rpc/served-engine.ts'
import { followLog } from './runs/log.ts'
import { readable } from './runs/log-pace.ts'

/** How long a follow waits for a link that is down before it looks again. */
const waitForLinkMs = 60_000

/** The logs that faces follow. A follow ends with its face, its run or `stop`, and goes on after a lost link. */
export class LogFollows {
	readonly #follows = new Map<Face, Map<string, AbortController>>()

	/** Follows again from `from` when this face follows this run already. */
	start(face: Face, run: string, link: Link, wish: { from: number; skim?: boolean | undefined }): void {
		this.stop(face, run)
		let ofFace = this.#follows.get(face)
		if (!ofFace) {
			ofFace = new Map()
			this.#follows.set(face, ofFace)
			face.onClose(() => this.#stopFace(face))
		}
		const ender = new AbortController()
		ofFace.set(run, ender)
		const over = () => {
			if (this.#follows.get(face)?.get(run) === ender) this.stop(face, run)
		}
		this.#follow(face, run, link, wish, ender.signal).then(over, over)
	}

	stop(face: Face, run: string): void {
		this.#follows.get(face)?.get(run)?.abort()
		this.#follows.get(face)?.delete(run)
	}

	dispose(): void {
		for (const face of [...this.#follows.keys()]) this.#stopFace(face)
	}

	#stopFace(face: Face): void {
		for (const ender of this.#follows.get(face)?.values() ?? []) ender.abort()
		this.#follows.delete(face)
	}

	async #follow(
		face: Face,
		run: string,
		link: Link,
		{ from, skim }: { from: number; skim?: boolean | undefined },
		signal: AbortSignal,
	): Promise<void> {
		let next = from
		let ended = false
		const take = (chunk: LogChunk) => {
			// The face may follow anew from elsewhere by now.
			if (signal.aborted) return
			next = chunk.from + Buffer.byteLength(chunk.text)
			ended = chunk.ended
			face.log(chunk)
			return face.ready()
		}
		while (!ended && !signal.aborted) {
			try {
				await link.whenUp(waitForLinkMs, signal)
				await followLog(link, run, next, take, signal, skim ? readable : undefined)
				if (!ended) return
			} catch {
				// The link tells of its own loss. A link that only a person can mend ends the follow.
				if (link.state.status === 'stopped' || link.state.status === 'off') return
			}
		}
	}
}
