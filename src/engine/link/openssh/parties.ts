import { lookupName } from '../known-hosts.ts'
import type { Settings } from '../settings.ts'

/** One of those that a login speaks to: the last host or one on the way. */
export type Party = Pick<
	Settings,
	'host' | 'port' | 'user' | 'hostKeyAlias' | 'userKnownHosts' | 'globalKnownHosts'
>

/** As known_hosts calls it. */
export const knownName = ({ host, port, hostKeyAlias }: Party) =>
	hostKeyAlias?.toLowerCase() ?? lookupName(host, port)

/** What ssh calls it when it speaks to people: its alias for keys, else its name; never its port. */
export function isCalled(party: Party, host: string): boolean {
	const names = [party.host, party.hostKeyAlias]
	return names.some((name) => name?.toLowerCase() === host.toLowerCase())
}

/** The one that fits; null where none or several do. */
export function onlyOne<T>(parties: readonly T[], fits: (party: T) => boolean): T | null {
	const found = parties.filter(fits)
	return found.length === 1 ? (found[0] ?? null) : null
}
