import type { Socket } from 'node:net'

/** `up`: from whoever connects to the server behind the proxy. `down`: from the server. */
export type Direction = 'up' | 'down'

/** One direction of the whole line; every connection has a `Way` on it. Its numbers may be changed at any time. */
export interface Lane {
	/** How long each piece is under way, ms. */
	delayMs: number
	/** Null: as fast as it goes. */
	bytesPerSecond: number | null
	/** Nothing passes; what is under way waits. */
	dead: boolean
	/** Bytes that were handed on. */
	passed: number
	/** Called once `left` more bytes were handed on; the next byte waits for that. */
	trap: { left: number; action: () => void } | null
	/** Until when the bytes of all connections keep it busy, ms of `performance.now`. */
	busyUntil: number
}

export function newLane(delayMs: number): Lane {
	return { delayMs, bytesPerSecond: null, dead: false, passed: 0, trap: null, busyUntil: 0 }
}

/** A slow line takes this much at a time: its own queue must not be what is measured. */
const sliceBytes = 16 * 1024

type Piece = Buffer | 'end' | 'gone'

/**
 * Carries the bytes of one connection in one direction, in order. A slow line takes in its next slice when the one
 * before has left, and a dead line takes in nothing: the sender is held back by its own buffers, as on a real one.
 */
export class Way {
	readonly #from: Socket
	readonly #to: Socket
	readonly #lane: Lane
	/** What has left and is under way, first to arrive first. */
	readonly #underWay: Piece[] = []
	readonly #timers = new Set<NodeJS.Timeout>()
	/** How many of `#underWay` should have arrived: they wait for a dead line. */
	#due = 0
	#leaving = false
	#full = false
	#stopped = false

	constructor(from: Socket, to: Socket, lane: Lane) {
		this.#from = from
		this.#to = to
		this.#lane = lane
		from.on('readable', () => this.wake())
		from.on('end', () => this.#send('end'))
		from.on('close', () => this.#send('gone'))
		from.on('error', () => {})
		to.on('drain', () => {
			this.#full = false
			this.wake()
		})
	}

	/** Ends the carrying; the sockets are the owner's. */
	stop(): void {
		this.#stopped = true
		for (const timer of this.#timers) clearTimeout(timer)
		this.#timers.clear()
		this.#underWay.length = 0
		this.#due = 0
	}

	/** Goes on after the lane came alive again, or something may be read or written again. */
	wake(): void {
		while (this.#due > 0 && !this.#stopped && !this.#lane.dead) {
			this.#due -= 1
			this.#arrive()
		}
		this.#takeIn()
	}

	#after(ms: number, action: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer)
			action()
		}, ms)
		this.#timers.add(timer)
	}

	#takeIn(): void {
		while (!(this.#stopped || this.#leaving || this.#full || this.#lane.dead)) {
			const { bytesPerSecond } = this.#lane
			const ready = this.#from.readableLength
			const piece = this.#from.read(
				bytesPerSecond !== null && ready > sliceBytes ? sliceBytes : undefined,
			) as Buffer | null
			if (piece === null) return
			if (bytesPerSecond === null) this.#send(piece)
			else this.#sendSlowly(piece, bytesPerSecond)
		}
	}

	/** Timers are coarse: what is late is made up for, so that the rate is right over any tenth of a second. */
	#sendSlowly(piece: Buffer, bytesPerSecond: number): void {
		const now = performance.now()
		const lane = this.#lane
		lane.busyUntil = Math.max(lane.busyUntil, now - 5) + (piece.length / bytesPerSecond) * 1000
		this.#send(piece)
		const wait = lane.busyUntil - now
		if (wait < 1) return
		this.#leaving = true
		this.#after(wait, () => {
			this.#leaving = false
			this.#takeIn()
		})
	}

	#send(piece: Piece): void {
		if (this.#stopped) return
		this.#underWay.push(piece)
		const { delayMs } = this.#lane
		const due = () => {
			this.#due += 1
			this.wake()
		}
		// A delay of nothing must not overtake what is under way still.
		if (delayMs === 0 && this.#timers.size === 0) due()
		else this.#after(delayMs, due)
	}

	/** The first that is under way; how much of it may pass is the trap's to say. */
	#arrive(): void {
		const piece = this.#underWay.shift()
		if (piece === undefined || this.#to.destroyed) return
		if (piece === 'end') this.#to.end()
		else if (piece === 'gone') this.#to.destroy()
		else this.#handOn(piece)
	}

	#handOn(piece: Buffer): void {
		const { trap } = this.#lane
		if (!trap || trap.left > piece.length) {
			if (trap) trap.left -= piece.length
			this.#write(piece)
			return
		}
		this.#lane.trap = null
		this.#write(piece.subarray(0, trap.left))
		// The rest comes next, if anything does.
		this.#underWay.unshift(piece.subarray(trap.left))
		this.#due += 1
		trap.action()
	}

	#write(piece: Buffer): void {
		if (piece.length === 0) return
		this.#lane.passed += piece.length
		if (!this.#to.write(piece)) this.#full = true
	}
}
