import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type Electron from 'electron'
import { Emitter, part } from './electron-events.ts'

/** The parts of Electron's stand-in that need nothing of its other parts. */

const imagePaths = new WeakMap<Electron.NativeImage, string>()
export const nativeImage = {
	createFromPath(path: string) {
		const image = part<Electron.NativeImage>({ isEmpty: () => false })
		imagePaths.set(image, path)
		return image
	},
} satisfies Pick<typeof Electron.nativeImage, 'createFromPath'>

/** The file an image was made from. */
export const pathOf = (image: Electron.NativeImage | string) =>
	typeof image === 'string' ? image : (imagePaths.get(image) ?? '')

/** A port of Node's, with Electron's events. */
export class StandInPort
	extends Emitter<Electron.MessagePortMain>
	implements Pick<Electron.MessagePortMain, 'start' | 'postMessage' | 'close'>
{
	readonly #port: MessagePort
	constructor(port: MessagePort) {
		super()
		this.#port = port
		port.on('close', () => this.happen('close'))
	}
	start() {
		this.#port.on('message', (data: unknown) => this.happen('message', { data, ports: [] }))
	}
	postMessage(message: unknown) {
		this.#port.postMessage(message)
	}
	close() {
		this.#port.close()
	}
	get whole() {
		return this as unknown as Electron.MessagePortMain
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

class StandInBridge implements Pick<Electron.ContextBridge, 'exposeInMainWorld'> {
	exposed: Record<string, unknown> = {}
	exposeInMainWorld(name: string, api: unknown) {
		this.exposed[name] = api
	}
}
export const contextBridge = new StandInBridge()

export const powerMonitor = new Emitter<Electron.PowerMonitor>()

class StandInTheme
	extends Emitter<Electron.NativeTheme>
	implements Pick<Electron.NativeTheme, 'shouldUseDarkColors'>
{
	shouldUseDarkColors = false
}
export const nativeTheme = new StandInTheme()

class StandInShell implements Pick<Electron.Shell, 'openPath' | 'openExternal'> {
	opened: string[] = []
	/** What opening answers: empty, or why it failed. */
	refusal: (path: string) => string = () => ''
	async openPath(path: string) {
		this.opened.push(path)
		return this.refusal(path)
	}
	links: string[] = []
	/** Why the system opens no link; empty: it does. */
	linkRefusal = ''
	async openExternal(url: string) {
		if (this.linkRefusal !== '') throw new Error(this.linkRefusal)
		this.links.push(url)
	}
}
export const shell = new StandInShell()

class StandInClipboard implements Pick<Electron.Clipboard, 'writeText'> {
	text = ''
	async writeText(text: string) {
		this.text = text
	}
}
export const clipboard = new StandInClipboard()

class StandInDialog {
	shown: Electron.MessageBoxOptions[] = []
	async showMessageBox(options: Electron.MessageBoxOptions): Promise<Electron.MessageBoxReturnValue> {
		this.shown.push(options)
		return { response: 0, checkboxChecked: false }
	}
}
export const dialog = new StandInDialog()

type SafePart =
	| 'isAsyncEncryptionAvailable'
	| 'encryptStringAsync'
	| 'decryptStringAsync'
	| 'getSelectedStorageBackend'

/** Seals by a label instead of a cipher: what it gives back is sealed for the tests alone. */
class StandInSafeStorage implements Pick<Electron.SafeStorage, SafePart> {
	/** What it was asked, by name. */
	asked: string[] = []
	available = true
	backend: ReturnType<Electron.SafeStorage['getSelectedStorageBackend']> = 'gnome_libsecret'
	/** Its key: another machine has another one. */
	key = 'key 1'
	/** Keys it had before: what they sealed still opens, and is to be sealed anew. */
	formerKeys: string[] = []
	async isAsyncEncryptionAvailable() {
		this.asked.push('available')
		return this.available
	}
	async encryptStringAsync(plainText: string) {
		this.asked.push('encrypt')
		if (!this.available) throw new Error('Error while encrypting the text provided')
		return Buffer.from(`sealed by ${this.key}: ${plainText}`)
	}
	async decryptStringAsync(encrypted: Buffer): Promise<Electron.DecryptStringAsyncReturnValue> {
		this.asked.push('decrypt')
		const [, key = '', result = ''] = /^sealed by ([^:]*): (.*)$/s.exec(encrypted.toString()) ?? []
		const former = this.formerKeys.includes(key)
		if (!this.available || !(key === this.key || former))
			throw new Error('Error while decrypting the ciphertext provided')
		return { result, shouldReEncrypt: former }
	}
	getSelectedStorageBackend() {
		return this.backend
	}
}
export const safeStorage = new StandInSafeStorage()
