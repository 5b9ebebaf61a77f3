import { networkInterfaces } from 'node:os'
import type { Facts } from '../../contract/problem.ts'
import type { ZeroTierNetwork } from '../../contract/zerotier.ts'
import { problem } from '../problems.ts'
import { type NetworkVerdict, type OwnSide, worstNetwork } from '../zerotier/network-verdict.ts'
import type { Places } from '../zerotier/places.ts'
import { closedProblem } from '../zerotier/reading-problem.ts'
import { networksFor } from '../zerotier/workstation-peer.ts'
import type { Check, CheckContext, Finding } from './check.ts'
import { type AddressLookup, workstationAddresses } from './workstation-addresses.ts'
import { notUsed } from './zerotier-service.ts'

export interface NetworkCheckOptions {
	/** Names of this laptop's interfaces. */
	interfaces?: () => readonly string[]
	/** Where the token lies, for the command that makes it readable; default: the usual ones, when they are needed. */
	places?: Places
	lookUp?: AddressLookup
}

/** Asking for a configuration is normal for so long. */
const askingMs = 15_000

/** The workstation's network lets this laptop in, and has given it an address on an interface that is there. */
export function zerotierNetworkCheck(options: NetworkCheckOptions = {}): Check {
	const { interfaces = () => Object.keys(networkInterfaces()) } = options
	/** Since when a network asks for its configuration: the service does not say. */
	const askingSince = new Map<string, number>()

	const asks = (network: string, now: number, verdict: NetworkVerdict): boolean => {
		if (verdict.kind !== 'waiting') {
			askingSince.delete(network)
			return false
		}
		const since = askingSince.get(network) ?? now
		askingSince.set(network, since)
		return now - since < askingMs
	}

	const finding = (network: ZeroTierNetwork, verdict: NetworkVerdict, now: number, own: OwnSide): Finding => {
		const facts = factsOf(network, own)
		const asking = asks(network.id, now, verdict)
		if (!('problem' in verdict))
			return { verdict: verdict.kind === 'ok' ? 'ok' : 'unknown', finding: verdict.finding, facts }
		return {
			verdict: asking ? 'unknown' : 'failing',
			finding: verdict.finding,
			facts,
			problem: verdict.problem,
		}
	}

	const check = async (context: CheckContext): Promise<Finding> => {
		const config = context.workstation.zerotier
		if (!config) return notUsed
		const reading = await context.zerotier()
		// Away, or started anew: it asks afresh.
		if (reading.status !== 'read') askingSince.clear()
		if (reading.status === 'locked')
			return {
				verdict: 'unknown',
				finding: 'cannot be read',
				problem: closedProblem(reading, options.places),
			}
		if (reading.status !== 'read') return { verdict: 'unknown', finding: 'not known' }
		const own = { node: reading.node, version: reading.version, interfaces: interfaces() }
		const addresses = config.network ? [] : await workstationAddresses(context, options.lookUp)
		const networks = networksFor(config, reading.networks, addresses)
		const worst = worstNetwork(networks, own)
		if (worst) return finding(worst.network, worst.verdict, context.now(), own)
		const facts = { 'node id': reading.node, ...(config.network ? { network: config.network } : {}) }
		const found = problem('zerotier-not-joined', { network: config.network ?? '', node: reading.node })
		return { verdict: 'failing', finding: 'not joined', facts, problem: found }
	}
	return { id: 'zerotier-network', title: 'ZeroTier network', dependsOn: ['zerotier-service'], check }
}

function factsOf(network: ZeroTierNetwork, own: OwnSide): Facts {
	return {
		network: network.id,
		...(network.name ? { name: network.name } : {}),
		...(network.status ? { status: network.status } : {}),
		// A network that refuses this laptop still tells the addresses that it once gave.
		...(network.status === 'OK' && network.addresses.length > 0 ? { addresses: network.addresses } : {}),
		...(network.device ? { interface: network.device } : {}),
		'node id': own.node,
	}
}
