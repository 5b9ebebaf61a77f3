import { describe, expect, test } from 'vitest'
import type { AgentState } from '../../../src/contract/agent.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { project, state, workstation } from './states.ts'

const running: AgentState = {
	status: 'running',
	at: now,
	command: 'claude',
	version: '2.1.3',
	loggedIn: true,
	problem: null,
	branch: 'agent',
	worktree: '~/nt-agent',
	commits: 2,
	changedCount: 1,
	since: now - 240_000,
	lastLine: 'Reading model.py\u001b[31m',
	exitCode: null,
}
const engineWith = (agent: AgentState | null, handlers: ConstructorParameters<typeof FakeEngine>[0] = {}) =>
	new FakeEngine(
		{ checkAgent: () => ({}), startAgent: () => ({}), stopAgent: () => ({}), ...handlers },
		state({ workstations: { lab: workstation() }, projects: { nt: project({ agent }) } }),
	)

describe('agent', () => {
	test.each([
		[['agent'], 'checkAgent'],
		[['agent', 'nt'], 'checkAgent'],
		[['agent', 'status', 'nt'], 'checkAgent'],
		[['agent', 'start'], 'startAgent'],
		[['agent', 'stop', 'nt'], 'stopAgent'],
	])('%j', async (argv, name) => {
		const engine = engineWith(running)
		const { code, text } = await finished(engine, argv)
		expect(code).toBe(0)
		expect(engine.asked.at(-1)?.name).toBe(name)
		expect(text).toBe(
			'claude · 2.1.3 · at work · 4 min ago\n  agent in ~/nt-agent: 2 commits to bring, 1 file in no commit\n  Reading model.py\n',
		)
	})

	test('start --anyway: also where a log-out would end it', async () => {
		const engine = engineWith(running)
		await finished(engine, ['agent', 'start', 'nt', '--anyway'])
		expect(engine.asked.at(-1)).toMatchObject({ name: 'startAgent', input: { project: 'nt', anyway: true } })
	})

	test('as JSON', async () => {
		const { text } = await finished(engineWith(running), ['agent', '--json'])
		expect(JSON.parse(text)).toEqual({ agent: running })
	})

	test.each<[string, AgentState, string]>([
		['ended', { ...running, status: 'ended', exitCode: 3, lastLine: '' }, 'ended with exit code 3'],
		['gone', { ...running, status: 'ended' }, '· ended ·'],
		['waits', { ...running, status: 'waits' }, 'waits for you'],
		['idle', { ...running, status: 'idle', since: null, commits: 0, changedCount: 0 }, 'no commits yet'],
	])('%s', async (_what, agent, words) => {
		const { code, text } = await finished(engineWith(agent), ['agent'])
		expect([code, text.includes(words)]).toEqual([0, true])
	})

	test('not there: how it is installed, and a failure', async () => {
		const missing = problem('agent-missing', { command: 'claude', install: 'curl x | bash' })
		const { code, text, error } = await finished(
			engineWith({ status: 'absent', at: now, command: 'claude', problem: missing }),
			['agent'],
		)
		expect([code, text]).toEqual([1, 'claude · not there\n'])
		expect(error).toContain('curl x | bash')
	})

	test('not logged in: what helps', async () => {
		const trouble = problem('agent-login', { command: 'Claude Code', how: 'none', project: '-x y' })
		const { code, error } = await finished(engineWith({ ...running, loggedIn: false, problem: trouble }), [
			'agent',
		])
		expect(code).toBe(0)
		expect(error).toContain("hawser agent attach -- '-x y'")
	})
})

describe('agent bring', () => {
	const plan = {
		id: 'f'.repeat(64),
		kind: 'agent' as const,
		project: 'nt',
		at: now,
		steps: [],
		conflicts: [],
		notes: ['1 file is in no commit and stays there: x.py.'],
		problem: null,
	}

	test('--dry-run shows it and changes nothing', async () => {
		const engine = engineWith(running, { preview: () => plan })
		const { code, text } = await finished(engine, ['agent', 'bring', '-n', '--take', 'laptop:a b.py'])
		expect(code).toBe(0)
		expect(text).toContain('stays there: x.py')
		expect(engine.asked.at(-1)).toEqual({
			name: 'preview',
			input: { kind: 'agent', take: { 'a b.py': 'laptop' } },
		})
	})

	test('--plan binds it to what was shown', async () => {
		const outcome = {
			status: 'succeeded' as const,
			problem: null,
			run: null,
			series: [],
			commits: { up: [], back: [] },
			metrics: null,
		}
		const engine = engineWith(running, {
			preview: () => plan,
			bringAgent: () => ({ operation: 'agent-1' }),
			waitOperation: () => outcome,
		})
		const { code } = await finished(engine, ['agent', 'bring', 'nt', '--plan', 'ffffffff'])
		expect(code).toBe(0)
		expect(engine.asked).toContainEqual({ name: 'bringAgent', input: { project: 'nt', plan: plan.id } })
	})

	test('an option that there is not', async () => {
		expect((await finished(engineWith(running), ['agent', 'bring', '--take', 'x'])).code).toBe(2)
		expect((await finished(engineWith(running), ['agent', 'lunch', 'nt'])).code).toBe(2)
	})
})
