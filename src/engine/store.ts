import { applyChange } from '../contract/changes.ts'
import type { Change, State } from '../contract/state.ts'

/** Derives what is not set by any session: the summary. Pure. */
export type Derive = (state: State) => State['summary']

/**
 * The one immutable state. Sessions set entries; listeners hear each batch of changes once, in order.
 * Changes made in the same turn are told together.
 */
export class Store {
	#state: State
	#pending: Change[] = []
	#scheduled = false
	readonly #derive: Derive
	readonly #listeners = new Set<(state: State, changes: Change[]) => void>()

	constructor(initial: State, derive: Derive) {
		this.#derive = derive
		this.#state = { ...initial, summary: derive(initial) }
	}

	get state(): State {
		return this.#state
	}

	apply(change: Change): void {
		this.#state = applyChange(this.#state, change)
		this.#pending.push(change)
		this.#rederive()
		if (this.#scheduled) return
		this.#scheduled = true
		queueMicrotask(() => this.#tell())
	}

	/** Replaces one entry of a keyed slice; undefined takes it away. */
	put<S extends 'workstations' | 'projects' | 'runs' | 'operations' | 'notices'>(
		slice: S,
		key: string,
		value: State[S][string] | undefined,
	): void {
		if (this.#state[slice][key] === value) return
		this.apply({ slice, key, value })
	}

	/** Changes an entry that is there; does nothing when it is not. */
	update<S extends 'workstations' | 'projects' | 'runs' | 'operations' | 'notices'>(
		slice: S,
		key: string,
		change: (value: State[S][string]) => State[S][string],
	): void {
		const value = this.#state[slice][key] as State[S][string] | undefined
		if (value !== undefined) this.put(slice, key, change(value))
	}

	/** Called after each batch of changes. Returns the disposer. */
	onChanges(listener: (state: State, changes: Change[]) => void): () => void {
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	#rederive(): void {
		const summary = this.#derive(this.#state)
		if (JSON.stringify(summary) === JSON.stringify(this.#state.summary)) return
		const change: Change = { slice: 'summary', value: summary }
		this.#state = applyChange(this.#state, change)
		this.#pending.push(change)
	}

	#tell(): void {
		this.#scheduled = false
		const changes = this.#pending
		this.#pending = []
		for (const listener of this.#listeners) listener(this.#state, changes)
	}
}
