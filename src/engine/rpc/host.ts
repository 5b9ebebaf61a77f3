import { mkdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createClient, ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import type { MeteredChannel } from './channel.ts'
import { channelPair } from './memory.ts'
import { relay } from './relay.ts'
import { serveEngine } from './serve.ts'
import type { HostedEngine, ServedEngine } from './served-engine.ts'
import { claimSocket, connectSocket, socketPath } from './socket.ts'

/** How long a live engine may take to send its state, and to get out of the way when it ends (ms). */
const patience = 20_000
const interval = 50

/** This process's way to the one engine of a data folder. */
export interface Attachment {
	client: Client
	/** The engine lives in this process, and ends with `close`. */
	hosted: boolean
	/** Joins another face of this process (a window's channel) to the engine. */
	serveFace(channel: MeteredChannel): void
	/** Faces of other processes that are joined to the engine of this one; 0 when attached. */
	otherFaces(): number
	/** Settles when no command of theirs is without an answer. */
	othersAnswered(): Promise<void>
	/** Leaves the engine; the hosted one ends. */
	close(): Promise<void>
}

/**
 * Attaches to the engine that listens in the data folder, or makes it and listens. Whoever comes second
 * attaches, also while the first is still making it.
 * @throws ProblemError `engine-unreachable`, or whatever `makeEngine` throws
 */
export async function attachOrHost(
	dataFolder: string,
	makeEngine: () => Promise<HostedEngine>,
): Promise<Attachment> {
	mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
	const path = socketPath(dataFolder)
	const started = performance.now()
	while (performance.now() - started < patience) {
		const attached = (await attach(path)) ?? (await host(path, makeEngine))
		if (attached) return attached
		// One engine just ended, or another process was faster: it is there in a moment.
		await delay(interval)
	}
	throw unreachable('One keeps ending while this one starts')
}

const unreachable = (reason: string) => new ProblemError(problem('engine-unreachable', { reason }))

/** Null when there is no engine, or it went away before it said anything. */
async function attach(path: string): Promise<Attachment | null> {
	const channel = await connectSocket(path)
	if (!channel) return null
	const client = createClient(channel)
	const heard = await firstState(client).catch((error: unknown) => {
		channel.close()
		throw error
	})
	if (!heard) return null
	return {
		client,
		hosted: false,
		serveFace(face) {
			connectSocket(path)
				.catch(() => null)
				.then((own) => (own ? relay(face, own) : face.close()))
				.catch(() => face.close())
		},
		otherFaces: () => 0,
		othersAnswered: async () => {},
		async close() {
			channel.close()
		},
	}
}

/** True once the engine has sent its state, false when it closed the channel instead. */
function firstState(client: Client): Promise<boolean> {
	return new Promise((settle, reject) => {
		const late = setTimeout(() => end(() => reject(unreachable('It is there, but says nothing'))), patience)
		const disposers: (() => void)[] = []
		const end = (then: () => void) => {
			clearTimeout(late)
			for (const dispose of disposers) dispose()
			then()
		}
		disposers.push(client.onClose(() => end(() => settle(false))))
		disposers.push(client.watch(() => end(() => settle(true))))
	})
}

/** Null when another process took the place. */
async function host(path: string, makeEngine: () => Promise<HostedEngine>): Promise<Attachment | null> {
	// Faces that come while the engine is being made wait for it.
	let waiting: MeteredChannel[] | null = []
	let engine: HostedEngine | null = null
	const faces = new Set<MeteredChannel>()
	const join = (face: MeteredChannel, made: HostedEngine) => {
		faces.add(face)
		face.onClose(() => faces.delete(face))
		const watched: ServedEngine = {
			state: () => made.state(),
			onChanges: (listener) => made.onChanges(listener),
			command: (name, input, from) => counted(made.command(name, input, from)),
		}
		serveEngine(watched, face)
	}
	const open = new Set<Promise<unknown>>()
	const counted = <T>(answer: Promise<T>): Promise<T> => {
		open.add(answer)
		const close = () => open.delete(answer)
		answer.then(close, close)
		return answer
	}
	const listening = await claimSocket(path, (face) => {
		if (engine) join(face, engine)
		else waiting?.push(face)
	})
	if (!listening) return null
	try {
		engine = await makeEngine()
	} catch (error) {
		await listening.close()
		throw error
	}
	const made = engine
	for (const face of waiting) join(face, made)
	waiting = null

	const [own, engineSide] = channelPair()
	serveEngine(made, engineSide)
	let closing: Promise<void> | null = null
	return {
		client: createClient(own),
		hosted: true,
		serveFace: (face) => void serveEngine(made, face),
		otherFaces: () => faces.size,
		async othersAnswered() {
			while (open.size > 0) await Promise.allSettled(open)
		},
		close() {
			closing ??= (async () => {
				// The place is kept until the engine is gone: never two on one data folder.
				listening.retire()
				try {
					await made.dispose()
				} finally {
					own.close()
					await listening.close()
				}
			})()
			return closing
		},
	}
}
