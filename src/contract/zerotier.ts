import { z } from 'zod'

/** A network of the local ZeroTier service, as its HTTP API tells of it. */
export const zerotierNetworkStateSchema = z.object({
	/** 16 hexadecimal digits. */
	id: z.string(),
	name: z.string(),
	/** The service's own word: `OK`, `REQUESTING_CONFIGURATION`, `ACCESS_DENIED`, …; empty: unknown. */
	status: z.string(),
	/** `172.25.0.7/16` */
	addresses: z.array(z.string()),
	/** Name of its interface, such as `zt7nnig26` or `feth1234`; empty: none. */
	device: z.string(),
	/** Where a person logs in, for a network with single sign-on. */
	loginUrl: z.string().nullable(),
})
export type ZeroTierNetwork = z.infer<typeof zerotierNetworkStateSchema>

export const zerotierPeerSchema = z.object({
	/** 10 hexadecimal digits. */
	node: z.string(),
	role: z.string(),
	path: z.enum(['direct', 'relayed', 'tunneled']),
	/** Null: unknown. */
	latencyMs: z.number().nullable(),
	/** ms since the epoch; null: never, or unknown. */
	heardAt: z.number().nullable(),
	/** When the last packet was sent to it, ms since the epoch; null: never, or unknown. Silence means something only after it. */
	sentAt: z.number().nullable(),
	/** `ip/port` of the path in use; null when there is none. */
	endpoint: z.string().nullable(),
	/** The other side's version; empty: it has never said hello since this service was started. */
	version: z.string(),
})
export type ZeroTierPeer = z.infer<typeof zerotierPeerSchema>

/** What the local ZeroTier service is found to be. */
export const zerotierReadingSchema = z.discriminatedUnion('status', [
	z.object({ status: z.literal('not-installed') }),
	z.object({ status: z.literal('not-running'), port: z.int() }),
	/** It runs, but its token cannot be had: `missing`, not permitted to be read, or an old copy that it refuses. */
	z.object({
		status: z.literal('locked'),
		reason: z.enum(['missing', 'unreadable', 'wrong']),
		/** The token file this is about. */
		path: z.string(),
		/** What `/health` says without a token; null: nothing. */
		online: z.boolean().nullable(),
		version: z.string().nullable(),
	}),
	/** Something answers, and it is not understood. */
	z.object({ status: z.literal('garbled'), reason: z.string() }),
	z.object({
		status: z.literal('read'),
		/** When, ms since the epoch. */
		at: z.number(),
		/** This machine's node id, 10 hexadecimal digits. */
		node: z.string(),
		version: z.string(),
		/** Reaches its roots. The truth even while a network says `OK` from its cache. */
		online: z.boolean(),
		/** Only by TCP through a relay. */
		tunneled: z.boolean(),
		networks: z.array(zerotierNetworkStateSchema),
		peers: z.array(zerotierPeerSchema),
	}),
])
export type ZeroTierReading = z.infer<typeof zerotierReadingSchema>
