import type { Problem } from '../../src/contract/problem.ts'
import type { Operation, OperationOutcome, State, WorkstationState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { minutes, now, seconds } from './moments.ts'
import { about, gpu, operation, outcome, staleProject, stateOf, step, workstation } from './pieces.ts'
import { brokenAt, rungs } from './rung-pieces.ts'

const network = '8056c2e21c000001'
const notRunning = problem('zerotier-not-running', { port: 9993 })
const denied = problem('zerotier-denied', { network, node: '8a5c1e9f02' })
const silentPeer = problem('zerotier-peer-silent', { node: '1d4f8b7c66', age: '3 min' })
const offline = problem('zerotier-offline', {})
/** A sign-on at this address, whatever it is: the window has to look at it by itself. */
export const signOn = (url: string): Problem => ({
	...problem('zerotier-authentication', { network, url }),
	next: { kind: 'open-url', label: 'Log in', url },
})

/** Down because of one of ZeroTier's rungs. */
export function downBy(
	found: Problem,
	id: 'zerotier-service' | 'zerotier-network' | 'zerotier-peer',
	finding: string,
	change: Partial<WorkstationState> = {},
): State {
	return stateOf({
		summary: about(found, found.needsPerson ? 'attention' : 'down'),
		workstations: [
			workstation({
				link: { status: 'lost', problem: found, since: now - minutes(3), nextTryAt: now + seconds(8) },
				rungs: brokenAt(id, { verdict: 'failing', finding, problem: found }),
				peer: null,
				gpu: gpu({ at: now - minutes(3) }),
				...change,
			}),
		],
		projects: [staleProject()],
		runs: [],
	})
}

export const zerotierOperation = (change: Partial<Operation> = {}): Operation =>
	operation({
		id: 'op-zt',
		kind: 'zerotier-restart',
		project: '',
		workstation: '',
		startedAt: now - seconds(6),
		steps: [
			step('before', 'Look at it', 'done', 'offline', 1),
			step('restart', 'Restart the service', 'running', 'asks for an administrator', 5),
			step('after', 'See whether it helped', 'waiting'),
		],
		...change,
	})

export const zerotierOutcome = (change: Partial<OperationOutcome> = {}): OperationOutcome =>
	outcome({ run: null, commits: { up: [], back: [] }, metrics: null, ...change })

const restartFailed = problem('zerotier-restart-failed', {
	reason: 'Not authorized to perform operation',
	command: 'sudo systemctl restart zerotier-one',
})

export const zerotierStates = {
	'zerotier-not-running': () => downBy(notRunning, 'zerotier-service', 'not running'),
	'zerotier-denied': () => downBy(denied, 'zerotier-network', 'not let in'),
	'zerotier-silent': () => downBy(silentPeer, 'zerotier-peer', 'silent for 3 min'),
	'zerotier-sign-on': () =>
		downBy(signOn('https://login.example/zerotier?state=1'), 'zerotier-network', 'wants a login'),
	'zerotier-unsafe': () => downBy(signOn('javascript:document.title=1'), 'zerotier-network', 'wants a login'),
	'zerotier-relayed': () =>
		stateOf({
			workstations: [
				workstation({
					peer: { path: 'relayed', latencyMs: 182, heardAt: now - seconds(2) },
					rungs: rungs({
						'zerotier-peer': {
							finding: 'relayed, 182 ms',
							facts: { 'node id': '1d4f8b7c66', heard: '2 s ago' },
						},
					}),
				}),
			],
		}),
	/** It says it is offline, and packets pass all the same. */
	'zerotier-offline-but-up': () =>
		stateOf({
			summary: about(offline, 'attention'),
			workstations: [
				workstation({
					peer: null,
					rungs: rungs({
						'zerotier-service': { verdict: 'failing', finding: 'offline', problem: offline },
						'zerotier-network': { verdict: 'unknown', finding: 'waits for ZeroTier' },
						'zerotier-peer': { verdict: 'unknown', finding: 'waits for ZeroTier' },
					}),
				}),
			],
		}),
	'zerotier-restarting': () => {
		const state = downBy(notRunning, 'zerotier-service', 'not running')
		return { ...state, operations: { 'op-zt': zerotierOperation() } }
	},
	'zerotier-restarted': () =>
		stateOf({
			operations: [
				zerotierOperation({
					endedAt: now,
					steps: [step('after', 'See whether it helped', 'done', 'online, lab answers again')],
					outcome: zerotierOutcome(),
				}),
			],
		}),
	'zerotier-restart-failed': () => {
		const state = downBy(notRunning, 'zerotier-service', 'not running')
		const failed = zerotierOperation({
			endedAt: now,
			steps: [
				step('before', 'Look at it', 'done', 'not running', 1),
				step('restart', 'Restart the service', 'failed', '', 5),
				step('after', 'See whether it helped', 'skipped'),
			],
			outcome: zerotierOutcome({ status: 'failed', problem: restartFailed }),
		})
		return { ...state, operations: { 'op-zt': failed } }
	},
} satisfies Record<string, () => State>
