import ssh2, { type ParsedKey } from 'ssh2'
import { readIfThere, writeWhole } from './private-files.ts'

export interface KeyPair {
	/** In OpenSSH's own format, without a passphrase. */
	privateKey: string
	parsed: ParsedKey
	/** `ssh-ed25519 AAAA…` */
	publicLine: string
}

/** The key in that file; made at first use, and anew when what is there is no key. */
export async function keyAt(path: string, comment: string): Promise<KeyPair> {
	const found = await readIfThere(path)
	const old = found === null ? null : pairOf(found)
	if (old) return old
	const made = ssh2.utils.generateKeyPairSync('ed25519', { comment })
	const pair = pairOf(made.private)
	if (!pair) throw new Error('a new key could not be read back')
	await writeWhole(path, made.private)
	return pair
}

function pairOf(privateKey: string): KeyPair | null {
	const parsed = ssh2.utils.parseKey(privateKey)
	if (parsed instanceof Error || !parsed.isPrivateKey()) return null
	const publicLine = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`
	return { privateKey, parsed, publicLine }
}
