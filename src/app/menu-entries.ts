import type { CommandInput, CommandName } from '../contract/commands.ts'
import type { Place } from './place.ts'
import { shorten } from './words.ts'

/** A command of the engine with its input, as data. */
export type Wish = { [N in CommandName]: { name: N; input: CommandInput<N> } }[CommandName]

/** What a click on an entry does. */
export type MenuAction =
	| { do: 'command'; wish: Wish }
	| { do: 'copy'; text: string }
	/** Null: of the first workstation. */
	| { do: 'copy-report'; workstation: string | null }
	| { do: 'open-url'; url: string }
	/** Null: as it is. */
	| { do: 'open-window'; place: Place | null }
	| { do: 'open-settings' }
	| { do: 'quit' }

/** A line of the native menu as plain data. */
export type MenuEntry =
	| { kind: 'separator' }
	/** Says something, does nothing. */
	| { kind: 'text'; label: string }
	/** `why` says why it is greyed; null: it can be clicked. */
	| { kind: 'item'; label: string; action: MenuAction; why: string | null; accelerator?: string }
	| { kind: 'submenu'; label: string; entries: MenuEntry[] }

export const separator: MenuEntry = { kind: 'separator' }
export const text = (label: string): MenuEntry => ({ kind: 'text', label: shorten(label, 80) })
export const item = (
	label: string,
	action: MenuAction,
	why: string | null = null,
	accelerator?: string,
): MenuEntry => ({ kind: 'item', label, action, why, ...(accelerator ? { accelerator } : {}) })
export const wish = (wish: Wish): MenuAction => ({ do: 'command', wish })
export const openWindow = (place: Place | null = null): MenuAction => ({ do: 'open-window', place })
