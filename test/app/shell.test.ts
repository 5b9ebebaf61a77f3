import { setImmediate as turn } from 'node:timers/promises'
import type Electron from 'electron'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { followEngine } from '../../src/app/engine-face.ts'
import { isTrusted, relayPages } from '../../src/app/ipc.ts'
import { showNotices } from '../../src/app/notifications.ts'
import { toMain, toPage } from '../../src/app/page-messages.ts'
import { createTray, glyphFile } from '../../src/app/tray.ts'
import { wakeWith } from '../../src/app/wake.ts'
import { createAppWindow } from '../../src/app/window.ts'
import { part, preventable } from './electron-events.ts'
import * as electron from './electron-stand-in.ts'
import { standInEngine } from './engine-stand-in.ts'
import { now, stateOf, workstation } from './states.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

const platform = process.platform
function onPlatform(name: NodeJS.Platform): void {
	Object.defineProperty(process, 'platform', { value: name })
}
beforeAll(() => electron.app.becomeReady())
beforeEach(() => {
	electron.BrowserWindow.all = []
	electron.Tray.all = []
	electron.Notification.made = []
	electron.Notification.shown = []
})
afterEach(() => {
	onPlatform(platform)
	vi.useRealTimers()
})

const event = (url: string | null, parent: Electron.WebFrameMain | null = null) => ({
	senderFrame: url === null ? null : electron.frame(url, parent),
})

describe('who may speak to the main process', () => {
	test.each(['hawser://app/index.html', 'hawser://app/index.html#run/1', 'hawser://app/'])(
		'trusted: %s',
		(url) => {
			expect(isTrusted(event(url))).toBe(true)
		},
	)
	test.each([
		null,
		'',
		'about:blank',
		'hawser://app.example/index.html',
		'hawser://other/',
		'https://app/',
		'file:///app',
	])('refused: %s', (url) => {
		expect(isTrusted(event(url))).toBe(false)
	})
	test('refused: our page inside another frame', () => {
		expect(isTrusted(event('hawser://app/', electron.frame()))).toBe(false)
	})
})

describe('the relay between a page and the engine', () => {
	const name = 'a3bb189e-8bf9-4888-9912-ace4e6543002'
	const say = (
		page: electron.StandInContents,
		message: unknown,
		frame: Electron.WebFrameMain | null = electron.frame(),
	) => electron.hear(toMain, page, frame, message)
	const call = { t: 'q', i: '1', m: 'command', a: ['check', {}] }
	const answers = (page: electron.StandInContents) =>
		page.sent.map(([, message]) => message as { kind: string })

	test('carries a trusted page’s calls and the answers, and ends with the engine', async () => {
		const engine = standInEngine(stateOf())
		const stop = relayPages(engine.open)
		const page = new electron.StandInContents()
		say(page, { kind: 'open', channel: name })
		// Said before the engine's channel is there: it waits.
		say(page, { kind: 'message', channel: name, body: call })
		await vi.waitFor(() => expect(answers(page)).toHaveLength(1))
		expect(page.sent[0]).toMatchObject([toPage, { kind: 'message', channel: name, body: { t: 's', i: '1' } }])
		expect(engine.asked).toEqual([['check', {}]])
		engine.channels[0]?.close()
		await vi.waitFor(() => expect(page.sent.at(-1)).toEqual([toPage, { kind: 'close', channel: name }]))
		stop()
	})
	test.each<[string, Electron.WebFrameMain | null]>([
		['a foreign page', electron.frame('https://example.org/')],
		['a page of our scheme that is not the app', electron.frame('hawser://other/index.html')],
		['a frame inside our page', electron.frame('hawser://app/index.html', electron.frame())],
		['a frame that is gone', null],
	])('does nothing for %s, also on a channel that our page has open', async (_who, stranger) => {
		const engine = standInEngine(stateOf())
		const open = vi.fn(engine.open)
		const stop = relayPages(open)
		const page = new electron.StandInContents()
		say(page, { kind: 'open', channel: name }, stranger)
		await turn()
		expect(open).not.toHaveBeenCalled()
		say(page, { kind: 'open', channel: name })
		expect(open).toHaveBeenCalledOnce()
		say(page, { kind: 'message', channel: name, body: call }, stranger)
		say(page, { kind: 'close', channel: name }, stranger)
		say(page, { kind: 'message', channel: name, body: { ...call, i: '2', a: ['retry', {}] } })
		await vi.waitFor(() => expect(answers(page)).toHaveLength(1))
		expect(page.sent).toMatchObject([[toPage, { kind: 'message', body: { i: '2' } }]])
		stop()
	})
	test('does nothing for what is not a message, and one page holds eight channels at most', async () => {
		const engine = standInEngine(stateOf())
		const open = vi.fn(engine.open)
		const stop = relayPages(open)
		const page = new electron.StandInContents()
		for (const message of [
			null,
			'open',
			{ kind: 'open' },
			{ kind: 'open', channel: 'x' },
			{ kind: 'open', channel: name, more: 1 },
			{ kind: 'else', channel: name },
		])
			say(page, message)
		await turn()
		expect(open).not.toHaveBeenCalled()
		expect(page.sent).toEqual([])
		for (let more = 0; more < 20; more += 1) say(page, { kind: 'open', channel: crypto.randomUUID() })
		expect(open).toHaveBeenCalledTimes(8)
		stop()
	})
	test('a page that goes elsewhere or goes away loses its channels', async () => {
		const engine = standInEngine(stateOf())
		const stop = relayPages(engine.open)
		const page = new electron.StandInContents()
		say(page, { kind: 'open', channel: name })
		await vi.waitFor(() => expect(engine.channels).toHaveLength(1))
		const goes = (isSameDocument: boolean) =>
			page.happen(
				'did-start-navigation',
				preventable<Electron.WebContentsDidStartNavigationEventParams>({ isMainFrame: true, isSameDocument }),
				...(['hawser://app/', isSameDocument, true, 1, 1] as const),
			)
		goes(true)
		expect(page.sent).toEqual([])
		goes(false)
		expect(answers(page).map(({ kind }) => kind)).toEqual(['close'])
		stop()
	})
})

describe('the tray', () => {
	const folder = '/glyphs'
	const keys = preventable<Electron.KeyboardEvent>()
	const box = { x: 0, y: 0, width: 22, height: 22 }
	test('shows the summary’s glyph and line', () => {
		onPlatform('linux')
		const tray = createTray(folder, () => {})
		const [icon] = electron.Tray.all
		expect(icon?.images).toEqual([expect.stringMatching(/^\/glyphs\/off-(light|dark)\.png$/)])
		tray.show(stateOf({ summary: { glyph: 'down', line: 'No path', problem: null, workstation: null } }))
		expect(icon?.images.at(-1)).toMatch(/\/down-(light|dark)\.png$/)
		expect(icon?.tooltip).toBe('No path')
		tray.dispose()
		expect(icon?.destroyed).toBe(true)
	})
	test('picks the platform’s set of files', () => {
		expect(glyphFile('ok', 'darwin', true)).toBe('okTemplate.png')
		expect(glyphFile('ok', 'linux', true)).toBe('ok-dark.png')
		expect(glyphFile('ok', 'linux', false)).toBe('ok-light.png')
	})
	test('on Linux hands the menu over again only when it says something else', () => {
		onPlatform('linux')
		vi.useFakeTimers({ now })
		const tray = createTray(folder, () => {})
		const [icon] = electron.Tray.all
		expect(icon?.contextMenus).toHaveLength(1)
		tray.show(stateOf())
		tray.show(stateOf())
		expect(icon?.contextMenus).toHaveLength(2)
		tray.show(stateOf({ workstations: [workstation({ link: { status: 'off' } })] }))
		expect(icon?.contextMenus).toHaveLength(3)
		tray.dispose()
	})
	test('on macOS makes the menu when it opens, and none while it is open', () => {
		onPlatform('darwin')
		const tray = createTray(folder, () => {})
		const [icon] = electron.Tray.all
		tray.show(stateOf())
		expect(icon?.poppedUp).toHaveLength(0)
		icon?.happen('click', keys, box, box)
		tray.show(stateOf({ workstations: [workstation({ link: { status: 'off' } })] }))
		icon?.happen('right-click', keys, box)
		expect(icon?.poppedUp).toHaveLength(1)
		icon?.poppedUp[0]?.happen('menu-will-close', preventable())
		icon?.happen('right-click', keys, box)
		expect(icon?.poppedUp).toHaveLength(2)
		const labels = icon?.poppedUp[1]?.template.map((item) => item.label)
		expect(labels).toContain('Up (lab is not connected)')
		expect(icon?.contextMenus).toHaveLength(0)
		tray.dispose()
	})
})

describe('the window', () => {
	const files = { page: '/page', preload: '/preload.cjs', icon: '/icon.png' }
	const noLinks = () => {}
	test('is sandboxed, isolated, and shows our page', () => {
		createAppWindow(files, noLinks).open({ run: 'run 1' })
		const [window] = electron.BrowserWindow.all
		// All of it: a preference that is not here keeps Electron's default, which is the strict one.
		expect(window?.options.webPreferences).toEqual({
			sandbox: true,
			contextIsolation: true,
			nodeIntegration: false,
			webviewTag: false,
			spellcheck: false,
			preload: '/preload.cjs',
		})
		expect(window?.loaded).toEqual(['hawser://app/index.html#run/run%201'])
	})
	test('goes nowhere else, opens nothing, permits nothing', () => {
		createAppWindow(files, noLinks).open()
		const contents = electron.BrowserWindow.all[0]?.webContents
		if (!contents) throw new Error('there is no window')
		const address = 'https://example.org/'
		const tries = {
			navigate: preventable<Electron.WebContentsWillNavigateEventParams>({ url: address }),
			frame: preventable<Electron.WebContentsWillFrameNavigateEventParams>({ url: address }),
			redirect: preventable<Electron.WebContentsWillRedirectEventParams>({ url: address }),
			webview: preventable(),
		}
		contents.happen('will-navigate', tries.navigate, address, false, true, 1, 1)
		contents.happen('will-frame-navigate', tries.frame)
		contents.happen('will-redirect', tries.redirect, address, false, true, 1, 1)
		contents.happen('will-attach-webview', tries.webview, {}, {})
		for (const [name, { defaultPrevented }] of Object.entries(tries))
			expect(defaultPrevented, name).toBe(true)
		const details = part<Electron.HandlerDetails>({ url: address })
		expect(contents.openHandler?.(details)).toEqual({ action: 'deny' })
		const answer = vi.fn()
		const { requestHandler, checkHandler, deviceHandler } = contents.session
		const request = part<Electron.PermissionRequest>({ requestingUrl: 'hawser://app/' })
		requestHandler?.(contents.whole, 'media', answer, request)
		expect(answer.mock.calls).toEqual([[false]])
		expect(checkHandler?.(contents.whole, 'media', 'hawser://app', part({}))).toBe(false)
		expect(deviceHandler?.(part<Electron.DevicePermissionHandlerHandlerDetails>({ deviceType: 'usb' }))).toBe(
			false,
		)
	})
	test('is one: opened again it comes to the front, closed it is made anew', () => {
		const window = createAppWindow(files, noLinks)
		window.open()
		window.open({ run: 'r1' })
		expect(electron.BrowserWindow.all).toHaveLength(1)
		expect(electron.BrowserWindow.all[0]?.loaded.at(-1)).toBe('hawser://app/index.html#run/r1')
		window.close()
		window.open()
		expect(electron.BrowserWindow.all).toHaveLength(2)
	})
	test('a preview of a project is opened, whatever its name', () => {
		const window = createAppWindow(files, noLinks)
		window.open({ preview: 'undo', project: 'nt & co/é#1' })
		expect(electron.BrowserWindow.all[0]?.loaded).toEqual([
			'hawser://app/index.html#preview/undo/nt%20%26%20co%2F%C3%A9%231',
		])
	})
	test('a run that is opened comes into the window that is there, also out of the Dock', () => {
		const window = createAppWindow(files, noLinks)
		window.open()
		const [shown] = electron.BrowserWindow.all
		if (!shown) throw new Error('there is no window')
		shown.minimized = true
		window.open()
		expect([shown.minimized, shown.focused, shown.loaded]).toEqual([false, 1, ['hawser://app/index.html']])
	})
	test('a page that closes itself, as Esc does, is let go of; opening makes a new one', () => {
		const window = createAppWindow(files, noLinks)
		window.open()
		const others = electron.app.listenerCount('window-all-closed')
		electron.app.on('window-all-closed', () => {})
		electron.BrowserWindow.all[0]?.close()
		expect(() => window.close()).not.toThrow()
		window.open({ run: 'r2' })
		expect(electron.BrowserWindow.all[1]?.loaded).toEqual(['hawser://app/index.html#run/r2'])
		expect(others).toBe(0)
		electron.app.removeAllListeners('window-all-closed')
	})
	test('on macOS there is a Dock icon only while it is open', () => {
		onPlatform('darwin')
		electron.app.policies = []
		const window = createAppWindow(files, noLinks)
		window.open()
		window.close()
		expect(electron.app.policies).toEqual(['regular', 'accessory'])
	})
})

describe('notices', () => {
	const notice = {
		id: 'run:1',
		kind: 'run-ended',
		title: 'Succeeded',
		body: '38 min',
		run: 'r1',
		project: 'nt',
		workstation: 'lab',
		covers: [],
		at: now,
	}
	test('are shown by the face that claims them first, once; a click opens their run', async () => {
		const engine = standInEngine(stateOf(), (_name, input) => ({
			first: (input as { notice: string }).notice === 'run:1',
		}))
		const face = followEngine(engine.open)
		const opened: unknown[] = []
		const stop = showNotices(face, (place) => opened.push(place))
		await vi.waitFor(() => expect(face.state()).not.toBeNull())
		const both = { 'run:1': notice, 'run:2': { ...notice, id: 'run:2' } }
		engine.change({ slice: 'notices', value: both })
		engine.change({ slice: 'notices', value: { ...both } })
		await vi.waitFor(() => expect(electron.Notification.shown).toHaveLength(1))
		engine.change({ slice: 'notices', value: { ...both } })
		await vi.waitFor(() => expect(engine.asked).toHaveLength(2))
		expect(engine.asked.map(([, input]) => input)).toEqual([{ notice: 'run:1' }, { notice: 'run:2' }])
		expect(electron.Notification.shown[0]?.options).toEqual({ title: 'Succeeded', body: '38 min' })
		electron.Notification.shown[0]?.happen('click', preventable())
		expect(opened).toEqual([{ run: 'r1' }])
		stop()
	})
	test('one that is about several opens the window at their list', async () => {
		const several = { ...notice, id: 'several:run:1', kind: 'several', run: null, covers: ['run:1', 'run:2'] }
		const engine = standInEngine(stateOf(), () => ({ first: true }))
		const face = followEngine(engine.open)
		const opened: unknown[] = []
		const stop = showNotices(face, (place) => opened.push(place))
		await vi.waitFor(() => expect(face.state()).not.toBeNull())
		const before = electron.Notification.shown.length
		engine.change({ slice: 'notices', value: { [several.id]: several } })
		await vi.waitFor(() => expect(electron.Notification.shown).toHaveLength(before + 1))
		electron.Notification.shown.at(-1)?.happen('click', preventable())
		expect(opened).toEqual([{ card: 'runs' }])
		stop()
	})
})

test.each(['resume', 'unlock-screen'] as const)(
	'after %s the engine is told once, whatever is wanted',
	async (name) => {
		const engine = standInEngine(
			stateOf({ workstations: [workstation(), workstation({ name: 'spare', wanted: false })] }),
		)
		const face = followEngine(engine.open)
		const stop = wakeWith(electron.powerMonitor as unknown as Parameters<typeof wakeWith>[0], face)
		await vi.waitFor(() => expect(face.state()).not.toBeNull())
		electron.powerMonitor.happen(name)
		await vi.waitFor(() => expect(engine.asked).toEqual([['wake', {}]]))
		stop()
		expect(electron.powerMonitor.listenerCount(name)).toBe(0)
	},
)
