import { createSecretKey } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'

/*
 * What ssh2 1.17.0 spends on each packet beside the cipher itself, and how that is taken off it from outside. All of it
 * is private to it: without these places it works as before, only slower.
 */

/**
 * Where its ciphers keep their keys as bytes. Those that begin anew for each packet (AES-GCM, ChaCha20) have Node make
 * a key of them each time, which takes as long as the encryption of 32 KiB; a key that is made once takes none.
 */
const keyPlaces = [
	...['_encKey', '_encKeyMain', '_encKeyPktLen'],
	...['_decipherKey', '_decKeyMain', '_decKeyPktLen'],
]

type Cipher = Record<string, unknown>
type Protocol = Record<'_cipher' | '_decipher', Cipher | undefined>

function withKeys(cipher: Cipher | undefined): Cipher | undefined {
	if (cipher)
		for (const place of keyPlaces) {
			const key = cipher[place]
			if (Buffer.isBuffer(key)) cipher[place] = createSecretKey(key)
		}
	return cipher
}

/** Each exchange of keys makes other ciphers. */
function keepKeys(protocol: Protocol, place: '_cipher' | '_decipher'): void {
	let cipher = withKeys(protocol[place])
	Object.defineProperty(protocol, place, {
		get: () => cipher,
		set: (next: Cipher | undefined) => {
			cipher = withKeys(next)
		},
	})
}

/** A packet is written in three parts, and often many packets in one turn: they leave in one system call. */
function gatherWrites(stream: Duplex): void {
	const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
	let isGathering = false
	const leave = () => {
		isGathering = false
		stream.uncork()
	}
	stream.write = (...args: unknown[]) => {
		if (!isGathering) {
			isGathering = true
			stream.cork()
			process.nextTick(leave)
		}
		return write(...args)
	}
}

/** To be called once of a client and the stream it speaks over, when it is logged in. */
export function lessOverhead(client: Client, stream: Duplex): void {
	const protocol = (client as unknown as { _protocol: Protocol })._protocol
	keepKeys(protocol, '_cipher')
	keepKeys(protocol, '_decipher')
	gatherWrites(stream)
}
