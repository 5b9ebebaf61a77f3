import type { Duplex, Readable, Writable } from 'node:stream'
import type { LinkState } from '../../contract/state.ts'

/** How a remote command ended. `code` null: by `signal`. */
export interface RemoteExit {
	code: number | null
	signal: string | null
}

/** A command running on the workstation over the link. */
export interface RemoteProcess {
	/** Ending it is the remote command's end of input. */
	stdin: Writable
	stdout: Readable
	stderr: Readable
	/**
	 * Settles once, when the command has ended and its output was taken in.
	 * Rejects with a ProblemError: `link-lost` when the connection went first (then nothing is known of
	 * the command), `operation-cancelled` after `close()`.
	 */
	exit: Promise<RemoteExit>
	/** Drops the channel. The remote command sees the end of its input. */
	close(): void
}

export interface TerminalSize {
	columns: number
	rows: number
}

export interface RemoteShell extends RemoteProcess {
	resize(size: TerminalSize): void
}

/**
 * The one live connection to a workstation. Everything else rides on it. Whatever fails, fails as a
 * ProblemError of `problems.ts`; every wait inside is bounded.
 */
export interface Link {
	readonly state: LinkState
	/** Called after every change of `state`. Returns the disposer. */
	onState(listener: (state: LinkState) => void): () => void
	/** Wanted up: dials, and dials again after every loss, until `disconnect`. */
	connect(): void
	/** Not wanted any more. Settles when the connection is closed. */
	disconnect(): Promise<void>
	/** Tries at once, also when stopped. */
	retry(): void
	/** After sleep or a change of networks: tries at once where it waits by itself, probes where it is up. */
	wake(): void
	/** The answer to the host key's question; a fingerprint other than the shown one is refused. */
	answerHostKey(fingerprint: string, accept: boolean): void
	/**
	 * The answer to the login's question, one a prompt, or null to give up; `keep` puts it into the keychain.
	 * @throws ProblemError `input-invalid` when that question is not, or no longer, asked
	 */
	answerLogin(question: string, answers: readonly string[] | null, keep: boolean): void
	/** Settles when up. Rejects with the link's problem when it is stopped or asks, or after `timeoutMs`. */
	whenUp(timeoutMs: number, signal?: AbortSignal): Promise<void>
	/**
	 * Starts a command under the login shell of the workstation. `command` is a constant of ours or one
	 * that git or rsync made: data goes through `remote/script.ts`.
	 */
	exec(command: string, signal?: AbortSignal): Promise<RemoteProcess>
	/** An interactive login shell in a terminal; with `command`, that instead of the shell. */
	shell(terminal: string, size: TerminalSize, command?: string): Promise<RemoteShell>
	/** A connection from the workstation to `host:port`. */
	forward(host: string, port: number): Promise<Duplex>
	/** Ends everything: channels, timers, sockets. */
	dispose(): Promise<void>
}
