import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { ProblemError } from '../../contract/client.ts'
import type { PtyChunk } from '../../contract/commands.ts'
import type { RemoteShell, TerminalSize } from '../link/link.ts'
import { problem, problemOf } from '../problems.ts'
import type { Face } from '../rpc/served-engine.ts'

/** Of what was typed, no more than this may wait for a workstation that does not read, in bytes. */
const mostUnread = 1024 * 1024
/** On one workstation at once: a connection has a few sessions only, and the engine needs some itself. */
export const mostPtys = 4

interface Pty {
	shell: RemoteShell
	/** Nobody wants to hear of it any more. */
	over: boolean
	/** Bytes typed that were not taken yet. */
	unread: number
	forget(): void
}

/** The terminals on workstations that faces have opened. Each is its face's alone, and ends with it. */
export class Ptys {
	readonly #ptys = new Map<Face, Map<string, Pty>>()
	/** By workstation. */
	readonly #counts = new Map<string, number>()

	/**
	 * What it prints goes to that face, from the turn after the one in which this settles: after its answer.
	 * @throws ProblemError `channel-refused` when there are too many on this workstation; and what `start` throws
	 */
	async open(face: Face, workstation: string, start: () => Promise<RemoteShell>): Promise<string> {
		const free = this.#take(workstation)
		let shell: RemoteShell
		try {
			shell = await start()
		} catch (error) {
			free()
			throw error
		}
		const id = randomUUID()
		const stopFace = face.onClose(() => this.#end(face, id))
		const pty: Pty = {
			shell,
			over: false,
			unread: 0,
			forget: () => {
				stopFace()
				free()
				const ofFace = this.#ptys.get(face)
				ofFace?.delete(id)
				if (ofFace?.size === 0) this.#ptys.delete(face)
			},
		}
		const ofFace = this.#ptys.get(face) ?? new Map<string, Pty>()
		this.#ptys.set(face, ofFace.set(id, pty))
		setImmediate(() => void serve(face, id, pty))
		return id
	}

	/** Settles when there is room for more. What is written goes there in the order of the calls. */
	async write(face: Face, id: string, data: Buffer): Promise<void> {
		const pty = this.#of(face, id)
		if (pty.unread + data.length > mostUnread) {
			const message = 'the terminal does not read what is typed, and no more of it is kept'
			throw new ProblemError(problem('input-invalid', { command: 'writePty', message }))
		}
		pty.unread += data.length
		// What is not taken any more is not missed: its end is told by itself.
		await new Promise<void>((settle) => pty.shell.stdin.write(data, () => settle()))
		pty.unread -= data.length
	}

	resize(face: Face, id: string, size: TerminalSize): void {
		this.#of(face, id).shell.resize(size)
	}

	/** Its programs are hung up on. Nothing more is told of it. */
	close(face: Face, id: string): void {
		this.#of(face, id)
		this.#end(face, id)
	}

	dispose(): void {
		for (const [face, ofFace] of [...this.#ptys]) for (const id of [...ofFace.keys()]) this.#end(face, id)
	}

	#take(workstation: string): () => void {
		const count = this.#counts.get(workstation) ?? 0
		if (count >= mostPtys) {
			const reason = `${count} are open already on this connection`
			throw new ProblemError(problem('channel-refused', { what: 'a terminal', reason }))
		}
		this.#counts.set(workstation, count + 1)
		let isFree = false
		return () => {
			if (isFree) return
			isFree = true
			this.#counts.set(workstation, (this.#counts.get(workstation) ?? 1) - 1)
		}
	}

	/** @throws ProblemError `pty-unknown`, also for another face's */
	#of(face: Face, id: string): Pty {
		const pty = this.#ptys.get(face)?.get(id)
		if (!pty) throw new ProblemError(problem('pty-unknown', {}))
		return pty
	}

	#end(face: Face, id: string): void {
		const pty = this.#ptys.get(face)?.get(id)
		if (!pty) return
		pty.over = true
		pty.forget()
		pty.shell.close()
	}
}

async function serve(face: Face, id: string, pty: Pty): Promise<void> {
	const tell = (data: string, exit: PtyChunk['exit']) => {
		if (!pty.over) face.pty({ pty: id, data, exit })
	}
	const pass = (stream: Readable) => {
		stream.on('data', (data: Buffer) => {
			tell(data.toString('base64'), null)
			// A face that is gone is always ready: the rest is read for nobody then, so that the channel can close.
			stream.pause()
			void face.ready().then(() => stream.resume())
		})
	}
	pass(pty.shell.stdout)
	pass(pty.shell.stderr)
	// It settles when all output was read, and so told. Of a lost link nothing more is read.
	const end = await pty.shell.exit.then(
		({ code, signal }) => ({ code, signal, problem: null }),
		(error: unknown) => ({ code: null, signal: null, problem: problemOf(error) }),
	)
	tell('', end)
	pty.over = true
	pty.forget()
}
