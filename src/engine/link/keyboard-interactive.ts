import type { KeyboardInteractiveAuthMethod, Prompt } from 'ssh2'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import type { DialRequest } from './dial.ts'
import type { SecretName } from './login.ts'
import type { Settings } from './settings.ts'
import type { LoginHost } from './ssh2-login.ts'

/** Tries before it counts as refused, as OpenSSH's NumberOfPasswordPrompts. */
const maxTries = 3
/** Questions within one try: a password, a code, perhaps a choice. */
const maxQuestions = 10
const maxPrompts = 20
const maxTitle = 2000
const maxText = 500

/** A code that is used once is no password. */
function asksPassword(prompts: readonly Prompt[]): boolean {
	const [only, ...more] = prompts
	if (!only || more.length > 0 || only.echo) return false
	return /password/i.test(only.prompt) && !/one.?time|otp|new|code|token|verif/i.test(only.prompt)
}

/** The server's own questions (RFC 4256), put to a person while it waits. */
export class KeyboardInteractive {
	readonly #settings: Settings
	readonly #request: DialRequest
	readonly #host: LoginHost
	readonly #secret: SecretName
	#tries = 0
	/** Within this try. */
	#questions = 0
	#usedStored = false
	#given: { secret: string; keep: boolean } | null = null
	/** The server has put a question at all: some refuse at once although they offer it. */
	asked = false
	waiting = false

	constructor(settings: Settings, request: DialRequest, host: LoginHost) {
		const { user, port } = settings
		this.#settings = settings
		this.#request = request
		this.#host = host
		this.#secret = { kind: 'password', user, host: settings.host, port }
	}

	get mayTry(): boolean {
		return this.#tries < maxTries && (this.#tries === 0 || this.asked)
	}

	attempt(): KeyboardInteractiveAuthMethod {
		this.#tries += 1
		this.#questions = 0
		const prompt: KeyboardInteractiveAuthMethod['prompt'] = (
			name,
			instructions,
			_language,
			prompts,
			finish,
		) =>
			void this.#answers(name, instructions, prompts).then(
				(answers) => {
					if (!this.#host.over.aborted) finish(answers)
				},
				(error) => this.#host.fail(error),
			)
		return { type: 'keyboard-interactive', username: this.#settings.user, prompt }
	}

	/** What was given was right. */
	async accepted(): Promise<void> {
		const given = this.#given
		this.#given = null
		if (given) await this.#request.secrets.put(this.#secret, given.secret, given.keep)
	}

	/** What was given was wrong, or some of it. */
	async refused(): Promise<void> {
		const told = this.#given || this.#usedStored
		this.#given = null
		if (told) await this.#request.secrets.forget(this.#secret)
	}

	async #answers(name: string, instructions: string, prompts: readonly Prompt[]): Promise<string[]> {
		const { host, user, port } = this.#settings
		const { secrets, ask } = this.#request
		this.asked = true
		this.#questions += 1
		if (this.#questions > maxQuestions || prompts.length > maxPrompts) {
			const tried = [`answers to ${maxQuestions} questions, and it went on asking`]
			throw new ProblemError(problem('login-refused', { host, user, port, tried }))
		}
		const password = asksPassword(prompts)
		if (password && !this.#usedStored) {
			const stored = await secrets.get(this.#secret)
			this.#usedStored = stored !== null
			if (stored !== null) return [stored]
		}
		const words = [name, instructions].map((text) => text.trim()).filter((text) => text !== '')
		const answered = this.#host.person()
		this.waiting = true
		const answer = await ask(
			{
				kind: 'prompts',
				host,
				user,
				file: '',
				title: words.join('\n').slice(0, maxTitle),
				prompts: prompts.map(({ prompt, echo }) => ({ text: prompt.slice(0, maxText), hidden: !echo })),
				again: this.#tries > 1 && this.#questions === 1,
				mayKeep: password && secrets.mayKeep,
			},
			this.#host.over,
		)
		this.waiting = false
		answered()
		if (!answer) throw new ProblemError(unanswered(host, 'it was given up'))
		const answers = prompts.map((_, index) => answer.answers[index] ?? '')
		if (password) this.#given = { secret: answers[0] ?? '', keep: answer.keep }
		return answers
	}
}

export function unanswered(host: string, why: string, what = 'an answer') {
	return problem('login-unanswered', { host, what, why })
}
