import type { Face } from '../rpc/served-engine.ts'

/** What each face shows to a person right now: its end needs no notice. A face that is gone looks at nothing. */
export class Onlookers {
	readonly #looking = new Map<Face, string>()
	readonly #faces = new WeakSet<Face>()
	readonly #followed = new Map<string, number>()

	/** `run` null: at none. */
	lookAt(face: Face, run: string | null): void {
		if (run === null) {
			this.#looking.delete(face)
			return
		}
		this.#looking.set(face, run)
		if (this.#faces.has(face)) return
		this.#faces.add(face)
		face.onClose(() => this.#looking.delete(face))
	}

	isSeen(run: string): boolean {
		return [...this.#looking.values()].includes(run)
	}

	/** This face waits for the operation's end and shows it, unless it is gone before. Returns the end of that. */
	follow(face: Face, operation: string): () => void {
		let follows = true
		this.#count(operation, 1)
		const stop = () => {
			if (!follows) return
			follows = false
			this.#count(operation, -1)
		}
		const forget = face.onClose(stop)
		return () => {
			forget()
			stop()
		}
	}

	isFollowed(operation: string): boolean {
		return this.#followed.has(operation)
	}

	#count(operation: string, change: 1 | -1): void {
		const count = (this.#followed.get(operation) ?? 0) + change
		if (count > 0) this.#followed.set(operation, count)
		else this.#followed.delete(operation)
	}
}
