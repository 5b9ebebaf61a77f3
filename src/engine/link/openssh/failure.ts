import type { Facts, ProblemCode } from '../../../contract/problem.ts'
import { hostOfName } from './prompts.ts'

/** Whom it was for. A jump host's own troubles name that one instead. */
export interface Wanted {
	host: string
	port: number
	user: string
}

/** What the end of a login that failed says. */
export type Failure =
	| { kind: 'problem'; code: ProblemCode; facts: Facts }
	/** TCP: `code` as Node has it. */
	| { kind: 'tcp'; host: string; port: number; code: string; reason: string }
	/** `known_hosts` says otherwise; null where ssh does not say. */
	| {
			kind: 'host-key'
			revoked: boolean
			name: string
			keyType: string
			fingerprint: string | null
			file: string | null
			line: number | null
	  }
	| { kind: 'refused'; user: string; host: string; tried: string[] }

const tcpCodes: [RegExp, string][] = [
	[/Connection refused/, 'ECONNREFUSED'],
	[/(?:Connection|Operation) timed out/, 'ETIMEDOUT'],
	[/No route to host/, 'EHOSTUNREACH'],
	[/Host is down/, 'EHOSTDOWN'],
	[/Network is unreachable/, 'ENETUNREACH'],
	[/Network is down/, 'ENETDOWN'],
	[/Connection reset by peer/, 'ECONNRESET'],
	[/(?:Can't|Cannot) assign requested address/, 'EADDRNOTAVAIL'],
	[/Permission denied/, 'EACCES'],
	[/Operation not permitted/, 'EPERM'],
]

/** What ssh and its jump hosts say to people, without what they say about their progress. */
export function spoken(lines: readonly string[]): string[] {
	return lines
		.map((line) => line.trim())
		.filter(
			(line) =>
				line !== '' &&
				!/^(?:debug\d|Authenticated to |Transferred: |Bytes per second: |@|\*\* |Warning: )/.test(line),
		)
}

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | null {
	for (const line of lines) {
		const match = pattern.exec(line)
		if (match) return match
	}
	return null
}

/** What was tried to log in, from what ssh says about its progress. */
function tried(lines: readonly string[]): string[] {
	const found: string[] = []
	for (const line of lines) {
		const key = /^debug1: Offering public key: (.*?) (?:\S+ SHA256:\S+)(.*)$/.exec(line)
		if (key?.[1]) found.push(/\bagent\b/.test(key[2] ?? '') ? `${key[1]} (agent)` : key[1])
		const method = /^debug1: Next authentication method: (\S+)$/.exec(line)?.[1]
		if (method && method !== 'publickey') found.push(method)
	}
	return [...new Set(found)]
}

/**
 * Reads why a login failed from what ssh printed, its words being those of OpenSSH 8.4 to 10 in the C locale
 * (sshconnect.c, sshconnect2.c, kex.c, packet.c, readconf.c). Pure. What is not known is told as it was said.
 */
export function failureOf(
	lines: readonly string[],
	wanted: Wanted,
	waitedMs: number,
	exitCode: number | null = 255,
): Failure {
	const { host, port } = wanted
	const seconds = Math.round(waitedMs / 1000)
	const say = (code: ProblemCode, facts: Facts): Failure => ({
		kind: 'problem',
		code,
		facts: { host, port, ...facts },
	})
	const said = spoken(lines)
	const hostKey = hostKeyFailure(lines)
	if (hostKey) return hostKey
	const settings = firstMatch(
		said,
		/Bad configuration option|configuration options?$|Bad owner or permissions|Can't open user config|keyword .* extra arguments|missing argument|unsupported option/i,
	)
	if (settings) return say('ssh-settings-unreadable', { reason: settings.input })
	const name = firstMatch(said, /Could not resolve hostname (\S+?): (.*)/)
	if (name?.[1]) return say('host-not-found', { host: name[1] })
	const tcp = firstMatch(said, /connect to host (\S+) port (\d+): (.+)/)
	if (tcp?.[1] && tcp[3]) {
		const reason = tcp[3]
		const code = tcpCodes.find(([words]) => words.test(reason))?.[1] ?? ''
		return { kind: 'tcp', host: tcp[1], port: Number(tcp[2]), code, reason }
	}
	if (firstMatch(said, /stdio forwarding failed/i)) {
		const why = firstMatch(said, /open failed: (.+)/)?.[1] ?? 'it was refused'
		return say('port-unreachable', { reason: `the jump host says: ${why}` })
	}
	const silent = firstMatch(
		said,
		/timed out during banner exchange|^Connection to (\S+) port (\d+) timed out/,
	)
	if (silent) return say('port-silent', { seconds })
	const refused = refusal(lines, said, wanted)
	if (refused) return refused
	const unlike = firstMatch(said, /no matching (.+?) found(?:\. Their offer: (.*))?/)
	if (unlike) {
		const offer = unlike[2] ? `. It offers ${unlike[2].replaceAll(',', ', ')}` : ''
		return say('ssh-protocol', { reason: `There is no ${unlike[1]} that both know${offer}` })
	}
	// What a proxy or a jump host has said tells more than that the connection was closed because of it.
	const telling = said.filter(
		(line) => !/^(?:kex_exchange_identification|banner exchange|Connection \w+ by)\b/.test(line),
	)
	const last = (telling.length > 0 ? telling : said).slice(-3).join('; ')
	return say('ssh-protocol', { reason: last || `ssh ended with ${exitCode ?? 'a signal'} and said nothing` })
}

function hostKeyFailure(lines: readonly string[]): Failure | null {
	const changed = lines.some((line) => /REMOTE HOST IDENTIFICATION HAS CHANGED/.test(line))
	const revoked = firstMatch(lines, /The (\S+) host key for (\S+) is marked as revoked/)
	if (!changed && !revoked) return null
	const offered = firstMatch(lines, /^debug1: Server host key: (\S+) (SHA256:\S+)/)
	const shown = firstMatch(lines, /^(SHA256:[A-Za-z0-9+/]+)\.?$/)
	const type = firstMatch(lines, /fingerprint for the (\S+) key sent by the remote host/)?.[1]
	const offending = firstMatch(lines, /^Offending (?!key for IP)(?:\S+ )?key in (.+):(\d+)$/)
	const name =
		revoked?.[2] ??
		firstMatch(lines, /host key for (\S+) has changed and you have requested/i)?.[1] ??
		firstMatch(lines, /^debug1: Authenticating to (\S+) as/)?.[1] ??
		''
	const fingerprint = shown?.[1] ?? offered?.[2] ?? null
	return {
		kind: 'host-key',
		revoked: revoked !== null,
		name,
		keyType: (offered?.[2] === fingerprint ? offered?.[1] : null) ?? type ?? revoked?.[1] ?? '',
		fingerprint,
		file: offending?.[1] ?? null,
		line: offending?.[2] ? Number(offending[2]) : null,
	}
}

function refusal(lines: readonly string[], said: readonly string[], wanted: Wanted): Failure | null {
	const attempts = tried(lines)
	const denied = firstMatch(said, /^(\S+)@(\S+): Permission denied \((.*)\)\.?$/)
	if (denied?.[1] && denied[2]) {
		const locked = firstMatch(said, /^Load key "(.+)": (?!.*passphrase)(.+)$/)
		if (locked?.[1] && attempts.length === 0)
			return {
				kind: 'problem',
				code: 'login-key-unusable',
				facts: { host: wanted.host, port: wanted.port, file: locked[1], reason: locked[2] ?? '' },
			}
		const allowed = `It allows ${denied[3]?.replaceAll(',', ', ')}`
		return {
			kind: 'refused',
			user: denied[1],
			host: denied[2],
			tried: attempts.length > 0 ? attempts : [`nothing. ${allowed}`],
		}
	}
	if (firstMatch(said, /Too many authentication failures/i))
		return {
			kind: 'refused',
			user: wanted.user,
			host: wanted.host,
			tried: [...attempts, 'and then no more was allowed'],
		}
	return null
}

/** The jump host or workstation that a name of known_hosts stands for, its alias being ours. */
export function nameOwner(
	name: string,
	alias: string | null,
	wanted: Wanted,
): { host: string; port: number } {
	if (name === '' || (alias !== null && alias.toLowerCase() === name.toLowerCase()))
		return { host: wanted.host, port: wanted.port }
	return hostOfName(name)
}

/** What it said long before its end has nothing to do with that. */
const lastWords = 20

/** Why a connection that was up has ended, in ssh's own words. */
export function lossOf(lines: readonly string[]): string {
	const last = spoken(lines.slice(-lastWords)).findLast((line) => !/^channel \d+: open failed/.test(line))
	if (!last) return 'The system’s ssh ended'
	if (/^Timeout, server .* not responding/.test(last)) return 'The server did not answer'
	return last.replace(/\.$/, '')
}
