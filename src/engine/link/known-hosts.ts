import { createHash, createHmac, hash, randomBytes } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'

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

/** Its fields end where it ends: a line that was cut off would else pass as another key. */
function isWhole(blob: Buffer): boolean {
	let at = 0
	while (at + 4 <= blob.length) at += 4 + blob.readUInt32BE(at)
	return at === blob.length
}

/** The name a host is filed under. */
export function lookupName(host: string, port: number): string {
	return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** One line; null for a comment and for what cannot be read: as in OpenSSH, that never makes a host known. */
function parseLine(raw: string, file: string, line: number): KnownHost | null {
	const words = raw.trim().split(/[ \t]+/)
	let marker: KnownHost['marker'] = null
	if (words[0]?.startsWith('@')) {
		const word = words.shift()
		if (word === '@revoked') marker = 'revoked'
		else if (word === '@cert-authority') marker = 'cert-authority'
		else return null
	}
	const [hosts, type, base64] = words
	if (hosts === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
	const blob = Buffer.from(base64, 'base64')
	if (type === undefined || type !== keyType(blob) || !isWhole(blob)) return null
	return { marker, hosts, key: { type, blob }, file, line }
}

/** Lines that are looked through in one go. A hashed line costs some microseconds, and files may hold many. */
const atOnce = 500

/** The lines that speak of one of `names` (see `lookupName`). What they say is read only then. */
export async function linesAbout(names: readonly string[], text: string, file: string): Promise<KnownHost[]> {
	const found: KnownHost[] = []
	for (const [index, raw] of text.split('\n').entries()) {
		if (index % atOnce === atOnce - 1) await breathe()
		const hosts = /^[ \t]*(?:@\S+[ \t]+)?([^\s#@]\S*)/.exec(raw)?.[1]
		if (hosts === undefined || !names.some((name) => matchesHost(hosts, name))) continue
		const entry = parseLine(raw, file, index + 1)
		if (entry) found.push(entry)
	}
	return found
}

/** `*` and `?` only; a bracket is a plain character. However many stars a line has, it takes no long. */
function matchesPattern(pattern: string, name: string): boolean {
	let at = 0
	let within = 0
	let star = -1
	let restart = 0
	while (at < name.length) {
		if (pattern[within] === '*') {
			star = within++
			restart = at
		} else if (pattern[within] === '?' || pattern[within] === name[at]) {
			within++
			at++
		} else if (star >= 0) {
			within = star + 1
			at = ++restart
		} else return false
	}
	while (pattern[within] === '*') within++
	return within === pattern.length
}

/** HMAC-SHA1 (RFC 2104) in base64. Five times as fast as `createHmac` for the short texts here. */
function shortHmac(salt: Buffer, text: string): string {
	const blockBytes = 64
	const block = Buffer.alloc(blockBytes)
	;(salt.length > blockBytes ? createHash('sha1').update(salt).digest() : salt).copy(block)
	const inner = Buffer.concat([block.map((byte) => byte ^ 0x36), Buffer.from(text)])
	const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), hash('sha1', inner, 'buffer')])
	return hash('sha1', outer, 'base64')
}

/** Whether a line speaks of `name` (see `lookupName`). A negated pattern that matches wins over all others. */
export function matchesHost(hosts: string, name: string): boolean {
	if (hosts.startsWith('|')) {
		const [, version, salt, hmac] = hosts.split('|')
		if (version !== '1' || salt === undefined || hmac === undefined) return false
		return shortHmac(Buffer.from(salt, 'base64'), name) === hmac
	}
	if (hosts === name) return true
	let matches = false
	for (const pattern of hosts.toLowerCase().split(',')) {
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
