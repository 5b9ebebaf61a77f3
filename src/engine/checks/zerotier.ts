import type { Check } from './check.ts'
import { zerotierNetworkCheck } from './zerotier-network.ts'
import { zerotierPeerCheck } from './zerotier-peer.ts'
import { zerotierService } from './zerotier-service.ts'

/** The three rungs of ZeroTier, from the bottom up: this laptop's service, the network, the workstation on it. */
export const zerotierChecks: readonly Check[] = [zerotierService, zerotierNetworkCheck(), zerotierPeerCheck()]
