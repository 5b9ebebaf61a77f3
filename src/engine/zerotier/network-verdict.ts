import { isSafeUrl, type Problem, type ProblemCode } from '../../contract/problem.ts'
import type { ZeroTierNetwork } from '../../contract/zerotier.ts'
import { problem } from '../problems.ts'

/** What a network is for this laptop, in a few words. `waiting`: it may be well in a moment. */
export type NetworkVerdict =
	| { kind: 'ok' | 'strange'; finding: string }
	| { kind: 'waiting' | 'broken'; finding: string; problem: Problem }

/** This laptop's side: its node, its service's version, and the names of its interfaces. */
export interface OwnSide {
	node: string
	version: string
	interfaces: readonly string[]
}

/** The service's words for what only somebody else can mend. */
const refusals: Record<string, [code: ProblemCode, finding: string]> = {
	ACCESS_DENIED: ['zerotier-denied', 'access denied'],
	NOT_FOUND: ['zerotier-not-found', 'no such network'],
	PORT_ERROR: ['zerotier-port-error', 'no interface'],
	CLIENT_TOO_OLD: ['zerotier-client-too-old', 'ZeroTier is too old'],
}

/** `172.25.0.7`, IPv4 first: what a person knows it by. */
export function ownAddress({ addresses }: ZeroTierNetwork): string | null {
	const address = addresses.find((one) => one.includes('.')) ?? addresses[0]
	return address?.split('/')[0] ?? null
}

/** Pure. `OK` alone proves little: it needs an address and an interface that is there. */
export function judgeNetwork(network: ZeroTierNetwork, own: OwnSide): NetworkVerdict {
	const facts = { network: network.id }
	const broken = (code: ProblemCode, finding: string, more = {}): NetworkVerdict => ({
		kind: 'broken',
		finding,
		problem: problem(code, { ...facts, ...more }),
	})
	const refusal = refusals[network.status]
	if (refusal) return broken(refusal[0], refusal[1], { node: own.node, version: own.version })
	switch (network.status) {
		case 'OK': {
			const address = ownAddress(network)
			if (address === null)
				return broken('zerotier-no-address', 'OK, but no address', { lack: 'it was given none' })
			if (network.device !== '' && !own.interfaces.includes(network.device))
				return broken('zerotier-no-address', 'OK, but no interface', {
					lack: `its interface ${network.device} is not there`,
				})
			return { kind: 'ok', finding: `OK ${address}` }
		}
		case 'REQUESTING_CONFIGURATION':
			return {
				kind: 'waiting',
				finding: 'asks for its configuration',
				problem: problem('zerotier-requesting', facts),
			}
		case 'AUTHENTICATION_REQUIRED': {
			const url = network.loginUrl !== null && isSafeUrl(network.loginUrl) ? { url: network.loginUrl } : {}
			return broken('zerotier-authentication', 'wants a login', url)
		}
		default:
			return {
				kind: 'strange',
				finding: network.status ? `says ${network.status}` : 'does not say what it is',
			}
	}
}

const order: Record<NetworkVerdict['kind'], number> = { broken: 0, waiting: 1, strange: 2, ok: 3 }

/** The worst of several, with its verdict; null for none. */
export function worstNetwork(
	networks: readonly ZeroTierNetwork[],
	own: OwnSide,
): { network: ZeroTierNetwork; verdict: NetworkVerdict } | null {
	const judged = networks.map((network) => ({ network, verdict: judgeNetwork(network, own) }))
	return judged.sort((a, b) => order[a.verdict.kind] - order[b.verdict.kind])[0] ?? null
}
