import type { Face } from '../rpc/served-engine.ts'

/** Which run each face shows to a person right now: its end needs no notice. A face that is gone looks at nothing. */
export class Onlookers {
	readonly #looking = new Map<Face, string>()

	/** `run` null: at none. */
	lookAt(face: Face, run: string | null): void {
		const known = this.#looking.has(face)
		if (run === null) {
			this.#looking.delete(face)
			return
		}
		this.#looking.set(face, run)
		if (!known) face.onClose(() => this.#looking.delete(face))
	}

	isSeen(run: string): boolean {
		return [...this.#looking.values()].includes(run)
	}
}
