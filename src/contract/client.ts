import { createBirpc } from 'birpc'
import { applyChange } from './changes.ts'
import type { CommandInput, CommandName, CommandOutput, LogChunk, PtyChunk } from './commands.ts'
import type { Problem } from './problem.ts'
import type { Change, State } from './state.ts'

/** Any duplex carrier of messages: a MessagePort, a WebSocket, a unix socket, Electron's IPC. */
export interface Channel {
	post(message: unknown): void
	/** Returns the disposer of the listener. */
	onMessage(listener: (message: unknown) => void): () => void
	/** Called once, when nothing will come any more. Returns the disposer of the listener. */
	onClose(listener: () => void): () => void
}

export type Answer<N extends CommandName> =
	| { ok: true; output: CommandOutput<N> }
	| { ok: false; problem: Problem }

/** What the engine's side of a channel answers to. */
export interface EngineFunctions {
	command(name: string, input: unknown): Promise<Answer<CommandName>>
	/** The whole state; from now on `changes` follow on this channel. */
	subscribe(): Promise<State>
}

/** What a face's side of a channel answers to. */
export interface FaceFunctions {
	changes(changes: Change[]): void
	log(chunk: LogChunk): void
	pty(chunk: PtyChunk): void
}

/** A refused command, with the words to show. */
export class ProblemError extends Error {
	readonly problem: Problem
	constructor(problem: Problem) {
		super(problem.title)
		this.name = 'ProblemError'
		this.problem = problem
	}
}

export interface Client {
	/** A refusal is an answer; rejects only when the engine is gone. For bridges over which errors lose their class. */
	command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>>
	/** Rejects with a ProblemError when the engine refuses. */
	call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>
	/** Calls back with the whole state now and after every change. Returns the disposer. */
	watch(listener: (state: State) => void): () => void
	/** Log chunks of the runs this face follows. Returns the disposer. */
	onLog(listener: (chunk: LogChunk) => void): () => void
	/** What the terminals that this face opened print. Returns the disposer. */
	onPty(listener: (chunk: PtyChunk) => void): () => void
	/** Called once, when the engine is gone. Returns the disposer. */
	onClose(listener: () => void): () => void
}

export function createClient(channel: Channel): Client {
	const stateListeners = new Set<(state: State) => void>()
	const logListeners = new Set<(chunk: LogChunk) => void>()
	const ptyListeners = new Set<(chunk: PtyChunk) => void>()
	let state: State | null = null
	let early: Change[] = []
	let subscribed: Promise<void> | null = null

	const tell = () => {
		if (state) for (const listener of stateListeners) listener(state)
	}
	const faceFunctions: FaceFunctions = {
		changes(changes) {
			if (state) {
				state = changes.reduce(applyChange, state)
				tell()
			} else early.push(...changes)
		},
		log(chunk) {
			for (const listener of logListeners) listener(chunk)
		},
		pty(chunk) {
			for (const listener of ptyListeners) listener(chunk)
		},
	}
	let stopListening: () => void = () => {}
	const rpc = createBirpc<EngineFunctions, FaceFunctions>(faceFunctions, {
		post: (message) => channel.post(message),
		on: (listener) => {
			stopListening = channel.onMessage(listener)
		},
		off: () => stopListening(),
		// An operation may take hours: `waitOperation` has no deadline; a closed channel ends every call.
		timeout: -1,
	})
	channel.onClose(() => rpc.$close(new Error('the engine is gone')))

	const subscribe = async () => {
		const snapshot = await rpc.subscribe()
		// Changes that overtook the snapshot carry whole values, so applying them again is harmless.
		state = early.reduce(applyChange, snapshot)
		early = []
		tell()
	}

	const command = async <N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>> =>
		(await rpc.command(name, input)) as Answer<N>

	return {
		command,
		async call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
			const answer = await command(name, input)
			if (!answer.ok) throw new ProblemError(answer.problem)
			return answer.output
		},
		watch(listener) {
			stateListeners.add(listener)
			if (state) listener(state)
			else {
				subscribed ??= subscribe()
				subscribed.catch(() => {})
			}
			return () => stateListeners.delete(listener)
		},
		onLog(listener) {
			logListeners.add(listener)
			return () => logListeners.delete(listener)
		},
		onPty(listener) {
			ptyListeners.add(listener)
			return () => ptyListeners.delete(listener)
		},
		onClose: (listener) => channel.onClose(listener),
	}
}
