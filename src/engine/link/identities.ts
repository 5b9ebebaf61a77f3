import { access } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { type AgentKey, agentKeys } from './agent.ts'
import { isCertificate, type KeyFile, parseKeyText, readKeyFile, unlock } from './key-files.ts'
import type { LoginSecrets } from './login.ts'
import { type Settings, shownPath } from './settings.ts'

/** A key to offer to the server. */
export interface Candidate {
	/** The public half is enough to offer it. */
	key: ParsedKey
	held: { by: 'agent'; socket: string } | { by: 'file'; file: KeyFile & { kind: 'usable' | 'locked' } }
}

export interface Identities {
	/** In the order in which OpenSSH would try them. */
	candidates: Candidate[]
	/** Locked ones with no public half to offer: nobody knows yet whether they are the right ones. */
	sealed: (KeyFile & { kind: 'locked' })[]
	/** Their passphrase among the secrets was wrong. */
	wrong: Set<string>
	/** What the system's ssh may log in with and ssh2 cannot: sentences without their full stop. */
	beyond: string[]
	files: KeyFile[]
	/** Why the agent is of no use; null: it is, or there is none. */
	agentTrouble: string | null
}

/** Time an agent has to list its keys. */
const agentListMs = 5000

const idOf = (key: ParsedKey) => key.getPublicSSH().toString('base64')
const present = (path: string) =>
	access(path).then(
		() => true,
		() => false,
	)

async function heldKeys(socket: string | null, signal: AbortSignal) {
	if (socket === null) return { held: [], trouble: null }
	try {
		const limit = AbortSignal.any([signal, AbortSignal.timeout(agentListMs)])
		return { held: await agentKeys(socket, limit), trouble: null }
	} catch (error) {
		return { held: [], trouble: (error as Error).message }
	}
}

/** What only the system's ssh can use. */
async function findBeyond(settings: Settings, files: KeyFile[], held: AgentKey[], home: string) {
	const { certificateFiles, identityFiles, identitiesOnly, pkcs11Provider } = settings
	const reasons: string[] = []
	const shown = (path: string) => shownPath(path, home)
	for (const path of certificateFiles)
		if (await present(path)) reasons.push(`The login uses the certificate ${shown(path)}`)
	for (const path of identityFiles)
		if (await present(`${path}-cert.pub`)) reasons.push(`The key ${shown(path)} has a certificate`)
	const blobs: Buffer[] = []
	for (const file of files) {
		if (file.kind !== 'beyond') continue
		reasons.push(`The key ${shown(file.path)} ${file.reason}`)
		if (file.blob) blobs.push(file.blob)
	}
	for (const { type, blob } of held) {
		if (identitiesOnly && !blobs.some((one) => one.equals(blob))) continue
		if (isCertificate(type)) reasons.push('The SSH agent holds a certificate')
		else if (type.startsWith('sk-')) reasons.push('The SSH agent holds the key of a hardware token')
	}
	if (pkcs11Provider !== null) reasons.push('The keys are in a smart card (PKCS11Provider)')
	return reasons
}

/** Reads the agent and the key files. Bounded; what cannot be read is told in the result. */
export async function readIdentities(
	settings: Settings,
	secrets: LoginSecrets,
	home: string,
	signal: AbortSignal,
): Promise<Identities> {
	const { agent, identityFiles, identitiesOnly, named } = settings
	const [read, { held, trouble }] = await Promise.all([
		Promise.all(identityFiles.map(readKeyFile)),
		heldKeys(agent, signal),
	])
	const agents: Candidate[] = []
	for (const { type, blob } of held) {
		const key = parseKeyText(`${type} ${blob.toString('base64')}`)
		if (key instanceof Error || agent === null || isCertificate(type)) continue
		agents.push({ key, held: { by: 'agent', socket: agent } })
	}
	const files: KeyFile[] = []
	const sealed: Identities['sealed'] = []
	const wrong = new Set<string>()
	for (const file of read) {
		const opened = file.kind === 'locked' && file.key === null ? await unlock(file, secrets) : null
		if (opened?.kind === 'wrong') wrong.add(file.path)
		if (opened?.kind === 'open') files.push({ path: file.path, kind: 'usable', key: opened.key })
		else files.push(file)
		if (file.kind === 'locked' && opened && opened.kind !== 'open') sealed.push(file)
	}
	const matching: Candidate[] = []
	const asked: Candidate[] = []
	const standard: Candidate[] = []
	const seen = new Set<string>()
	for (const file of files) {
		if (file.kind !== 'usable' && file.kind !== 'locked' && file.kind !== 'public') continue
		if (file.key === null) continue
		const id = idOf(file.key)
		if (seen.has(id)) continue
		const inAgent = agents.find(({ key }) => idOf(key) === id)
		if (!inAgent && file.kind === 'public') continue
		seen.add(id)
		if (inAgent) matching.push(inAgent)
		else if (file.kind !== 'public') {
			const list = named.includes(file.path) || identitiesOnly ? asked : standard
			list.push({ key: file.key, held: { by: 'file', file } })
		}
	}
	const others = identitiesOnly ? [] : agents.filter(({ key }) => !seen.has(idOf(key)))
	return {
		candidates: [...matching, ...asked, ...others, ...standard],
		sealed,
		wrong,
		beyond: await findBeyond(settings, files, held, home),
		files,
		agentTrouble: trouble,
	}
}
