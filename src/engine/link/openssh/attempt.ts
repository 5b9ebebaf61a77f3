import { readFile } from 'node:fs/promises'
import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import type { DialRequest } from '../dial.ts'
import { type AskedKey, UnknownHostKey } from '../host-keys.ts'
import { fingerprint, type KnownHost, linesAbout } from '../known-hosts.ts'
import type { Settings } from '../settings.ts'
import { connectProblem } from '../tcp.ts'
import { type Failure, failureOf, nameOwner } from './failure.ts'
import type { PrivateFolder } from './folder.ts'
import { LoginAnswers } from './login-answers.ts'
import { Master } from './master.ts'
import type { Prompt } from './prompts.ts'
import { type Answer, Questions } from './questions.ts'

/** One login of the system's ssh, from its start until its socket is there. */
export class Attempt {
	readonly master: Master
	/** Settles when it is logged in. Rejects with what `dial` throws; the master may still run then. */
	readonly up: Promise<void>
	readonly #settings: Settings
	readonly #request: DialRequest
	readonly #questions: Questions
	readonly #answers: LoginAnswers
	#phase: 'port' | 'host-key' | 'login' | 'over' = 'port'
	#timer: NodeJS.Timeout | undefined
	/** The way to log in that is being tried. */
	#method = ''
	#startedAt = Date.now()
	#settle: (error: Error | null) => void = () => {}

	constructor(settings: Settings, request: DialRequest, folder: PrivateFolder, args: readonly string[]) {
		const { around, signal, times } = request
		this.#settings = settings
		this.#request = request
		this.#answers = new LoginAnswers(settings, request)
		this.master = new Master(folder, args, { cwd: around.home, env: around.env }, (line) => this.#read(line))
		this.#questions = new Questions(
			folder,
			(prompt, asked) => this.#answer(prompt, asked),
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

	/** What ssh says of its progress, in the words of `debug1`. A jump host's ssh does not speak of its own. */
	#read(line: string): void {
		const { times } = this.#request
		this.#method = /^debug1: Next authentication method: (\S+)/.exec(line)?.[1] ?? this.#method
		if (this.#phase === 'port' && /^debug1: (?:Connection established|Remote protocol version)/.test(line)) {
			this.#phase = 'host-key'
			this.#request.phase('host-key')
			this.#limit(times.handshakeMs)
		} else if (this.#phase === 'host-key' && /^debug1: SSH2_MSG_NEWKEYS received/.test(line)) {
			this.#phase = 'login'
			this.#request.phase('login')
			// An agent may ask a person by itself, without a word to us.
			this.#limit(this.#settings.agent === null ? times.loginMs : times.loginWithPersonMs)
		} else if (/Failed to add the host to the list of known hosts/.test(line)) {
			const { host } = this.#settings
			const file = /\((.+)\)/.exec(line)?.[1] ?? this.#settings.userKnownHosts[0] ?? 'none'
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

	async #answer(said: Prompt, asked: AbortSignal): Promise<Answer> {
		// Older ssh passes a server's own questions on as they are: one may look like ssh's, to get at a passphrase.
		const servers = this.#method === 'keyboard-interactive' && 'plain' in said
		const prompt: Prompt = servers ? { kind: 'text', text: said.plain } : said
		if (prompt.kind === 'host-key') return this.#judge(prompt)
		if (prompt.kind === 'host-address') {
			const { host, port } = nameOwner(prompt.name, this.#settings.hostKeyAlias, this.#settings)
			const known = `another one for its address on line ${prompt.line}`
			const facts = { host, port, keyType: '', fingerprint: 'the key of its name', lookup: prompt.name }
			const { file, line } = prompt
			this.#settle(new ProblemError(problem('host-key-changed', { ...facts, file, line, known })))
			return null
		}
		// While a person is asked only that counts.
		clearTimeout(this.#timer)
		try {
			return await this.#answers.answer(prompt, asked)
		} catch (error) {
			this.#settle(error as Error)
			return null
		} finally {
			const { loginMs, loginWithPersonMs } = this.#request.times
			this.#limit(prompt.kind === 'touch' ? loginWithPersonMs : loginMs)
		}
	}

	/** ssh itself compares what it is told with the key that it was shown, then keeps that key. */
	#judge({ name, keyType, fingerprint: shown }: Prompt & { kind: 'host-key' }): Answer {
		const { keep } = this.#request
		if (keep && keep.fingerprint === shown && keep.name.toLowerCase() === name.toLowerCase()) return shown
		const { host, port } = nameOwner(name, this.#settings.hostKeyAlias, this.#settings)
		const full = this.master.lines.map((line) => /^debug1: Server host key: (\S+) (SHA256:\S+)/.exec(line))
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
		const wanted = this.#settings
		const failure = failureOf(this.master.lines, wanted, Date.now() - this.#startedAt, code)
		return new ProblemError(await this.#problem(failure))
	}

	async #problem(failure: Failure) {
		const { host, port } = this.#settings
		switch (failure.kind) {
			case 'problem':
				return problem(failure.code, failure.facts)
			case 'tcp': {
				const seconds = Math.round((Date.now() - this.#startedAt) / 1000)
				if (failure.code === 'ETIMEDOUT')
					return problem('port-silent', { host: failure.host, port: failure.port, seconds })
				const error = Object.assign(new Error(failure.reason), { code: failure.code })
				return connectProblem(error, failure)
			}
			case 'refused': {
				await this.#answers.refused()
				const at = this.#answers.isOurs(failure.host) ? { host, port } : { host: failure.host, port: 22 }
				return problem('login-refused', { ...at, user: failure.user, tried: failure.tried })
			}
			case 'host-key':
				return this.#keyProblem(failure)
		}
	}

	async #keyProblem(failure: Failure & { kind: 'host-key' }) {
		const { userKnownHosts, globalKnownHosts, hostKeyAlias } = this.#settings
		const owner = nameOwner(failure.name, hostKeyAlias, this.#settings)
		const files = failure.file === null ? [...userKnownHosts, ...globalKnownHosts] : [failure.file]
		const names = [failure.name.toLowerCase(), owner.host.toLowerCase()]
		const entries = (await Promise.all(files.map((file) => readEntries(names, file)))).flat()
		const entry = entries.find((one) =>
			failure.line === null ? one.marker === 'revoked' : one.line === failure.line,
		)
		const line = entry?.line ?? failure.line ?? 0
		return problem(failure.revoked ? 'host-key-revoked' : 'host-key-changed', {
			...owner,
			keyType: failure.keyType,
			fingerprint: failure.fingerprint ?? 'another key',
			file: entry?.file ?? failure.file ?? '',
			line,
			known: entry ? `${fingerprint(entry.key.blob)} on line ${line}` : `another one on line ${line}`,
			lookup: failure.name,
		})
	}
}

async function readEntries(names: readonly string[], file: string): Promise<KnownHost[]> {
	try {
		return await linesAbout(names, await readFile(file, 'utf8'), file)
	} catch {
		return []
	}
}
