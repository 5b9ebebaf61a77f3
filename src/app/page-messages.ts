/**
 * What goes between the page's preload and the main process, which relays it to the engine. Each channel
 * of the page to an engine has a name of its own; a channel that was closed is never opened again.
 */
export type PageMessage =
	| { kind: 'open'; channel: string }
	| { kind: 'message'; channel: string; body: unknown }
	| { kind: 'close'; channel: string }

/** The one pair of IPC channels. */
export const toMain = 'hawser:to-main'
export const toPage = 'hawser:to-page'
