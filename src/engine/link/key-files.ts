import { createHash } from 'node:crypto'
import ssh2, { type ParsedKey } from 'ssh2'
import { readPlainFile } from '../plain-file.ts'
import type { LoginSecrets } from './login.ts'

// CommonJS: Node finds no names in it.
const { utils } = ssh2

/** What a key file turned out to be. */
export type KeyFile = { path: string } & (
	| { kind: 'missing' }
	| { kind: 'usable'; key: ParsedKey }
	/** Needs a passphrase; its public half may be known. */
	| { kind: 'locked'; key: ParsedKey | null; text: string }
	/** Only the public half: for a key that an agent holds. */
	| { kind: 'public'; key: ParsedKey }
	/** The system's ssh can use it. `reason`: a sentence after the key's name. `blob`: its public half. */
	| { kind: 'beyond'; reason: string; blob: Buffer | null }
	| { kind: 'unusable'; reason: string }
)

/** An OpenSSH public key line, or what a private key file holds. Never throws. */
export function parseKeyText(text: string, passphrase?: string): ParsedKey | Error {
	try {
		const parsed = utils.parseKey(text, passphrase)
		// Typed as one key; OpenSSH's container can give a list of one.
		return Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed
	} catch (error) {
		return error as Error
	}
}

interface Envelope {
	cipher: string
	type: string
	blob: Buffer
}

/** What OpenSSH's container says in the clear, also of an encrypted key (PROTOCOL.key of OpenSSH). */
function envelope(text: string): Envelope | null {
	const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1]
	if (body === undefined) return null
	const data = Buffer.from(body, 'base64')
	let at = 'openssh-key-v1\0'.length
	const next = () => {
		const field = data.subarray(at + 4, at + 4 + data.readUInt32BE(at))
		at += 4 + field.length
		return field
	}
	try {
		const cipher = next().toString('latin1')
		for (const _ of ['kdf', 'kdf options']) next()
		at += 4
		const blob = Buffer.from(next())
		return { cipher, type: blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)), blob }
	} catch {
		return null
	}
}

const inToken = 'lives in a hardware token'
const isTokenKey = (type: string) => type.startsWith('sk-')
/** A certificate's type, as of a host's or user's key signed by an authority. */
export const isCertificate = (type: string) => /-cert-v\d\d@openssh\.com$/.test(type)

/** `publicText`: the `.pub` file beside it. */
export function readKeyText(path: string, text: string, publicText: string | null): KeyFile {
	const outside = envelope(text)
	if (outside && isTokenKey(outside.type))
		return { path, kind: 'beyond', reason: inToken, blob: outside.blob }
	if (outside?.cipher === 'chacha20-poly1305@openssh.com')
		return { path, kind: 'beyond', reason: 'is encrypted with chacha20-poly1305', blob: outside.blob }
	const line = /^\s*(\S+)\s+([A-Za-z0-9+/]+={0,2})(\s|$)/.exec(text)
	if (line?.[1] && line[2] && (isTokenKey(line[1]) || isCertificate(line[1]))) {
		const reason = isTokenKey(line[1]) ? inToken : 'is a certificate'
		return { path, kind: 'beyond', reason, blob: Buffer.from(line[2], 'base64') }
	}
	const key = parseKeyText(text)
	if (!(key instanceof Error)) return { path, kind: key.isPrivateKey() ? 'usable' : 'public', key }
	if (/passphrase/i.test(key.message)) {
		const known = outside && parseKeyText(`${outside.type} ${outside.blob.toString('base64')}`)
		const beside = known ?? (publicText === null ? null : parseKeyText(publicText))
		return { path, kind: 'locked', key: beside instanceof Error ? null : beside, text }
	}
	if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text))
		return { path, kind: 'beyond', reason: 'is in the PKCS#8 format', blob: null }
	return { path, kind: 'unusable', reason: 'It holds no private key that can be read here' }
}

/** A private key in PEM is some kilobytes; who names another file is told so. */
const maxBytes = 1024 * 1024

async function readText(path: string): Promise<string | null> {
	try {
		return (await readPlainFile(path, maxBytes)).toString('utf8')
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
		throw error
	}
}

export async function readKeyFile(path: string): Promise<KeyFile> {
	try {
		const publicText = await readText(`${path}.pub`).catch(() => null)
		// As OpenSSH does: only the public half may be here, and the private one in an agent.
		const text = (await readText(path)) ?? publicText
		return text === null ? { path, kind: 'missing' } : readKeyText(path, text, publicText)
	} catch (error) {
		return { path, kind: 'unusable', reason: (error as Error).message }
	}
}

/** Unlocked keys, as long as the secrets live that unlocked them: bcrypt takes a third of a second, on our one thread. */
const unlocked = new WeakMap<LoginSecrets, Map<string, ParsedKey>>()

export type Unlocked = { kind: 'open'; key: ParsedKey } | { kind: 'wrong' } | { kind: 'none' }

/**
 * Opens a locked key file with the passphrase among the secrets. `none`: there is none. A wrong one is forgotten;
 * so is one that opens another key than the file's public half.
 */
export async function unlock(
	file: KeyFile & { kind: 'locked' },
	secrets: LoginSecrets,
	parse: typeof parseKeyText = parseKeyText,
): Promise<Unlocked> {
	const name = { kind: 'passphrase', file: file.path } as const
	const passphrase = await secrets.get(name)
	if (passphrase === null) return { kind: 'none' }
	const cache = unlocked.get(secrets) ?? new Map<string, ParsedKey>()
	unlocked.set(secrets, cache)
	const id = createHash('sha256').update(file.text).update('\0').update(passphrase).digest('base64')
	const before = cache.get(id)
	if (before) return { kind: 'open', key: before }
	const key = parse(file.text, passphrase)
	const other = !(key instanceof Error) && file.key && !key.getPublicSSH().equals(file.key.getPublicSSH())
	if (key instanceof Error || other) {
		await secrets.forget(name)
		return { kind: 'wrong' }
	}
	cache.set(id, key)
	return { kind: 'open', key }
}
