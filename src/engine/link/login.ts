import type { LoginQuestion } from '../../contract/state.ts'

/** What a login's secret is filed under. */
export type SecretName =
	| { kind: 'passphrase'; file: string }
	| { kind: 'password'; user: string; host: string; port: number }

/** The secrets a person has given: in memory while the workstation is wanted, in the keychain when they asked for it. */
export interface LoginSecrets {
	/** There is a keychain. */
	readonly mayKeep: boolean
	/** Never rejects: a keychain that fails holds nothing. It may take a minute while the system asks the person. */
	get(name: SecretName): Promise<string | null>
	/** In memory at once; settles when it is kept or cannot be. */
	put(name: SecretName, secret: string, keep: boolean): Promise<void>
	/** From memory and keychain: it was wrong. */
	forget(name: SecretName): Promise<void>
}

export type Asked = Omit<LoginQuestion, 'id'>

export interface LoginAnswer {
	/** One a prompt. */
	answers: readonly string[]
	keep: boolean
}

/**
 * Asks a person while the server waits, so only for a short time: settles with null when they give up, and when
 * `signal` is aborted, which takes the question back.
 */
export type AskPerson = (question: Asked, signal: AbortSignal) => Promise<LoginAnswer | null>

/**
 * Thrown by a dial that cannot go on without a secret. Nothing stays open meanwhile, so nobody's time runs out. The
 * one answer belongs into the secrets under `name`; then it is dialled again.
 */
export class LoginNeeded extends Error {
	readonly secret: SecretName
	readonly question: Asked
	constructor(secret: SecretName, question: Asked) {
		super(`a ${secret.kind} is needed`)
		this.secret = secret
		this.question = question
	}
}

/** Thrown by a dial over ssh2 for what only the system's own ssh can do. */
export class BeyondSsh2 extends Error {
	/** A sentence for people, without its full stop. */
	readonly reason: string
	constructor(reason: string) {
		super(reason)
		this.reason = reason
	}
}

/** What is asked for, as the object of a sentence. */
export function askedFor({ kind, file, user }: Pick<LoginQuestion, 'kind' | 'file' | 'user'>): string {
	switch (kind) {
		case 'passphrase':
			return `the passphrase of ${file}`
		case 'password':
			return `the password of ${user}`
		case 'prompts':
			return 'an answer'
		case 'confirm':
			return 'a confirmation'
		case 'touch':
			return 'a touch of the security key'
	}
}

/** Secrets that live as long as this object. */
export function memorySecrets(): LoginSecrets {
	const held = new Map<string, string>()
	const key = (name: SecretName) => JSON.stringify(name)
	return {
		mayKeep: false,
		get: async (name) => held.get(key(name)) ?? null,
		put: async (name, secret) => void held.set(key(name), secret),
		forget: async (name) => void held.delete(key(name)),
	}
}
