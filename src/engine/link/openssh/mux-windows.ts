import { Allowance } from '../allowance.ts'
import type { LineTrip } from '../line-trip.ts'

/** Windows of an SSH channel (RFC 4254, section 5.2), held to what the line carries; see `allowance.ts`. */

export const firstWindow = 256 * 1024
/** More than this unread, and nothing more is asked for. */
const mostUnread = 1024 * 1024
/** OpenSSH grants more after three packets of 32 KiB were taken, so less would stop it for good. */
const leastUp = 160 * 1024
const leastDown = 64 * 1024

/** How many bytes may still go out. */
export class SendWindow {
	readonly #allowance: Allowance
	readonly #trip: LineTrip
	readonly #limited: boolean
	/** The most that was free at once: OpenSSH opens a session with nothing, and grants its window with the command. */
	#whole: number
	#free: number

	/** `limited`: whether the other side grants more soon enough to be sent less than its window. */
	constructor(window: number, trip: LineTrip, limited: boolean) {
		this.#allowance = new Allowance(trip, leastUp)
		this.#whole = window
		this.#free = window
		this.#trip = trip
		this.#limited = limited
	}

	get room(): number {
		if (!this.#limited) return this.#free
		return Math.max(0, Math.min(this.#free, this.#allowance.bytes - this.#underWay))
	}

	get #underWay(): number {
		return this.#whole - this.#free
	}

	sent(bytes: number): void {
		this.#free -= bytes
	}

	/** There is more to send than it has room for. */
	wanting(): void {
		this.#allowance.wanting()
	}

	/** The other side has taken so many. */
	granted(bytes: number): void {
		const taken = Math.min(bytes, this.#underWay)
		this.#free += bytes
		this.#whole = Math.max(this.#whole, this.#free)
		this.#trip.carried += taken
		this.#allowance.took(taken)
	}
}

/** How many bytes may still come in. */
export class ReceiveWindow {
	readonly #allowance: Allowance
	#left = firstWindow

	constructor(trip: LineTrip) {
		this.#allowance = new Allowance(trip, leastDown)
	}

	/** @throws RangeError when more came than was granted */
	arrived(bytes: number): void {
		this.#left -= bytes
		if (this.#left < 0) throw new RangeError('more came than was asked for')
		// Whether it would send more cannot be seen from here.
		this.#allowance.wanting()
		this.#allowance.took(bytes)
	}

	/** What to grant now, when so many lie unread. Zero: not yet worth a message, there is enough left to come. */
	grant(unread: number): number {
		const more = this.#allowance.bytes - this.#left
		if (unread >= mostUnread || more < this.#allowance.bytes / 8) return 0
		this.#left += more
		return more
	}
}
