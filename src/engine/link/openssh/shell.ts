import { Transform, type TransformCallback } from 'node:stream'
import { quote } from '../../quote.ts'
import type { RemoteExit, RemoteProcess, RemoteShell, TerminalSize } from '../link.ts'

/** The remote terminal's name goes before everything else, for `resize`. */
const namePattern = /\u001etty (\/dev\/[\w./-]+|not a tty)\r?\n\u001e\r?\n?/
const longestName = 4096

/**
 * A login shell, or `command`, in a terminal of that size. The system's ssh tells the server the size of its own
 * terminal, and here it has none, so the first thing there sets it; and it makes one in which nothing is switched on.
 */
export function terminalCommand(size: TerminalSize, command?: string): string {
	const start = `printf '\\036tty %s\\n\\036\\n' "$(tty)"; stty sane rows "$1" columns "$2"`
	const then = command === undefined ? 'exec "$SHELL" -l' : 'exec "$SHELL" -c "$3"'
	const values = [String(size.rows), String(size.columns), ...(command === undefined ? [] : [command])]
	return `exec /bin/sh -c ${quote(`${start}; ${then}`)} sh ${values.map(quote).join(' ')}`
}

/**
 * A terminal over the master, where this program draws it. A new size is set by a command of its own next to it, a
 * round trip later. A person's own terminal is better given to ssh itself (`muxArgv`).
 */
export class MuxShell implements RemoteShell {
	readonly stdin: RemoteProcess['stdin']
	readonly stdout: RemoteProcess['stdout']
	readonly stderr: RemoteProcess['stderr']
	readonly exit: Promise<RemoteExit>
	readonly #started: RemoteProcess
	readonly #exec: (command: string) => Promise<RemoteProcess>
	#tty: string | null = null
	#wanted: TerminalSize | null = null
	#resizing = false

	constructor(started: RemoteProcess, exec: (command: string) => Promise<RemoteProcess>) {
		this.#started = started
		this.#exec = exec
		this.stdin = started.stdin
		this.stderr = started.stderr
		this.exit = started.exit
		let head: Buffer | null = Buffer.alloc(0)
		const flush = (done: TransformCallback) => done(null, head?.length ? head : undefined)
		this.stdout = started.stdout.pipe(
			new Transform({
				transform: (data: Buffer, _encoding, done) => {
					if (head === null) return done(null, data)
					head = Buffer.concat([head, data])
					const text = head.toString('latin1')
					const match = namePattern.exec(text)
					if (!match && head.length < longestName) return done()
					const rest = match ? text.replace(match[0], '') : text
					head = null
					if (match?.[1]?.startsWith('/dev/')) this.#tty = match[1]
					if (this.#wanted) this.resize(this.#wanted)
					done(null, Buffer.from(rest, 'latin1'))
				},
				flush,
			}),
		)
	}

	resize(size: TerminalSize): void {
		this.#wanted = size
		if (this.#tty === null || this.#resizing) return
		this.#resizing = true
		void this.#resize(this.#tty).finally(() => {
			this.#resizing = false
		})
	}

	async #resize(tty: string): Promise<void> {
		while (this.#wanted) {
			const { rows, columns } = this.#wanted
			this.#wanted = null
			const script = `stty rows ${rows} columns ${columns} <${tty}`
			try {
				const remote = await this.#exec(`exec /bin/sh -c ${quote(script)}`)
				remote.stdin.end()
				remote.stdout.resume()
				remote.stderr.resume()
				await remote.exit
			} catch {
				// It keeps the size it has.
				return
			}
		}
	}

	close(): void {
		this.#started.close()
	}
}
