import { describe, expect, test } from 'vitest'
import { projectSchema } from '../../../src/contract/config.ts'
import { pendingSchema } from '../../../src/contract/pending.ts'
import type { LocalFacts, RemoteFacts, RemoteTree } from '../../../src/engine/git/facts.ts'
import { pendingOf } from '../../../src/engine/git/pending.ts'
import { problem } from '../../../src/engine/problems.ts'

const project = (hub = 'origin') =>
	projectSchema.parse({
		name: 'nt',
		workstation: 'lab',
		local: '~/nt',
		remote: '~/nt',
		git: { hub },
		validation: { command: 'true' },
	})

const commit = (id: string, ...parents: string[]) => ({
	id,
	parents,
	subject: `Subject ${id}`,
	author: 'P',
	at: 1,
})

const local: LocalFacts = {
	path: '/home/p/nt',
	head: 'c',
	branch: 'master',
	changedFiles: ['x'],
	untrackedFiles: ['y'],
	standing: { detached: false, ongoing: null, stashes: 2, lock: null },
	folders: { own: '/home/p/nt/.git', common: '/home/p/nt/.git' },
	hubBase: 'b',
	hubValidation: null,
	toHub: { count: 1, commits: [] },
	fromHub: { count: 3, commits: [] },
	history: [commit('c', 'b'), commit('b', 'a'), commit('a')],
	problem: null,
}

const tree = (path: string, change: Partial<RemoteTree> = {}): RemoteTree => ({
	path,
	detached: false,
	ongoing: null,
	lock: null,
	...change,
})

const remote: RemoteFacts = {
	path: '/home/w/nt',
	gitVersion: '2.50.1',
	base: 'b',
	validation: 'v',
	hubBase: 'b',
	hubValidation: null,
	incoming: null,
	changedFiles: ['z'],
	changedCount: 1,
	untracked: { files: ['n'], count: 101 },
	cloneChangedFiles: [],
	resultFiles: ['results/m.json'],
	resultCount: 1,
	resultSizes: {},
	resultMark: '',
	trees: [tree('/home/w/nt'), tree('/home/w/nt-gpu')],
	stashes: 0,
	ongoing: null,
	journal: null,
	line: [
		{ id: 'v', parents: ['b'] },
		{ id: 'b', parents: ['a'] },
	],
	commits: [{ id: 'v', subject: 'Results', author: 'W', at: 2 }],
	baseCommits: [],
	baseCount: 0,
	problem: null,
}

describe('pendingOf', () => {
	test('both sides read', () => {
		const pending = pendingOf(project(), local, remote, 7)
		expect(pendingSchema.parse(pending)).toEqual(pending)
		expect(pending).toMatchObject({
			at: 7,
			head: 'c',
			toHub: { count: 1 },
			toWorkstation: { count: 1, commits: [{ id: 'c', subject: 'Subject c' }] },
			toLaptop: { count: 1, commits: [{ id: 'v', subject: 'Results', author: 'W' }] },
			remote: {
				base: 'b',
				validation: 'v',
				changedFiles: ['z'],
				changedCount: 1,
				resultFiles: ['results/m.json'],
				resultCount: 1,
				untrackedFiles: ['n'],
				untrackedCount: 101,
				standing: { detached: false, ongoing: null, stashes: 0, lock: null },
			},
			standing: { stashes: 2 },
			fromHub: { count: 3 },
			problem: null,
		})
		expect(pending.toWorkstation?.commits[0]).not.toHaveProperty('parents')
	})

	test.each([
		['the workstation was never read', null],
		['it has no validation branch', { ...remote, validation: null }],
		[
			'its branch has nothing in common as far as is known',
			{ ...remote, line: [{ id: 'v', parents: ['w'] }] },
		],
	])('lanes are not known when %s', (_title, facts) => {
		expect(pendingOf(project(), local, facts, 7)).toMatchObject({ toWorkstation: null, toLaptop: null })
	})

	test('a lane counts more than it shows', () => {
		const history = Array.from({ length: 60 }, (_, n) => commit(`c${60 - n}`, n === 59 ? 'v' : `c${59 - n}`))
		const pending = pendingOf(project(), { ...local, head: 'c60', history }, remote, 7)
		expect(pending.toWorkstation).toMatchObject({ count: 60, commits: { length: 20 } })
		expect(pending.toWorkstation?.commits[0]?.id).toBe('c60')
	})

	test('without a hub nothing waits for it, nor there', () => {
		expect(pendingOf(project('direct'), local, remote, 7)).toMatchObject({ toHub: null, fromHub: null })
	})

	test('the workstation stands as its clone and its worktree do; the worktree is named first', () => {
		const lock = { path: '/home/w/nt/.git/index.lock', owner: null }
		const trees = [
			tree('/home/w/nt', { ongoing: 'bisect', detached: true, lock }),
			tree('/home/w/nt-gpu', { ongoing: 'merge' }),
		]
		const pending = pendingOf(project(), local, { ...remote, trees, stashes: 3 }, 7)
		expect(pending.remote?.standing).toEqual({ detached: true, ongoing: 'merge', stashes: 3, lock })
	})

	test('what is missing on either side is told', () => {
		const found = problem('worktree-missing', { path: '~/nt-gpu', branch: 'gpu-validation', reason: 'x' })
		expect(pendingOf(project(), local, { ...remote, problem: found }, 7).problem).toBe(found)
	})
})
