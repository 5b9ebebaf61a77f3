import { homedir, userInfo } from 'node:os'
import { afterEach } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { Connection } from '../../src/engine/link/connection.ts'
import { type DialRequest, standardTimes } from '../../src/engine/link/dial.ts'
import { UnknownHostKey } from '../../src/engine/link/host-keys.ts'
import {
	type Asked,
	BeyondSsh2,
	type LoginAnswer,
	LoginNeeded,
	type LoginSecrets,
	type SecretName,
} from '../../src/engine/link/login.ts'
import { resolveSettings, type SshConfig } from '../../src/engine/link/settings.ts'
import { dialSsh2 } from '../../src/engine/link/ssh2-dial.ts'

/** One dial, without the link around it: what it asked and told is kept, what a person would say comes from a list. */

export const secretId = (name: SecretName) =>
	name.kind === 'passphrase' ? name.file : `${name.user}@${name.host}:${name.port}`

export interface MemorySecrets extends LoginSecrets {
	/** By `secretId`. */
	held: Map<string, string>
	/** What was put with the wish to keep it. */
	kept: Set<string>
	forgotten: string[]
}

export function memorySecrets(held: Record<string, string> = {}): MemorySecrets {
	const secrets: MemorySecrets = {
		mayKeep: true,
		held: new Map(Object.entries(held)),
		kept: new Set(),
		forgotten: [],
		get: async (name) => secrets.held.get(secretId(name)) ?? null,
		async put(name, secret, keep) {
			secrets.held.set(secretId(name), secret)
			if (keep) secrets.kept.add(secretId(name))
		},
		async forget(name) {
			secrets.held.delete(secretId(name))
			secrets.forgotten.push(secretId(name))
		},
	}
	return secrets
}

/** `silent`: the question stays open until it is taken back. Null: given up. */
export type Scripted = string[] | LoginAnswer | null | 'silent'

export interface Told {
	phases: string[]
	questions: Asked[]
	/** Questions that were taken back. */
	withdrawn: number
	lost: Problem[]
	secrets: MemorySecrets
}

export interface Script extends Partial<Omit<DialRequest, 'ssh' | 'secrets' | 'ask'>> {
	/** One a question; after the last, every question is given up. */
	answers?: Scripted[]
	secrets?: MemorySecrets
}

export function dialRequest(ssh: SshConfig, script: Script = {}): { request: DialRequest; told: Told } {
	const { answers = [], secrets = memorySecrets(), ...rest } = script
	const left = [...answers]
	const told: Told = { phases: [], questions: [], withdrawn: 0, lost: [], secrets }
	const request: DialRequest = {
		ssh,
		keep: null,
		around: {
			home: homedir(),
			user: userInfo().username,
			env: { ...process.env, SSH_AUTH_SOCK: undefined },
		},
		signal: new AbortController().signal,
		times: standardTimes,
		keepAlive: null,
		secrets,
		ask(question, signal) {
			told.questions.push(question)
			const answer = left.shift() ?? null
			if (answer !== 'silent')
				return Promise.resolve(Array.isArray(answer) ? { answers: answer, keep: false } : answer)
			return new Promise((resolve) =>
				signal.addEventListener('abort', () => {
					told.withdrawn += 1
					resolve(null)
				}),
			)
		},
		phase: (phase) => void told.phases.push(phase),
		events: { latency() {}, lost: (why) => void told.lost.push(why) },
		beyond: null,
		goBeyond: () => {},
		...rest,
	}
	return { request, told }
}

/** How a dial over ssh2 ended, in one word and with what belongs to it. */
export type Ended =
	| { end: 'up'; connection: Connection }
	| { end: 'host-key'; error: UnknownHostKey }
	| { end: 'needs'; error: LoginNeeded }
	| { end: 'beyond'; reason: string }
	| { end: 'problem'; problem: Problem }

const open = new Set<Connection>()
afterEach(async () => {
	for (const connection of open) await connection.close()
	open.clear()
})

/** Dials over ssh2 alone. A connection that comes of it is closed after the test. */
export async function dialled(ssh: SshConfig, script?: Script): Promise<Ended & { told: Told }> {
	const { request, told } = dialRequest(ssh, script)
	const settings = await resolveSettings(ssh, request.around, request.signal)
	try {
		const connection = await dialSsh2(settings, request)
		open.add(connection)
		return { end: 'up', connection, told }
	} catch (error) {
		if (error instanceof UnknownHostKey) return { end: 'host-key', error, told }
		if (error instanceof LoginNeeded) return { end: 'needs', error, told }
		if (error instanceof BeyondSsh2) return { end: 'beyond', reason: error.reason, told }
		if (error instanceof ProblemError) return { end: 'problem', problem: error.problem, told }
		throw error
	}
}
