import { describe, expect, test } from 'vitest'
import { placeOf } from '../../renderer/address.ts'
import { hasMoved } from '../../renderer/operation-of.ts'
import { blank, isSameWish, wishOf } from '../../renderer/preview-wish.ts'
import { fragmentOf } from '../../src/app/place.ts'
import type { PlannedKind } from '../../src/contract/code.ts'
import { caresOf, changeWords, stashWords } from '../../src/contract/pending-words.ts'
import type { Pending, Standing } from '../../src/contract/state.ts'
import { calm, operation, outcome, pending, step } from './pieces.ts'

describe('an address', () => {
	test.each([
		{ run: '20261123T101500Z-nt-3f9c' },
		{ preview: 'undo', project: 'nt & co/é#1?%' },
		{ preview: 'go', project: '..' },
	] as const)('of the menu is understood by the page: %o', (place) => {
		const found = placeOf(`#${fragmentOf(place)}`)
		if ('run' in place) expect(found).toEqual({ at: 'run', run: place.run })
		else expect(found).toEqual({ at: 'preview', kind: place.preview, project: place.project })
	})
	test.each([
		[{ project: 'nt & co/é#1?%' }, { at: 'project', project: 'nt & co/é#1?%' }],
		[{ agent: '..' }, { at: 'agent', project: '..' }],
		[{ restore: 'nt & co/é#1?%' }, { at: 'restore', project: 'nt & co/é#1?%' }],
		[{ workstation: 'lab' }, { at: 'workstation', workstation: 'lab' }],
		[{ card: 'runs' }, { at: 'card', card: 'runs' }],
		[{ card: 'notices' }, { at: 'card', card: 'notices' }],
	] as const)('of a notice is understood by the page: %o', (place, found) => {
		expect(placeOf(`#${fragmentOf(place)}`)).toEqual(found)
	})
	test.each([
		'',
		'#',
		'#project/',
		'#project/nt/x',
		'#restore/',
		'#agent',
		'#workstation/%e0',
		'#card/main',
		'#run/',
		'#preview/go',
		'#preview/go/',
		'#preview/delete/nt',
		'#run/%',
		'#run/a/b',
		'#x/y',
	])('that leads nowhere: %s', (hash) => {
		expect(placeOf(hash)).toBeNull()
	})
})

describe('what needs care', () => {
	const cares = (here: Partial<Standing>, there: Partial<Standing> | null = {}) => {
		const { remote } = pending()
		const read: Pick<Pending, 'standing' | 'remote'> = {
			standing: { ...calm, ...here },
			remote: remote && there && { ...remote, standing: { ...calm, ...there } },
		}
		return caresOf(read).map(({ title, path }) => (path === null ? title : `${title}: ${path}`))
	}
	test('is none when all is calm, nor is a stash', () => {
		expect(cares({ stashes: 3 }, { stashes: 1 })).toEqual([])
		expect(cares({}, null)).toEqual([])
	})
	test('is said by side; what has no branch while it goes on is said once', () => {
		expect(cares({ ongoing: 'rebase', detached: true }, { ongoing: 'merge', detached: true })).toEqual([
			'A rebase is in progress on the laptop',
			'A merge is in progress on the workstation',
			'No branch is checked out on the workstation',
		])
		expect(cares({ ongoing: 'bisect', detached: true })).toEqual(['A bisect is in progress on the laptop'])
	})
	test('a lock names its file, and who holds it where that is known', () => {
		const lock = { path: '/nt/.git/index.lock', owner: null }
		expect(cares({ lock })).toEqual(['Git is locked on the laptop: /nt/.git/index.lock'])
		expect(cares({ lock: { ...lock, owner: 'git gc (7)' } })).toEqual([
			'Git is locked on the laptop by git gc (7): /nt/.git/index.lock',
		])
	})
	test.each([
		[0, 0, null],
		[1, 0, '1 stash on the laptop'],
		[0, 2, '2 stashes on the workstation'],
		[2, 1, '2 stashes on the laptop, 1 on the workstation'],
	])('%i and %i stashes', (here, there, words) => {
		const { remote } = pending()
		if (!remote) throw new Error('the canned workstation was read')
		const standing = { ...calm, stashes: here }
		expect(stashWords({ standing, remote: { ...remote, standing: { ...calm, stashes: there } } })).toBe(words)
	})
})

test.each([
	[0, 0, null],
	[1, 0, '1 changed file'],
	[2, 1, '2 changed files and 1 new'],
	[0, 1, '1 new file'],
	[0, 3, '3 new files'],
])('%i changed and %i new files', (changedCount, untrackedCount, words) => {
	expect(changeWords({ changedCount, untrackedCount })).toBe(words)
	expect(changeWords(null)).toBeNull()
})

describe('what a preview is asked with', () => {
	const draft = {
		message: '  A message\n',
		untracked: false,
		take: { 'a.py': 'laptop' },
		big: false,
	} as const
	test('a commit where there is something to commit and it goes up; a side where it can conflict', () => {
		const commit = { message: 'A message', untracked: false }
		expect(wishOf('up', draft, 'some')).toEqual({ kind: 'up', commit, take: draft.take })
		expect(wishOf('go', draft, 'new')).toEqual({
			kind: 'go',
			commit: { ...commit, untracked: true },
			take: draft.take,
		})
		expect(wishOf('back', draft, 'some')).toEqual({ kind: 'back', take: draft.take })
		expect(wishOf('undo', draft, 'some')).toEqual({ kind: 'undo' })
		expect(wishOf('up', draft, 'none')).toEqual({ kind: 'up', take: draft.take })
		expect(wishOf('up', { ...blank, message: ' \n' }, 'some')).toEqual({ kind: 'up' })
	})
	test('files of any size where something is committed, and nowhere else', () => {
		const wish = (kind: PlannedKind) => wishOf(kind, { ...blank, big: true }, 'none')
		expect(wish('up')).toEqual({ kind: 'up', big: true })
		expect(wish('back')).toEqual({ kind: 'back', big: true })
		expect(wish('undo')).toEqual({ kind: 'undo' })
		expect(isSameWish(wish('up'), wishOf('up', blank, 'none'))).toBe(false)
	})
	test('the order of choices makes no other wish; anything else does', () => {
		const one = wishOf('up', { ...draft, take: { a: 'laptop', b: 'workstation' } }, 'some')
		expect(isSameWish(one, wishOf('up', { ...draft, take: { b: 'workstation', a: 'laptop' } }, 'some'))).toBe(
			true,
		)
		expect(isSameWish(one, wishOf('up', { ...draft, take: { a: 'laptop', b: 'laptop' } }, 'some'))).toBe(
			false,
		)
		expect(isSameWish(one, { ...one, kind: 'go' })).toBe(false)
		expect(isSameWish(wishOf('up', draft, 'some'), wishOf('up', draft, 'new'))).toBe(false)
	})
})

test('what stopped before its first change has moved nothing', () => {
	const stopped = outcome({ status: 'stopped', commits: { up: [], back: [] } })
	const checked = step('up-check', 'Check both sides', 'done')
	const pushed = step('up-push', 'Push to the hub', 'done')
	const connected = step('connect', 'Connect', 'done')
	expect(hasMoved(operation({ kind: 'up', steps: [connected, checked] }), stopped)).toBe(false)
	expect(hasMoved(operation({ kind: 'up', steps: [connected, checked, pushed] }), stopped)).toBe(true)
	expect(hasMoved(operation({ kind: 'setup', steps: [pushed] }), stopped)).toBe(false)
})
