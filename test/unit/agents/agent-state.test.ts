import { describe, expect, test } from 'vitest'
import type { AgentState } from '../../../src/contract/agent.ts'
import type { AgentPlaces } from '../../../src/engine/agents/agent-places.ts'
import {
	type AgentPane,
	type AgentProgram,
	type AgentReading,
	programOf,
	readingOf,
} from '../../../src/engine/agents/agent-reading.ts'
import { agentStateOf } from '../../../src/engine/agents/agent-state.ts'

const places: AgentPlaces = {
	command: 'claude --x',
	word: 'claude',
	branch: 'agent',
	worktree: '~/nt-agent',
	session: 'hawser-agent-nt',
}
const program: AgentProgram = { found: '/bin/claude', version: '2.1', login: 'file' }
/** Seconds since the epoch. */
const noon = 1_795_000_000

const pane = (more: Partial<AgentPane> = {}): AgentPane => ({
	isDead: false,
	exitCode: null,
	endedAt: null,
	activity: noon,
	bellFlag: false,
	bellAt: null,
	created: noon - 600,
	...more,
})
const reading = (after: number, more: Partial<AgentReading> = {}): AgentReading => ({
	clock: (noon + after) * 1000,
	hasTmux: true,
	pane: pane(),
	screen: ['working'],
	head: 'abc',
	commits: 2,
	changedCount: 1,
	...more,
})
const unknown: AgentState = { status: 'unknown' }
const of = (one: AgentReading, old: AgentState = unknown, of = program, skew = 300) =>
	agentStateOf('nt', places, of, one, old, one.clock + skew)
const statusOf = (...args: Parameters<typeof of>) => of(...args).status
const asking = ['Do you want to proceed?', '❯ 1. Yes']

describe('what it does', () => {
	test.each<[string, AgentReading, AgentState['status']]>([
		['no session', reading(0, { pane: null }), 'idle'],
		['quiet, and no question', reading(3600), 'running'],
		['a question just now', reading(14, { screen: asking }), 'running'],
		['a question for a while', reading(15, { screen: asking }), 'waits'],
		['a bell just now', reading(4, { pane: pane({ bellAt: noon }) }), 'running'],
		['a bell', reading(5, { pane: pane({ bellAt: noon - 2, bellFlag: true }) }), 'waits'],
		[
			'a bell long before its last line',
			reading(60, { pane: pane({ bellAt: noon - 3, bellFlag: true }) }),
			'running',
		],
		['only tmux’s own flag', reading(5, { pane: pane({ bellFlag: true }) }), 'waits'],
		['dead', reading(60, { pane: pane({ isDead: true, bellAt: noon }), screen: asking }), 'ended'],
	])('%s', (_what, one, status) => expect(statusOf(one)).toBe(status))

	test('gone without a word from here, it has ended; and it stays so', () => {
		const gone = of(reading(0, { pane: null }), of(reading(0)))
		expect(gone).toMatchObject({ status: 'ended', exitCode: null, since: noon * 1000 + 300 })
		expect(of(reading(9, { pane: null }), gone)).toMatchObject({ status: 'ended', since: noon * 1000 + 300 })
	})

	test('how it ended, and its last line without tmux’s own', () => {
		const screen = ['bye', 'Pane is dead (status 3, Mon Nov 23 12:26:17 2026)']
		const ended = of(reading(60, { pane: pane({ isDead: true, exitCode: 3, endedAt: noon + 1 }), screen }))
		expect(ended).toMatchObject({ status: 'ended', exitCode: 3, lastLine: 'bye', since: (noon + 1) * 1000 })
	})
})

describe('since when', () => {
	test('it changes with the status alone', () => {
		const waits = of(reading(20, { screen: asking }))
		expect(waits).toMatchObject({ since: noon * 1000 })
		const redrawn = of(reading(40, { screen: asking, pane: pane({ activity: noon + 20 }) }), waits)
		expect(redrawn).toMatchObject({ status: 'waits', since: noon * 1000 })
		const works = of(reading(41, { pane: pane({ activity: noon + 41 }) }), redrawn)
		expect(works).toMatchObject({ status: 'running', since: (noon + 41) * 1000 + 300 })
	})

	test('it is what the workstation knows, so that it is the same after a restart', () => {
		const one = reading(20, { screen: asking })
		const later = reading(300, { screen: asking })
		expect(of(one, unknown, program, 29_000)).toMatchObject({ since: noon * 1000 })
		expect(of(later, unknown, program, -29_000)).toMatchObject({ since: noon * 1000 })
		// A clock that is wrong by more is set right.
		expect(of(one, unknown, program, 3_600_100)).toMatchObject({ since: noon * 1000 + 3_600_000 })
		expect(of(reading(0))).toMatchObject({ status: 'running', since: (noon - 600) * 1000 })
	})
})

describe('its program', () => {
	test('not there, with the command that installs it; but one that runs is there', () => {
		const none = { found: null, version: '', login: null }
		const absent = of(reading(0, { pane: null }), unknown, none)
		expect(absent).toMatchObject({ status: 'absent', problem: { code: 'agent-missing', needsPerson: true } })
		expect(of(reading(0), unknown, none)).toMatchObject({ status: 'running', loggedIn: null })
		const other = agentStateOf(
			'nt',
			{ ...places, word: 'robot' },
			none,
			reading(0, { pane: null }),
			unknown,
			0,
		)
		expect(other).toMatchObject({ problem: { facts: { command: 'robot' }, next: null } })
	})

	test.each([
		['file', true, null],
		['variable', true, null],
		['helper', true, null],
		['keychain', true, null],
		['none', false, 'hawser agent start nt && hawser agent attach nt'],
		['locked', false, 'security unlock-keychain'],
		['none-mac', false, 'security unlock-keychain'],
		[null, null, null],
	] as const)('login: %s', (login, loggedIn, copied) => {
		const state = of(reading(0), unknown, { ...program, login })
		const next = copied && { code: 'agent-login', next: { kind: 'copy', text: copied } }
		expect(state).toMatchObject({ loggedIn, problem: next })
	})

	test('tmux comes first', () => {
		const state = of(reading(0, { pane: null, hasTmux: false }), unknown, { ...program, login: 'none' })
		expect(state).toMatchObject({ status: 'idle', problem: { code: 'agent-no-tmux' } })
	})
})

describe('what the workstation prints', () => {
	test('is read', () => {
		const text = [
			'agent.clock\t1795000000123',
			'agent.found\t/home/u/bin/claude',
			'agent.version\t2.1.3 (Claude Code)',
			'agent.login\tfile',
			'agent.pane\t1;;3 1795000001;1795000000;1;1794999999;1794999000',
			'agent.screen\ta\tb\u202e',
			'agent.head\tabc\t4',
			'agent.tree\t2',
		].join('\n')
		expect(programOf(text)).toEqual({
			found: '/home/u/bin/claude',
			version: '2.1.3 (Claude Code)',
			login: 'file',
		})
		expect(readingOf(text)).toEqual({
			clock: 1_795_000_000_123,
			hasTmux: true,
			pane: {
				isDead: true,
				exitCode: 3,
				endedAt: 1_795_000_001,
				activity: 1_795_000_000,
				bellFlag: true,
				bellAt: 1_794_999_999,
				created: 1_794_999_000,
			},
			screen: ['a b'],
			head: 'abc',
			commits: 4,
			changedCount: 2,
		})
	})

	test.each(['', 'agent.clock', 'agent.clock\tnow', 'rubbish\u0000\n\n\t'])('%j is no answer', (text) =>
		expect(readingOf(text)).toBeNull(),
	)

	test('in pieces or garbled, it is taken as far as it goes', () => {
		const text = 'agent.clock\t1\nagent.pane\t;;x;\nagent.head\nagent.tree\t-1\nagent.login\tsurely'
		expect(readingOf(text)).toMatchObject({
			pane: { isDead: false, exitCode: null },
			head: null,
			changedCount: null,
		})
		expect(programOf(text)).toEqual({ found: null, version: '', login: null })
	})
})
