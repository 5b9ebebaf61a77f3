import type { AnyAuthMethod } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'
import { agentSign } from './agent.ts'
import type { DialRequest } from './dial.ts'
import { type Candidate, type Identities, readIdentities } from './identities.ts'
import { unlock } from './key-files.ts'
import { KeyboardInteractive, unanswered } from './keyboard-interactive.ts'
import { BeyondSsh2, LoginNeeded } from './login.ts'
import { OneKey } from './one-key.ts'
import { type LoginMethod, loginMethods, type Settings, shownPath } from './settings.ts'

/** The dial that a login belongs to. */
export interface LoginHost {
	/** A person is waited for, which takes longer. What it gives is called when they have answered. */
	person(): () => void
	/** Ends the dial. */
	fail(error: unknown): void
	/** Aborted when the dial is over, however it ended. */
	over: AbortSignal
}

/** Kerberos, and what else only the system's ssh knows. */
const gssapi = /^gssapi-/
const ticketMs = 3000

/**
 * One login, step by step in OpenSSH's order: none, public keys, keyboard-interactive, password. It asks for a
 * secret, and gives over to the system's ssh, only when no key did it.
 */
export class Ssh2Login {
	readonly #settings: Settings
	readonly #request: DialRequest
	readonly #host: LoginHost
	readonly #identities: Promise<Identities>
	readonly #keyboard: KeyboardInteractive
	/** The step that the server has not answered yet. */
	#last: 'nothing' | 'none' | LoginMethod = 'nothing'
	/** What the server takes next; null until it has said so. */
	#left: readonly string[] | null = null
	#partial = false
	/** It has ever offered to take keys. */
	#takesKeys = false
	#tried: Candidate[] = []
	/** The locked file whose key the server would take. */
	#wanted: string | null = null
	/** Files whose passphrase was wrong. */
	#wrong = new Set<string>()
	#agentSays = new Set<string>()
	#signing = false
	#passwordSent = false

	constructor(settings: Settings, request: DialRequest, host: LoginHost) {
		this.#settings = settings
		this.#request = request
		this.#host = host
		this.#identities = readIdentities(settings, request.secrets, request.around.home, host.over)
		this.#identities.catch(() => {})
		this.#keyboard = new KeyboardInteractive(settings, request, host)
	}

	/** The server has refused the step before, or taken it as one of several (`partial`); `left`: what it takes now. */
	heard(left: readonly string[], partial: boolean): void {
		this.#left = left
		this.#partial = partial
		if (left.includes('publickey')) this.#takesKeys = true
	}

	/** Rejects with why nobody is let in: LoginNeeded, BeyondSsh2 or a ProblemError. */
	async next(): Promise<AnyAuthMethod> {
		const username = this.#settings.user
		const last = this.#last
		if (last === 'nothing') {
			this.#last = 'none'
			// The first round, without anything, is how a server tells what it takes.
			return { type: 'none', username }
		}
		const { candidates } = await this.#identities
		if (last === 'password' && !this.#partial) throw await this.refusal()
		if (last === 'keyboard-interactive') await this.#keyboardAnswered()
		this.#last = 'none'
		if (this.#takes('publickey')) {
			const candidate = candidates[this.#tried.length]
			if (candidate) return this.#offer(candidate)
			await this.#needForKeys()
		}
		await this.#needForTicket()
		if (this.#takes('keyboard-interactive') && this.#keyboard.mayTry) {
			this.#last = 'keyboard-interactive'
			return this.#keyboard.attempt()
		}
		if (this.#takes('password') && !this.#keyboard.asked && !this.#passwordSent) {
			const password = await this.#request.secrets.get(this.#password)
			if (password === null) throw this.#passwordNeeded(false)
			this.#last = 'password'
			this.#passwordSent = true
			return { type: 'password', username, password }
		}
		throw await this.refusal()
	}

	/** It is through. */
	async accepted(): Promise<void> {
		await this.#keyboard.accepted()
	}

	/** A person, or their agent, has not answered yet; null: nobody is waited for. */
	unanswered(why: string): Problem | null {
		const { host } = this.#settings
		if (this.#keyboard.waiting) return unanswered(host, why)
		return this.#signing ? unanswered(host, why, 'a signature by the SSH agent') : null
	}

	/** Why nobody is let in. `said`: the server's last words. */
	async refusal(said = ''): Promise<Error> {
		if (this.#last === 'password') {
			await this.#request.secrets.forget(this.#password)
			return this.#passwordNeeded(true)
		}
		if (this.#last === 'keyboard-interactive') await this.#keyboard.refused()
		else {
			try {
				await this.#needForKeys()
			} catch (error) {
				return error as Error
			}
		}
		const left = this.#left ?? []
		const known = left.some((method) => (loginMethods as readonly string[]).includes(method))
		if (left.length > 0 && !known) {
			const only = left.some((method) => gssapi.test(method)) ? 'Kerberos (GSSAPI)' : left.join(', ')
			return new BeyondSsh2(`The server takes nothing but ${only}`)
		}
		return new ProblemError(await this.#refused(said))
	}

	get #password() {
		const { user, host, port } = this.#settings
		return { kind: 'password', user, host, port } as const
	}

	#takes(method: LoginMethod): boolean {
		return (this.#left?.includes(method) ?? false) && this.#settings.methods.includes(method)
	}

	async #keyboardAnswered(): Promise<void> {
		if (this.#partial) await this.#keyboard.accepted()
		else await this.#keyboard.refused()
	}

	#offer(candidate: Candidate): AnyAuthMethod {
		this.#last = 'publickey'
		this.#tried.push(candidate)
		const agent = new OneKey(candidate.key, (data, hash) => this.#sign(candidate, data, hash))
		return { type: 'agent', username: this.#settings.user, agent }
	}

	async #sign({ key, held }: Candidate, data: Buffer, hash: string | undefined): Promise<Buffer | null> {
		if (held.by === 'agent') {
			const answered = this.#host.person()
			this.#signing = true
			try {
				return await agentSign(held.socket, key.getPublicSSH(), data, hash, this.#host.over)
			} catch (error) {
				this.#agentSays.add((error as Error).message)
				return null
			} finally {
				this.#signing = false
				answered()
			}
		}
		let opened = held.file.key
		if (held.file.kind === 'locked') {
			const result = await unlock(held.file, this.#request.secrets)
			if (result.kind !== 'open') {
				this.#wanted ??= held.file.path
				if (result.kind === 'wrong') this.#wrong.add(held.file.path)
				return null
			}
			opened = result.key
		}
		const signature: Buffer | Error | undefined = opened?.sign(data, hash)
		return signature instanceof Error ? null : (signature ?? null)
	}

	/** No key did it: throws when one would with a passphrase, or with the system's ssh. */
	async #needForKeys(): Promise<void> {
		if (!this.#takes('publickey')) return
		const { sealed, wrong, beyond } = await this.#identities
		if (this.#wanted) throw this.#passphraseNeeded(this.#wanted, this.#wrong.has(this.#wanted))
		if (beyond[0] !== undefined) throw new BeyondSsh2(beyond[0])
		// Nobody knows whether it is the right one: worth a question where it was asked for, or where nothing else is left.
		const other = this.#takes('keyboard-interactive') || this.#takes('password')
		const file = sealed.find(({ path }) => this.#settings.named.includes(path) || !other)
		if (file) throw this.#passphraseNeeded(file.path, wrong.has(file.path))
	}

	/** A ticket of Kerberos logs in without a question, but not over ssh2. */
	async #needForTicket(): Promise<void> {
		if (!this.#settings.gssapi || !this.#left?.some((method) => gssapi.test(method))) return
		const { env } = this.#request.around
		const { over } = this.#host
		const has = await run({ file: 'klist', args: ['-s'], env, timeoutMs: ticketMs, signal: over }).then(
			() => true,
			() => false,
		)
		if (has) throw new BeyondSsh2('There is a Kerberos ticket for it')
	}

	#passwordNeeded(again: boolean): LoginNeeded {
		const { user, host } = this.#settings
		const prompts = [{ text: `Password of ${user} on ${host}`, hidden: true }]
		const { mayKeep } = this.#request.secrets
		return new LoginNeeded(this.#password, {
			kind: 'password',
			host,
			user,
			file: '',
			title: '',
			prompts,
			again,
			mayKeep,
		})
	}

	#passphraseNeeded(file: string, again: boolean): LoginNeeded {
		const { user, host } = this.#settings
		const prompts = [{ text: `Passphrase of ${shownPath(file, this.#request.around.home)}`, hidden: true }]
		const { mayKeep } = this.#request.secrets
		const name = { kind: 'passphrase', file } as const
		return new LoginNeeded(name, {
			kind: 'passphrase',
			host,
			user,
			file,
			title: '',
			prompts,
			again,
			mayKeep,
		})
	}

	async #refused(said: string): Promise<Problem> {
		const { host, user, port, named } = this.#settings
		const { files, agentTrouble } = await this.#identities
		const facts = { host, user, port }
		for (const file of files) {
			if (!named.includes(file.path) || !this.#takesKeys || this.#keyboard.asked) continue
			if (file.kind === 'unusable')
				return problem('login-key-unusable', { ...facts, file: file.path, reason: file.reason })
			if (file.kind === 'missing')
				return problem('login-key-unusable', { ...facts, file: file.path, reason: 'There is no such file' })
		}
		const fromAgent = this.#tried.filter(({ held }) => held.by === 'agent').length
		const tried: string[] = []
		if (agentTrouble) tried.push(`no agent, because ${agentTrouble}`)
		if (fromAgent > 0) tried.push(fromAgent === 1 ? 'one key of the agent' : `${fromAgent} keys of the agent`)
		for (const says of this.#agentSays) tried.push(`the agent, but ${says}`)
		for (const { held } of this.#tried) if (held.by === 'file') tried.push(held.file.path)
		if (this.#keyboard.asked) tried.push('the answers given to its questions')
		if (tried.length === 0) tried.push('nothing, because there is no key')
		const left = this.#left ?? []
		if (this.#left && !this.#takesKeys)
			tried.push(`the server takes no keys, only ${left.join(', ') || 'nothing'}`)
		if (said) tried.push(`then the server said: ${said}`)
		return problem('login-refused', { ...facts, tried })
	}
}
