import type { Readable } from 'node:stream'
import { type SessionProcess, spawnSession } from '../../process/session.ts'
import type { PrivateFolder } from './folder.ts'

/** Time the goodbye may take, and what was killed to be gone. */
const goodbyeMs = 3000
const killMs = 3000
const goneMs = 500
/** Of what ssh says only the end is kept. */
const keptLines = 400
const longestLine = 2000

/** The one ssh that holds a connection, from its start to its end, with all it has started itself. */
export class Master {
	/** Settles when it is gone, with its exit code; null: by a signal. */
	readonly gone: Promise<number | null>
	/** The last of what it, its jump hosts and its server have said: to be shown, never to be believed. */
	readonly lines: string[] = []
	readonly #process: SessionProcess
	readonly #folder: PrivateFolder
	#stopped: Promise<void> | null = null

	constructor(
		folder: PrivateFolder,
		args: readonly string[],
		options: { cwd: string; env: NodeJS.ProcessEnv },
		hear: { log(line: string): void; others(line: string): void },
	) {
		this.#folder = folder
		this.#process = spawnSession(folder.master, args, {
			cwd: options.cwd,
			env: {
				...options.env,
				SSH_ASKPASS: folder.askpass,
				SSH_ASKPASS_REQUIRE: 'force',
				// The words of its failures are read. Sessions get nothing of it: no variable is ever sent.
				LC_ALL: 'C',
			},
		})
		this.#process.stdin.destroy()
		this.#process.extra.resume()
		const { stdout, stderr } = this.#process
		this.#listen(stdout, (line) => hear.log(line))
		this.#listen(stderr, (line) => hear.others(line))
		const closed = (pipe: Readable) => new Promise<void>((resolve) => pipe.once('close', resolve))
		const ended = Promise.all([closed(stdout), closed(stderr)])
		this.gone = this.#process.exit.then(async ({ code }) => {
			// Its last words say why. A child of it that outlives it may hold the pipe.
			await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500).unref())])
			return code
		})
	}

	#listen(pipe: Readable, onLine: (line: string) => void): void {
		let rest = ''
		const say = (line: string) => {
			const text = line.replace(/\r$/, '').slice(0, longestLine)
			this.lines.push(text)
			if (this.lines.length > keptLines) this.lines.splice(0, keptLines / 4)
			onLine(text)
		}
		pipe.setEncoding('utf8')
		pipe.on('data', (text: string) => {
			const parts = (rest + text).split('\n')
			rest = (parts.pop() ?? '').slice(0, longestLine)
			for (const part of parts) say(part)
		})
		pipe.once('end', () => {
			if (rest !== '') say(rest)
		})
	}

	/** Says goodbye, then ends it by force. Settles when it, its children and its folder are gone. */
	stop(): Promise<void> {
		this.#stopped ??= this.#stop()
		return this.#stopped
	}

	async #stop(): Promise<void> {
		// It watches this pipe.
		this.#process.extra.destroy()
		if (!(await within(goodbyeMs, this.#process.exit))) {
			this.#process.signal('SIGKILL')
			await within(killMs, this.#process.exit)
		}
		// Whatever it left behind in its group, such as a question that was under way.
		const until = Date.now() + goneMs
		while (this.#process.signal('SIGKILL') && Date.now() < until)
			await new Promise((resolve) => setTimeout(resolve, 5))
		this.#process.release()
		await this.#folder.remove()
	}
}

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<false>((resolve) => {
		timer = setTimeout(() => resolve(false), ms)
	})
	try {
		return await Promise.race([work.then(() => true as const), late])
	} finally {
		clearTimeout(timer)
	}
}
