import type { Duplex } from 'node:stream'
import type { Problem } from '../../contract/problem.ts'
import type { Transport } from '../../contract/state.ts'
import type { RemoteProcess, RemoteShell, TerminalSize } from './link.ts'

/** One logged-in connection, from the end of its dial to its loss, whatever speaks SSH for it. */
export interface Connection {
	/** `host:port` */
	readonly endpoint: string
	/** The jump hosts it goes through, first to last. */
	readonly through: string[]
	readonly transport: Transport
	exec(command: string, signal?: AbortSignal): Promise<RemoteProcess>
	shell(terminal: string, size: TerminalSize, command?: string): Promise<RemoteShell>
	forward(host: string, port: number): Promise<Duplex>
	/** It is lost unless it answers soon: after a sleep, or when a person asks. */
	probe(): void
	/** Says goodbye. What rides on it ends with `link-closed`. Settles when it is closed. */
	close(): Promise<void>
}

/** What a connection tells of itself after its dial. */
export interface ConnectionEvents {
	/** Round trip to the workstation, ms. */
	latency(ms: number): void
	/** Once, and nothing after it: every command and forward has been told before. Not after `close`. */
	lost(why: Problem): void
}

export interface KeepAlive {
	intervalMs: number
	/** So many intervals without a sign of life, and it is lost. */
	count: number
}
