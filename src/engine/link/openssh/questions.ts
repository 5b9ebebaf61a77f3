import { constants, type FSWatcher, watch } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateFolder } from './folder.ts'
import { type Prompt, parsePrompt } from './prompts.ts'

/** Text for ssh; true: yes; null: no, or no answer. */
export type Answer = string | true | null

/** Who asks: the ssh of the last host, or what that one has started (a jump host's ssh, a proxy). */
export type Asker = 'self' | 'other'

/** Answers a question of ssh. `signal` is aborted when ssh no longer asks. May not throw. */
export type Answerer = (prompt: Prompt, asker: Asker, signal: AbortSignal) => Promise<Answer>

/** The system tells of every change in the folder; this is for one that does not. */
const lookMs = 200
/** Time the asking script has to open the pipe it waits at. */
const handOverMs = 5000
const longestQuestion = 16 * 1024

/**
 * What happens in the private folder while ssh logs in: it asks by way of `askpass.sh`, and its socket appears
 * when it is through.
 */
export class Questions {
	readonly #folder: PrivateFolder
	readonly #answerer: Answerer
	readonly #onSocket: () => void
	readonly #watcher: FSWatcher
	readonly #timer: NodeJS.Timeout
	readonly #asked = new Map<string, AbortController>()
	#looking = false
	#again = false
	#stopped = false

	constructor(folder: PrivateFolder, answerer: Answerer, onSocket: () => void) {
		this.#folder = folder
		this.#answerer = answerer
		this.#onSocket = onSocket
		this.#watcher = watch(folder.path, () => void this.#look())
		this.#watcher.on('error', () => {})
		this.#timer = setInterval(() => void this.#look(), lookMs)
		void this.#look()
	}

	/** Takes back what is asked. */
	stop(): void {
		this.#stopped = true
		clearInterval(this.#timer)
		this.#watcher.close()
		for (const question of this.#asked.values()) question.abort()
		this.#asked.clear()
	}

	async #look(): Promise<void> {
		if (this.#looking) {
			this.#again = true
			return
		}
		this.#looking = true
		const names: string[] = await readdir(this.#folder.path).catch(() => [])
		this.#looking = false
		if (this.#stopped) return
		for (const [name, question] of this.#asked) {
			if (names.includes(name)) continue
			this.#asked.delete(name)
			question.abort()
		}
		for (const name of names) if (/^ask\.\d+$/.test(name) && !this.#asked.has(name)) void this.#answer(name)
		if (names.includes('s')) this.#onSocket()
		if (!this.#again || this.#stopped) return
		this.#again = false
		void this.#look()
	}

	async #answer(name: string): Promise<void> {
		const question = new AbortController()
		this.#asked.set(name, question)
		try {
			const text = await readFile(join(this.#folder.path, name), 'utf8')
			const [who, hint = '', ...rest] = text.slice(0, longestQuestion).split('\n')
			const prompt = parsePrompt(rest.join('\n'), hint)
			const answer = await this.#answerer(prompt, who === 'self' ? 'self' : 'other', question.signal)
			if (prompt.kind === 'touch' || question.signal.aborted) return
			await this.#handOver(name.replace('ask.', 'answer.'), answer)
		} catch {
			// It asks no more: the script, or the whole folder, is gone.
		}
	}

	async #handOver(name: string, answer: Answer): Promise<void> {
		const words = answer === null ? 'no\n' : answer === true ? 'yes\nyes\n' : `yes\n${answer}\n`
		const until = Date.now() + handOverMs
		// Not to block: a FIFO without a reader would hold one of the few threads that all files share.
		const flags = constants.O_WRONLY | constants.O_NONBLOCK
		while (!this.#stopped && Date.now() < until) {
			try {
				const fifo = await open(join(this.#folder.path, name), flags)
				try {
					await fifo.write(words)
				} finally {
					await fifo.close()
				}
				return
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
				await new Promise((resolve) => setTimeout(resolve, 10))
			}
		}
	}
}
