import { contextBridge, ipcRenderer } from 'electron'
import { type PageMessage, toMain, toPage } from './app/page-messages.ts'
import { type Answer, type Channel, type Client, createClient } from './contract/client.ts'
import type { CommandInput, CommandName, LogChunk } from './contract/commands.ts'
import type { State } from './contract/state.ts'

/** A channel to the engine through the main process. Opening it again after its end makes a new one. */
function openChannel(): Channel {
	const channel = crypto.randomUUID()
	const post = (message: PageMessage) => ipcRenderer.send(toMain, message)
	const listen = (listener: (message: PageMessage) => void) => {
		const hear = (_event: unknown, message: PageMessage) => {
			if (message.channel === channel) listener(message)
		}
		ipcRenderer.on(toPage, hear)
		return () => ipcRenderer.off(toPage, hear)
	}
	post({ kind: 'open', channel })
	return {
		post: (body) => post({ kind: 'message', channel, body }),
		onMessage: (listener) =>
			listen((message) => {
				if (message.kind === 'message') listener(message.body)
			}),
		onClose(listener) {
			const stop = listen((message) => {
				if (message.kind !== 'close') return
				stop()
				listener()
			})
			return stop
		},
	}
}

let client: Client | null = null

/** The client of the running engine: a new one when the last one's engine is gone. */
function current(): Client {
	if (client) return client
	const opened = createClient(openChannel())
	opened.onClose(() => {
		client = null
	})
	client = opened
	return opened
}

/** Errors lose their class on the way over this bridge, so a refused command is an answer. */
contextBridge.exposeInMainWorld('hawser', {
	command: <N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>> =>
		current().command(name, input),
	watch: (listener: (state: State) => void) => current().watch(listener),
	onLog: (listener: (chunk: LogChunk) => void) => current().onLog(listener),
	onClose: (listener: () => void) => current().onClose(listener),
})
