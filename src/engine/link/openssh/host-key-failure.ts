import type { Problem } from '../../../contract/problem.ts'
import { readPlainFile } from '../../plain-file.ts'
import { problem } from '../../problems.ts'
import { fingerprint, type KnownHost, linesAbout } from '../known-hosts.ts'
import { knownName, type Party } from './parties.ts'

/** What ssh says of a host key that known_hosts speaks against; null where it does not say. */
export interface KeyFailure {
	revoked: boolean
	/** The name it gives the host. */
	name: string | null
	keyType: string
	fingerprint: string | null
	file: string | null
	line: number | null
}

const mostBytes = 16 * 1024 * 1024

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | null {
	for (const line of lines) {
		const match = pattern.exec(line)
		if (match) return match
	}
	return null
}

/** Reads sshconnect.c's words about a changed or revoked key. Pure. */
export function keyFailure(lines: readonly string[]): KeyFailure | null {
	const changed = lines.some((line) => /REMOTE HOST IDENTIFICATION HAS CHANGED/.test(line))
	const revoked = firstMatch(lines, /^The (\S+) host key for (\S+) is marked as revoked/)
	if (!changed && !revoked) return null
	const offered = firstMatch(lines, /^debug1: Server host key: (\S+) (SHA256:\S+)/)
	const shown = firstMatch(lines, /^(SHA256:[A-Za-z0-9+/]+)\.?$/)
	const type = firstMatch(lines, /fingerprint for the (\S+) key sent by the remote host/)?.[1]
	const offending = firstMatch(lines, /^Offending (?!key for IP)(?:\S+ )?key in (.+):(\d+)$/)
	const called = firstMatch(lines, /^Host key for (\S+) has changed and you have requested/)?.[1]
	const print = shown?.[1] ?? offered?.[2] ?? null
	return {
		revoked: revoked !== null,
		name: revoked?.[2] ?? called ?? null,
		keyType: (offered?.[2] === print ? offered?.[1] : null) ?? type ?? revoked?.[1] ?? '',
		fingerprint: print,
		file: offending?.[1] ?? null,
		line: offending?.[2] ? Number(offending[2]) : null,
	}
}

/** Of a file that is too large, or none at all, nothing is told. */
async function readEntries(names: readonly string[], file: string): Promise<KnownHost[]> {
	try {
		return await linesAbout(names, (await readPlainFile(file, mostBytes)).toString('utf8'), file)
	} catch {
		return []
	}
}

/** The line that speaks against the key: in files of `of`'s settings alone, and only where it is about `of`. */
export async function offendingEntry(failure: KeyFailure, of: Party): Promise<KnownHost | null> {
	const files = [...of.userKnownHosts, ...of.globalKnownHosts]
	const named = failure.file === null ? files : files.filter((file) => file === failure.file)
	// As OpenSSH does: a host known without its port is known on other ports too.
	const names = [knownName(of), ...(of.hostKeyAlias === null ? [of.host.toLowerCase()] : [])]
	const entries = (await Promise.all(named.map((file) => readEntries(names, file)))).flat()
	const fits = (entry: KnownHost) =>
		failure.line === null ? (entry.marker === 'revoked') === failure.revoked : entry.line === failure.line
	return entries.find(fits) ?? null
}

/** Whose key it is, and what stands in known_hosts, are of the settings; ssh's words add the key and the line. */
export function keyProblem(failure: KeyFailure, of: Party, entry: KnownHost | null): Problem {
	const { host, port } = of
	return problem(failure.revoked ? 'host-key-revoked' : 'host-key-changed', {
		host,
		port,
		keyType: failure.keyType,
		fingerprint: failure.fingerprint ?? 'another key',
		file: entry?.file ?? of.userKnownHosts[0] ?? '',
		line: entry?.line ?? 0,
		known: entry ? `${fingerprint(entry.key.blob)} on line ${entry.line}` : 'another one',
		lookup: knownName(of),
	})
}
