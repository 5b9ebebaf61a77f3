import type { MenuItemConstructorOptions } from 'electron'
import type { MenuAction, MenuEntry } from './menu-entries.ts'

/** Pure: the plain menu as Electron wants it. A greyed entry says why, in its own label. */
export function menuTemplate(
	entries: readonly MenuEntry[],
	perform: (action: MenuAction) => void,
): MenuItemConstructorOptions[] {
	return entries.map((entry) => templateOf(entry, perform))
}

function templateOf(entry: MenuEntry, perform: (action: MenuAction) => void): MenuItemConstructorOptions {
	switch (entry.kind) {
		case 'separator':
			return { type: 'separator' }
		case 'text':
			return { label: escapeLabel(entry.label), enabled: false }
		case 'submenu':
			return { label: escapeLabel(entry.label), submenu: menuTemplate(entry.entries, perform) }
		case 'item': {
			const { label, action, why, accelerator } = entry
			return {
				label: escapeLabel(why === null ? label : `${label} (${why})`),
				enabled: why === null,
				...(accelerator ? { accelerator } : {}),
				click: () => perform(action),
			}
		}
	}
}

/** A single & would underline the next letter. */
const escapeLabel = (label: string) => label.replaceAll('&', '&&')
