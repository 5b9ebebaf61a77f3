import type { Client, ClientChannel } from 'ssh2'
import { Allowance } from './allowance.ts'
import type { LineTrip } from './line-trip.ts'

/*
 * ssh2 gives every channel a window of 2 MiB each way and has no setting for it. These are the three places of its
 * version 1.17.0 that this room takes hold of, all of them private to it:
 *   client._protocol.session, .directTcpip   open a channel and tell its first window
 *   channel.outgoing.window                   bytes that may be sent still; written to when the other side takes some
 *   channel.incoming.window                   bytes that the other side may send still; ssh2 grants more by itself
 *                                             once it is half used up
 */
interface Protocol {
	session(id: number, window: number, packet: number): void
	directTcpip(id: number, window: number, packet: number, to: unknown): void
	channelWindowAdjust(id: number, bytes: number): void
	_remoteIdentRaw?: Buffer
}
interface Side {
	id: number
	window: number
	state: string
}
type Private<T> = T & { _protocol: Protocol; incoming: Side; outgoing: Side; _read(size: number): void }

const firstWindow = 256 * 1024
/**
 * More than this unread, and what arrives asks for no more. Node itself still reads ahead up to ssh2's own mark (2 MiB),
 * so up to that and one allowance may lie in a channel that nobody reads.
 */
const mostUnread = 1024 * 1024
/** What ssh2 takes the other side's window for; anything over half of it, and it grants nothing by itself. */
const ownWindow = 2 * 1024 * 1024
/** OpenSSH grants more after three packets of 32 KiB were taken, so less would stop it for good. */
const leastUp = 160 * 1024
const leastDown = 64 * 1024

/** To be called once a client: the channels it opens from then on begin with a small window. */
export function openSmall(client: Client): void {
	const protocol = (client as Private<Client>)._protocol
	const { session, directTcpip } = protocol
	protocol.session = (id, _window, packet) => session.call(protocol, id, firstWindow, packet)
	protocol.directTcpip = (id, _window, packet, to) => directTcpip.call(protocol, id, firstWindow, packet, to)
}

/** To be called at once with a channel that was opened after `openSmall`. */
export function keepInFlight(client: Client, channel: ClientChannel, trip: LineTrip): void {
	const { _protocol: protocol } = client as Private<Client>
	keepDown(channel as Private<ClientChannel>, protocol, trip)
	// Others may wait with their grants for more than is allowed to be under way.
	if (protocol._remoteIdentRaw?.toString('latin1').includes('OpenSSH'))
		keepUp(channel as Private<ClientChannel>, trip)
}

function keepUp({ outgoing }: Private<ClientChannel>, trip: LineTrip): void {
	const allowance = new Allowance(trip, leastUp)
	const whole = outgoing.window
	let free = whole
	/** What ssh2 was last told: it writes back the difference. */
	let told = 0
	Object.defineProperty(outgoing, 'window', {
		get: () => {
			told = Math.max(0, Math.min(free, allowance.bytes - (whole - free)))
			return told
		},
		set: (value: number) => {
			free += value - told
			// All of it is used up, so there is more to send.
			if (value === 0) allowance.wanting()
			if (value > told) {
				trip.carried += value - told
				allowance.took(value - told)
			}
			told = value
		},
	})
}

function keepDown(channel: Private<ClientChannel>, protocol: Protocol, trip: LineTrip): void {
	const { incoming, outgoing, stderr } = channel
	const allowance = new Allowance(trip, leastDown)
	let left = firstWindow - (ownWindow - incoming.window)
	const grant = (least: number) => {
		const more = allowance.bytes - left
		if (more < least || outgoing.state === 'closing' || outgoing.state === 'closed') return
		left += more
		protocol.channelWindowAdjust(outgoing.id, more)
	}
	Object.defineProperty(incoming, 'window', {
		get: () => ownWindow,
		set: (value: number) => {
			const arrived = ownWindow - value
			left -= arrived
			// Whether it would send more cannot be seen from here.
			allowance.wanting()
			allowance.took(arrived)
			if (channel.readableLength + stderr.readableLength < mostUnread) grant(allowance.bytes / 8)
		},
	})
	// Whoever reads again asks for more, however much still lies there.
	for (const stream of [channel, stderr as Private<ClientChannel['stderr']>]) {
		const read = stream._read
		stream._read = (size) => {
			read.call(stream, size)
			grant(1)
		}
	}
}
