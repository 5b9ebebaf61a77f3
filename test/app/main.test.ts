import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import * as electron from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

const argv = process.argv
beforeAll(async () => {
	process.argv = ['electron', '.', '--home', '/nowhere/home', '--hidden']
	await import('../../src/app/main.ts')
	electron.app.becomeReady()
	await vi.waitFor(() => expect(electron.app.listenerCount('second-instance')).toBe(1))
})
afterAll(() => {
	process.argv = argv
})

test('the lock belongs to the data folder, and Chromium’s files have a place of their own', () => {
	expect(electron.app.paths).toEqual({ userData: '/nowhere/home', sessionData: '/nowhere/home/electron' })
})

test('the page’s scheme is registered before the app is ready', () => {
	expect(electron.protocol.privileged).toEqual([
		{ scheme: 'hawser', privileges: { standard: true, secure: true, supportFetchAPI: true } },
	])
	expect(Object.keys(electron.protocol.handlers)).toEqual(['hawser'])
})

test('there is a tray and an engine, and no window at a hidden start', () => {
	expect(electron.Tray.all).toHaveLength(1)
	expect(electron.utilityProcess.children.map((child) => [child.entry, ...child.args])).toEqual([
		['/nowhere/hawser/dist/app/engine.mjs', '/nowhere/home', '0.0.0'],
	])
	expect(electron.BrowserWindow.all).toEqual([])
})

test('a second start opens the window; closing it leaves the app', () => {
	electron.app.emit('second-instance')
	expect(electron.BrowserWindow.all).toHaveLength(1)
	electron.app.emit('window-all-closed')
	expect(electron.app.quits).toBe(0)
})

test('quitting first ends the engine, once, and then the app', async () => {
	const [child] = electron.utilityProcess.children
	const preventDefault = vi.fn()
	electron.app.emit('before-quit', { preventDefault })
	expect(preventDefault).toHaveBeenCalledOnce()
	expect(child?.requests.at(-1)?.message).toEqual({ kind: 'stop' })
	expect(electron.app.quits).toBe(0)
	child?.emit('exit', 0)
	await vi.waitFor(() => expect(electron.app.quits).toBe(1))
	expect(electron.Tray.all[0]?.destroyed).toBe(true)
})
