import type Electron from 'electron'
import { expect, test } from 'vitest'
import { part, preventable } from './electron-events.ts'
import * as electron from './electron-stand-in.ts'

// What a line below forgives is an error today; where Electron's types no longer make it one, `tsc` says so.
test('the stand-in knows what Electron knows: anything else is a type error', () => {
	const wrong = () => {
		// @ts-expect-error There is no such event.
		electron.app.happen('second-instances')
		// @ts-expect-error It carries four things.
		electron.app.happen('second-instance', preventable())
		// @ts-expect-error Its first is an event.
		electron.app.happen('activate', 'event', true)
		// @ts-expect-error It has no arguments.
		electron.powerMonitor.happen('resume', 1)
		// @ts-expect-error An exit has a code.
		new electron.StandInChild('/engine.mjs').happen('exit', 'code')
		// @ts-expect-error An image or the file of one.
		new electron.Tray(1)
		// @ts-expect-error There is no such preference.
		new electron.BrowserWindow({ webPreferences: { sandboxed: true } })
		// @ts-expect-error There is no such policy.
		electron.app.setActivationPolicy('hidden')
		// @ts-expect-error A frame's address is text.
		part<Electron.WebFrameMain>({ url: 1 })
		// @ts-expect-error A menu entry has no such role.
		electron.Menu.buildFromTemplate([{ role: 'setting' }])
		// @ts-expect-error A link is text.
		void electron.shell.openExternal(new URL('https://example.org'))
		// @ts-expect-error There is no such keychain.
		electron.safeStorage.backend = 'keychain'
		// @ts-expect-error It seals text.
		void electron.safeStorage.encryptStringAsync(Buffer.from('secret'))
		// @ts-expect-error It opens bytes.
		void electron.safeStorage.decryptStringAsync('sealed')
	}
	expect(wrong).toBeTypeOf('function')
})

test('it is as strict as Electron about when and with what', () => {
	expect(() => new electron.Tray('/glyph.png')).toThrow('before app is ready')
	expect(() => new electron.BrowserWindow()).toThrow('before app is ready')
	expect(() => electron.utilityProcess.fork('/engine.mjs')).toThrow('before app is ready')
	electron.app.becomeReady()
	expect(() => electron.protocol.registerSchemesAsPrivileged([])).toThrow('before app is ready')
	expect(() => electron.Menu.buildFromTemplate([{ submenu: [{ enabled: false }] }])).toThrow(
		'at least one of',
	)
	const window = new electron.BrowserWindow()
	window.close()
	expect(() => window.show()).toThrow('destroyed')
	// Nobody listened for the last window's end.
	expect(electron.app.ended).toBe(0)
})
