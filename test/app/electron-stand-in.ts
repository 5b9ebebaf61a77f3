import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type Electron from 'electron'
import { Emitter, part, preventable } from './electron-events.ts'
import { pathOf, type StandInPort } from './electron-stand-in-parts.ts'

export * from './electron-stand-in-parts.ts'

/**
 * Electron for plain Node: what the shell uses of it, recorded. Every part is declared as a part of
 * Electron's own types, so a method, argument, answer or event that Electron does not have is a type error.
 * It is as strict as Electron about what may be done before the app is ready, after a window is gone, and
 * about menus. Used by `vi.mock('electron', …)`.
 */

/** What was done in which order, by name. */
export const order: string[] = []

type AppPart =
	| 'setPath'
	| 'getAppPath'
	| 'getVersion'
	| 'requestSingleInstanceLock'
	| 'whenReady'
	| 'setActivationPolicy'
	| 'quit'
	| 'exit'

class StandInApp extends Emitter<Electron.App> implements Pick<Electron.App, AppPart> {
	paths: Partial<Record<Parameters<Electron.App['setPath']>[0], string>> = {}
	policies: Parameters<Electron.App['setActivationPolicy']>[0][] = []
	lock = true
	/** How it ended: the exit code, or null while it runs. */
	ended: number | null = null
	ready = false
	readonly #ready = Promise.withResolvers<void>()

	setPath(...[name, path]: Parameters<Electron.App['setPath']>) {
		if (!existsSync(path)) throw new Error(`Failed to set path '${name}'`)
		order.push(`path ${name}`)
		this.paths[name] = path
	}
	getAppPath() {
		return '/nowhere/hawser'
	}
	getVersion() {
		return '0.0.0'
	}
	requestSingleInstanceLock() {
		order.push('lock')
		return this.lock
	}
	whenReady() {
		return this.#ready.promise
	}
	setActivationPolicy(policy: Parameters<Electron.App['setActivationPolicy']>[0]) {
		this.policies.push(policy)
	}
	quit() {
		const event = preventable()
		this.happen('before-quit', event)
		if (!event.defaultPrevented) this.exit()
	}
	exit(code = 0) {
		order.push('end')
		this.ended ??= code
	}
	becomeReady() {
		order.push('ready')
		this.ready = true
		this.#ready.resolve()
	}
}
export const app = new StandInApp()

function onlyWhenReady(what: string): void {
	order.push(what)
	if (!app.ready) throw new Error(`${what} cannot be used before app is ready`)
}

type SessionPart = 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
type SessionHandler<Name extends SessionPart> = Parameters<Electron.Session[Name]>[0]

class StandInSession implements Pick<Electron.Session, SessionPart> {
	requestHandler: SessionHandler<'setPermissionRequestHandler'> = null
	checkHandler: SessionHandler<'setPermissionCheckHandler'> = null
	deviceHandler: SessionHandler<'setDevicePermissionHandler'> = null
	setPermissionRequestHandler(handler: SessionHandler<'setPermissionRequestHandler'>) {
		this.requestHandler = handler
	}
	setPermissionCheckHandler(handler: SessionHandler<'setPermissionCheckHandler'>) {
		this.checkHandler = handler
	}
	setDevicePermissionHandler(handler: SessionHandler<'setDevicePermissionHandler'>) {
		this.deviceHandler = handler
	}
}

type OpenHandler = Parameters<Electron.WebContents['setWindowOpenHandler']>[0]

export class StandInContents
	extends Emitter<Electron.WebContents>
	implements Pick<Electron.WebContents, 'setWindowOpenHandler' | 'send' | 'isDestroyed'>
{
	readonly session = new StandInSession()
	sent: unknown[][] = []
	openHandler: OpenHandler | null = null
	gone = false
	setWindowOpenHandler(handler: OpenHandler) {
		this.openHandler = handler
	}
	send(...args: Parameters<Electron.WebContents['send']>) {
		if (this.gone) throw new TypeError('Object has been destroyed')
		this.sent.push(args)
	}
	isDestroyed() {
		return this.gone
	}
	/** Itself, where Electron's types want the whole one. */
	get whole() {
		return this as unknown as Electron.WebContents
	}
}

type WindowPart = 'loadURL' | 'isMinimized' | 'restore' | 'show' | 'focus' | 'close'

export class BrowserWindow
	extends Emitter<Electron.BrowserWindow>
	implements Pick<Electron.BrowserWindow, WindowPart>
{
	static all: BrowserWindow[] = []
	readonly options: Electron.BrowserWindowConstructorOptions
	loaded: string[] = []
	shown = 0
	focused = 0
	minimized = false
	readonly #contents = new StandInContents()
	constructor(...[options = {}]: ConstructorParameters<typeof Electron.BrowserWindow>) {
		super()
		onlyWhenReady('BrowserWindow')
		this.options = options
		BrowserWindow.all.push(this)
	}
	get webContents() {
		this.#there()
		return this.#contents
	}
	async loadURL(address: string) {
		this.#there()
		this.loaded.push(address)
	}
	isMinimized() {
		this.#there()
		return this.minimized
	}
	restore() {
		this.#there()
		this.minimized = false
	}
	show() {
		this.#there()
		this.shown += 1
	}
	focus() {
		this.#there()
		this.focused += 1
	}
	/** Also what the page's own `window.close()` does. */
	close() {
		this.#there()
		this.happen('close', preventable())
		this.#contents.gone = true
		this.#contents.happen('destroyed')
		this.happen('closed')
		if (BrowserWindow.all.some((window) => !window.#contents.gone)) return
		// An app that does not listen for it ends with its last window.
		if (app.listenerCount('window-all-closed') === 0) app.quit()
		else app.happen('window-all-closed')
	}
	#there() {
		if (this.#contents.gone) throw new TypeError('Object has been destroyed')
	}
}

type MenuTemplate = Parameters<typeof Electron.Menu.buildFromTemplate>[0]

export class Menu extends Emitter<Electron.Menu> {
	static applicationMenu: Menu | null | undefined
	readonly template: Electron.MenuItemConstructorOptions[]
	constructor(template: MenuTemplate) {
		super()
		for (const { label, role, type, submenu } of template) {
			if (label === undefined && role === undefined && type === undefined)
				throw new TypeError('Invalid template for MenuItem: must have at least one of label, role or type')
			if (Array.isArray(submenu)) new Menu(submenu)
		}
		this.template = template as Electron.MenuItemConstructorOptions[]
	}
	static buildFromTemplate(template: MenuTemplate) {
		return new Menu(template)
	}
	static setApplicationMenu(menu: Menu | null) {
		Menu.applicationMenu = menu
	}
}

type TrayPart =
	| 'setImage'
	| 'setToolTip'
	| 'setContextMenu'
	| 'popUpContextMenu'
	| 'setIgnoreDoubleClickEvents'
	| 'destroy'

export class Tray extends Emitter<Electron.Tray> implements Pick<Electron.Tray, TrayPart> {
	static all: Tray[] = []
	/** The files of its images, the shown one last. */
	images: string[]
	readonly place: string | undefined
	tooltip = ''
	contextMenus: Menu[] = []
	poppedUp: Menu[] = []
	destroyed = false
	constructor(...[image, place]: ConstructorParameters<typeof Electron.Tray>) {
		super()
		onlyWhenReady('Tray')
		this.images = [pathOf(image)]
		this.place = place
		Tray.all.push(this)
	}
	setImage(image: Electron.NativeImage | string) {
		this.images.push(pathOf(image))
	}
	setToolTip(text: string) {
		this.tooltip = text
	}
	setContextMenu(menu: Electron.Menu | null) {
		this.contextMenus.push(menu as unknown as Menu)
	}
	popUpContextMenu(menu?: Electron.Menu) {
		this.poppedUp.push(menu as unknown as Menu)
	}
	setIgnoreDoubleClickEvents() {}
	destroy() {
		this.destroyed = true
	}
}

export class Notification
	extends Emitter<Electron.Notification>
	implements Pick<Electron.Notification, 'show' | 'close'>
{
	/** macOS asks for the permission when the first one is there. */
	static made: Notification[] = []
	static shown: Notification[] = []
	static supported = true
	readonly options: Electron.NotificationConstructorOptions
	constructor(...[options = {}]: ConstructorParameters<typeof Electron.Notification>) {
		super()
		onlyWhenReady('Notification')
		this.options = options
		Notification.made.push(this)
	}
	static isSupported() {
		return Notification.supported
	}
	show() {
		Notification.shown.push(this)
	}
	close() {
		this.emit('close')
	}
}

type Fork = typeof Electron.utilityProcess.fork

export class StandInChild
	extends Emitter<Electron.UtilityProcess>
	implements Pick<Electron.UtilityProcess, 'postMessage' | 'kill'>
{
	readonly entry: string
	readonly args: string[]
	readonly options: Electron.ForkOptions
	requests: { message: unknown; ports: StandInPort[] }[] = []
	killed = false
	constructor(...[entry, args = [], options = {}]: Parameters<Fork>) {
		super()
		this.entry = entry
		this.args = args
		this.options = options
	}
	postMessage(...[message, ports = []]: Parameters<Electron.UtilityProcess['postMessage']>) {
		const request = { message: message as unknown, ports: ports as unknown as StandInPort[] }
		this.requests.push(request)
		this.emit('request', request)
	}
	kill() {
		this.killed = true
		this.happen('exit', 1)
		return true
	}
}
export const utilityProcess = {
	children: [] as StandInChild[],
	/** Called with each new one: what its program would do. */
	program: (_child: StandInChild): void => {},
	fork(...start: Parameters<Fork>) {
		onlyWhenReady('utilityProcess')
		const child = new StandInChild(...start)
		utilityProcess.children.push(child)
		utilityProcess.program(child)
		return child
	},
}

type PageAnswer = Parameters<Electron.Protocol['handle']>[1]
class StandInProtocol implements Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> {
	privileged: Electron.CustomScheme[] = []
	handlers: Record<string, PageAnswer> = {}
	registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]) {
		order.push('scheme')
		if (app.ready) throw new Error('registerSchemesAsPrivileged should be called before app is ready')
		this.privileged.push(...schemes)
	}
	handle(scheme: string, handler: PageAnswer) {
		onlyWhenReady('protocol.handle')
		this.handlers[scheme] = handler
	}
}
export const protocol = new StandInProtocol()

/** Its channels are ours to name, so Electron's types say nothing about its events. */
export const ipcMain = new EventEmitter()

/** A frame that speaks: our page in the window, unless it is said otherwise. */
export const frame = (
	url = 'hawser://app/index.html',
	parent: Electron.WebFrameMain | null = null,
): Electron.WebFrameMain => part<Electron.WebFrameMain>({ url, parent })

/** Something a frame said, as `ipcMain` hears it. */
export function hear(
	channel: string,
	sender: StandInContents,
	senderFrame: Electron.WebFrameMain | null,
	...args: unknown[]
): void {
	ipcMain.emit(channel, part<Electron.IpcMainEvent>({ senderFrame, sender: sender.whole }), ...args)
}

/** The page's side of IPC: what it sends arrives at `ipcMain` as a copy, and the other way round. */
class StandInRenderer extends EventEmitter implements Pick<Electron.IpcRenderer, 'send'> {
	readonly page = new StandInContents()
	constructor() {
		super()
		this.page.send = (channel: string, ...args: unknown[]) => {
			const copies = structuredClone(args)
			queueMicrotask(() => this.emit(channel, part<Electron.IpcRendererEvent>({}), ...copies))
		}
	}
	send(channel: string, ...args: unknown[]) {
		const copies = structuredClone(args)
		queueMicrotask(() => hear(channel, this.page, frame(), ...copies))
	}
}
export const ipcRenderer = new StandInRenderer()
