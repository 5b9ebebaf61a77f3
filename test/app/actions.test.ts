import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createActions } from '../../src/app/actions.ts'
import { setAppMenu } from '../../src/app/app-menu.ts'
import { type EngineFace, followEngine } from '../../src/app/engine-face.ts'
import type { MenuAction } from '../../src/app/menu-entries.ts'
import type { Place } from '../../src/app/place.ts'
import { ProblemError } from '../../src/contract/client.ts'
import { problem } from '../../src/engine/problems.ts'
import * as electron from './electron-stand-in.ts'
import { standInEngine } from './engine-stand-in.ts'
import { stateOf } from './states.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

const refusal = problem('run-unknown', { run: 'r9' })
const { platform } = process
beforeEach(() => {
	electron.dialog.shown = []
	electron.shell.opened = []
	electron.shell.refusal = () => ''
	electron.shell.links = []
	electron.shell.linkRefusal = ''
	electron.clipboard.text = ''
})
afterEach(() => {
	Object.defineProperty(process, 'platform', { value: platform })
})

/** An engine that has answered, and what the actions did to the window. */
async function actions(answers: (name: string) => unknown = () => ({})) {
	const engine = standInEngine(stateOf(), answers)
	const face: EngineFace = followEngine(engine.open)
	await vi.waitFor(() => expect(face.state()).not.toBeNull())
	const opened: unknown[] = []
	const window = { open: (place?: Place | null) => opened.push(place), close: () => {} }
	return { engine, opened, perform: createActions(face, window) }
}
const refuse = () => {
	throw new ProblemError(refusal)
}
const told = () => electron.dialog.shown.map(({ message, detail }) => [message, detail])

describe('what a menu entry does', () => {
	test('a command goes to the engine; its refusal is shown in its words', async () => {
		const { engine, perform } = await actions((name) => (name === 'go' ? refuse() : {}))
		perform({ do: 'command', wish: { name: 'check', input: {} } })
		await vi.waitFor(() => expect(engine.asked).toEqual([['check', {}]]))
		perform({ do: 'command', wish: { name: 'go', input: { project: 'nt' } } })
		await vi.waitFor(() => expect(told()).toEqual([[refusal.title, refusal.meaning]]))
		expect(engine.asked[1]).toEqual(['go', { project: 'nt' }])
	})
	test('text is copied, a run is opened, quitting quits', async () => {
		const { perform, opened } = await actions()
		perform({ do: 'copy', text: 'ssh-keygen -R lab' })
		await vi.waitFor(() => expect(electron.clipboard.text).toBe('ssh-keygen -R lab'))
		perform({ do: 'open-window', place: { run: 'r1' } })
		perform({ do: 'open-window', place: null })
		expect(opened).toEqual([{ run: 'r1' }, null])
		const preview = { preview: 'back', project: 'nt' } as const
		perform({ do: 'open-window', place: preview })
		expect(opened.at(-1)).toEqual(preview)
		perform({ do: 'quit' })
		expect(electron.app.ended).toBe(0)
	})
	test('a report is copied; one that is refused is told, and what was copied before stays', async () => {
		const { engine, perform } = await actions((name) =>
			name === 'report' ? { text: 'The line holds.' } : {},
		)
		perform({ do: 'copy-report', workstation: null })
		await vi.waitFor(() => expect(electron.clipboard.text).toBe('The line holds.'))
		perform({ do: 'copy-report', workstation: 'lab' })
		await vi.waitFor(() => expect(engine.asked).toHaveLength(2))
		expect(engine.asked).toEqual([
			['report', {}],
			['report', { workstation: 'lab' }],
		])
		const refused = await actions(refuse)
		refused.perform({ do: 'copy-report', workstation: 'lab' })
		await vi.waitFor(() => expect(told()).toEqual([[refusal.title, refusal.meaning]]))
		expect(electron.clipboard.text).toBe('The line holds.')
	})
	test('a link is opened by the system; one that it cannot open is told', async () => {
		const { perform } = await actions()
		perform({ do: 'open-url', url: 'https://sso.example.org/' })
		await vi.waitFor(() => expect(electron.shell.links).toEqual(['https://sso.example.org/']))
		electron.shell.linkRefusal = 'no browser'
		perform({ do: 'open-url', url: 'https://sso.example.org/' })
		await vi.waitFor(() =>
			expect(told()).toEqual([
				['Hawser could not do that', 'https://sso.example.org/ could not be opened: no browser'],
			]),
		)
	})
	test('the settings open as their file, else as its folder', async () => {
		const { perform } = await actions()
		perform({ do: 'open-settings' })
		await vi.waitFor(() => expect(electron.shell.opened).toEqual(['/data/config.json']))
		electron.shell.opened = []
		electron.shell.refusal = (path) => (path.endsWith('.json') ? 'no such file' : '')
		perform({ do: 'open-settings' })
		await vi.waitFor(() => expect(electron.shell.opened).toEqual(['/data/config.json', '/data']))
		expect(told()).toEqual([])
	})
	test('without an engine a command is told, and the settings do nothing', async () => {
		const face = followEngine(() => new Promise(() => {}))
		const perform = createActions(face, { open: () => {}, close: () => {} })
		perform({ do: 'open-settings' })
		perform({ do: 'command', wish: { name: 'check', input: {} } })
		await vi.waitFor(() =>
			expect(told()).toEqual([
				['Hawser could not do that', 'The engine is not running. It is being started again.'],
			]),
		)
		expect(electron.shell.opened).toEqual([])
	})
})

describe('the bar of the window', () => {
	const set = (name: NodeJS.Platform) => {
		Object.defineProperty(process, 'platform', { value: name })
		const done: MenuAction[] = []
		setAppMenu((action) => done.push(action))
		return { done, menu: electron.Menu.applicationMenu }
	}
	test('is none on Linux', () => {
		expect(set('linux').menu).toBeNull()
	})
	test('on macOS gives copy and paste, closing, quitting, settings and checking their keys', () => {
		const { done, menu } = set('darwin')
		const roles = menu?.template.map(({ role, label }) => role ?? label)
		expect(roles).toEqual(['appMenu', 'editMenu', 'View', 'windowMenu'])
		const all = (menu?.template ?? []).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
		expect(all.some(({ role }) => role === 'quit')).toBe(true)
		for (const accelerator of ['Cmd+,', 'Cmd+R']) {
			const entry = all.find((one) => one.accelerator === accelerator)
			entry?.click?.({} as Electron.MenuItem, undefined, {} as Electron.KeyboardEvent)
		}
		expect(done).toEqual([{ do: 'open-settings' }, { do: 'command', wish: { name: 'check', input: {} } }])
	})
})
