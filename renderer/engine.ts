import { type Answer, type Channel, type Client, createClient } from '../src/contract/client.ts'
import type { CommandInput, CommandName, LogChunk } from '../src/contract/commands.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { State } from '../src/contract/state.ts'

/** One way to an engine. Electron's preload gives it as `window.hawser`; elsewhere it is made from a WebSocket. */
export type Connection = Pick<Client, 'command' | 'watch' | 'onLog' | 'onClose'>

declare global {
	interface Window {
		hawser?: Connection
	}
}

export interface View {
	state: State | null
	/** Nothing answers: what is shown is old, and it is being tried again. */
	gone: boolean
	/** Counts connections, so that what follows a log can begin again. */
	connection: number
}

export interface Engine {
	view(): View
	/** Called after every change of the view. Returns the disposer. */
	subscribe(listener: () => void): () => void
	/** Never rejects. */
	command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>>
	onLog(listener: (chunk: LogChunk) => void): () => void
}

const gone: Problem = {
	code: 'engine-unreachable',
	facts: {},
	title: 'Hawser stopped',
	meaning: 'Nothing was done. It is being tried again.',
	next: null,
	needsPerson: false,
}

const longestWait = 10_000
/** A dial that neither opens nor fails is given up. */
const dialLimit = 10_000

/** Keeps a connection for as long as the page lives: tries again with a growing wait, at once when looked at. */
function keepEngine(dial: () => Promise<Connection>): Engine {
	let view: View = { state: null, gone: false, connection: 0 }
	let connection: Connection | null = null
	let attempt = 0
	let wait: ReturnType<typeof setTimeout> | null = null
	const listeners = new Set<() => void>()
	const logListeners = new Set<(chunk: LogChunk) => void>()

	const show = (change: Partial<View>) => {
		view = { ...view, ...change }
		for (const listener of listeners) listener()
	}
	const lose = () => {
		connection = null
		show({ gone: true })
		const pause = Math.min(longestWait, 500 * 2 ** attempt)
		attempt += 1
		wait = setTimeout(connect, pause)
	}
	const connect = () => {
		wait = null
		dial().then(hold, lose)
	}
	const hold = (made: Connection) => {
		connection = made
		const number = view.connection + 1
		const stops = [
			made.watch((state) => {
				attempt = 0
				show({ state, gone: false, connection: number })
			}),
			made.onLog((chunk) => {
				for (const listener of logListeners) listener(chunk)
			}),
			made.onClose(() => {
				if (connection !== made) return
				for (const stop of stops) stop()
				lose()
			}),
		]
	}
	document.addEventListener('visibilitychange', () => {
		if (document.hidden || wait === null) return
		clearTimeout(wait)
		connect()
	})
	connect()

	return {
		view: () => view,
		subscribe(listener) {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		async command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>> {
			try {
				return connection
					? ((await connection.command(name, input)) as Answer<N>)
					: { ok: false, problem: gone }
			} catch {
				return { ok: false, problem: gone }
			}
		},
		onLog(listener) {
			logListeners.add(listener)
			return () => logListeners.delete(listener)
		},
	}
}

/** JSON text messages over a socket that is open. */
function socketChannel(socket: WebSocket): Channel {
	return {
		post: (message) => socket.send(JSON.stringify(message)),
		onMessage(listener) {
			const hear = (event: MessageEvent) => listener(JSON.parse(String(event.data)))
			socket.addEventListener('message', hear)
			return () => socket.removeEventListener('message', hear)
		},
		onClose(listener) {
			socket.addEventListener('close', listener, { once: true })
			return () => socket.removeEventListener('close', listener)
		},
	}
}

function dialSocket(): Promise<Connection> {
	return new Promise((resolve, reject) => {
		const url = new URL('/rpc', location.href)
		url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
		const socket = new WebSocket(url)
		const limit = setTimeout(() => socket.close(), dialLimit)
		const refuse = () => {
			clearTimeout(limit)
			reject(new Error('no engine'))
		}
		socket.addEventListener('close', refuse, { once: true })
		socket.addEventListener('open', () => {
			clearTimeout(limit)
			socket.removeEventListener('close', refuse)
			resolve(createClient(socketChannel(socket)))
		})
	})
}

/** Electron's bridge where there is one, else a WebSocket to the page's own origin. */
export function openEngine(): Engine {
	const bridge = window.hawser
	return keepEngine(bridge ? () => Promise.resolve(bridge) : dialSocket)
}
