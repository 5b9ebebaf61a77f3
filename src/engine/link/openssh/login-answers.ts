import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import type { DialRequest } from '../dial.ts'
import type { Asked, LoginAnswer, SecretName } from '../login.ts'
import { parseJump, type Settings } from '../settings.ts'
import type { Prompt } from './prompts.ts'
import type { Answer } from './questions.ts'

type Secret = Extract<Prompt, { kind: 'passphrase' | 'password' }>
type PersonPrompt = Exclude<Prompt, { kind: 'host-key' | 'host-address' }>

const longestText = 2000

const words: Record<PersonPrompt['kind'], string> = {
	passphrase: 'a passphrase',
	password: 'a password',
	confirm: 'a confirmation',
	touch: 'a touch of the hardware key',
	text: 'an answer',
}

/** Answers what one login asks: from the secrets that are there, else by a person. */
export class LoginAnswers {
	readonly #settings: Settings
	readonly #request: DialRequest
	/** Given to ssh in this login, by what they are filed under; `typed`: by a person, just now. */
	readonly #given = new Map<string, { name: SecretName; typed: LoginAnswer | null }>()
	#deadline: number | null = null

	constructor(settings: Settings, request: DialRequest) {
		this.#settings = settings
		this.#request = request
	}

	/** @throws ProblemError `login-unanswered` */
	async answer(prompt: PersonPrompt, signal: AbortSignal): Promise<Answer> {
		if (prompt.kind === 'passphrase' || prompt.kind === 'password') return this.#secret(prompt, signal)
		const answer = await this.#ask(prompt, prompt.text, false, signal)
		if (prompt.kind === 'touch' || answer === null) return null
		return prompt.kind === 'confirm' ? true : (answer.answers[0] ?? '')
	}

	/** The login is through: what a person typed last was right. */
	async accepted(): Promise<void> {
		for (const { name, typed } of this.#given.values())
			if (typed) await this.#request.secrets.put(name, typed.answers[0] ?? '', typed.keep)
	}

	/** What was given did not let anybody in: passwords among it were wrong. */
	async refused(): Promise<void> {
		for (const { name } of this.#given.values())
			if (name.kind === 'password') await this.#request.secrets.forget(name)
	}

	async #secret(prompt: Secret, signal: AbortSignal): Promise<Answer> {
		const { secrets } = this.#request
		const name = this.#nameOf(prompt)
		const key = JSON.stringify(name)
		const again = this.#given.has(key)
		if (again) await secrets.forget(name)
		const known = again ? null : await secrets.get(name)
		this.#given.set(key, { name, typed: null })
		if (known !== null) return known
		const typed = await this.#ask(prompt, '', again, signal)
		const secret = typed?.answers[0]
		if (typed === null || secret === undefined) return null
		this.#given.set(key, { name, typed })
		return secret
	}

	#nameOf(prompt: Secret): SecretName {
		if (prompt.kind === 'passphrase') {
			// ssh cuts long paths.
			const whole = this.#settings.identityFiles.find((path) => path.startsWith(prompt.file))
			const cut = Buffer.byteLength(prompt.file) >= 100
			return { kind: 'passphrase', file: cut ? (whole ?? prompt.file) : prompt.file }
		}
		const { user, host } = prompt
		if (this.isOurs(host)) {
			const { host: own, port } = this.#settings
			return { kind: 'password', user, host: own, port }
		}
		const hop = this.#settings.jumps.map(parseJump).find((jump) => jump.host.toLowerCase() === host)
		return { kind: 'password', user, host, port: hop?.port ?? 22 }
	}

	/** ssh names the host as it was called, or by its alias for keys. */
	isOurs(host: string): boolean {
		const { host: own, hostKeyAlias } = this.#settings
		const names = [own, hostKeyAlias, this.#request.ssh.host]
		return names.some((name) => name?.toLowerCase() === host.toLowerCase())
	}

	async #ask(
		prompt: PersonPrompt,
		text: string,
		again: boolean,
		signal: AbortSignal,
	): Promise<LoginAnswer | null> {
		const { times, ask, signal: dial } = this.#request
		// One limit for all that one login asks: the server waits as long, and no longer.
		this.#deadline ??= Date.now() + times.loginWithPersonMs
		const limit = AbortSignal.timeout(Math.max(1, this.#deadline - Date.now()))
		const question = this.#question(prompt, text, again)
		const answer = await ask(question, AbortSignal.any([signal, dial, limit]))
		if (answer !== null || signal.aborted || dial.aborted) return answer
		// To deny one thing is not to give up the login.
		if (prompt.kind === 'confirm' && !limit.aborted) return null
		const why = limit.aborted ? `nobody answered in ${times.loginWithPersonMs / 1000} s` : 'it was given up'
		const { host } = question
		throw new ProblemError(problem('login-unanswered', { host, what: words[prompt.kind], why }))
	}

	#question(prompt: PersonPrompt, text: string, again: boolean): Asked {
		const { host, user } = this.#settings
		const secret = prompt.kind === 'passphrase' || prompt.kind === 'password'
		const other = prompt.kind === 'password' && !this.isOurs(prompt.host)
		const fields: Record<PersonPrompt['kind'], string[]> = {
			passphrase: ['Passphrase'],
			password: ['Password'],
			text: [text.slice(0, longestText)],
			confirm: [],
			touch: [],
		}
		return {
			kind: prompt.kind === 'text' ? 'prompts' : prompt.kind,
			host: other ? prompt.host : host,
			user: prompt.kind === 'password' ? prompt.user : user,
			file: prompt.kind === 'passphrase' ? prompt.file : '',
			title: prompt.kind === 'text' ? '' : text.slice(0, longestText),
			// ssh does not say whether the answer may be seen.
			prompts: fields[prompt.kind].map((field) => ({ text: field, hidden: true })),
			again,
			mayKeep: secret && this.#request.secrets.mayKeep,
		}
	}
}
