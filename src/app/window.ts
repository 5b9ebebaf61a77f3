import { app, BrowserWindow, nativeTheme, protocol, type Session } from 'electron'
import { isSafeUrl } from '../contract/problem.ts'
import { pageHandler, pageOrigin, pageScheme } from './page-protocol.ts'
import { fragmentOf, type Place } from './place.ts'

/** Before `ready`: the page's scheme is a full origin, as https is. */
export function registerPageScheme(): void {
	protocol.registerSchemesAsPrivileged([
		{ scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
	])
}

/** The page needs no permission, so it gets none. */
function denyPermissions(session: Session): void {
	session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
	session.setPermissionCheckHandler(() => false)
	session.setDevicePermissionHandler(() => false)
}

export interface AppWindow {
	/** Shows the window, and in it a place when one is named. */
	open(place?: Place | null): void
	/** Ends the window; it can be opened again. */
	close(): void
}

export interface WindowFiles {
	/** Folder of the built page. */
	page: string
	/** The preload's file. */
	preload: string
	icon: string
}

/**
 * The one window. Closing it frees the page; the app goes on in the menu bar. A link of the page that may be
 * opened goes to `openLink`.
 */
export function createAppWindow(files: WindowFiles, openLink: (url: string) => void): AppWindow {
	protocol.handle(pageScheme, pageHandler(files.page))
	let window: BrowserWindow | null = null

	const make = (): BrowserWindow => {
		const made = new BrowserWindow({
			width: 412,
			height: 760,
			minWidth: 360,
			minHeight: 420,
			title: 'Hawser',
			show: false,
			icon: files.icon,
			autoHideMenuBar: true,
			backgroundColor: nativeTheme.shouldUseDarkColors ? '#1c1c1e' : '#f5f5f7',
			webPreferences: {
				preload: files.preload,
				sandbox: true,
				contextIsolation: true,
				nodeIntegration: false,
				webviewTag: false,
				spellcheck: false,
			},
		})
		lockNavigation(made, openLink)
		denyPermissions(made.webContents.session)
		made.once('ready-to-show', () => made.show())
		made.once('closed', () => {
			window = null
			// Without a window there is nothing to switch to: no Dock icon.
			if (process.platform === 'darwin') app.setActivationPolicy('accessory')
		})
		return made
	}

	return {
		open(place = null) {
			const address = `${pageOrigin}/index.html${place === null ? '' : `#${fragmentOf(place)}`}`
			if (process.platform === 'darwin') app.setActivationPolicy('regular')
			if (window === null) {
				window = make()
				load(window, address)
				return
			}
			if (place !== null) load(window, address)
			if (window.isMinimized()) window.restore()
			window.show()
			window.focus()
		},
		close: () => window?.close(),
	}
}

/** A page that is closed or replaced while it loads rejects; there is nobody left to tell. */
function load(window: BrowserWindow, address: string): void {
	window.loadURL(address).catch(() => {})
}

/** The window shows our page and no other, ever: a link to elsewhere opens in the system's own browser. */
function lockNavigation({ webContents }: BrowserWindow, openLink: (url: string) => void): void {
	webContents.setWindowOpenHandler(({ url }) => {
		if (isSafeUrl(url)) openLink(url)
		return { action: 'deny' }
	})
	const deny = (event: { preventDefault(): void }) => event.preventDefault()
	webContents.on('will-navigate', deny)
	webContents.on('will-frame-navigate', deny)
	webContents.on('will-redirect', deny)
	webContents.on('will-attach-webview', deny)
}
