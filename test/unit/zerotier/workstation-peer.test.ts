import { describe, expect, test } from 'vitest'
import type { ZeroTierNetwork, ZeroTierPeer } from '../../../src/contract/zerotier.ts'
import { findNode, judgePeer, networksFor } from '../../../src/engine/zerotier/workstation-peer.ts'

const id = '8056c2e21c84a027'
const lab: ZeroTierNetwork = {
	id,
	name: 'lab',
	status: 'OK',
	addresses: ['172.25.0.7/16'],
	device: 'zt7nnig26',
	loginUrl: null,
}
const home: ZeroTierNetwork = {
	...lab,
	id: '1c33939e5f1a2b3c',
	addresses: ['10.1.0.7/24'],
	device: 'ztother',
}
const neighbour = { address: '172.25.0.9', mac: '26:27:46:81:5c:34', device: 'zt7nnig26' }

describe('the network of a workstation', () => {
	test.each([
		['named in the settings', { network: home.id }, ['172.25.0.9'], [home]],
		['by its address', {}, ['172.25.0.9'], [lab]],
		['unknown address: all', {}, ['192.168.3.4'], [home, lab]],
		['no address: all', {}, [], [home, lab]],
		['named, not joined', { network: '0000000000000001' }, [], []],
	])('%s', (_, config, addresses, expected) => {
		expect(networksFor(config, [home, lab], addresses)).toEqual(expected)
	})
})

describe('the node of a workstation', () => {
	test.each([
		['the settings win', { peer: '1234567890' }, ['172.25.0.9'], [neighbour], '1234567890', 'settings'],
		['by MAC', {}, ['172.25.0.9'], [neighbour], '87c29dbef6', 'neighbour'],
		['by IPv6', {}, ['fd80:56c2:e21c:84a0:2799:9387:c29d:bef6'], [], '87c29dbef6', 'address'],
		['another device’s neighbour', {}, ['172.25.0.9'], [{ ...neighbour, device: 'eth0' }], null, null],
		[
			'a neighbour with a MAC that is not ZeroTier’s',
			{},
			['172.25.0.9'],
			[{ ...neighbour, mac: '0:c:29:1:2:3' }],
			null,
			null,
		],
		['nothing known', {}, ['172.25.0.9'], [], null, null],
		['no address', {}, [], [neighbour], null, null],
	])('%s', (_, config, addresses, table, node, by) => {
		expect(findNode(config, [home, lab], addresses, table)).toEqual(node === null ? null : { node, by })
	})
})

describe('whether a peer is heard', () => {
	const now = 1_700_000_000_000
	const peer = (change: Partial<ZeroTierPeer>): ZeroTierPeer => ({
		node: '62f865ae71',
		role: 'LEAF',
		path: 'direct',
		latencyMs: 12,
		heardAt: now - 1000,
		sentAt: now - 1000,
		endpoint: '192.0.2.9/9993',
		version: '1.14.2',
		...change,
	})
	const other = peer({ node: 'cafe04eba9' })
	test.each([
		['heard a second ago', peer({}), [other], { kind: 'heard' }],
		['at the limit', peer({ heardAt: now - 60_000 }), [other], { kind: 'heard' }],
		['asked, and silent', peer({ heardAt: now - 60_001 }), [other], { kind: 'silent', forMs: 60_001 }],
		[
			'not asked either: a night without traffic',
			peer({ heardAt: now - 3_600_000, sentAt: now - 3_600_000 }),
			[other],
			{ kind: 'idle', forMs: 3_600_000 },
		],
		['a clock that was set back', peer({ heardAt: now + 5000 }), [other], { kind: 'heard' }],
		[
			'relayed: no path, but it said hello',
			peer({ heardAt: null, sentAt: null }),
			[other],
			{ kind: 'heard' },
		],
		[
			'never a word while others are heard',
			peer({ heardAt: null, sentAt: null, version: '' }),
			[other],
			{ kind: 'silent', forMs: null },
		],
		[
			'nobody is heard yet',
			peer({ heardAt: null, sentAt: null, version: '' }),
			[],
			{ kind: 'idle', forMs: null },
		],
		['not in the list', null, [other], { kind: 'idle', forMs: null }],
	])('%s', (_, one, others, expected) => {
		expect(judgePeer(one, one ? [one, ...others] : others, now)).toEqual(expected)
	})
})
