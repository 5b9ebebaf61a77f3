import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { portChannel } from '../../src/app/port-channel.ts'
import type { Notice } from '../../src/contract/state.ts'
import { part, preventable } from './electron-events.ts'
import { standInEngine } from './engine-stand-in.ts'
import { now, run, stateOf } from './states.ts'

/** The whole main process, over the stand-in: each start is a new one of both. */

const { argv, platform } = process
const folders: string[] = []
/** The data folder: on a first start it is not there. */
let home: string
beforeEach(() => {
	home = join(folder(), 'new', 'data folder')
	// As from a terminal: no login shell is asked.
	vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
	process.argv = argv
	Object.defineProperty(process, 'platform', { value: platform })
	vi.unstubAllEnvs()
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
	const made = mkdtempSync(join(tmpdir(), 'hawser-main-'))
	folders.push(made)
	return made
}

interface Options {
	args?: string[]
	lock?: boolean
	on?: NodeJS.Platform
	engine?: ReturnType<typeof standInEngine>
}

/** Starts the app up to the moment before Electron is ready. */
async function load({ args = [], lock = true, on = 'linux', engine }: Options) {
	vi.resetModules()
	const electron = await import('./electron-stand-in.ts')
	vi.doMock('electron', () => electron)
	electron.app.lock = lock
	electron.utilityProcess.program = (child) => {
		child.on('request', ({ message, ports }: (typeof child.requests)[number]) => {
			const [port] = ports
			if (port && engine) engine.serve(portChannel(port.whole))
			// The engine answers a stop by ending.
			if (JSON.stringify(message) === '{"kind":"stop"}') queueMicrotask(() => child.happen('exit', 0))
		})
	}
	Object.defineProperty(process, 'platform', { value: on })
	process.argv = ['electron', '.', '--home', home, ...args]
	await import('../../src/app/main.ts')
	return electron
}

/** Starts it whole. */
async function start(options: Options = {}) {
	const electron = await load(options)
	electron.app.becomeReady()
	await vi.waitFor(() => expect(electron.app.listenerCount('before-quit')).toBe(1))
	return electron
}

describe('the order of the start', () => {
	test('its folders, the scheme and the lock come before anything; the rest waits until it is ready', async () => {
		const electron = await load({})
		expect(electron.order).toEqual(['path userData', 'path sessionData', 'scheme', 'lock'])
		// The lock belongs to the data folder, and Chromium's files have a place of their own.
		expect(electron.app.paths).toEqual({
			userData: home,
			sessionData: join(home, 'electron'),
		})
		expect(electron.protocol.privileged).toEqual([
			{ scheme: 'hawser', privileges: { standard: true, secure: true, supportFetchAPI: true } },
		])
		electron.app.becomeReady()
		await vi.waitFor(() => expect(electron.BrowserWindow.all).toHaveLength(1))
		expect(electron.order.slice(4)).toEqual([
			'ready',
			'protocol.handle',
			'Tray',
			'BrowserWindow',
			// The one that may have to wait for a login shell.
			'utilityProcess',
		])
	})
	test('a second one in the same data folder ends at once and starts nothing', async () => {
		const electron = await load({ lock: false })
		expect(electron.order).toEqual(['path userData', 'path sessionData', 'scheme', 'lock', 'end'])
		expect(electron.app.ended).toBe(0)
		electron.app.becomeReady()
		await new Promise(setImmediate)
		expect(electron.utilityProcess.children).toEqual([])
		expect(electron.Tray.all).toEqual([])
	})
	test('the engine is the package’s own, in the data folder; nothing of Node’s gets into it', async () => {
		const electron = await start()
		const [child] = electron.utilityProcess.children
		if (!child) throw new Error('there is no engine')
		expect([child.entry, ...child.args]).toEqual(['/nowhere/hawser/dist/app/engine.mjs', home, '0.0.0'])
		expect((child.options.env as NodeJS.ProcessEnv).PATH).toBe(process.env.PATH)
		expect(child.options.execArgv).toBeUndefined()
		expect(Object.keys(electron.protocol.handlers)).toEqual(['hawser'])
	})
	test('on macOS it is an accessory before it shows anything, with a menu bar, and has the shell’s environment', async () => {
		const shell = join(folder(), 'shell')
		writeFileSync(
			shell,
			'#!/bin/sh\nexport PATH=/opt/mine:$PATH SSH_AUTH_SOCK=/tmp/agent\nexec /bin/sh -c "$4"\n',
		)
		chmodSync(shell, 0o755)
		vi.stubEnv('SHELL', shell)
		vi.stubEnv('TERM', undefined)
		vi.stubEnv('SSH_AUTH_SOCK', undefined)
		const electron = await start({ on: 'darwin', args: ['--hidden'] })
		await vi.waitFor(() => expect(electron.utilityProcess.children).toHaveLength(1))
		expect(electron.app.policies).toEqual(['accessory'])
		expect(electron.Menu.applicationMenu).toBeInstanceOf(electron.Menu)
		const env = electron.utilityProcess.children[0]?.options.env as NodeJS.ProcessEnv
		expect(env.PATH?.split(':')[0]).toBe('/opt/mine')
		expect(env.SSH_AUTH_SOCK).toBe('/tmp/agent')
		expect(electron.BrowserWindow.all).toEqual([])
	})
})

describe('the window', () => {
	test('opens at the start, and at a hidden start does not', async () => {
		expect((await start()).BrowserWindow.all).toHaveLength(1)
		expect((await start({ args: ['--hidden'] })).BrowserWindow.all).toEqual([])
	})
	test('is opened by a second start and by opening the app again; there is one', async () => {
		const electron = await start({ args: ['--hidden'] })
		electron.app.happen('second-instance', preventable(), [], '/', null)
		expect(electron.BrowserWindow.all).toHaveLength(1)
		expect(electron.BrowserWindow.all[0]?.loaded).toEqual(['hawser://app/index.html'])
		electron.app.happen('activate', preventable(), false)
		expect(electron.BrowserWindow.all).toHaveLength(1)
		expect(electron.BrowserWindow.all[0]?.focused).toBe(1)
		electron.BrowserWindow.all[0]?.close()
		electron.app.happen('activate', preventable(), false)
		expect(electron.BrowserWindow.all).toHaveLength(2)
	})
	test('closed, it leaves the app in the bar; on macOS without a Dock icon', async () => {
		const electron = await start({ on: 'darwin' })
		expect(electron.app.policies).toEqual(['accessory', 'regular'])
		electron.BrowserWindow.all[0]?.close()
		expect(electron.app.policies).toEqual(['accessory', 'regular', 'accessory'])
		expect(electron.app.ended).toBeNull()
		expect(electron.utilityProcess.children[0]?.requests).toMatchObject([{ message: { kind: 'face' } }])
		expect(electron.Tray.all[0]?.destroyed).toBe(false)
	})
})

describe('the bar', () => {
	test('says what the engine says: glyph, line and menu, and that it is starting until then', async () => {
		const engine = standInEngine(stateOf())
		const electron = await load({ engine, args: ['--hidden'] })
		electron.app.becomeReady()
		await vi.waitFor(() => expect(electron.Tray.all).toHaveLength(1))
		const [icon] = electron.Tray.all
		expect(icon?.images[0]).toMatch(/^\/nowhere\/hawser\/assets\/generated\/off-(light|dark)\.png$/)
		expect(icon?.contextMenus[0]?.template[0]?.label).toBe('Hawser is starting')
		await vi.waitFor(() => expect(icon?.tooltip).toBe('The line holds'))
		expect(icon?.images.at(-1)).toMatch(/\/ok-/)
		engine.change({
			slice: 'summary',
			value: { glyph: 'attention', line: 'The host key changed', problem: null, workstation: 'lab' },
		})
		await vi.waitFor(() => expect(icon?.tooltip).toBe('The host key changed'))
		expect(icon?.images.at(-1)).toMatch(/\/attention-/)
		expect(icon?.contextMenus.at(-1)?.template[0]?.label).toBe('The host key changed')
		electron.utilityProcess.children[0]?.happen('exit', 1)
		await vi.waitFor(() => expect(icon?.tooltip).toBe('Hawser is starting'))
	})
	test('a click on an entry is a command to the engine', async () => {
		const engine = standInEngine(stateOf())
		const electron = await start({ engine, args: ['--hidden'] })
		const find = () =>
			electron.Tray.all[0]?.contextMenus.at(-1)?.template.find(({ label }) => label === 'Check again')
		await vi.waitFor(() => expect(find()?.enabled).toBe(true))
		find()?.click?.({} as Electron.MenuItem, undefined, {} as Electron.KeyboardEvent)
		await vi.waitFor(() => expect(engine.asked).toEqual([['check', {}]]))
	})
})

describe('notices', () => {
	const notice: Notice = {
		id: 'run:1',
		kind: 'run-ended',
		title: 'Succeeded',
		body: '38 min',
		run: 'r1',
		project: null,
		workstation: null,
		covers: [],
		at: now,
	}
	test('the first run’s is the first notification there is; its click opens that run', async () => {
		const engine = standInEngine(stateOf(), () => ({ first: true }))
		const electron = await start({ engine, args: ['--hidden'] })
		await vi.waitFor(() => expect(electron.Tray.all[0]?.tooltip).toBe('The line holds'))
		// Making one is what asks the person for the permission.
		expect(electron.Notification.made).toEqual([])
		engine.change({ slice: 'notices', value: { 'run:1': notice } })
		await vi.waitFor(() => expect(electron.Notification.shown).toHaveLength(1))
		engine.change({ slice: 'notices', value: { 'run:1': { ...notice } } })
		engine.change({ slice: 'summary', value: { ...stateOf().summary, line: 'Later' } })
		await vi.waitFor(() => expect(electron.Tray.all[0]?.tooltip).toBe('Later'))
		expect(electron.Notification.made).toHaveLength(1)
		expect(engine.asked).toEqual([['claimNotice', { notice: 'run:1' }]])
		electron.Notification.shown[0]?.happen('click', preventable())
		expect(electron.BrowserWindow.all[0]?.loaded).toEqual(['hawser://app/index.html#run/r1'])
	})
	test('an engine that is started again and still has it does not make it speak twice', async () => {
		const engine = standInEngine(stateOf({ notices: { 'run:1': notice } }), () => ({ first: true }))
		const electron = await start({ engine, args: ['--hidden'] })
		await vi.waitFor(() => expect(electron.Notification.shown).toHaveLength(1))
		electron.utilityProcess.children[0]?.happen('exit', 1)
		await vi.waitFor(() => expect(electron.utilityProcess.children).toHaveLength(2))
		await vi.waitFor(() => expect(electron.Tray.all[0]?.tooltip).toBe('The line holds'))
		expect(engine.asked).toHaveLength(1)
		expect(electron.Notification.made).toHaveLength(1)
	})
})

test('after sleep the engine is told, once', async () => {
	const engine = standInEngine(stateOf())
	const electron = await start({ engine, args: ['--hidden'] })
	await vi.waitFor(() => expect(electron.Tray.all[0]?.tooltip).toBe('The line holds'))
	electron.powerMonitor.happen('resume')
	await vi.waitFor(() => expect(engine.asked).toEqual([['wake', {}]]))
})

test('the engine gets the keychain, and each engine its own answers', async () => {
	const electron = await start({ args: ['--hidden'] })
	const [first] = electron.utilityProcess.children
	first?.happen('message', { kind: 'keychain', id: 7, ask: 'seal', secret: 'hunter2' })
	await vi.waitFor(() =>
		expect(first?.requests.at(-1)?.message).toMatchObject({ kind: 'keychain', id: 7, answer: { ok: true } }),
	)
	first?.happen('message', { kind: 'keychain', id: 8, ask: 'available' })
	const said = first?.requests.length
	first?.happen('exit', 1)
	await vi.waitFor(() => expect(electron.utilityProcess.children).toHaveLength(2))
	expect(first?.requests).toHaveLength(said ?? 0)
	expect(first?.listenerCount('message')).toBe(0)
	// Its first words are the faces that waited for it, and nothing of the keychain.
	expect(JSON.stringify(electron.utilityProcess.children[1]?.requests)).not.toContain('keychain')
})

test('a link of the window opens in the system’s browser; the window goes nowhere', async () => {
	const electron = await start()
	const handler = electron.BrowserWindow.all[0]?.webContents.openHandler
	const answer = handler?.(part<Electron.HandlerDetails>({ url: 'https://my.zerotier.com/' }))
	expect(answer).toEqual({ action: 'deny' })
	await vi.waitFor(() => expect(electron.shell.links).toEqual(['https://my.zerotier.com/']))
})

describe('quitting', () => {
	test('ends the engine first, once, and then the app; runs on workstations are left alone', async () => {
		const engine = standInEngine(stateOf({ runs: [run('r1')] }))
		const electron = await start({ engine })
		await vi.waitFor(() => expect(electron.Tray.all[0]?.tooltip).toBe('The line holds'))
		const [child] = electron.utilityProcess.children
		electron.app.quit()
		expect(child?.requests.at(-1)?.message).toEqual({ kind: 'stop' })
		expect(electron.app.ended).toBeNull()
		await vi.waitFor(() => expect(electron.app.ended).toBe(0))
		// Nothing was asked of the engine but to stop: no run was cancelled.
		expect(engine.asked).toEqual([])
		expect(child?.requests.filter(({ message }) => JSON.stringify(message).includes('stop'))).toHaveLength(1)
		expect(child?.killed).toBe(false)
		expect(electron.utilityProcess.children).toHaveLength(1)
		expect(electron.Tray.all[0]?.destroyed).toBe(true)
		expect(electron.powerMonitor.listenerCount('resume')).toBe(0)
		expect(electron.ipcMain.eventNames().flatMap((name) => electron.ipcMain.listeners(name))).toEqual([])
	})
	test('with the system, it is not held back, and the engine is asked to end all the same', async () => {
		const electron = await start()
		const [child] = electron.utilityProcess.children
		electron.powerMonitor.happen('shutdown')
		expect(child?.requests.at(-1)?.message).toEqual({ kind: 'stop' })
		const event = preventable()
		electron.app.happen('before-quit', event)
		expect(event.defaultPrevented).toBe(false)
		await vi.waitFor(() => expect(electron.app.ended).toBe(0))
	})
	test('is possible from the menu, also while no engine is there', async () => {
		const electron = await start({ args: ['--hidden'] })
		const quit = electron.Tray.all[0]?.contextMenus[0]?.template.at(-1)
		expect(quit?.label).toBe('Quit Hawser (runs go on)')
		quit?.click?.({} as Electron.MenuItem, undefined, {} as Electron.KeyboardEvent)
		await vi.waitFor(() => expect(electron.app.ended).toBe(0))
	})
})
