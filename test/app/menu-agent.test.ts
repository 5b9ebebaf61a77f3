import { describe, expect, test } from 'vitest'
import type { AgentState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { someAgent } from '../unit/states.ts'
import { find, menu } from './menu-text.ts'
import { now, project, stateOf } from './states.ts'

const agent = (change: Parameters<typeof someAgent>[0] = {}) => someAgent({ at: now, since: now, ...change })
const withAgent = (one: AgentState | null) => stateOf({ projects: [project({ agent: one })] })

describe('a coding agent', () => {
	test.each<[string, AgentState]>([
		['· Agent: at work', agent()],
		['· ⚠ Agent: waits for you, 2 commits to bring', agent({ status: 'waits', commits: 2 })],
		[
			'· Agent: ended with exit code 3, 1 commit to bring',
			agent({ status: 'ended', exitCode: 3, commits: 1 }),
		],
		['· Agent: ended', agent({ status: 'ended' })],
		['· Agent: not running', agent({ status: 'idle', since: null })],
		['· Agent: not read yet', { status: 'unknown' }],
		[
			'· Agent: claude is not there',
			{
				status: 'absent',
				at: now,
				command: 'claude',
				problem: problem('agent-missing', { command: 'claude' }),
			},
		],
	])('%s', (line, one) => expect(menu(withAgent(one))).toContain(line))

	test('is attached to where it is', () => {
		const input = { what: 'agent', project: 'nt' }
		expect(find(withAgent(agent()), 'Attach to the agent…')).toMatchObject({
			why: null,
			action: { do: 'command', wish: { name: 'openTerminal', input } },
		})
		expect(find(withAgent(agent({ status: 'idle' })), 'Attach to the agent…').why).toBe('it is not running')
	})

	test('that waits is the next step, and its session opens', () => {
		const found = problem('agent-waits', { command: 'claude', project: 'nt', workstation: 'lab' })
		const state = {
			...withAgent(agent({ status: 'waits' })),
			summary: { glyph: 'attention', line: found.title, problem: found, workstation: 'lab' },
		} as const
		expect(menu(state).slice(0, 2)).toEqual(['· claude waits for you', 'Attach…'])
		expect(find(state, 'Attach…').action).toEqual({
			do: 'command',
			wish: { name: 'openTerminal', input: { what: 'agent', project: 'nt' } },
		})
	})

	test('that the settings do not name has no entry', () => {
		expect(menu(withAgent(null)).join()).not.toContain('gent')
	})
})
