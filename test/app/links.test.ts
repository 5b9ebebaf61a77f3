import { setImmediate as turn } from 'node:timers/promises'
import type Electron from 'electron'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Links } from '../../src/app/links.ts'
import { createAppWindow } from '../../src/app/window.ts'
import { localNetworkSettings } from '../../src/contract/problem.ts'
import { part } from './electron-events.ts'
import * as electron from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

beforeAll(() => electron.app.becomeReady())
beforeEach(() => {
	electron.BrowserWindow.all = []
	electron.shell.links = []
	electron.shell.linkRefusal = ''
})

/** The one window, over real links: what a page does by `window.open` or a link with a target. */
function window() {
	const links = new Links()
	const refused = vi.fn()
	createAppWindow({ page: '/page', preload: '/preload.cjs', icon: '/icon.png' }, (url) => {
		links.open(url).catch(refused)
	}).open()
	const contents = electron.BrowserWindow.all[0]?.webContents
	const click = (url: string) => contents?.openHandler?.(part<Electron.HandlerDetails>({ url }))
	return { click, refused }
}

test.each([
	'https://my.zerotier.com/',
	'https://sso.example.org/login?node=0123456789#now',
	localNetworkSettings,
])('the system opens %s, and the window opens nothing', async (url) => {
	const { click } = window()
	expect(click(url)).toEqual({ action: 'deny' })
	await turn()
	expect(electron.shell.links).toEqual([url])
})

test.each([
	'javascript:alert(1)',
	'data:text/html,<script>alert(1)</script>',
	'file:///etc/passwd',
	'http://example.org/',
	'hawser://app/index.html',
	'ssh://lab',
	'smb://lab/share',
	'x-apple.systempreferences:com.apple.preference.security?Privacy_AllFiles',
	'x-apple.systempreferences:com.apple.preference.security',
	`${localNetworkSettings}&more`,
	'x-apple-helpbasic://',
	'about:blank',
	'',
	'not an address',
	' javascript:alert(1)',
])('nothing opens %j, in the window or outside of it', async (url) => {
	const { click } = window()
	expect(click(url)).toEqual({ action: 'deny' })
	await turn()
	expect(electron.shell.links).toEqual([])
	await new Links().open(url)
	expect(electron.shell.links).toEqual([])
})

test('many at once were not clicked: a few are opened, and later ones again', async () => {
	const { click } = window()
	const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000_000)
	for (let one = 0; one < 1000; one += 1) click(`https://example.org/${one}`)
	await turn()
	expect(electron.shell.links).toEqual([
		'https://example.org/0',
		'https://example.org/1',
		'https://example.org/2',
	])
	clock.mockReturnValue(1_010_000)
	click('https://example.org/later')
	await turn()
	expect(electron.shell.links.at(-1)).toBe('https://example.org/later')
	clock.mockRestore()
})

test('a link that the system cannot open is told, without a word of the page’s that is too long', async () => {
	const { click, refused } = window()
	electron.shell.linkRefusal = 'no application knows it'
	click(`https://example.org/${'x'.repeat(5000)}`)
	await vi.waitFor(() => expect(refused).toHaveBeenCalledOnce())
	const [error] = refused.mock.calls[0] as [Error]
	expect(error.message).toMatch(/… could not be opened: no application knows it$/)
	expect(error.message.length).toBeLessThan(300)
})
