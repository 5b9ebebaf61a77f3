import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { CheckContext } from './check.ts'

/** Addresses of a name. May reject. */
export type AddressLookup = (name: string) => Promise<string[]>

const patienceMs = 3000

const system: AddressLookup = async (name) =>
	(await lookup(name, { all: true })).map(({ address }) => address)

/**
 * Where the workstation is on ZeroTier: as the settings say, else where its SSH host leads. Empty: not known, such as
 * for one behind a jump host. Never rejects.
 */
export async function workstationAddresses(
	{ workstation, settings }: Pick<CheckContext, 'workstation' | 'settings'>,
	lookUp: AddressLookup = system,
): Promise<string[]> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<string[]>((resolve) => {
		timer = setTimeout(() => resolve([]), patienceMs)
	})
	const find = async () => {
		let host = workstation.zerotier?.address
		if (host === undefined) {
			const resolved = await settings()
			if (resolved.jumps.length > 0 || resolved.proxyCommand !== null) return []
			host = resolved.host
		}
		return isIP(host) ? [host] : await lookUp(host)
	}
	try {
		return await Promise.race([find().catch(() => []), late])
	} finally {
		clearTimeout(timer)
	}
}
