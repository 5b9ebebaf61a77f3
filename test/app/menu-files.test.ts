import { describe, expect, test } from 'vitest'
import type { FilesPending, ProjectState } from '../../src/contract/state.ts'
import { find, menu } from './menu-text.ts'
import { now, operation, problemOf, project, run, stateOf, up, workstation } from './states.ts'

/** What the menu says of files that travel as files. */

type Read = Extract<FilesPending, { status: 'read' }>
const none = { count: 0, bytes: 0, paths: [] }
const read = (change: Partial<Read> = {}): Read => ({
	status: 'read',
	at: now,
	syncedAt: now,
	toWorkstation: none,
	toLaptop: none,
	remoteAt: now,
	conflictCount: 0,
	...change,
})
const ofFiles = (files: ProjectState['files'], change: Partial<ProjectState> = {}) =>
	project({ strategy: 'files', pending: { status: 'unused' }, files, ...change })
const shown = (files: ProjectState['files']) => menu(stateOf({ projects: [ofFiles(files)] }))

describe('what is pending', () => {
	test.each<[string, FilesPending]>([
		['Nothing pending', read()],
		['12 files to send (3.4 MiB)', read({ toWorkstation: { ...none, count: 12, bytes: 3_565_158 } })],
		['1 file to bring back', read({ toLaptop: { ...none, count: 1 } })],
		['Nothing changed here; the workstation was not read yet', read({ toLaptop: null, remoteAt: null })],
		['Pending: not read yet', { status: 'unknown' }],
		['Pending: unknown · No folder', { status: 'unreadable', at: now, problem: problemOf('No folder') }],
	])('%s', (line, files) => {
		expect(shown(files)).toContain(`· ${line}`)
	})
	test('files that both sides changed have a line of their own, and no other says it', () => {
		const lines = shown(read({ conflictCount: 2 }))
		expect(lines.filter((line) => line.includes('both sides'))).toEqual(['· ⚠ 2 files changed on both sides'])
		expect(lines.join()).not.toContain('Nothing pending')
	})
	test('of several projects, in the title of its submenu too', () => {
		const projects = [ofFiles(read({ conflictCount: 1 })), project({ name: 'other' })]
		expect(menu(stateOf({ projects }))).toContain('nt · 1 file changed on both sides ▸')
	})
	test('beside git’s commits', () => {
		const files = read({ toWorkstation: { ...none, count: 2, bytes: 1_288_490_189 }, conflictCount: 1 })
		const lines = menu(stateOf({ projects: [project({ files })] }))
		expect(lines).toContain('· 2 files to send (1.2 GiB)')
		expect(lines).toContain('· ⚠ 1 file changed on both sides')
	})
})

describe('what can be done', () => {
	const commands = ['Sync and validate', 'Up', 'Back', 'Preview…']
	test('as with git, by the same rules', () => {
		const lines = shown(read())
		for (const command of commands) expect(lines).toContain(command)
		expect(find(stateOf({ projects: [ofFiles(read())] }), 'Up').action).toEqual({
			do: 'command',
			wish: { name: 'up', input: { project: 'nt' } },
		})
		const away = [workstation({ link: { status: 'off' } })]
		const off = menu(stateOf({ projects: [ofFiles(read())], workstations: away }))
		for (const command of commands) expect(off.find((line) => line.startsWith(`${command} ✗ `))).toBeDefined()
		const going = menu(stateOf({ projects: [ofFiles(read())], runs: [run('r1')] }))
		expect(going).toContain('Sync and validate ✗ a run is still going')
	})
	test('how far it is, while it moves', () => {
		const [step] = operation().steps
		if (!step) throw new Error('no step')
		const busy = operation({ kind: 'up', steps: [{ ...step, title: 'Send files', share: 0.437 }] })
		const lines = menu(stateOf({ projects: [ofFiles(read())], operations: { 1: busy } }))
		expect(lines).toContain('Up ✗ Up: Send files, 43 %')
	})
	test('restore opens the window there, also without a link; nothing is undone', () => {
		const state = stateOf({
			projects: [ofFiles(read())],
			workstations: [workstation({ link: { status: 'off' } })],
		})
		expect(find(state, 'Restore files…')).toMatchObject({
			why: null,
			action: { do: 'open-window', place: { restore: 'nt' } },
		})
		expect(menu(state).join()).not.toContain('Undo…')
	})
	test('with git: both where some files travel beside it, else undo alone', () => {
		const beside = menu(stateOf({ projects: [project({ files: read() })] }))
		expect(beside).toEqual(expect.arrayContaining(['Undo…', 'Restore files…']))
		const alone = menu(stateOf({ workstations: [workstation({ link: up() })] }))
		expect(alone).toContain('Undo…')
		expect(alone).not.toContain('Restore files…')
	})
})
