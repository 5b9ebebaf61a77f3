import { isIP } from 'node:net'
import { z } from 'zod'
import type { ZeroTierNetwork, ZeroTierPeer } from '../../contract/zerotier.ts'

/**
 * What ZeroTier One's local service answers: https://docs.zerotier.com/openapi/service/v1.json, and `_networkToJson`
 * and `_peerToJson` of its service/OneService.cpp. Only what identifies a thing must be there: fields have come and gone
 * between its versions.
 */

/** What another machine may have put in: shown, so kept short and on one line. */
const words = z
	.string()
	.catch('')
	.transform((text) => text.replace(/\p{C}/gu, '').slice(0, 200))
const list = <T extends z.ZodType>(item: T) => z.array(item).catch([])
/** ZT_MAX_ZT_ASSIGNED_ADDRESSES */
const mostAddresses = 32
/** `10.1.2.3/16`: what a controller gave, without what is none. */
const addresses = list(z.unknown()).transform((all) => all.filter(isAddress).slice(0, mostAddresses))
function isAddress(text: unknown): text is string {
	if (typeof text !== 'string') return false
	const [address = '', prefix = '0', ...more] = text.split('/')
	return isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && more.length === 0
}
const yes = z.boolean().catch(false)
/** ms since the epoch; the service says 0 for never. */
const time = z
	.number()
	.catch(0)
	.transform((ms) => (ms > 0 ? ms : null))

const nodeSchema = z.string().regex(/^[0-9a-f]{10}$/i)
const networkIdSchema = z.string().regex(/^[0-9a-f]{16}$/i)

const healthSchema = z.object({ online: z.boolean(), version: words.optional() })

const statusSchema = z.object({
	address: nodeSchema,
	online: z.boolean(),
	version: words.default(''),
	tcpFallbackActive: yes,
})

const networkSchema = z.object({
	id: networkIdSchema,
	name: words,
	/** The service's own word; it says `""` for one that it has no word for. */
	status: words,
	assignedAddresses: addresses,
	portDeviceName: words,
	authenticationURL: z.string().max(4000).nullable().catch(null),
})

const peerSchema = z.object({
	address: nodeSchema,
	role: words,
	/** ms; ≤ 0: not known. */
	latency: z.number().catch(-1),
	/** `-1.-1.-1`: not known. */
	version: words,
	/** True for all peers while the service's TCP relay is in use. */
	tunneled: yes,
	paths: list(
		z.object({
			address: words,
			expired: yes,
			preferred: yes,
			lastSend: time,
			lastReceive: time,
		}),
	),
})

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string }

function parse<S extends z.ZodType, T>(
	path: string,
	text: string,
	schema: S,
	shape: (value: z.output<S>) => T,
): Parsed<T> {
	let json: unknown
	try {
		json = JSON.parse(text)
	} catch {
		return { ok: false, reason: `its answer to ${path} is not JSON` }
	}
	const parsed = schema.safeParse(json)
	if (parsed.success) return { ok: true, value: shape(parsed.data) }
	const at = parsed.error.issues[0]?.path.join('.') ?? ''
	return {
		ok: false,
		reason: `its answer to ${path} is not what ZeroTier says${at === '' ? '' : ` (${at})`}`,
	}
}

export const parseHealth = (text: string) => parse('/health', text, healthSchema, (health) => health)

export const parseStatus = (text: string) =>
	parse('/status', text, statusSchema, (status) => ({
		node: status.address.toLowerCase(),
		version: status.version,
		online: status.online,
		tunneled: status.tcpFallbackActive,
	}))

export const parseNetworks = (text: string): Parsed<ZeroTierNetwork[]> =>
	parse('/network', text, z.array(networkSchema), (networks) =>
		networks.map((network) => ({
			id: network.id.toLowerCase(),
			name: network.name,
			status: network.status,
			addresses: network.assignedAddresses,
			device: network.portDeviceName,
			loginUrl: network.authenticationURL || null,
		})),
	)

export const parsePeers = (text: string): Parsed<ZeroTierPeer[]> =>
	parse('/peer', text, z.array(peerSchema), (peers) => peers.map(peerOf))

function peerOf(peer: z.output<typeof peerSchema>): ZeroTierPeer {
	const used = peer.paths.find((path) => path.preferred && !path.expired)
	const newest = (times: (number | null)[]) =>
		times.reduce<number | null>((a, b) => Math.max(a ?? 0, b ?? 0) || null, null)
	return {
		node: peer.address.toLowerCase(),
		role: peer.role,
		path: peer.tunneled ? 'tunneled' : used ? 'direct' : 'relayed',
		latencyMs: peer.latency > 0 ? peer.latency : null,
		heardAt: newest(peer.paths.map((path) => path.lastReceive)),
		sentAt: newest(peer.paths.map((path) => path.lastSend)),
		endpoint: used?.address ?? null,
		version: /^-1\b/.test(peer.version) ? '' : peer.version,
	}
}
