import { join } from 'node:path'
import { Menu, nativeImage, nativeTheme, Tray } from 'electron'
import type { State } from '../contract/state.ts'
import type { MenuAction, MenuEntry } from './menu-entries.ts'
import { menuModel, menuWithoutEngine } from './menu-model.ts'
import { menuTemplate } from './menu-template.ts'

type Glyph = State['summary']['glyph']

export interface AppTray {
	/** Draws a state; null while no engine has answered. */
	show(state: State | null): void
	dispose(): void
}

/** Keeps the icon's place in the bar over restarts; any fixed value does. */
const placeId = '5b9f4f0e-6a5c-4f6e-9d0b-2c1d7a3e8f41'

/** Pure: the file of a glyph. Linux has no template images, so there the panel's theme picks the set. */
export function glyphFile(glyph: Glyph, platform: NodeJS.Platform, darkPanel: boolean): string {
	if (platform === 'darwin') return `${glyph}Template.png`
	return `${glyph}-${darkPanel ? 'dark' : 'light'}.png`
}

/** GNOME's and Unity's top bars are dark in the light theme too. */
const alwaysDark = () => /gnome|unity/i.test(process.env.XDG_CURRENT_DESKTOP ?? '')

/**
 * The icon in the bar and its menu. On macOS the menu is made when it opens and left alone until it
 * closes; on Linux it is handed over ahead of time, and again after each change of what it says.
 */
export function createTray(glyphFolder: string, perform: (action: MenuAction) => void): AppTray {
	const mac = process.platform === 'darwin'
	let state: State | null = null
	let shownGlyph = ''
	let shownMenu = ''

	const image = () => {
		const dark = alwaysDark() || nativeTheme.shouldUseDarkColors
		return join(glyphFolder, glyphFile(state?.summary.glyph ?? 'off', process.platform, dark))
	}
	shownGlyph = image()
	const tray = mac
		? new Tray(nativeImage.createFromPath(shownGlyph), placeId)
		: new Tray(nativeImage.createFromPath(shownGlyph))

	const model = (): MenuEntry[] => (state ? menuModel(state, Date.now()) : menuWithoutEngine())
	const build = (entries: MenuEntry[]) => Menu.buildFromTemplate(menuTemplate(entries, perform))
	const drawIcon = () => {
		const next = image()
		if (next !== shownGlyph) tray.setImage(nativeImage.createFromPath(next))
		shownGlyph = next
		tray.setToolTip(state?.summary.line ?? 'Hawser is starting')
	}
	const drawMenu = () => {
		if (mac) return
		const entries = model()
		const text = JSON.stringify(entries)
		if (text === shownMenu) return
		shownMenu = text
		tray.setContextMenu(build(entries))
	}
	if (mac) {
		let open: Menu | null = null
		const popUp = () => {
			if (open) return
			const menu = build(model())
			open = menu
			menu.once('menu-will-close', () => {
				open = null
			})
			tray.popUpContextMenu(menu)
		}
		tray.setIgnoreDoubleClickEvents(true)
		tray.on('click', popUp)
		tray.on('right-click', popUp)
	}
	nativeTheme.on('updated', drawIcon)
	drawIcon()
	drawMenu()

	return {
		show(next) {
			state = next
			drawIcon()
			drawMenu()
		},
		dispose() {
			nativeTheme.off('updated', drawIcon)
			tray.destroy()
		},
	}
}
