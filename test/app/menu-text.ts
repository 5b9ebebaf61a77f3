import type { MenuEntry } from '../../src/app/menu-entries.ts'
import { menuModel } from '../../src/app/menu-model.ts'
import type { State } from '../../src/contract/state.ts'
import { now } from './states.ts'

/** The menu as lines: a greyed entry with its reason, a submenu indented. */
export function lines(entries: readonly MenuEntry[], indent = ''): string[] {
	return entries.flatMap((entry) => {
		if (entry.kind === 'separator') return [`${indent}—`]
		if (entry.kind === 'text') return [`${indent}· ${entry.label}`]
		if (entry.kind === 'submenu') return [`${indent}${entry.label} ▸`, ...lines(entry.entries, `${indent}  `)]
		return [`${indent}${entry.label}${entry.why === null ? '' : ` ✗ ${entry.why}`}`]
	})
}
export const menu = (state: State) => lines(menuModel(state, now))

/** The first entry that can be clicked and begins so. */
export function find(state: State, label: string) {
	const all = (entries: readonly MenuEntry[]): MenuEntry[] =>
		entries.flatMap((entry) => (entry.kind === 'submenu' ? all(entry.entries) : [entry]))
	const entry = all(menuModel(state, now)).find((one) => one.kind === 'item' && one.label.startsWith(label))
	if (entry?.kind !== 'item') throw new Error(`no entry ${label}`)
	return entry
}
