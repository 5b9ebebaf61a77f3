import { ChannelEnd, type MeteredChannel } from './channel.ts'

/** Two ends of a channel inside one process. What is posted arrives as a copy, as over a wire. */
export function channelPair(options: { strict?: boolean } = {}): [MeteredChannel, MeteredChannel] {
	const ends: [ChannelEnd, ChannelEnd] = [new ChannelEnd(), new ChannelEnd()]
	const close = () => {
		for (const end of ends) end.end()
	}
	const side = (own: ChannelEnd, other: ChannelEnd): MeteredChannel => {
		let held: unknown[] | null = null
		const take = (message: unknown) => {
			if (own.closed) return
			if (held) held.push(message)
			else own.receive(message)
		}
		inboxes.set(own, take)
		return {
			post(message) {
				if (own.closed) return
				const text = JSON.stringify(message, options.strict ? refuseOdd : undefined)
				queueMicrotask(() => inboxes.get(other)?.(JSON.parse(text)))
			},
			onMessage: (listener) => own.onMessage(listener),
			onClose: (listener) => own.onClose(listener),
			backlog: () => 0,
			pause() {
				held ??= []
			},
			resume() {
				const messages = held ?? []
				held = null
				for (const message of messages) own.receive(message)
			},
			close,
		}
	}
	const inboxes = new Map<ChannelEnd, (message: unknown) => void>()
	return [side(ends[0], ends[1]), side(ends[1], ends[0])]
}

/** A replacer that refuses what JSON would change silently. */
function refuseOdd(this: unknown, key: string, value: unknown): unknown {
	// Before `toJSON`: JSON hands a Date over as a string.
	const raw = (this as Record<string, unknown>)[key]
	const odd =
		typeof raw === 'function' ||
		typeof raw === 'symbol' ||
		(typeof raw === 'number' && !Number.isFinite(raw)) ||
		(typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !isPlain(raw))
	if (odd) throw new TypeError(`not serialisable at “${key}”: ${String(raw)}`)
	return value
}

function isPlain(value: object): boolean {
	const prototype: unknown = Object.getPrototypeOf(value)
	return prototype === Object.prototype || prototype === null
}
