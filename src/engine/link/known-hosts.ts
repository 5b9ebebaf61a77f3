import { createHash, createHmac, randomBytes } from 'node:crypto'

/** A public host key as it comes over the wire. */
export interface HostKey {
	type: string
	blob: Buffer
}

/** One line of a known_hosts file. */
export interface KnownHost {
	marker: 'revoked' | 'cert-authority' | null
	/** The host patterns or the hash, as written. */
	hosts: string
	key: HostKey
	file: string
	/** From 1. */
	line: number
}

export type Verdict =
	| { verdict: 'known' | 'changed' | 'revoked'; entry: KnownHost }
	/** Not a word about this host. */
	| { verdict: 'unknown' }

/** How OpenSSH prints it: `SHA256:…` without padding. */
export function fingerprint(blob: Buffer): string {
	return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** The key's own type, from its first field. Null for anything that is no key. */
export function keyType(blob: Buffer): string | null {
	if (blob.length < 4) return null
	const length = blob.readUInt32BE(0)
	if (length === 0 || length > 64 || blob.length <= 4 + length) return null
	return blob.toString('latin1', 4, 4 + length)
}

/** The name a host is filed under. */
export function lookupName(host: string, port: number): string {
	return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** Lines that cannot be read are left out, as OpenSSH does: they never make a host known. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
	const entries: KnownHost[] = []
	for (const [index, raw] of text.split('\n').entries()) {
		const words = raw.trim().split(/[ \t]+/)
		if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) continue
		let marker: KnownHost['marker'] = null
		if (words[0].startsWith('@')) {
			const word = words.shift()
			if (word === '@revoked') marker = 'revoked'
			else if (word === '@cert-authority') marker = 'cert-authority'
			else continue
		}
		const [hosts, , base64] = words
		if (hosts === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) continue
		const blob = Buffer.from(base64, 'base64')
		const type = keyType(blob)
		if (type === null) continue
		entries.push({ marker, hosts, key: { type, blob }, file, line: index + 1 })
	}
	return entries
}

/** `*` and `?` only; a bracket is a plain character. */
function matchesPattern(pattern: string, name: string): boolean {
	const source = pattern
		.toLowerCase()
		.replace(/[\\^$.+()[\]{}|]/g, '\\$&')
		.replaceAll('*', '.*')
		.replaceAll('?', '.')
	return new RegExp(`^${source}$`, 's').test(name)
}

/** Whether a line speaks of `name` (see `lookupName`). A negated pattern that matches wins over all others. */
export function matchesHost(hosts: string, name: string): boolean {
	if (hosts.startsWith('|')) {
		const [, version, salt, hash] = hosts.split('|')
		if (version !== '1' || salt === undefined || hash === undefined) return false
		return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
	}
	let matches = false
	for (const pattern of hosts.split(',')) {
		if (pattern.startsWith('!')) {
			if (matchesPattern(pattern.slice(1), name)) return false
		} else if (pattern !== '' && matchesPattern(pattern, name)) matches = true
	}
	return matches
}

/** The key types a host is known by, in the order of the lines. */
export function knownTypes(entries: readonly KnownHost[], name: string): string[] {
	const own = entries.filter((entry) => entry.marker === null && matchesHost(entry.hosts, name))
	return [...new Set(own.map((entry) => entry.key.type))]
}

/**
 * What the lines say of a key that a host shows. Stricter than OpenSSH in one point: a host that is known
 * by keys of other types only, each of which it was asked for first (`askable`), shows a changed key, not
 * an unknown one. Otherwise whoever is in between had but to offer another type. Certificate authorities
 * never make a plain key known.
 */
export function judge(
	entries: readonly KnownHost[],
	name: string,
	key: HostKey,
	askable: readonly string[] = [key.type],
): Verdict {
	const own = entries.filter((entry) => entry.marker !== 'cert-authority' && matchesHost(entry.hosts, name))
	const same = own.filter((entry) => entry.key.blob.equals(key.blob))
	const revoked = same.find((entry) => entry.marker === 'revoked')
	if (revoked) return { verdict: 'revoked', entry: revoked }
	const known = same[0]
	if (known) return { verdict: 'known', entry: known }
	const others = own.filter((entry) => entry.marker === null)
	const changed =
		others.find((entry) => entry.key.type === key.type) ??
		others.find((entry) => askable.includes(entry.key.type))
	return changed ? { verdict: 'changed', entry: changed } : { verdict: 'unknown' }
}

/** A line for `known_hosts`, with its line break. */
export function knownHostLine(name: string, key: HostKey, hashed: boolean): string {
	let hosts = name
	if (hashed) {
		const salt = randomBytes(20)
		const hash = createHmac('sha1', salt).update(name).digest('base64')
		hosts = `|1|${salt.toString('base64')}|${hash}`
	}
	return `${hosts} ${key.type} ${key.blob.toString('base64')}\n`
}
