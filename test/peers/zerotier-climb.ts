import { afterEach } from 'vitest'
import { type WorkstationConfig, workstationSchema } from '../../src/contract/config.ts'
import type { LinkState, Rung, WorkstationState } from '../../src/contract/state.ts'
import type { Check, CheckContext } from '../../src/engine/checks/check.ts'
import { climb } from '../../src/engine/checks/ladder.ts'
import { zerotierNetworkCheck } from '../../src/engine/checks/zerotier-network.ts'
import { zerotierPeerCheck } from '../../src/engine/checks/zerotier-peer.ts'
import { zerotierService } from '../../src/engine/checks/zerotier-service.ts'
import type { Neighbour } from '../../src/engine/zerotier/neighbours.ts'
import { createZeroTier } from '../../src/engine/zerotier/zerotier.ts'
import { type ServiceState, startZeroTierService, type ZeroTierStandIn } from './zerotier-service.ts'

/** ZeroTier's three rungs over a stand-in of the service, which is gone after the test. */

const running: ZeroTierStandIn[] = []
afterEach(async () => {
	for (const service of running.splice(0)) await service.stop()
})

export interface Case {
	zerotier?: WorkstationConfig['zerotier']
	host?: string
	state?: Partial<ServiceState>
	/** Done to the service before it is read. */
	first?: (service: ZeroTierStandIn) => Promise<unknown>
	link?: LinkState
	jumps?: string[]
	neighbours?: Neighbour[]
	interfaces?: string[]
	now?: () => number
}

export async function climbOn(one: Case) {
	const standIn = await startZeroTierService(one.state)
	running.push(standIn)
	await one.first?.(standIn)
	const zerotier = createZeroTier({ places: standIn.places, limits: { timeoutMs: 500 } })
	const host = one.host ?? '172.25.0.9'
	let peerFound: WorkstationState['peer'] | undefined
	const context: CheckContext = {
		workstation: workstationSchema.parse({ name: 'lab', ssh: { host }, zerotier: one.zerotier }),
		link: { state: one.link ?? { status: 'off' } } as CheckContext['link'],
		settings: async () =>
			({ host, jumps: one.jumps ?? [], proxyCommand: null }) as unknown as Awaited<
				ReturnType<CheckContext['settings']>
			>,
		zerotier: () => zerotier.read(),
		reach: async () => null,
		facts: async () => {
			throw new Error('not asked')
		},
		gpu: async () => ({ status: 'unknown' }),
		foundPeer: (found) => {
			peerFound = found
		},
		now: one.now ?? Date.now,
	}
	const checks: Check[] = [
		zerotierService,
		zerotierNetworkCheck({
			places: standIn.places,
			interfaces: () => one.interfaces ?? ['lo', 'lo0'],
			lookUp: async () => [],
		}),
		zerotierPeerCheck({ neighbours: async () => one.neighbours ?? [], lookUp: async () => [] }),
	]
	const rungs = await climb(checks, context)
	const brief = (rung?: Rung) =>
		rung ? [rung.verdict, rung.finding, rung.problem?.code ?? ''].join(' | ').replace(/ \| $/, '') : ''
	return { rungs, context, checks, peerFound, brief: rungs.map(brief), standIn }
}
