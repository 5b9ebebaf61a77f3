import type { Facts, ProblemCode } from '../../../contract/problem.ts'
import { type KeyFailure, keyFailure } from './host-key-failure.ts'
import { isCalled, knownName, onlyOne, type Party } from './parties.ts'
import type { Progress } from './progress.ts'

/** Whom it was for, and whom it went through. What is told names these, and nobody whom a server has named. */
export interface Wanted extends Party {
	hops: readonly Party[]
	identityFiles: readonly string[]
}

/** What the end of a login that failed says. */
export type Failure =
	| { kind: 'problem'; code: ProblemCode; facts: Facts }
	/** TCP: `code` as Node has it. */
	| { kind: 'tcp'; host: string; port: number; code: string; reason: string }
	/** `known_hosts` says otherwise. */
	| { kind: 'host-key'; of: Party; key: KeyFailure }
	| { kind: 'refused'; of: Party; tried: string[] }

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
 * Reads why a login failed from what ssh printed, its words being those of OpenSSH 8.7 to 10 in the C locale
 * (sshconnect.c, sshconnect2.c, kex.c, packet.c, readconf.c). Pure. What is not known is told as it was said.
 *
 * A failure is believed only of the stage in which ssh itself tells it. What else is on stderr counts until the last
 * host has answered, and then nothing of it does: from there on only banners come that way.
 */
export function failureOf(
	{ stage, log, others }: Pick<Progress, 'stage' | 'log' | 'others'>,
	wanted: Wanted,
	waitedMs: number,
	exitCode: number | null = 255,
): Failure {
	const { host, port } = wanted
	const seconds = Math.round(waitedMs / 1000)
	const say: Say = (code, facts) => ({ kind: 'problem', code, facts: { host, port, ...facts } })
	const said = spoken(log[stage])
	if (stage === 'login')
		return refusal(log, said, wanted) ?? say('ssh-protocol', { reason: unread(said, exitCode) })
	const key = stage === 'keys' ? keyFailure(log.keys) : null
	if (key) return { kind: 'host-key', of: wanted, key }
	const way = stage === 'way' ? wayFailure(said, others, log.way.length > 0, wanted, say) : null
	if (way) return way
	if (firstMatch(said, /timed out during banner exchange|^Connection to (\S+) port (\d+) timed out/))
		return say('port-silent', { seconds })
	const unlike = firstMatch(said, /no matching (.+?) found(?:\. Their offer: (.*))?/)
	if (unlike) {
		const offer = unlike[2] ? `. It offers ${unlike[2].replaceAll(',', ', ')}` : ''
		return say('ssh-protocol', { reason: `There is no ${unlike[1]} that both know${offer}` })
	}
	const all = stage === 'way' ? [...spoken(others), ...said] : said
	return say('ssh-protocol', { reason: unread(all, exitCode) })
}

type Say = (code: ProblemCode, facts: Facts) => Failure

function unread(said: readonly string[], exitCode: number | null): string {
	// What a proxy or a jump host has said tells more than that the connection was closed because of it.
	const telling = said.filter(
		(line) => !/^(?:kex_exchange_identification|banner exchange|Connection \w+ by)\b/.test(line),
	)
	const last = (telling.length > 0 ? telling : said).slice(-3).join('; ')
	return last || `ssh ended with ${exitCode ?? 'a signal'} and said nothing`
}

const badSettings =
	/Bad configuration option|configuration options?$|Bad owner or permissions|Can't open user config|keyword .* extra arguments|missing argument|unsupported option/i
const tcpFailed = /connect to host (\S+) port (\d+): (.+)/

/** What keeps it from the last host. `heard`: hops, of whom only those in the settings may say something of their own. */
function wayFailure(
	said: readonly string[],
	heard: readonly string[],
	hasLog: boolean,
	wanted: Wanted,
	say: Say,
): Failure | null {
	const { host, port, hops } = wanted
	const others = spoken(heard)
	// Before it has opened its log it says so like everybody.
	const settings = firstMatch(hasLog ? said : others, badSettings)
	if (settings) return say('ssh-settings-unreadable', { reason: settings.input })
	if (firstMatch(said, /Could not resolve hostname \S+?: /)) return say('host-not-found', { host })
	const own = firstMatch(said, tcpFailed)?.[3]
	if (own) return tcpFailure(host, port, own)
	// From here on a hop may have had its banner shown, and put words into it: it can speak of hops alone.
	const key = keyFailure(heard)
	const of = key && onlyOne(hops, (hop) => knownName(hop) === key.name?.toLowerCase())
	if (key && of) return { kind: 'host-key', of, key }
	const lost = firstMatch(others, /Could not resolve hostname (\S+?): /)?.[1]?.toLowerCase()
	const nameless = hops.find((hop) => hop.host.toLowerCase() === lost)
	if (nameless) return say('host-not-found', { host: nameless.host })
	const tcp = firstMatch(others, tcpFailed)
	const closed = hops.find((hop) => hop.host.toLowerCase() === tcp?.[1] && hop.port === Number(tcp[2]))
	if (closed && tcp?.[3]) return tcpFailure(closed.host, closed.port, tcp[3])
	if (firstMatch(others, /stdio forwarding failed/i)) {
		const why = firstMatch(others, /open failed: (.+)/)?.[1] ?? 'it was refused'
		return say('port-unreachable', { reason: `the jump host says: ${why}` })
	}
	const denied = firstMatch(others, deniedPattern)
	const by = denied && onlyOne(hops, (hop) => isCalled(hop, denied[2] ?? '') && hop.user === denied[1])
	if (denied && by) return { kind: 'refused', of: by, tried: [`what its settings name. ${allows(denied)}`] }
	return null
}

function tcpFailure(host: string, port: number, reason: string): Failure {
	const code = tcpCodes.find(([words]) => words.test(reason))?.[1] ?? ''
	return { kind: 'tcp', host, port, code, reason }
}

const deniedPattern = /^(\S+)@(\S+): Permission denied \((.*)\)\.?$/
const allows = (denied: RegExpExecArray) => `It allows ${denied[3]?.replaceAll(',', ', ')}`

function refusal(log: Progress['log'], said: readonly string[], wanted: Wanted): Failure | null {
	const attempts = tried(log.login)
	const { host, port, identityFiles } = wanted
	const denied = firstMatch(said, deniedPattern)
	if (denied) {
		const locked = firstMatch(said, /^Load key "(.+)": (?!.*passphrase)(.+)$/)
		const file = identityFiles.find((path) => path === locked?.[1])
		if (file !== undefined && attempts.length === 0)
			return {
				kind: 'problem',
				code: 'login-key-unusable',
				facts: { host, port, file, reason: locked?.[2] ?? '' },
			}
		return {
			kind: 'refused',
			of: wanted,
			tried: attempts.length > 0 ? attempts : [`nothing. ${allows(denied)}`],
		}
	}
	if (firstMatch(said, /Too many authentication failures/i))
		return { kind: 'refused', of: wanted, tried: [...attempts, 'and then no more was allowed'] }
	return null
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
