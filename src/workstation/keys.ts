import ssh2, { type ParsedKey } from 'ssh2'
import { readIfThere, writeWhole } from './private-files.ts'

export interface KeyPair {
	/** In OpenSSH's own format, without a passphrase. */
	privateKey: string
	parsed: ParsedKey
	/** `ssh-ed25519 AAAA…` */
	publicLine: string
}

/** Makes the text of a new private key. */
type MakeKey = (comment: string) => string

const makeKey: MakeKey = (comment) => ssh2.utils.generateKeyPairSync('ed25519', { comment }).private

/** The key in that file; made at first use, and anew when what is there is no key. */
export async function keyAt(path: string, comment: string, make = makeKey): Promise<KeyPair> {
	const found = await readIfThere(path)
	const old = found === null ? null : pairOf(found)
	if (old) return old
	const pair = newPair(() => make(comment))
	await writeWhole(path, pair.privateKey)
	return pair
}

/** ssh2 1.17.0 drops a zero at the beginning of a public key: one in 256 of those it makes cannot be read. */
function newPair(make: () => string): KeyPair {
	for (let tries = 0; tries < 20; tries++) {
		const pair = pairOf(make())
		if (pair) return pair
	}
	throw new Error('a new key could not be read back')
}

function pairOf(privateKey: string): KeyPair | null {
	const parsed = ssh2.utils.parseKey(privateKey)
	if (parsed instanceof Error || !parsed.isPrivateKey()) return null
	const publicLine = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`
	return { privateKey, parsed, publicLine }
}
