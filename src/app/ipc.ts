import { type IpcMainEvent, ipcMain, type WebContents } from 'electron'
import { z } from 'zod'
import type { MeteredChannel } from '../engine/rpc/channel.ts'
import { type PageMessage, toMain, toPage } from './page-messages.ts'
import { pageOrigin } from './page-protocol.ts'

const messageSchema = z.discriminatedUnion('kind', [
	z.strictObject({ kind: z.literal('open'), channel: z.uuid() }),
	z.strictObject({ kind: z.literal('message'), channel: z.uuid(), body: z.unknown() }),
	z.strictObject({ kind: z.literal('close'), channel: z.uuid() }),
])

/** Only our own page, in a frame that is still there, may speak. */
export function isTrusted(event: Pick<IpcMainEvent, 'senderFrame'>): boolean {
	const { senderFrame } = event
	if (senderFrame === null || senderFrame.parent !== null) return false
	// `URL.origin` of a scheme of our own is 'null' in Node: scheme and host are compared instead.
	const url = URL.parse(senderFrame.url)
	return url !== null && `${url.protocol}//${url.host}` === pageOrigin
}

/** A page may not hold more channels than this: it needs one. */
const mostChannels = 8

/**
 * Relays between pages and the engine: `open` gives a page a channel of its own, which ends with the page
 * or the engine, whichever goes first. Returns the disposer.
 */
export function relayPages(open: () => Promise<MeteredChannel>): () => void {
	const pages = new Map<WebContents, Map<string, Relay>>()

	const relaysOf = (page: WebContents) => {
		const known = pages.get(page)
		if (known) return known
		const relays = new Map<string, Relay>()
		pages.set(page, relays)
		const drop = () => {
			for (const relay of relays.values()) relay.close()
			relays.clear()
		}
		page.on('did-start-navigation', (details) => {
			if (details.isMainFrame && !details.isSameDocument) drop()
		})
		page.on('render-process-gone', drop)
		page.once('destroyed', () => {
			drop()
			pages.delete(page)
		})
		return relays
	}
	const hear = (event: IpcMainEvent, raw: unknown) => {
		if (!isTrusted(event)) return
		const parsed = messageSchema.safeParse(raw)
		if (!parsed.success) return
		const message = parsed.data
		const relays = relaysOf(event.sender)
		const relay = relays.get(message.channel)
		if (message.kind === 'open') {
			if (relay || relays.size >= mostChannels) return
			const send = (reply: PageMessage) => {
				if (reply.kind === 'close') relays.delete(reply.channel)
				if (!event.sender.isDestroyed()) event.sender.send(toPage, reply)
			}
			relays.set(message.channel, startRelay(message.channel, open, send))
		} else if (message.kind === 'message') relay?.post(message.body)
		else relay?.close()
	}
	ipcMain.on(toMain, hear)
	return () => {
		ipcMain.off(toMain, hear)
		for (const relays of pages.values()) for (const relay of relays.values()) relay.close()
	}
}

interface Relay {
	post(body: unknown): void
	close(): void
}

/** What the page says before its engine is there waits for it. */
function startRelay(
	name: string,
	open: () => Promise<MeteredChannel>,
	send: (reply: PageMessage) => void,
): Relay {
	let engine: MeteredChannel | null = null
	let early: unknown[] = []
	let closed = false
	const close = () => {
		if (closed) return
		closed = true
		engine?.close()
		send({ kind: 'close', channel: name })
	}
	open().then((channel) => {
		engine = channel
		if (closed) return engine.close()
		channel.onMessage((body) => {
			if (!closed) send({ kind: 'message', channel: name, body })
		})
		channel.onClose(close)
		for (const body of early) channel.post(body)
		early = []
	}, close)
	return {
		post(body) {
			if (engine) engine.post(body)
			else if (!closed) early.push(body)
		},
		close,
	}
}
