import { describe, expect, test } from 'vitest'
import type { LinkState, State, WorkstationState } from '../../src/contract/state.ts'
import { find, menu } from './menu-text.ts'
import { loginQuestion, minute, now, operation, problemOf, rung, stateOf, up, workstation } from './states.ts'

/** What the menu says of the line: its links, and ZeroTier under them. */

const peer = (path: NonNullable<WorkstationState['peer']>['path']) => ({ path, latencyMs: 9, heardAt: now })
const withLink = (link: LinkState) => stateOf({ workstations: [workstation({ link })] })

describe('without a link nothing moves, and the greyed entries say why', () => {
	const cases: [LinkState, string, string][] = [
		[{ status: 'off' }, 'lab is not connected', 'not connected'],
		[{ status: 'dialling', since: now, attempt: 1, problem: null }, 'lab is being connected', 'connecting'],
		[
			{ status: 'dialling', since: now, attempt: 3, problem: problemOf('lab does not answer') },
			'lab does not answer',
			'connecting, try 3 · lab does not answer',
		],
		[{ status: 'waiting', since: now }, 'this laptop has no network', 'waits for a network'],
		[
			{ status: 'host-key', since: now, question: null },
			'the host key of lab is being checked',
			'its host key is being checked',
		],
		[
			{
				status: 'host-key',
				since: now,
				question: { host: 'lab', port: 22, keyType: 'ssh-ed25519', fingerprint: 'SHA256:x' },
			},
			'the host key of lab waits for an answer',
			'its host key waits for an answer',
		],
		[{ status: 'login', since: now, question: null }, 'lab is being logged in to', 'logging in'],
		...(
			[
				['passphrase', 'waits for a passphrase'],
				['password', 'waits for a password'],
				['prompts', 'asks something before it lets you in'],
				['confirm', 'waits for a yes or no'],
				['touch', 'waits for a touch of your hardware key'],
			] as const
		).map(([kind, line]): [LinkState, string, string] => [
			{ status: 'login', since: now, question: loginQuestion({ kind }) },
			`lab ${line}`,
			line,
		]),
		[
			{ status: 'lost', problem: problemOf('lab does not answer'), since: now - 3 * minute, nextTryAt: now },
			'lab does not answer',
			'no path for 3 min, tries again by itself',
		],
		[
			{ status: 'stopped', problem: problemOf('The host key of lab has changed'), since: now },
			'The host key of lab has changed',
			'stopped, waits for you',
		],
	]
	test.each(cases)('%o', (link, why, line) => {
		const shown = menu(withLink(link))
		for (const label of ['Sync and validate', 'Up', 'Back', 'Preview…', 'Undo…', 'Open a shell…'])
			expect(shown).toContain(`${label} ✗ ${why}`)
		expect(shown).toContain(`· lab: ${line}`)
		// What needs no link stays possible.
		expect(shown).toEqual(expect.arrayContaining(['Check again', 'Open Hawser', 'Quit Hawser (runs go on)']))
	})
})

test.each<[string, Partial<WorkstationState>]>([
	['SSH 4 h · 12 ms', { link: up() }],
	['SSH 4 h', { link: up({ latencyMs: null }) }],
	['SSH 4 h · 3.4 ms direct', { link: up({ latencyMs: 3.44 }), peer: peer('direct') }],
	['SSH 4 h · 12 ms relayed', { link: up(), peer: peer('relayed') }],
	['SSH 4 h · relayed over TCP', { link: up({ latencyMs: null }), peer: peer('tunneled') }],
	['SSH 4 h · 12 ms · over gate, gw:2222', { link: up({ through: ['gate:22', 'gw:2222'] }) }],
	[
		'SSH 4 h · 12 ms direct · through the system’s ssh',
		{ link: up({ transport: { kind: 'openssh', reason: 'a hardware key' } }), peer: peer('direct') },
	],
])('a link that is up says how: %s', (line, change) => {
	expect(menu(stateOf({ workstations: [workstation(change)] }))).toContain(`· lab: ${line}`)
})

describe('ZeroTier', () => {
	const broken = (code: 'zerotier-offline' | 'zerotier-not-installed' = 'zerotier-offline') =>
		workstation({
			rungs: [
				rung('network'),
				rung('zerotier-service', { verdict: 'failing', problem: { ...problemOf('It is'), code } }),
			],
		})
	const summary = {
		...stateOf().summary,
		problem: problemOf('It is', { kind: 'restart-zerotier', label: 'Restart ZeroTier' }),
	}
	const count = (state: State) => menu(state).filter((line) => line.startsWith('Restart ZeroTier')).length
	test('can be restarted while a rung of it fails, once for all workstations', () => {
		const state = stateOf({ workstations: [broken(), { ...broken(), name: 'spare' }] })
		expect(count(state)).toBe(1)
		expect(find(state, 'Restart ZeroTier')).toMatchObject({
			why: null,
			action: { do: 'command', wish: { name: 'restartZeroTier', input: {} } },
		})
	})
	test('is not offered while it holds, is unknown or unused, or another rung fails', () => {
		const rungs = [
			rung('network', { verdict: 'failing' }),
			rung('zerotier-service'),
			rung('zerotier-network', { verdict: 'unknown' }),
			rung('zerotier-peer', { verdict: 'unused' }),
		]
		expect(count(stateOf({ workstations: [workstation({ rungs })] }))).toBe(0)
	})
	test('is offered once when the summary says so', () => {
		const state = stateOf({ workstations: [broken()], summary })
		expect(menu(state).slice(0, 2)).toEqual(['· The line holds', 'Restart ZeroTier'])
		expect(count(state)).toBe(1)
	})
	test('says why it cannot be restarted now', () => {
		const step = { id: 's', title: 'Ask the system', detail: '', startedAt: now, endedAt: null } as const
		const restart = operation({
			kind: 'zerotier-restart',
			project: '',
			steps: [{ ...step, status: 'running' }],
		})
		const line = 'Restart ZeroTier ✗ Restarting ZeroTier: Ask the system'
		const operations = { 1: restart }
		expect(menu(stateOf({ workstations: [broken()], operations }))).toContain(line)
		expect(menu(stateOf({ workstations: [broken()], operations, summary }))[1]).toBe(line)
		// It is nobody's project: code moves meanwhile.
		expect(menu(stateOf({ operations }))).toContain('Up')
		const ended = { 1: { ...restart, endedAt: now } }
		expect(menu(stateOf({ workstations: [broken()], operations: ended }))).toContain('Restart ZeroTier')
		expect(menu(stateOf({ workstations: [broken('zerotier-not-installed')] }))).toContain(
			'Restart ZeroTier ✗ it is not installed',
		)
	})
})
