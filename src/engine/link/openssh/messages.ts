/**
 * Messages of the SSH connection protocol (RFC 4254, section 9) as an ssh in proxy mode passes them on: neither
 * encrypted nor padded (OpenSSH's PROTOCOL.mux, section 9).
 */

const number = {
	open: 90,
	opened: 91,
	refused: 92,
	window: 93,
	data: 94,
	errors: 95,
	eof: 96,
	close: 97,
	request: 98,
	success: 99,
	failure: 100,
} as const

/** Of extended data the only kind there is. */
const standardError = 1

export type Message = { channel: number } & (
	| { type: 'opened'; peer: number; window: number; packet: number }
	/** `code`: RFC 4254, section 5.1. `words`: the server's. */
	| { type: 'refused'; code: number; words: string }
	| { type: 'window'; bytes: number }
	| { type: 'data' | 'errors'; data: Buffer }
	| { type: 'eof' | 'close' | 'success' | 'failure' }
	| { type: 'request'; name: string; wantsReply: boolean; fields: Fields }
)

/** Reads the fields of a message, one after another. Past its end it throws a RangeError. */
export class Fields {
	readonly #data: Buffer
	#at = 0

	constructor(data: Buffer) {
		this.#data = data
	}

	#next(length: number): Buffer {
		const end = this.#at + length
		if (end > this.#data.length) throw new RangeError('a message was cut off')
		const field = this.#data.subarray(this.#at, end)
		this.#at = end
		return field
	}

	byte(): number {
		return this.#next(1).readUInt8()
	}

	uint32(): number {
		return this.#next(4).readUInt32BE()
	}

	bytes(): Buffer {
		return this.#next(this.uint32())
	}

	text(): string {
		return this.bytes().toString('utf8')
	}
}

/** @returns null for a message that is no business of a client's channels @throws RangeError where it is cut off */
export function readMessage(payload: Buffer): Message | null {
	const fields = new Fields(payload)
	const kind = fields.byte()
	if (kind < number.opened || kind > number.failure) return null
	const channel = fields.uint32()
	switch (kind) {
		case number.opened:
			return {
				type: 'opened',
				channel,
				peer: fields.uint32(),
				window: fields.uint32(),
				packet: fields.uint32(),
			}
		case number.refused:
			return { type: 'refused', channel, code: fields.uint32(), words: fields.text() }
		case number.window:
			return { type: 'window', channel, bytes: fields.uint32() }
		case number.data:
			return { type: 'data', channel, data: fields.bytes() }
		case number.errors:
			return fields.uint32() === standardError ? { type: 'errors', channel, data: fields.bytes() } : null
		case number.request: {
			const name = fields.text()
			return { type: 'request', channel, name, wantsReply: fields.byte() !== 0, fields }
		}
		case number.eof:
			return { type: 'eof', channel }
		case number.close:
			return { type: 'close', channel }
		case number.success:
			return { type: 'success', channel }
		default:
			return { type: 'failure', channel }
	}
}

type Field = number | string | boolean | Buffer

/** A number is a uint32, a boolean a byte, a string or a buffer itself with its length before it. */
export function writeFields(...fields: Field[]): Buffer {
	return Buffer.concat(
		fields.flatMap((field) => {
			if (typeof field === 'number') return [uint32(field)]
			if (typeof field === 'boolean') return [Buffer.from([field ? 1 : 0])]
			const data = Buffer.from(field)
			return [uint32(data.length), data]
		}),
	)
}

function uint32(value: number): Buffer {
	const data = Buffer.alloc(4)
	data.writeUInt32BE(value)
	return data
}

const message = (kind: number, ...fields: Field[]) =>
	Buffer.concat([Buffer.from([kind]), writeFields(...fields)])

export const open = (type: string, channel: number, window: number, packet: number, more: Buffer) =>
	Buffer.concat([message(number.open, type, channel, window, packet), more])
export const grant = (peer: number, bytes: number) => message(number.window, peer, bytes)
export const eof = (peer: number) => message(number.eof, peer)
export const close = (peer: number) => message(number.close, peer)
export const refuseRequest = (peer: number) => message(number.failure, peer)
export const request = (peer: number, name: string, wantsReply: boolean, more: Buffer) =>
	Buffer.concat([message(number.request, peer, name, wantsReply), more])
/** All of a data message but the data, which are `length` bytes. */
export const dataHead = (peer: number, length: number) => message(number.data, peer, length)
