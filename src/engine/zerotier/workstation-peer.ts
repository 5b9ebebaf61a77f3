import type { WorkstationConfig } from '../../contract/config.ts'
import type { ZeroTierNetwork, ZeroTierPeer } from '../../contract/zerotier.ts'
import type { Neighbour } from './neighbours.ts'
import { isWithin, nodeOfIpv6, nodeOfMac } from './node-address.ts'

type ZeroTierConfig = NonNullable<WorkstationConfig['zerotier']>

/** The networks that a workstation may be on, those that hold its address first. Pure. */
export function networksFor(
	config: ZeroTierConfig,
	networks: readonly ZeroTierNetwork[],
	addresses: readonly string[],
): ZeroTierNetwork[] {
	if (config.network) return networks.filter(({ id }) => id === config.network)
	const holding = networks.filter((network) =>
		network.addresses.some((net) => addresses.some((address) => isWithin(address, net))),
	)
	return holding.length > 0 ? holding : [...networks]
}

/** How the node was found: named in the settings, written into its IPv6 address, or by its MAC address. */
export interface FoundNode {
	node: string
	by: 'settings' | 'address' | 'neighbour'
}

/** The workstation's node; null: nothing tells it. Pure. */
export function findNode(
	config: ZeroTierConfig,
	networks: readonly ZeroTierNetwork[],
	addresses: readonly string[],
	neighbours: readonly Neighbour[],
): FoundNode | null {
	if (config.peer) return { node: config.peer, by: 'settings' }
	const ids = networks.map(({ id }) => id)
	for (const address of addresses) {
		const node = nodeOfIpv6(address, ids)
		if (node) return { node, by: 'address' }
		for (const neighbour of neighbours.filter((one) => one.address === address)) {
			for (const { id, device } of networks) {
				if (device !== '' && device !== neighbour.device) continue
				const found = nodeOfMac(neighbour.mac, id)
				if (found) return { node: found, by: 'neighbour' }
			}
		}
	}
	return null
}

/** Silence this long means something, where there was something to answer. The service itself asks every 14 s. */
export const silentMs = 60_000

export type PeerVerdict =
	| { kind: 'heard' }
	/** It was asked, and nothing came. */
	| { kind: 'silent'; forMs: number | null }
	/** Nothing came because nothing was asked of it: ZeroTier forgets a peer that nobody talks to. */
	| { kind: 'idle'; forMs: number | null }

/**
 * Whether a peer answers, as far as the service can tell. A relayed peer has no path of its own and so no time either:
 * that it has ever said hello is all there is. `others`: all peers. Pure.
 */
export function judgePeer(
	peer: ZeroTierPeer | null,
	others: readonly ZeroTierPeer[],
	now: number,
): PeerVerdict {
	if (!peer) return { kind: 'idle', forMs: null }
	if (peer.heardAt === null) {
		if (peer.version !== '') return { kind: 'heard' }
		const hears = others.some(({ node, heardAt }) => node !== peer.node && heardAt !== null)
		return hears ? { kind: 'silent', forMs: null } : { kind: 'idle', forMs: null }
	}
	const forMs = now - peer.heardAt
	if (forMs <= silentMs) return { kind: 'heard' }
	const asked = peer.sentAt !== null && now - peer.sentAt <= silentMs
	return asked ? { kind: 'silent', forMs } : { kind: 'idle', forMs }
}
