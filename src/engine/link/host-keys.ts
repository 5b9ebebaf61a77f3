import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Algorithms } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import { readPlainFile } from '../plain-file.ts'
import { problem } from '../problems.ts'
import {
	fingerprint,
	type HostKey,
	judge,
	type KnownHost,
	knownHostLine,
	knownTypes,
	linesAbout,
	lookupName,
	type Verdict,
} from './known-hosts.ts'
import type { Settings } from './settings.ts'

/** A key that waits for a person's word, with all that is needed to keep it. */
export interface AskedKey {
	host: string
	port: number
	/** The name it would be filed under. */
	name: string
	keyType: string
	fingerprint: string
	/** Null: the system's own ssh has it, and keeps it itself once it was accepted. */
	key: HostKey | null
}

/** Thrown by a dial that met a host nobody has accepted yet. */
export class UnknownHostKey extends Error {
	readonly asked: AskedKey
	constructor(asked: AskedKey) {
		super(`unknown host key of ${asked.host}`)
		this.asked = asked
	}
}

/** What a key's type is negotiated as. SHA-1 signatures are left out, as OpenSSH does. */
const signatures: Record<string, readonly string[]> = {
	'ssh-ed25519': ['ssh-ed25519'],
	'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
	'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
	'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
	'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}
const usableTypes = Object.keys(signatures)
const outdated = [/^ssh-rsa$/, /^ssh-dss$/]

/** What is known of one host, read once before it is dialled. */
export interface HostRecord {
	/** ssh2's order of host key algorithms: those of the known keys come first. */
	order: NonNullable<Algorithms['serverHostKey']>
	judge(key: HostKey): Verdict
	name: string
	/** Only the word of a certificate authority makes it known, which ssh2 cannot check. */
	authorityOnly: boolean
}

/** Some hundred thousand hosts, which take seconds to look through. */
const mostBytes = 64 * 1024 * 1024

async function readKnownHosts(files: readonly string[], names: readonly string[]): Promise<KnownHost[]> {
	const entries: KnownHost[] = []
	for (const file of files) {
		try {
			const text = (await readPlainFile(file, mostBytes)).toString('utf8')
			entries.push(...(await linesAbout(names, text, file)))
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
			// A file that is there and cannot be read may hold a revoked or another key: do not go on.
			throw new ProblemError(problem('known-hosts-unreadable', { file, reason: (error as Error).message }))
		}
	}
	return entries
}

/** @throws ProblemError `known-hosts-unreadable` */
export async function hostRecord(settings: Settings): Promise<HostRecord> {
	const alias = settings.hostKeyAlias
	const name = alias?.toLowerCase() ?? lookupName(settings.host, settings.port)
	// As OpenSSH does: a host known without its port is known on other ports too, by the very same key.
	const plain = alias === null ? settings.host.toLowerCase() : name
	const files = [...settings.userKnownHosts, ...settings.globalKnownHosts]
	const entries = await readKnownHosts(files, [...new Set([name, plain])])
	const types = [...knownTypes(entries, name), ...knownTypes(entries, plain)]
	const authority = entries.some(({ marker }) => marker === 'cert-authority')
	const first = types
		.flatMap((type) => signatures[type] ?? [])
		.map((algorithm) => new RegExp(`^${algorithm}$`))
	return {
		name,
		authorityOnly: authority && types.length === 0,
		// Patterns, because ssh2 throws at a name that this build of OpenSSL or BoringSSL lacks; its types know names only.
		order: { remove: [...outdated, ...first], prepend: first } as unknown as HostRecord['order'],
		judge(key) {
			const verdict = judge(entries, name, key, usableTypes)
			if (verdict.verdict !== 'unknown' || plain === name) return verdict
			const withoutPort = judge(entries, plain, key)
			return withoutPort.verdict === 'changed' ? verdict : withoutPort
		},
	}
}

export function changedKeyProblem(settings: Settings, name: string, key: HostKey, verdict: Verdict) {
	const entry = verdict.verdict === 'unknown' ? null : verdict.entry
	const facts = {
		host: settings.host,
		port: settings.port,
		keyType: key.type,
		fingerprint: fingerprint(key.blob),
		file: entry?.file ?? '',
		line: entry?.line ?? 0,
		known: entry ? `${fingerprint(entry.key.blob)} on line ${entry.line}` : '',
		lookup: name,
	}
	return problem(verdict.verdict === 'revoked' ? 'host-key-revoked' : 'host-key-changed', facts)
}

/**
 * Keeps an accepted key in the user's own file, as OpenSSH would. One that is not here is kept elsewhere.
 * @throws ProblemError `known-hosts-unwritable`
 */
export async function keepHostKey(settings: Settings, asked: AskedKey): Promise<void> {
	if (asked.key === null) return
	const file = settings.userKnownHosts[0]
	const fail = (reason: string) =>
		new ProblemError(problem('known-hosts-unwritable', { file: file ?? 'none', host: asked.host, reason }))
	if (file === undefined) throw fail('the SSH settings name no file for known hosts')
	const line = knownHostLine(asked.name, asked.key, settings.hashKnownHosts)
	try {
		await mkdir(dirname(file), { recursive: true, mode: 0o700 })
		const handle = await open(file, 'a+', 0o600)
		try {
			const { size } = await handle.stat()
			const last = Buffer.alloc(1)
			if (size > 0) await handle.read(last, 0, 1, size - 1)
			// One write, appended as a whole: somebody else may add a line at the same moment.
			await handle.appendFile(size > 0 && last[0] !== 0x0a ? `\n${line}` : line)
			await handle.sync()
		} finally {
			await handle.close()
		}
	} catch (error) {
		throw fail((error as Error).message)
	}
}
