import type { Rung } from '../../contract/state.ts'

/** The rungs of the way to the workstation's port: a link that is up proves them all. */
export const wayRungs: ReadonlySet<Rung['id']> = new Set([
	'network',
	'zerotier-service',
	'zerotier-network',
	'zerotier-peer',
])

/** The rungs that one attempt of the link finds out about. */
export const linkRungs: ReadonlySet<Rung['id']> = new Set(['port', 'host-key', 'login'])

/**
 * Whether every rung was probed and none fails. A rung not used does not count against it; nor does one of the way
 * while the link is up, such as a ZeroTier that cannot be asked.
 */
export function lineHolds(rungs: readonly Rung[], linkUp: boolean): boolean {
	const counted = linkUp ? rungs.filter((rung) => !wayRungs.has(rung.id)) : rungs
	return counted.length > 0 && counted.every(({ verdict }) => verdict === 'ok' || verdict === 'unused')
}
