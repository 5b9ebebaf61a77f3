import type { MuxSession } from './mux-process.ts'

/**
 * Questions that the workstation itself has to answer, for the heartbeat: ssh's own (ServerAlive…) are not told to us.
 * One session holds a `cat` that sends back what it gets. Where commands do not run as asked for (a menu, a shell for
 * git alone), opening a session is the question: the server answers that with a yes or a no.
 */
export class Pulse {
	readonly #open: () => MuxSession
	#session: MuxSession | null = null
	#echoes = false
	#asked = 0
	#answered: (() => void) | null = null

	/** `open` starts a session with the command `exec cat`. */
	constructor(open: () => MuxSession) {
		this.#open = open
	}

	ping(answered: () => void): void {
		this.#answered = answered
		this.#asked += 1
		if (this.#session && this.#echoes) {
			this.#session.stdin.write(`${this.#asked}\n`)
			return
		}
		this.stop()
		this.#start()
	}

	#answer(): void {
		const answered = this.#answered
		this.#answered = null
		answered?.()
	}

	stop(): void {
		this.#session?.kill()
		this.#session = null
		this.#echoes = false
	}

	#start(): void {
		const session = this.#open()
		this.#session = session
		const asked = this.#asked
		const answer = () => {
			if (this.#session === session && this.#asked === asked) this.#answer()
		}
		session.opened.then(() => {
			answer()
			// Whether it comes back is seen until the next question.
			if (!session.stdin.destroyed) session.stdin.write(`${asked}\n`)
		}, answer)
		void session.exit.then(() => {
			if (this.#session !== session) return
			const hadEchoed = this.#echoes
			this.stop()
			// It was ended while it had a question: that one is put again.
			if (hadEchoed && this.#answered) this.#start()
		})
		let rest = ''
		session.stdout.on('data', (data: Buffer) => {
			const lines = (rest + data.toString('latin1')).split('\n')
			rest = (lines.pop() ?? '').slice(-100)
			if (this.#session !== session) return
			for (const line of lines) {
				// A login shell may say something of its own first.
				if (!/^\d+\r?$/.test(line)) continue
				this.#echoes = true
				if (Number(line) === this.#asked) this.#answer()
			}
		})
		session.stderr.resume()
	}
}
