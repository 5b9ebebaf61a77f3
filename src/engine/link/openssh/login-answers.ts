import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import type { DialRequest } from '../dial.ts'
import type { Asked, LoginAnswer, SecretName } from '../login.ts'
import type { Settings } from '../settings.ts'
import { isCalled, onlyOne, type Party } from './parties.ts'
import type { Prompt } from './prompts.ts'
import type { Answer, Asker } from './questions.ts'

type Secret = Extract<Prompt, { kind: 'passphrase' | 'password' }>
type PersonPrompt = Exclude<Prompt, { kind: 'host-key' | 'host-address' }>

const longestText = 2000
/** Questions of one login, all hosts together: three tries of a password and a code, at two hosts, and some more. */
const maxQuestions = 20

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
	readonly #hops: readonly Settings[]
	readonly #request: DialRequest
	/** Given to ssh in this login, by what they are filed under; `typed`: by a person, just now. */
	readonly #given = new Map<string, { name: SecretName; typed: LoginAnswer | null }>()
	#deadline: number | null = null
	#questions = 0

	/** `hops`: all hosts on the way to the last one, first to last. */
	constructor(settings: Settings, hops: readonly Settings[], request: DialRequest) {
		this.#settings = settings
		this.#hops = hops
		this.#request = request
	}

	/** @throws ProblemError `login-unanswered`, `login-refused` after 20 questions */
	async answer(prompt: PersonPrompt, asker: Asker, signal: AbortSignal): Promise<Answer> {
		if (prompt.kind !== 'touch') this.#questions += 1
		if (this.#questions > maxQuestions) {
			const { host, port, user } = this.#asking(prompt, asker) ?? this.#settings
			const tried = [`answers to ${maxQuestions} questions, and it went on asking`]
			throw new ProblemError(problem('login-refused', { host, port, user, tried }))
		}
		if (prompt.kind === 'passphrase' || prompt.kind === 'password') return this.#secret(prompt, asker, signal)
		const answer = await this.#ask(prompt, this.#question(prompt, asker, false, false), signal)
		if (prompt.kind === 'touch' || answer === null) return null
		return prompt.kind === 'confirm' ? true : (answer.answers[0] ?? '')
	}

	/** The login is through: what a person typed last was right. */
	async accepted(): Promise<void> {
		for (const { name, typed } of this.#given.values())
			if (typed) await this.#request.secrets.put(name, typed.answers[0] ?? '', typed.keep)
	}

	/** What was given did not let anybody in there: passwords among it were wrong. */
	async refused({ host, port }: Party): Promise<void> {
		for (const { name } of this.#given.values())
			if (name.kind === 'password' && name.host === host && name.port === port)
				await this.#request.secrets.forget(name)
	}

	async #secret(prompt: Secret, asker: Asker, signal: AbortSignal): Promise<Answer> {
		const { secrets } = this.#request
		const name = this.#nameOf(prompt, asker)
		if (name === null) {
			const typed = await this.#ask(prompt, this.#question(prompt, asker, false, false), signal)
			return typed?.answers[0] ?? null
		}
		const key = JSON.stringify(name)
		const again = this.#given.has(key)
		if (again) await secrets.forget(name)
		const known = again ? null : await secrets.get(name)
		this.#given.set(key, { name, typed: null })
		if (known !== null) return known
		const typed = await this.#ask(prompt, this.#question(prompt, asker, again, secrets.mayKeep), signal)
		const secret = typed?.answers[0]
		if (typed === null || secret === undefined) return null
		this.#given.set(key, { name, typed })
		return secret
	}

	/** What the secret is filed under; null where nobody can tell whose it is. */
	#nameOf(prompt: Secret, asker: Asker): SecretName | null {
		if (prompt.kind === 'passphrase') {
			// Another program may let a server word its questions as it likes.
			if (asker === 'other' && !this.#knowsHops) return null
			// ssh cuts long paths.
			const whole = this.#settings.identityFiles.find((path) => path.startsWith(prompt.file))
			const cut = Buffer.byteLength(prompt.file) >= 100
			return { kind: 'passphrase', file: cut ? (whole ?? prompt.file) : prompt.file }
		}
		const party = this.#asking(prompt, asker)
		return party && { kind: 'password', user: party.user, host: party.host, port: party.port }
	}

	/** All that the last host's ssh has started is ssh, one for each hop. */
	get #knowsHops(): boolean {
		return this.#hops.length > 0 && this.#hops[0]?.proxyCommand === null
	}

	/**
	 * Whose question it is. Its words alone do not tell: several hosts may go by one name, on different ports. Null
	 * where that is not sure.
	 */
	#asking(prompt: PersonPrompt, asker: Asker): Settings | null {
		if (asker === 'self') return this.#settings
		const of = prompt.kind === 'password' ? prompt : prompt.kind === 'text' ? prompt.of : null
		if (!this.#knowsHops || of === null) return null
		return onlyOne(this.#hops, (hop) => isCalled(hop, of.host) && hop.user.startsWith(of.user))
	}

	async #ask(prompt: PersonPrompt, question: Asked, signal: AbortSignal): Promise<LoginAnswer | null> {
		const { times, ask, signal: dial } = this.#request
		// One limit for all that one login asks: the server waits as long, and no longer.
		this.#deadline ??= Date.now() + times.loginWithPersonMs
		const limit = AbortSignal.timeout(Math.max(1, this.#deadline - Date.now()))
		const answer = await ask(question, AbortSignal.any([signal, dial, limit]))
		if (answer !== null || signal.aborted || dial.aborted) return answer
		// To deny one thing is not to give up the login.
		if (prompt.kind === 'confirm' && !limit.aborted) return null
		const why = limit.aborted ? `nobody answered in ${times.loginWithPersonMs / 1000} s` : 'it was given up'
		const { host } = question
		throw new ProblemError(problem('login-unanswered', { host, what: words[prompt.kind], why }))
	}

	#question(prompt: PersonPrompt, asker: Asker, again: boolean, mayKeep: boolean): Asked {
		const text = 'text' in prompt ? prompt.text.slice(0, longestText) : ''
		// Where nobody can tell whose it is, what ssh itself says about it is shown.
		const said = prompt.kind === 'password' ? prompt : prompt.kind === 'text' ? prompt.of : null
		const { host, user } = this.#asking(prompt, asker) ?? said ?? this.#settings
		const fields: Record<PersonPrompt['kind'], string[]> = {
			passphrase: ['Passphrase'],
			password: ['Password'],
			text: [text],
			confirm: [],
			touch: [],
		}
		return {
			kind: prompt.kind === 'text' ? 'prompts' : prompt.kind,
			host,
			user,
			file: prompt.kind === 'passphrase' ? prompt.file : '',
			title: prompt.kind === 'text' ? '' : text,
			// ssh does not say whether the answer may be seen.
			prompts: fields[prompt.kind].map((field) => ({ text: field, hidden: true })),
			again,
			mayKeep,
		}
	}
}
