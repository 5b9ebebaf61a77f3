import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Problem } from '../../contract/problem.ts'
import { problemOf } from '../problems.ts'
import type { StartedProcess } from '../process/process.ts'
import { quote } from '../quote.ts'
import { endWords } from '../remote/script-failure.ts'
import type { Link, RemoteProcess } from './link.ts'

/**
 * Lets git and rsync use the live link as their ssh: `run({ …, env: { ...env, ...bridge.env },
 * extraPipes: bridge.extraPipes, onStart: bridge.onStart })`. The host in their addresses is not looked
 * at. One process may open one remote command; a bridge serves any number of processes.
 */
export interface Bridge {
	/** To add to git's environment. */
	env: Record<string, string>
	/** The value of rsync's `-e`. */
	rsyncShell: string
	extraPipes: 3
	onStart: (started: StartedProcess) => void
	/** Why the link failed a process, if it did: better words than the process has for it. */
	readonly problem: Problem | null
	/** How long (ms) nothing has come from the remote command, though all that came before was taken; 0 without one. */
	silentMs(): number
	/** Ends what is under way, as if the remote command had gone away. */
	hangUp(): void
	/** Ends what is under way and removes the script. */
	dispose(): Promise<void>
}

/** How long a process has to notice that its remote command is gone. */
const discardMs = 500

export type Carries = 'git' | 'rsync'

/** Exactly what git makes: a program and one path, quoted its way. */
const gitCommand = /^git-(?:upload|receive)-pack (?:'[^']*'|\\['!])+$/
/** What rsync makes; nothing in it that a shell would act on unless it is escaped. */
const rsyncCommand = /^rsync --server(?: (?:\\[^\n]|[^\\\n\r;&|<>()`$'"#])*)?$/

/** The command came from a program of ours, but its paths did not. */
export function mayCarry(command: string, carries: Carries): boolean {
	if (carries === 'git') return gitCommand.test(command)
	return rsyncCommand.test(command) && !/ --daemon\b/.test(command)
}

/** `placed` makes what the workstation's login shell is given of a command that may be carried; default: the same. */
export function openBridge(link: Link, carries: Carries, placed = (command: string) => command): Bridge {
	// In a packed app the script lies in an archive, where nothing can be executed.
	const folder = mkdtempSync(join(tmpdir(), 'hawser-bridge-'))
	// rsync gives its remote shell an output that must not be waited on, which cat cannot write to; only one
	// named rsh is spared.
	const script = join(folder, 'rsh')
	writeFileSync(script, readFileSync(new URL('./bridge.sh', import.meta.url)), { mode: 0o700 })
	chmodSync(script, 0o700)
	const carriers = new Set<Carrier>()
	let last: Problem | null = null
	const hangUp = () => {
		for (const carrier of carriers) carrier.abort()
	}
	return {
		// Not GIT_SSH: a person's core.sshCommand would win over that.
		env: { GIT_SSH_COMMAND: quote(script), GIT_SSH_VARIANT: 'simple' },
		rsyncShell: /[\s'"]/.test(script) ? `"${script.replaceAll('"', '""')}"` : script,
		extraPipes: 3,
		onStart: (started) => {
			const carrier = new Carrier(link, carries, placed, started.extraPipes as Socket[])
			carriers.add(carrier)
			void carrier.done.then((why) => {
				last = why ?? last
				carriers.delete(carrier)
			})
		},
		get problem() {
			return last
		},
		silentMs: () => (carriers.size === 0 ? 0 : Math.min(...[...carriers].map((one) => one.silentMs()))),
		hangUp,
		async dispose() {
			hangUp()
			await Promise.all([...carriers].map((carrier) => carrier.done))
			await rm(folder, { recursive: true, force: true })
		},
	}
}

/** One process of git or rsync, from its start to its end. */
class Carrier {
	/** Settles when all is over; with a problem when the link was to blame. */
	readonly done: Promise<Problem | null>
	readonly #link: Link
	readonly #carries: Carries
	readonly #placed: (command: string) => string
	readonly #up: Socket
	readonly #down: Socket
	readonly #control: Socket
	readonly #gone = new AbortController()
	#remote: RemoteProcess | null = null
	#heardAt = performance.now()

	constructor(link: Link, carries: Carries, placed: (command: string) => string, pipes: Socket[]) {
		const [up, down, control] = pipes
		if (!up || !down || !control) throw new Error('a bridge needs three extra pipes')
		this.#link = link
		this.#carries = carries
		this.#placed = placed
		this.#up = up
		this.#down = down
		this.#control = control
		// Nothing may be read before there is somewhere to put it.
		up.pause()
		for (const pipe of pipes) pipe.on('error', () => {})
		// The process is the last to hold its end of it.
		control.once('close', () => this.abort())
		this.done = this.#run().finally(() => this.#gone.abort())
	}

	abort(): void {
		this.#gone.abort()
	}

	silentMs(): number {
		// Held back by us, it cannot be heard.
		if (this.#remote?.stdout.readableFlowing === false) this.#heardAt = performance.now()
		return performance.now() - this.#heardAt
	}

	async #run(): Promise<Problem | null> {
		// Nothing comes down 4 but the end of the process.
		this.#down.resume()
		const input = new InputEnd()
		const command = await this.#command(input)
		if (command === null) return null
		if (!mayCarry(command, this.#carries)) {
			const what = command.split(' ', 1)[0]
			this.#finish(126, `hawser: this is not carried over the link: ${what}\n`)
			return null
		}
		let remote: RemoteProcess | null = null
		const onGone = () => remote?.close()
		this.#gone.signal.addEventListener('abort', onGone, { once: true })
		try {
			remote = await this.#link.exec(this.#placed(command), this.#gone.signal)
			if (this.#gone.signal.aborted) onGone()
			this.#join(remote, input)
			const { code, signal } = await remote.exit
			this.#finish(
				code ?? 255,
				code === null ? `hawser: the remote command ended with ${endWords({ code, signal })}\n` : '',
			)
			return null
		} catch (error) {
			if (this.#gone.signal.aborted) return null
			const why = problemOf(error)
			this.#finish(255, `hawser: ${why.title}\n`)
			return why
		} finally {
			this.#gone.signal.removeEventListener('abort', onGone)
			if (this.#gone.signal.aborted) for (const pipe of [this.#up, this.#down, this.#control]) pipe.destroy()
		}
	}

	/** The first word on the control pipe, up to a NUL; null when the process ended without one. */
	#command(input: InputEnd): Promise<string | null> {
		return new Promise((resolve) => {
			let head: Buffer | null = Buffer.alloc(0)
			this.#control.on('data', (data: Buffer) => {
				if (head === null) return input.arrived()
				head = Buffer.concat([head, data])
				const end = head.indexOf(0)
				if (end < 0) return
				const command = head.toString('utf8', 0, end)
				const more = head.length > end + 1
				head = null
				resolve(command)
				if (more) input.arrived()
			})
			this.#gone.signal.addEventListener('abort', () => resolve(null), { once: true })
		})
	}

	/** Joins the pipes; each side is read only as fast as the other takes it. */
	#join(remote: RemoteProcess, input: InputEnd): void {
		this.#remote = remote
		remote.stdout.on('data', () => {
			this.#heardAt = performance.now()
		})
		this.#up.pipe(remote.stdin, { end: false })
		remote.stdout.pipe(this.#down, { end: false })
		remote.stderr.pipe(this.#up, { end: false })
		input.onEnd(this.#up, () => remote.stdin.end())
	}

	/** Gives the process its last words and the exit code. */
	#finish(code: number, words: string): void {
		this.#down.end()
		// What the remote command did not read is thrown away for a moment, then refused: otherwise the process
		// would wait for ever for somebody to take the rest.
		this.#up.unpipe()
		this.#up.resume()
		this.#up.end(words, () => setTimeout(() => this.#up.destroy(), discardMs).unref())
		this.#control.end(`${code}\n`)
	}
}

/**
 * The end of the input. git and rsync themselves keep the pipe open that the script writes to, so its end
 * cannot be seen there; the script tells on the control pipe, and what it wrote before may still be on its way.
 */
class InputEnd {
	#told = false
	#start: () => void = () => {}

	arrived(): void {
		if (this.#told) return
		this.#told = true
		this.#start()
	}

	/** Calls `ended` once it was told and the pipe, being read, stayed empty over a whole turn of the event loop. */
	onEnd(pipe: Socket, ended: () => void): void {
		const look = () => {
			const before = pipe.bytesRead
			const flowed = pipe.readableFlowing === true
			// Between one immediate and the next the system is asked what there is to read.
			setImmediate(() =>
				setImmediate(() => {
					const empty = pipe.bytesRead === before && pipe.readableLength === 0
					if (pipe.destroyed || (empty && flowed && pipe.readableFlowing === true)) ended()
					else setTimeout(look, 2)
				}),
			)
		}
		this.#start = look
		if (this.#told) look()
	}
}
