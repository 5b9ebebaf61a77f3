import { EventEmitter } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type Electron from 'electron'

/**
 * Electron for plain Node: what the shell uses of it, recorded. Each part is checked against Electron's own
 * types, so a method that is gone or has other arguments is a type error. Used by `vi.mock('electron', …)`.
 */

class StandInApp extends EventEmitter {
	paths: Record<string, string> = {}
	policies: string[] = []
	lock = true
	quits = 0
	#ready = Promise.withResolvers<void>()
	setPath(name: string, path: string) {
		this.paths[name] = path
	}
	getAppPath() {
		return '/nowhere/hawser'
	}
	getVersion() {
		return '0.0.0'
	}
	requestSingleInstanceLock() {
		return this.lock
	}
	whenReady() {
		return this.#ready.promise
	}
	setActivationPolicy(policy: 'regular' | 'accessory' | 'prohibited') {
		this.policies.push(policy)
	}
	quit() {
		this.quits += 1
		this.emit('before-quit', { preventDefault() {} })
	}
	exit() {
		this.quits += 1
	}
	becomeReady() {
		this.#ready.resolve()
	}
}
export const app = new StandInApp() satisfies Pick<
	Electron.App,
	'setPath' | 'getAppPath' | 'getVersion' | 'requestSingleInstanceLock' | 'whenReady' | 'setActivationPolicy'
>

class StandInSession {
	requestHandler: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null
	checkHandler: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null
	setPermissionRequestHandler(handler: StandInSession['requestHandler']) {
		this.requestHandler = handler
	}
	setPermissionCheckHandler(handler: StandInSession['checkHandler']) {
		this.checkHandler = handler
	}
	setDevicePermissionHandler() {}
}

export class StandInContents extends EventEmitter {
	readonly session = new StandInSession()
	sent: unknown[][] = []
	openHandler: ((details: unknown) => { action: string }) | null = null
	setWindowOpenHandler(handler: (details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse) {
		this.openHandler = handler as (details: unknown) => { action: string }
	}
	send(...args: unknown[]) {
		this.sent.push(args)
		this.emit('sent')
	}
	isDestroyed() {
		return false
	}
}

export class BrowserWindow extends EventEmitter {
	static all: BrowserWindow[] = []
	readonly webContents = new StandInContents()
	readonly options: Electron.BrowserWindowConstructorOptions
	loaded: string[] = []
	shown = 0
	constructor(options: Electron.BrowserWindowConstructorOptions) {
		super()
		this.options = options
		BrowserWindow.all.push(this)
	}
	async loadURL(address: string) {
		this.loaded.push(address)
	}
	isMinimized() {
		return false
	}
	restore() {}
	show() {
		this.shown += 1
	}
	focus() {}
	close() {
		this.emit('closed')
	}
}

export class Menu extends EventEmitter {
	static applicationMenu: Menu | null | undefined
	readonly items: Electron.MenuItemConstructorOptions[]
	constructor(items: Electron.MenuItemConstructorOptions[]) {
		super()
		this.items = items
	}
	static buildFromTemplate(template: Electron.MenuItemConstructorOptions[]) {
		return new Menu(template)
	}
	static setApplicationMenu(menu: Menu | null) {
		Menu.applicationMenu = menu
	}
}

export class Tray extends EventEmitter {
	static all: Tray[] = []
	images: string[]
	tooltip = ''
	contextMenus: Menu[] = []
	poppedUp: Menu[] = []
	destroyed = false
	constructor(image: { path: string }) {
		super()
		this.images = [image.path]
		Tray.all.push(this)
	}
	setImage(image: { path: string }) {
		this.images.push(image.path)
	}
	setToolTip(text: string) {
		this.tooltip = text
	}
	setContextMenu(menu: Menu) {
		this.contextMenus.push(menu)
	}
	popUpContextMenu(menu: Menu) {
		this.poppedUp.push(menu)
	}
	setIgnoreDoubleClickEvents() {}
	destroy() {
		this.destroyed = true
	}
}

export class Notification extends EventEmitter {
	static shown: Notification[] = []
	readonly options: Electron.NotificationConstructorOptions
	constructor(options: Electron.NotificationConstructorOptions) {
		super()
		this.options = options
	}
	static isSupported() {
		return true
	}
	show() {
		Notification.shown.push(this)
	}
	close() {
		this.emit('close')
	}
}

/** A port of Node's, with Electron's events. */
class StandInPort extends EventEmitter {
	readonly #port: MessagePort
	constructor(port: MessagePort) {
		super()
		this.#port = port
		port.on('close', () => this.emit('close'))
	}
	start() {
		this.#port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }))
	}
	postMessage(message: unknown) {
		this.#port.postMessage(message)
	}
	close() {
		this.#port.close()
	}
}
export class MessageChannelMain {
	readonly port1: StandInPort
	readonly port2: StandInPort
	constructor() {
		const { port1, port2 } = new MessageChannel()
		this.port1 = new StandInPort(port1)
		this.port2 = new StandInPort(port2)
	}
}

export class StandInChild extends EventEmitter {
	readonly entry: string
	readonly args: string[]
	requests: { message: unknown; ports: StandInPort[] }[] = []
	killed = false
	constructor(entry: string, args: string[]) {
		super()
		this.entry = entry
		this.args = args
	}
	postMessage(message: unknown, ports: StandInPort[] = []) {
		this.requests.push({ message, ports })
		this.emit('request', message, ports)
	}
	kill() {
		this.killed = true
		this.emit('exit', 1)
		return true
	}
}
export const utilityProcess = Object.assign(new EventEmitter(), {
	children: [] as StandInChild[],
	fork(entry: string, args: string[] = [], _options?: Electron.ForkOptions) {
		const child = new StandInChild(entry, args)
		utilityProcess.children.push(child)
		utilityProcess.emit('fork', child)
		return child
	},
})

type Handler = (request: Request) => Promise<Response>
export const protocol = {
	privileged: [] as Electron.CustomScheme[],
	handlers: {} as Record<string, Handler>,
	registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]) {
		protocol.privileged.push(...schemes)
	},
	handle(scheme: string, handler: Handler) {
		protocol.handlers[scheme] = handler
	},
}

export const ipcMain = new EventEmitter()

/** The page's side of IPC: what it sends arrives at `ipcMain` as a copy, and the other way round. */
class StandInRenderer extends EventEmitter {
	readonly page = new StandInContents()
	address = 'hawser://app/index.html'
	constructor() {
		super()
		this.page.send = (channel: string, ...args: unknown[]) => {
			const copies = structuredClone(args)
			queueMicrotask(() => this.emit(channel, {}, ...copies))
		}
	}
	send(channel: string, ...args: unknown[]) {
		const copies = structuredClone(args)
		const senderFrame = { url: this.address, parent: null }
		queueMicrotask(() => ipcMain.emit(channel, { senderFrame, sender: this.page }, ...copies))
	}
}
export const ipcRenderer = new StandInRenderer()
export const contextBridge = {
	exposed: {} as Record<string, unknown>,
	exposeInMainWorld(name: string, api: unknown) {
		contextBridge.exposed[name] = api
	},
}
export const powerMonitor = new EventEmitter()
export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false })
export const nativeImage = { createFromPath: (path: string) => ({ path }) }
export const shell = { openPath: async (_path: string) => '' }
export const clipboard = { writeText: async (_text: string) => {} }
export const dialog = {
	shown: [] as Electron.MessageBoxOptions[],
	async showMessageBox(options: Electron.MessageBoxOptions) {
		dialog.shown.push(options)
		return { response: 0, checkboxChecked: false }
	},
}
