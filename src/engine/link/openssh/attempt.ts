import { ProblemError } from '../../../contract/client.ts'
import type { Problem } from '../../../contract/problem.ts'
import { problem } from '../../problems.ts'
import type { DialRequest } from '../dial.ts'
import { type AskedKey, UnknownHostKey } from '../host-keys.ts'
import type { Settings } from '../settings.ts'
import { connectProblem } from '../tcp.ts'
import { failureOf } from './failure.ts'
import type { PrivateFolder } from './folder.ts'
import { keyProblem, offendingEntry } from './host-key-failure.ts'
import { LoginAnswers } from './login-answers.ts'
import { Master } from './master.ts'
import { knownName, onlyOne } from './parties.ts'
import { Progress } from './progress.ts'
import { hostOfName, type Prompt } from './prompts.ts'
import { type Answer, type Asker, Questions } from './questions.ts'

/** One login of the system's ssh, from its start until its socket is there. */
export class Attempt {
	readonly master: Master
	/** Settles when it is logged in. Rejects with what `dial` throws; the master may still run then. */
	readonly up: Promise<void>
	readonly #settings: Settings
	readonly #hops: readonly Settings[]
	readonly #progress = new Progress()
	readonly #request: DialRequest
	readonly #questions: Questions
	readonly #answers: LoginAnswers
	#phase: 'port' | 'host-key' | 'login' | 'over' = 'port'
	#timer: NodeJS.Timeout | undefined
	#startedAt = Date.now()
	#settle: (error: Error | null) => void = () => {}

	/** `hops`: all hosts on the way to the last one, first to last. */
	constructor(
		settings: Settings,
		hops: readonly Settings[],
		request: DialRequest,
		folder: PrivateFolder,
		args: readonly string[],
	) {
		const { around, signal, times } = request
		this.#settings = settings
		this.#hops = hops
		this.#request = request
		this.#answers = new LoginAnswers(settings, hops, request)
		this.master = new Master(
			folder,
			args,
			{ cwd: around.home, env: around.env },
			{ log: (line) => this.#read(line), others: (line) => this.#progress.heard(line) },
		)
		this.#questions = new Questions(
			folder,
			(prompt, asker, asked) => this.#answer(prompt, asker, asked),
			() => this.#through(),
		)
		const onAbort = () => this.#settle(new ProblemError(problem('operation-cancelled', {})))
		this.up = new Promise((resolve, reject) => {
			this.#settle = (error) => {
				if (this.#phase === 'over') return
				this.#phase = 'over'
				clearTimeout(this.#timer)
				signal.removeEventListener('abort', onAbort)
				this.#questions.stop()
				if (error) reject(error)
				else resolve()
			}
		})
		signal.addEventListener('abort', onAbort, { once: true })
		if (signal.aborted) onAbort()
		this.#limit(times.tcpMs)
		void this.master.gone.then(async (code) => {
			if (this.#phase !== 'over') this.#settle(await this.#failure(code))
		})
	}

	// ——— how far it is ———

	#limit(ms: number): void {
		if (this.#phase === 'over') return
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => this.#late(ms), ms)
	}

	/** What ssh says of its progress, in the words of `debug1`. */
	#read(line: string): void {
		if (this.#phase === 'over' && this.#progress.stage === 'login') return
		const { times } = this.#request
		this.#progress.logged(line)
		if (this.#phase === 'port' && /^debug1: (?:Connection established|Remote protocol version)/.test(line)) {
			this.#phase = 'host-key'
			this.#request.phase('host-key')
			this.#limit(times.handshakeMs)
		} else if (this.#phase === 'host-key' && this.#progress.stage === 'login') {
			this.#phase = 'login'
			this.#request.phase('login')
			// An agent may ask a person by itself, without a word to us.
			this.#limit(this.#settings.agent === null ? times.loginMs : times.loginWithPersonMs)
		} else if (
			this.#phase === 'host-key' &&
			/^Failed to add the host to the list of known hosts/.test(line)
		) {
			const { host, userKnownHosts } = this.#settings
			const named = /\((.+)\)/.exec(line)?.[1]
			const file = userKnownHosts.find((one) => one === named) ?? userKnownHosts[0] ?? 'none'
			const reason = 'ssh could not write to it'
			this.#settle(new ProblemError(problem('known-hosts-unwritable', { file, host, reason })))
		}
	}

	#late(ms: number): void {
		const { host, port } = this.#settings
		const seconds = ms / 1000
		const until = this.#phase === 'login' ? 'the login was through' : 'keys were exchanged'
		const reason = `It answers, but ${seconds} s went by before ${until}`
		const why =
			this.#phase === 'port'
				? problem('port-silent', { host, port, seconds })
				: problem('ssh-protocol', { host, port, reason })
		this.#settle(new ProblemError(why))
	}

	#through(): void {
		if (this.#phase === 'over') return
		// It is logged in either way; where a secret could not be kept, it is asked for again another time.
		this.#answers.accepted().then(
			() => this.#settle(null),
			() => this.#settle(null),
		)
	}

	// ——— what it asks ———

	async #answer(prompt: Prompt, asker: Asker, asked: AbortSignal): Promise<Answer> {
		if (prompt.kind === 'host-key') return this.#judge(prompt, asker)
		if (prompt.kind === 'host-address') {
			const of = this.#party(prompt.name, asker)
			const { file, line } = prompt
			// No without a word of why where a program that is no ssh may have let a server word it.
			if (!of || ![...of.userKnownHosts, ...of.globalKnownHosts].includes(file)) return null
			const known = `another one for its address on line ${line}`
			const key = { keyType: '', fingerprint: 'the key of its name', lookup: knownName(of) }
			const facts = { host: of.host, port: of.port, ...key, file, line, known }
			this.#settle(new ProblemError(problem('host-key-changed', facts)))
			return null
		}
		// While a person is asked only that counts.
		clearTimeout(this.#timer)
		try {
			return await this.#answers.answer(prompt, asker, asked)
		} catch (error) {
			this.#settle(error as Error)
			return null
		} finally {
			const { loginMs, loginWithPersonMs } = this.#request.times
			this.#limit(prompt.kind === 'touch' ? loginWithPersonMs : loginMs)
		}
	}

	/** Whom a name of known_hosts stands for; null: nobody that is on the way. */
	#party(name: string, asker: Asker): Settings | null {
		if (asker === 'self') return this.#settings
		return onlyOne(this.#hops, (hop) => knownName(hop) === name.toLowerCase())
	}

	/** ssh itself compares what it is told with the key that it was shown, then keeps that key. */
	#judge({ name, keyType, fingerprint: shown }: Prompt & { kind: 'host-key' }, asker: Asker): Answer {
		const { keep } = this.#request
		if (keep && keep.fingerprint === shown && keep.name.toLowerCase() === name.toLowerCase()) return shown
		const { host, port } = this.#party(name, asker) ?? hostOfName(name)
		const full = this.#progress.log.keys.map((line) =>
			/^debug1: Server host key: (\S+) (SHA256:\S+)/.exec(line),
		)
		const exact = full.find((match) => match?.[2] === shown)?.[1]
		const asked: AskedKey = {
			host,
			port,
			name,
			keyType: exact ?? keyType,
			fingerprint: shown,
			key: null,
		}
		this.#settle(new UnknownHostKey(asked))
		return null
	}

	// ——— why it failed ———

	async #failure(code: number | null): Promise<Error> {
		return new ProblemError(await this.#problem(code))
	}

	async #problem(code: number | null): Promise<Problem> {
		const { host, port } = this.#settings
		const wanted = { ...this.#settings, hops: this.#hops }
		const waitedMs = Date.now() - this.#startedAt
		const failure = failureOf(this.#progress, wanted, waitedMs, code)
		switch (failure.kind) {
			case 'problem':
				return problem(failure.code, failure.facts)
			case 'tcp': {
				const seconds = Math.round(waitedMs / 1000)
				if (failure.code === 'ETIMEDOUT')
					return problem('port-silent', { host: failure.host, port: failure.port, seconds })
				const error = Object.assign(new Error(failure.reason), { code: failure.code })
				return connectProblem(error, failure)
			}
			case 'refused': {
				const { of, tried } = failure
				await this.#answers.refused(of)
				return problem('login-refused', { host: of.host, port: of.port, user: of.user, tried })
			}
			case 'host-key': {
				const { key, of } = failure
				const entry = await offendingEntry(key, of)
				if (entry || of === wanted) return keyProblem(key, of, entry)
				// A hop's words may be another hop's, and there is nothing in known_hosts that they could mean.
				const reason = `The host key of the jump host ${of.host} was not accepted`
				return problem('ssh-protocol', { host, port, reason })
			}
		}
	}
}
