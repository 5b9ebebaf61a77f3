import { readFile } from 'node:fs/promises'
import ssh2, {
	type AuthenticationType,
	type AuthHandlerMiddleware,
	type ParsedKey,
	type SignCallback,
	type SigningRequestOptions,
} from 'ssh2'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import type { Settings } from './settings.ts'

// CommonJS: Node finds no names in it.
const { BaseAgent, createAgent, utils } = ssh2
type Agent = InstanceType<typeof BaseAgent>

/** What a key file turned out to be. */
export type KeyFile = { path: string } & (
	| { kind: 'missing' }
	| { kind: 'usable'; key: ParsedKey }
	/** Needs a passphrase; its public half may be known. */
	| { kind: 'locked'; key: ParsedKey | null }
	/** Only the public half: for a key that an agent holds. */
	| { kind: 'public'; key: ParsedKey }
	| { kind: 'unusable'; reason: string }
)

function parse(data: string): ParsedKey | Error {
	const parsed = utils.parseKey(data)
	// Typed as one key; OpenSSH's container can give a list of one.
	return Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed
}

/** An encrypted key in OpenSSH's container has its public half in the clear. */
function publicHalf(text: string): ParsedKey | null {
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
		for (const _ of ['cipher', 'kdf', 'kdf options']) next()
		at += 4
		const blob = next()
		const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0))
		const key = parse(`${type} ${blob.toString('base64')}`)
		return key instanceof Error ? null : key
	} catch {
		return null
	}
}

export function readKeyText(path: string, text: string, publicText: string | null): KeyFile {
	const key = parse(text)
	if (!(key instanceof Error)) return { path, kind: key.isPrivateKey() ? 'usable' : 'public', key }
	if (/passphrase/i.test(key.message)) {
		const beside = publicText === null ? null : parse(publicText)
		return { path, kind: 'locked', key: publicHalf(text) ?? (beside instanceof Error ? null : beside) }
	}
	if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
		const reason = 'It is in the PKCS#8 format, which cannot be read here; ssh-keygen -p rewrites it'
		return { path, kind: 'unusable', reason }
	}
	return { path, kind: 'unusable', reason: 'It holds no private key that can be read here' }
}

async function readKeyFile(path: string): Promise<KeyFile> {
	try {
		const text = await readFile(path, 'utf8')
		const publicText = await readFile(`${path}.pub`, 'utf8').catch(() => null)
		return readKeyText(path, text, publicText)
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException
		return code === 'ENOENT' ? { path, kind: 'missing' } : { path, kind: 'unusable', reason: message }
	}
}

/** Time an agent has to list its keys. */
const agentListMs = 5000

function agentKeys(agent: Agent): Promise<ParsedKey[]> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error('the agent does not answer')), agentListMs)
		agent.getIdentities((error, keys) => {
			clearTimeout(timer)
			if (error) return reject(error)
			const parsed = (keys ?? []).map((key) => utils.parseKey(key as ParsedKey))
			resolve(parsed.filter((key): key is ParsedKey => !(key instanceof Error)))
		})
	})
}

const idOf = (key: ParsedKey) => key.getPublicSSH().toString('base64')

/**
 * Offers the keys of the agent and of the files as one agent of our own: ssh2 asks it to sign only what
 * the server has said it would take. So a locked key is known to be the right one before anybody is
 * bothered for its passphrase.
 */
class Identities extends BaseAgent<ParsedKey> {
	readonly #keys: ParsedKey[]
	readonly #agent: Agent | null
	readonly #files: Map<string, KeyFile>
	/** The locked file whose key the server would take. */
	wantedLocked: string | null = null

	constructor(keys: ParsedKey[], agent: Agent | null, files: Map<string, KeyFile>) {
		super()
		this.#keys = keys
		this.#agent = agent
		this.#files = files
	}

	getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
		callback(null, this.#keys)
	}

	sign(
		key: ParsedKey,
		data: Buffer,
		options: SigningRequestOptions | SignCallback,
		last?: SignCallback,
	): void {
		const callback = (typeof options === 'function' ? options : last) ?? (() => {})
		const hash = typeof options === 'function' ? undefined : options.hash
		const file = this.#files.get(idOf(key))
		if (file?.kind === 'locked') {
			this.wantedLocked ??= file.path
			callback(new Error('the key is locked'))
		} else if (file?.kind === 'usable') {
			const signature: Buffer | Error = file.key.sign(data, hash)
			if (signature instanceof Error) callback(signature)
			else callback(null, signature)
		} else if (this.#agent) this.#agent.sign(key, data, hash === undefined ? {} : { hash }, callback)
		else callback(new Error('no agent'))
	}
}

export interface Login {
	/** Whether an agent may ask a person to touch or unlock something. */
	mayAsk: boolean
	authHandler(
		left: AuthenticationType[] | null,
	): ReturnType<AuthHandlerMiddleware> | { type: 'agent' | 'none'; username: string; agent?: Agent } | false
	/** Why nobody was let in, once the server has refused everything. */
	refusal(): Problem
}

/** Reads the agent and the key files, and puts what they hold in the order OpenSSH would try them. */
export async function prepareLogin(settings: Settings): Promise<Login> {
	const files = await Promise.all(settings.identityFiles.map(readKeyFile))
	const tried: string[] = []
	let agent: Agent | null = null
	let held: ParsedKey[] = []
	if (settings.agent !== null) {
		try {
			agent = createAgent(settings.agent)
			held = await agentKeys(agent)
		} catch {
			agent = null
			tried.push('no agent, because it does not answer')
		}
	}
	const heldIds = new Set(held.map(idOf))
	const byId = new Map<string, KeyFile>()
	const matching: ParsedKey[] = []
	const named: ParsedKey[] = []
	const standard: ParsedKey[] = []
	for (const file of files) {
		if (file.kind === 'missing' || file.kind === 'unusable' || file.key === null) continue
		const id = idOf(file.key)
		const inAgent = held.find((key) => idOf(key) === id)
		if (inAgent) matching.push(inAgent)
		else if (file.kind !== 'public' && !byId.has(id)) {
			byId.set(id, file)
			const list = settings.named.includes(file.path) || settings.identitiesOnly ? named : standard
			list.push(file.key)
		}
	}
	const matched = new Set(matching.map(idOf))
	const others = settings.identitiesOnly ? [] : held.filter((key) => !matched.has(idOf(key)))
	const keys = [...matching, ...named, ...others, ...standard]
	const ours = new Identities(keys, agent, byId)
	const fromAgent = keys.filter((key) => heldIds.has(idOf(key))).length
	if (fromAgent > 0) tried.push(fromAgent === 1 ? 'one key of the agent' : `${fromAgent} keys of the agent`)
	for (const file of byId.values()) tried.push(file.kind === 'locked' ? `${file.path} (locked)` : file.path)
	if (keys.length === 0) tried.push('nothing, because there is no key')

	let offered: AuthenticationType[] | null = null
	let round = 0
	return {
		mayAsk: fromAgent > 0,
		authHandler(left) {
			offered = left ?? offered
			round += 1
			const username = settings.user
			// The first round, without a key, is how a server tells what it takes.
			if (round === 1) return { type: 'none', username }
			const takesKeys = offered === null || offered.includes('publickey')
			if (round === 2 && keys.length > 0 && takesKeys) return { type: 'agent', username, agent: ours }
			return false
		},
		refusal: () => refusal(settings, files, ours.wantedLocked, tried, offered),
	}
}

function refusal(
	settings: Settings,
	files: readonly KeyFile[],
	wantedLocked: string | null,
	tried: string[],
	offered: readonly string[] | null,
): Problem {
	const { host, user, port, named } = settings
	const facts = { host, user, port }
	if (wantedLocked) return problem('login-key-locked', { ...facts, file: wantedLocked })
	for (const file of files) {
		if (!named.includes(file.path)) continue
		if (file.kind === 'locked' && file.key === null)
			return problem('login-key-locked', { ...facts, file: file.path })
		if (file.kind === 'unusable')
			return problem('login-key-unusable', { ...facts, file: file.path, reason: file.reason })
		if (file.kind === 'missing')
			return problem('login-key-unusable', { ...facts, file: file.path, reason: 'There is no such file' })
	}
	const words = [...tried]
	if (offered && !offered.includes('publickey'))
		words.push(`the server takes no keys, only ${offered.join(', ') || 'nothing'}`)
	return problem('login-refused', { ...facts, tried: words })
}
