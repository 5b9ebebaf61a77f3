import type { MuxChannel } from './mux-channel.ts'

/** OpenSSH's own name for it. Any server answers what it does not know with a no (RFC 4254, section 5.4). */
const question = 'keepalive@openssh.com'

/**
 * Questions that the workstation itself has to answer, for the heartbeat: ssh's own (ServerAlive…) are not told to us.
 * They are put on a session in which no command is ever started. Opening that is the first of them.
 */
export class Pulse {
	readonly #open: () => Promise<MuxChannel>
	#session: MuxChannel | null = null
	#stopped = false

	/** `open` opens a session, nothing more. */
	constructor(open: () => Promise<MuxChannel>) {
		this.#open = open
	}

	ping(answered: () => void): void {
		if (this.#session) void this.#session.request(question).then(answered)
		else void this.#start().then(answered, answered)
	}

	async #start(): Promise<void> {
		const session = await this.#open()
		if (this.#stopped) return session.close()
		this.#session = session
		// A server may close what nothing happens in.
		void session.closed.then(() => {
			this.#session = null
		})
	}

	stop(): void {
		this.#stopped = true
		this.#session?.close()
	}
}
