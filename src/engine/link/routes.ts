import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

/** Tells when this laptop's network comes, goes or changes, and when it woke up. */
export interface Routes {
	/** Whether there is a network at all. */
	has(): boolean
	/** Called after every change of it, and after a sleep. Returns the disposer. */
	onChange(listener: () => void): () => void
}

/** What leads out of this laptop: every address that is neither loopback nor link-local. Empty: none. Pure. */
export function routeSignature(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
	const leads = Object.entries(interfaces).flatMap(([name, addresses]) =>
		(addresses ?? [])
			.filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address))
			.map(({ address }) => `${name} ${address}`),
	)
	return leads.sort().join('\n')
}

export interface RouteWatchOptions {
	/** Default: the system's. */
	read?: () => NodeJS.Dict<NetworkInterfaceInfo[]>
	/** Default 500 ms: half of what a first try may take once there is a route. */
	everyMs?: number
	/** ms since the epoch. */
	now?: () => number
}

/** A gap between two looks that is this much longer than it should be was a sleep. */
const sleepMs = 5000

/**
 * Looks at the interfaces every half second, which costs next to nothing: neither macOS nor Linux tells Node of a
 * change. Looks only while somebody listens.
 */
export class RouteWatch implements Routes {
	readonly #read: () => NodeJS.Dict<NetworkInterfaceInfo[]>
	readonly #everyMs: number
	readonly #now: () => number
	readonly #listeners = new Set<() => void>()
	#timer: NodeJS.Timeout | undefined
	#lastLook = 0
	#signature: string

	constructor(options: RouteWatchOptions = {}) {
		this.#read = options.read ?? networkInterfaces
		this.#everyMs = options.everyMs ?? 500
		this.#now = options.now ?? Date.now
		this.#signature = this.#sign()
	}

	has(): boolean {
		// While nobody listens nothing is looked at either.
		return (this.#timer ? this.#signature : this.#sign()) !== ''
	}

	onChange(listener: () => void): () => void {
		this.#listeners.add(listener)
		if (!this.#timer) {
			this.#lastLook = this.#now()
			this.#signature = this.#sign()
			this.#timer = setInterval(() => this.#look(), this.#everyMs)
		}
		return () => {
			this.#listeners.delete(listener)
			if (this.#listeners.size > 0) return
			clearInterval(this.#timer)
			this.#timer = undefined
		}
	}

	/** A system that refuses to say is taken to have a network: then a dial says what is wrong. */
	#sign(): string {
		try {
			return routeSignature(this.#read())
		} catch {
			return 'unknown'
		}
	}

	#look(): void {
		const now = this.#now()
		const slept = now - this.#lastLook > this.#everyMs + sleepMs
		this.#lastLook = now
		const signature = this.#sign()
		if (signature === this.#signature && !slept) return
		this.#signature = signature
		for (const listener of [...this.#listeners]) listener()
	}
}
