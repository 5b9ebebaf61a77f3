import { describe, expect, test } from 'vitest'
import type { LoginQuestion, Rung, State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { summarise } from '../../src/engine/summary.ts'
import { project } from './cli/states.ts'
import { emptyState, someAgent, someOperation, someRun, startedAt, workstation } from './states.ts'

const lost = problem('port-silent', { host: 'lab', port: 22, seconds: 10 })
const stopped = problem('login-refused', { host: 'lab', user: 'tca', tried: 'agent', port: 22 })
const now = startedAt + 60_000

const question: LoginQuestion = {
	id: 'q1',
	kind: 'password',
	host: 'lab.example',
	user: 'me',
	file: '',
	title: '',
	prompts: [{ text: 'Password', hidden: true }],
	again: false,
	mayKeep: false,
}

function someRung(change: Partial<Rung>): Rung {
	return { id: 'gpu', title: '', verdict: 'ok', finding: '', facts: {}, problem: null, at: now, ...change }
}

function state(change: Partial<State>): State {
	return { ...emptyState(), ...change }
}

const up = { lab: workstation() }

const withAgent = (status: 'running' | 'waits' | 'ended') =>
	project({ agent: someAgent({ status, at: now, since: now }) })

describe('the summary: worst state wins', () => {
	const table: [string, State, string, string][] = [
		['nothing wanted', state({}), 'off', 'No workstation is connected'],
		['the line holds', state({ workstations: up }), 'ok', 'All good'],
		[
			'a rung not probed yet is not green',
			state({
				workstations: {
					lab: workstation({
						rungs: [someRung({ id: 'gpu', verdict: 'unknown', at: null })],
					}),
				},
			}),
			'off',
			'Checking lab',
		],
		[
			'first connection',
			state({
				workstations: {
					lab: workstation({ link: { status: 'dialling', since: now, attempt: 1, problem: null } }),
				},
			}),
			'off',
			'Connecting to lab',
		],
		[
			'paused',
			state({ workstations: up, app: { ...emptyState().app, pausedUntil: now + 1 } }),
			'paused',
			'Paused',
		],
		[
			'a pause that is over',
			state({ workstations: up, app: { ...emptyState().app, pausedUntil: now - 1 } }),
			'ok',
			'All good',
		],
		[
			'an operation over two seconds',
			state({ workstations: up, operations: { o1: someOperation({ startedAt: now - 2000 }) } }),
			'working',
			'Syncing and validating · nt',
		],
		[
			'an operation just begun does not flicker',
			state({ workstations: up, operations: { o1: someOperation({ startedAt: now - 1999 }) } }),
			'ok',
			'All good',
		],
		[
			'a run',
			state({
				workstations: up,
				runs: {
					r1: someRun({
						outcome: { status: 'running' },
						progress: { fraction: 0.6, text: 'epoch 31/50', leftMs: null },
					}),
				},
			}),
			'working',
			'Validating nt · epoch 31/50',
		],
		[
			'between two tries there is still no path',
			state({
				workstations: {
					lab: workstation({ link: { status: 'dialling', since: now, attempt: 3, problem: lost } }),
				},
			}),
			'down',
			lost.title,
		],
		[
			'a try that has got further is not a way yet',
			state({
				workstations: {
					lab: workstation({
						link: { status: 'login', since: now, question: null },
						rungs: [someRung({ id: 'port', verdict: 'failing', problem: lost })],
					}),
				},
			}),
			'down',
			lost.title,
		],
		[
			'no network',
			state({ workstations: { lab: workstation({ link: { status: 'waiting', since: now } }) } }),
			'down',
			'This laptop has no network',
		],
		[
			'the broken layer is named, not the one that felt it',
			state({
				workstations: {
					lab: workstation({
						link: { status: 'lost', problem: lost, since: now, nextTryAt: now },
						rungs: [
							someRung({
								id: 'zerotier-service',
								verdict: 'failing',
								problem: problem('zerotier-offline', {}),
							}),
							someRung({ id: 'port', verdict: 'unknown' }),
						],
					}),
				},
			}),
			'down',
			'ZeroTier is offline',
		],
		[
			'no path, and only a person can open it',
			state({
				workstations: {
					lab: workstation({
						link: { status: 'lost', problem: lost, since: now, nextTryAt: now },
						rungs: [
							someRung({
								id: 'zerotier-network',
								verdict: 'failing',
								problem: problem('zerotier-denied', { network: '8056c2e21c000001', node: '8a5c1e9f02' }),
							}),
						],
					}),
				},
			}),
			'attention',
			'The ZeroTier network 8056c2e21c000001 does not let this laptop in',
		],
		[
			'a link that is up proves the way to it, whatever ZeroTier says of itself',
			state({
				workstations: {
					lab: workstation({
						rungs: [
							someRung({
								id: 'zerotier-service',
								verdict: 'failing',
								problem: problem('zerotier-offline', {}),
							}),
							someRung({ id: 'zerotier-network', verdict: 'unknown' }),
							someRung({ id: 'gpu' }),
						],
					}),
				},
			}),
			'ok',
			'All good',
		],
		[
			'a host key nobody has accepted',
			state({
				workstations: {
					lab: workstation({
						link: {
							status: 'host-key',
							since: now,
							question: { host: 'lab', port: 22, keyType: 'ssh-ed25519', fingerprint: 'SHA256:x' },
						},
					}),
				},
			}),
			'attention',
			'lab has not been seen before',
		],
		[
			'a login that asks',
			state({ workstations: { lab: workstation({ link: { status: 'login', since: now, question } }) } }),
			'attention',
			'lab.example asks for the password of me',
		],
		[
			'a login that goes on by itself',
			state({
				workstations: { lab: workstation({ link: { status: 'login', since: now, question: null } }) },
			}),
			'off',
			'Connecting to lab',
		],
		[
			'ZeroTier being restarted',
			state({
				workstations: up,
				operations: {
					o1: someOperation({ kind: 'zerotier-restart', project: '', startedAt: now - 2000 }),
				},
			}),
			'working',
			'Restarting ZeroTier',
		],
		[
			'no path beats work',
			state({
				workstations: {
					lab: workstation({ link: { status: 'lost', problem: lost, since: now, nextTryAt: now } }),
				},
				operations: { o1: someOperation() },
			}),
			'down',
			lost.title,
		],
		[
			'a person is needed beats no path',
			state({
				workstations: {
					lab: workstation({ link: { status: 'lost', problem: lost, since: now, nextTryAt: now } }),
					other: workstation({ name: 'other', link: { status: 'stopped', problem: stopped, since: now } }),
				},
			}),
			'attention',
			stopped.title,
		],
		[
			'a broken link of a workstation that is not wanted',
			state({
				workstations: {
					lab: workstation({ wanted: false, link: { status: 'stopped', problem: stopped, since: now } }),
				},
			}),
			'off',
			'No workstation is connected',
		],
		[
			'a failed run nobody looked at',
			state({
				workstations: up,
				runs: { r1: someRun({ looked: false, outcome: { status: 'failed', endedAt: now, exitCode: 3 } }) },
			}),
			'attention',
			'The run failed with exit code 3',
		],
		[
			'a failed run that was looked at',
			state({
				workstations: up,
				runs: { r1: someRun({ outcome: { status: 'failed', endedAt: now, exitCode: 3 } }) },
			}),
			'ok',
			'All good',
		],
		[
			'a coding agent that waits for the person',
			state({ workstations: up, projects: { nt: withAgent('waits') } }),
			'attention',
			'claude waits for you',
		],
		[
			'one that waits beside a failed run',
			state({
				workstations: up,
				projects: { nt: withAgent('waits') },
				runs: { r1: someRun({ looked: false, outcome: { status: 'failed', endedAt: now, exitCode: 3 } }) },
			}),
			'attention',
			'The run failed with exit code 3',
		],
		[
			'one that waits while something else runs',
			state({
				workstations: up,
				projects: { nt: withAgent('waits') },
				runs: { r1: someRun({ outcome: { status: 'running' } }) },
			}),
			'attention',
			'claude waits for you',
		],
		[
			'one that runs again',
			state({ workstations: up, projects: { nt: withAgent('running') } }),
			'ok',
			'All good',
		],
		[
			'one that has ended',
			state({ workstations: up, projects: { nt: withAgent('ended') } }),
			'ok',
			'All good',
		],
		[
			'one that waited when the link was lost',
			state({
				workstations: {
					lab: workstation({ link: { status: 'lost', problem: lost, since: now, nextTryAt: now } }),
				},
				projects: { nt: withAgent('waits') },
			}),
			'down',
			lost.title,
		],
		[
			'a broken rung',
			state({
				workstations: {
					lab: workstation({
						rungs: [someRung({ id: 'gpu', verdict: 'failing', problem: problem('gpu-none', {}) })],
					}),
				},
			}),
			'attention',
			problem('gpu-none', {}).title,
		],
		[
			'a mistake in the settings',
			state({
				config: { path: '', problem: problem('config-invalid', { path: 'a', message: 'b', file: 'c' }) },
			}),
			'attention',
			'The settings have a mistake at a',
		],
	]
	test.each(table)('%s', (_name, given, glyph, line) => {
		expect(summarise(given, now)).toMatchObject({ glyph, line })
	})
})

test('a waiting agent says how to get to it, in every face; nobody else can answer', () => {
	const { problem: found, workstation: where } = summarise(
		state({ workstations: up, projects: { nt: withAgent('waits') } }),
		now,
	)
	expect(found).toMatchObject({ code: 'agent-waits', needsPerson: true })
	expect(where).toBe('lab')
	expect(found?.next).toEqual({
		kind: 'attach-agent',
		label: 'Attach…',
		project: 'nt',
		text: 'hawser agent attach nt',
	})
	expect(problem('agent-waits', { project: '-x y' }).next).toMatchObject({
		project: '-x y',
		text: "hawser agent attach -- '-x y'",
	})
})
