import { Menu } from 'electron'
import type { MenuAction } from './menu-entries.ts'

/**
 * The bar that macOS shows while the window is in front: without it, copy and paste have no keys. Elsewhere
 * the window has no menu, and its page knows its keys itself.
 */
export function setAppMenu(perform: (action: MenuAction) => void): void {
	if (process.platform !== 'darwin') {
		Menu.setApplicationMenu(null)
		return
	}
	Menu.setApplicationMenu(
		Menu.buildFromTemplate([
			{
				role: 'appMenu',
				submenu: [
					{ role: 'about' },
					{ type: 'separator' },
					{ label: 'Settings…', accelerator: 'Cmd+,', click: () => perform({ do: 'open-settings' }) },
					{ type: 'separator' },
					{ role: 'hide' },
					{ role: 'quit' },
				],
			},
			{ role: 'editMenu' },
			{
				label: 'View',
				submenu: [
					{
						label: 'Check again',
						accelerator: 'Cmd+R',
						click: () => perform({ do: 'command', wish: { name: 'check', input: {} } }),
					},
				],
			},
			{ role: 'windowMenu' },
		]),
	)
}
