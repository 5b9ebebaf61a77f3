import type { Facts } from '../../contract/problem.ts'
import type { ZeroTierPeer } from '../../contract/zerotier.ts'
import { problem } from '../problems.ts'
import { type Neighbour, readNeighbours } from '../zerotier/neighbours.ts'
import { type FoundNode, findNode, judgePeer, networksFor } from '../zerotier/workstation-peer.ts'
import type { Check, CheckContext, Finding } from './check.ts'
import { type AddressLookup, workstationAddresses } from './workstation-addresses.ts'
import { notUsed } from './zerotier-service.ts'

export interface PeerCheckOptions {
	neighbours?: () => Promise<Neighbour[]>
	lookUp?: AddressLookup
}

/** The workstation's own ZeroTier node is heard, and how it is reached. */
export function zerotierPeerCheck({ neighbours = readNeighbours, lookUp }: PeerCheckOptions = {}): Check {
	const check = async (context: CheckContext): Promise<Finding> => {
		const config = context.workstation.zerotier
		if (!config) return notUsed
		const reading = await context.zerotier()
		if (reading.status !== 'read') {
			context.foundPeer(null)
			return { verdict: 'unknown', finding: reading.status === 'locked' ? 'cannot be read' : 'not known' }
		}
		const addresses = await workstationAddresses(context, lookUp)
		const networks = networksFor(config, reading.networks, addresses)
		const table = config.peer || addresses.length === 0 ? [] : await neighbours()
		const found = findNode(config, networks, addresses, table)
		const peer = reading.peers.find(({ node }) => node === found?.node) ?? null
		context.foundPeer(peer && { path: peer.path, latencyMs: peer.latencyMs, heardAt: peer.heardAt })
		if (!found)
			return {
				verdict: 'unknown',
				finding: 'not known which: set zerotier.peer',
				facts: {
					hint: 'set zerotier.peer in the settings to the workstation’s node id, as `zerotier-cli info` says it there',
					...(addresses.length > 0 ? { address: addresses } : {}),
				},
			}
		const facts = factsOf(found, peer, context.now())
		// A link through it proves that it answers, whatever ZeroTier has seen of it.
		const verdict = provenByLink(context)
			? ({ kind: 'heard' } as const)
			: judgePeer(peer, reading.peers, context.now())
		if (verdict.kind === 'heard')
			return { verdict: 'ok', finding: peer ? way(peer) : 'the link is up', facts }
		const age = verdict.forMs === null ? null : span(verdict.forMs)
		if (verdict.kind === 'idle')
			return { verdict: 'unknown', finding: age ? `idle for ${age}` : 'no contact yet', facts }
		return {
			verdict: 'failing',
			finding: age ? `silent for ${age}` : 'silent',
			facts,
			problem: problem('zerotier-peer-silent', {
				node: found.node,
				age: age ?? 'as long as ZeroTier runs here',
			}),
		}
	}
	return { id: 'zerotier-peer', title: 'ZeroTier peer', dependsOn: ['zerotier-network'], check }
}

/** The link is up over the very address that the peer was found by. */
function provenByLink({ link: { state }, workstation }: CheckContext): boolean {
	if (state.status !== 'up' || state.through.length > 0) return false
	const address = workstation.zerotier?.address
	return address === undefined || state.endpoint.startsWith(`${address}:`)
}

function way({ path, latencyMs }: ZeroTierPeer): string {
	const words = path === 'tunneled' ? 'by TCP relay' : path
	return latencyMs === null ? words : `${words}, ${Math.round(latencyMs)} ms`
}

const foundBy: Record<FoundNode['by'], string> = {
	settings: 'the settings',
	address: 'its IPv6 address',
	neighbour: 'its MAC address',
}

function factsOf({ node, by }: FoundNode, peer: ZeroTierPeer | null, now: number): Facts {
	return {
		'node id': node,
		'known by': foundBy[by],
		...(peer
			? {
					path: peer.path,
					...(peer.latencyMs === null ? {} : { latency: `${Math.round(peer.latencyMs)} ms` }),
					...(peer.heardAt === null ? {} : { 'last heard': `${span(now - peer.heardAt)} ago` }),
					...(peer.endpoint === null ? {} : { endpoint: peer.endpoint }),
					...(peer.version ? { version: peer.version } : {}),
				}
			: {}),
	}
}

/** `12 s`, `5 min`, `3 h`, `2 days` */
function span(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000))
	if (seconds < 120) return `${seconds} s`
	if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
	if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`
	return `${Math.floor(seconds / 86_400)} days`
}
