import type { z } from 'zod'
import type { CommandName, CommandOutput, commands, LogChunk, PtyChunk } from '../../contract/commands.ts'
import type { Change, State } from '../../contract/state.ts'

/** A command's input after its schema: what a handler gets. */
export type CommandParsed<N extends CommandName> = z.output<(typeof commands)[N]['input']>

/** One face at the other end of a channel. */
export interface Face {
	/** Pushes a piece of a log. A face that takes nothing while this goes on is dropped. */
	log(chunk: LogChunk): void
	/** Pushes what a terminal of this face printed; the same holds. */
	pty(chunk: PtyChunk): void
	/** Settles when the face has room for more, or is gone. Whoever reads fast waits for it between chunks. */
	ready(): Promise<void>
	/** Called once, when the face is gone; at once when it already is. Returns the disposer. */
	onClose(listener: () => void): () => void
}

/** The engine, as the faces' plumbing sees it. */
export interface ServedEngine {
	state(): State
	/** Hears every batch of changes, in order. Returns the disposer. */
	onChanges(listener: (changes: Change[]) => void): () => void
	/** Rejects with a ProblemError when it refuses. `input` went through the command's schema. */
	command<N extends CommandName>(name: N, input: CommandParsed<N>, face: Face): Promise<CommandOutput<N>>
}

/** An engine that its host ends. */
export interface HostedEngine extends ServedEngine {
	/** Ends sessions, timers and connections. What runs on a workstation goes on. */
	dispose(): Promise<void>
}
