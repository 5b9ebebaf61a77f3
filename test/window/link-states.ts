import type { LinkState, State, WorkstationState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { about, builtIn, gpu, pending, project, stateOf, up, workstation } from './pieces.ts'
import { brokenAt, neverPast, noRungs } from './rung-pieces.ts'

const calm = (line: string) => ({ glyph: 'off', line }) as const
const unread: Partial<WorkstationState> = { gpu: { status: 'unknown' }, utilisation: [], peer: null }
export const unreadProject = () =>
	project({ pending: pending({ toWorkstation: null, toLaptop: null, remoteAt: null, remote: null }) })

/** On its way for the first time: nothing is known behind the link. */
const onItsWay = (link: LinkState, rungs = noRungs()) =>
	stateOf({
		summary: calm('Connecting to lab'),
		workstations: [workstation({ link, rungs, ...unread })],
		projects: [unreadProject()],
		runs: [],
	})

const noNetwork = problem('network-down', {})
const portal = problem('captive-portal', { host: 'connectivity.example' })
const local = problem('local-network-denied', { host: '192.168.1.40' })
const jump = (change: Partial<Extract<LinkState, { status: 'up' }>> = {}): LinkState => ({
	...up,
	status: 'up',
	since: now - hours(4),
	endpoint: 'gpu-07.cluster.example:22',
	through: ['gate.example:2222', 'login.cluster.example:22'],
	transport: { kind: 'ssh2', reason: '' },
	latencyMs: 31,
	...change,
})

/** Every state of the link that the others do not show. */
export const linkStates = {
	waiting: () =>
		stateOf({
			summary: about(noNetwork, 'down'),
			workstations: [
				workstation({
					link: { status: 'waiting', since: now - minutes(3) },
					rungs: brokenAt('network', { verdict: 'failing', finding: 'no network', problem: noNetwork }),
					peer: null,
					gpu: gpu({ at: now - minutes(3) }),
				}),
			],
		}),

	dialling: () => onItsWay({ status: 'dialling', since: now - seconds(4), attempt: 2, problem: null }),

	/** After a try that failed. */
	'dialling-again': () => {
		const silent = problem('port-silent', { host: '10.147.17.5', port: 22, seconds: 15 })
		return stateOf({
			summary: about(silent, 'down'),
			workstations: [
				workstation({
					link: { status: 'dialling', since: now - seconds(4), attempt: 3, problem: silent },
					rungs: brokenAt('port', { verdict: 'failing', finding: 'silent', problem: silent }),
					gpu: gpu({ at: now - minutes(3) }),
				}),
			],
			projects: [unreadProject()],
			runs: [],
		})
	},

	'checking-key': () => onItsWay({ status: 'host-key', since: now, question: null }, neverPast('port')),

	'logging-in': () => onItsWay({ status: 'login', since: now, question: null }, neverPast('host-key')),

	'through-jump-hosts': () => stateOf({ workstations: [workstation({ link: jump(), keepsLogin: true })] }),

	'systems-ssh': () =>
		stateOf({
			workstations: [
				workstation({
					link: jump({
						through: ['gate.example:2222'],
						transport: {
							kind: 'openssh',
							reason: 'The key ~/.ssh/id_ed25519_sk lives in a hardware token',
						},
					}),
				}),
			],
		}),

	'captive-portal': () =>
		stateOf({
			summary: about(portal, 'attention'),
			workstations: [
				workstation({
					link: { status: 'lost', problem: portal, since: now - minutes(2), nextTryAt: now + seconds(40) },
					rungs: brokenAt('network', {
						verdict: 'failing',
						finding: 'wants a login',
						problem: portal,
						facts: { interface: 'en0' },
					}),
					peer: null,
					gpu: gpu({ at: now - minutes(2) }),
				}),
			],
		}),

	'local-network': () =>
		stateOf({
			summary: about(local, 'down'),
			workstations: [
				workstation({
					link: { status: 'lost', problem: local, since: now - minutes(2), nextTryAt: now + seconds(40) },
					rungs: brokenAt('port', { verdict: 'failing', finding: 'kept back by macOS', problem: local }),
					gpu: gpu({ at: now - minutes(2) }),
				}),
			],
		}),

	'three-workstations': () =>
		stateOf({
			workstations: [
				workstation(),
				workstation({
					name: 'gpu-07.the-very-long-name-of-a-cluster.department.university.example',
					link: jump({ through: ['gate.example:22'] }),
					peer: { path: 'relayed', latencyMs: 182, heardAt: now },
				}),
				builtIn(),
			],
		}),
} satisfies Record<string, () => State>
