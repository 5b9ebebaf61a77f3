import { describe, expect, test } from 'vitest'
import type { ProjectState, Standing } from '../../src/contract/state.ts'
import { find, menu } from './menu-text.ts'
import { now, operation, project, stateOf } from './states.ts'

/** What the menu says of a project's code, beyond sending and bringing it. */

type Read = Extract<ProjectState['pending'], { status: 'read' }>
const read = (): Read => {
	const { pending } = project()
	if (pending.status !== 'read') throw new Error('not read')
	return pending
}
const calm: Standing = { detached: false, ongoing: null, stashes: 0, lock: null }
const none = { count: 0, commits: [] }
const quiet = {
	changedFiles: [],
	changedCount: 0,
	untrackedFiles: [],
	untrackedCount: 0,
	toHub: none,
	toWorkstation: none,
	toLaptop: none,
}
const remote: NonNullable<Read['remote']> = {
	base: 'b',
	validation: 'c',
	standing: calm,
	baseCommits: { count: 0, commits: [] },
	untrackedFiles: [],
	untrackedCount: 0,
	changedFiles: [],
	changedCount: 0,
	resultFiles: [],
	resultCount: 0,
}
const shown = (change: Partial<Read>, of: Partial<ProjectState> = {}) =>
	menu(stateOf({ projects: [project({ ...of, pending: { ...read(), ...quiet, ...change } })] }))

describe('previews', () => {
	test.each([
		['Preview…', 'go'],
		['Undo…', 'undo'],
	] as const)('%s opens the window there, and changes nothing', (label, preview) => {
		expect(find(stateOf(), label)).toMatchObject({
			why: null,
			action: { do: 'open-window', place: { preview, project: 'nt' } },
		})
	})
	test('each project has its own', () => {
		const state = stateOf({ projects: [project(), project({ name: 'other' })] })
		expect(menu(state).filter((line) => line === '  Preview…')).toHaveLength(2)
		const only = stateOf({ projects: [project({ name: 'other' })] })
		expect(find(only, 'Undo…').action).toEqual({
			do: 'open-window',
			place: { preview: 'undo', project: 'other' },
		})
	})
	test('while something is under way there is nothing to look at', () => {
		const undoing = operation({ kind: 'undo' })
		expect(menu(stateOf({ operations: { 1: undoing } }))).toEqual(
			expect.arrayContaining(['Preview… ✗ Undo: Push master', 'Undo… ✗ Undo: Push master']),
		)
		const setup = operation({ kind: 'setup' })
		expect(menu(stateOf({ operations: { 1: setup } }))).toContain('Up ✗ Setting up: Push master')
		expect(menu(stateOf({ operations: { 1: { ...undoing, endedAt: now } } }))).toContain('Undo…')
	})
})

describe('what is pending', () => {
	test.each<[string, Partial<Read>]>([
		['Nothing pending', { remote }],
		['1 commit for the hub', { toHub: { count: 1, commits: [] } }],
		['1 commit on the hub', { fromHub: { count: 1, commits: [] } }],
		['2 commits to bring back', { toLaptop: { count: 2, commits: [] }, fromHub: { count: 2, commits: [] } }],
		['5 result files to bring back', { remote: { ...remote, resultCount: 5 } }],
		[
			'1 changed file and 2 new on the workstation',
			{ remote: { ...remote, changedCount: 1, untrackedCount: 2 } },
		],
		[
			'1 changed file, 2 changed files on the workstation',
			{ changedCount: 1, remote: { ...remote, changedCount: 2 } },
		],
	])('%s', (line, change) => {
		expect(shown(change)).toContain(`· ${line}`)
	})
	test('what is too long for a line has two, and nothing is cut off', () => {
		const lines = shown({
			toWorkstation: { count: 12, commits: [] },
			toLaptop: { count: 3, commits: [] },
			changedCount: 4,
			untrackedCount: 5,
			remote: { ...remote, resultCount: 6, changedCount: 7, untrackedCount: 8 },
		})
		const at = lines.indexOf('· 12 commits to send, 3 commits to bring back')
		expect(lines.slice(at, at + 3)).toEqual([
			'· 12 commits to send, 3 commits to bring back',
			'· 6 result files to bring back, 4 changed files and 5 new',
			'· 7 changed files and 8 new on the workstation',
		])
	})
	test('without a hub nothing is for it', () => {
		expect(shown({ toHub: null, fromHub: null }, { hub: 'direct' })).toContain('· Nothing pending')
	})
})

describe('what needs care has a line of its own', () => {
	const here = (standing: Partial<Standing>) => ({ standing: { ...calm, ...standing } })
	const there = (standing: Partial<Standing>) => ({ remote: { ...remote, ...here(standing) } })
	test.each<[string, Partial<Read>]>([
		['⚠ A merge is in progress on the laptop', here({ ongoing: 'merge' })],
		['⚠ A rebase is in progress on the workstation', there({ ongoing: 'rebase', detached: true })],
		['⚠ No branch is checked out on the laptop', here({ detached: true })],
		[
			'⚠ Git is locked on the laptop by git (42)',
			here({ lock: { path: '/nt/.git/index.lock', owner: 'git (42)' } }),
		],
		['⚠ Git is locked on the workstation', there({ lock: { path: '/nt/.git/index.lock', owner: null } })],
	])('%s', (line, change) => {
		expect(shown(change).filter((one) => one.includes('⚠'))).toEqual([`· ${line}`])
	})
	test('stashes are said, and are no care', () => {
		expect(shown({ standing: { ...calm, stashes: 3 } })).toContain('· 3 stashes on the laptop')
	})
	test('calm, and what was never read, need none', () => {
		expect(shown({ remote, standing: { ...calm, stashes: 3 } }).join()).not.toContain('⚠')
		expect(menu(stateOf({ projects: [project({ pending: { status: 'unknown' } })] })).join()).not.toContain(
			'⚠',
		)
	})
})
