import { describe, expect, test } from 'vitest'
import type { ZeroTierNetwork } from '../../../src/contract/zerotier.ts'
import { parseHealth, parseNetworks, parsePeers, parseStatus } from '../../../src/engine/zerotier/answers.ts'

const value = (parsed: { ok: boolean }) => ('value' in parsed ? parsed.value : parsed)

describe('the service’s answers', () => {
	test('what a real service told of its peers (1.8)', () => {
		const text = JSON.stringify([
			{
				address: '62f865ae71',
				isBonded: false,
				latency: 382,
				paths: [
					{
						active: true,
						address: '50.7.252.138/9993',
						expired: false,
						lastReceive: 1645034513389,
						lastSend: 1645034513008,
						preferred: true,
						trustedPathId: 0,
					},
				],
				role: 'PLANET',
				version: '-1.-1.-1',
				versionMajor: -1,
				versionMinor: -1,
				versionRev: -1,
			},
		])
		expect(value(parsePeers(text))).toEqual([
			{
				node: '62f865ae71',
				role: 'PLANET',
				path: 'direct',
				latencyMs: 382,
				heardAt: 1645034513389,
				sentAt: 1645034513008,
				endpoint: '50.7.252.138/9993',
				version: '',
			},
		])
	})

	const path = {
		address: '1.2.3.4/9993',
		active: true,
		expired: false,
		preferred: true,
		lastSend: 0,
		lastReceive: 0,
	}
	test.each([
		[
			'a preferred path',
			{ paths: [path] },
			{ path: 'direct', endpoint: '1.2.3.4/9993', heardAt: null, sentAt: null },
		],
		['none preferred', { paths: [{ ...path, preferred: false }] }, { path: 'relayed', endpoint: null }],
		['preferred but expired', { paths: [{ ...path, expired: true }] }, { path: 'relayed', endpoint: null }],
		['no path at all', { paths: [] }, { path: 'relayed', endpoint: null, heardAt: null }],
		['over TCP', { tunneled: true, paths: [path] }, { path: 'tunneled' }],
		['latency 0', { latency: 0 }, { latencyMs: null }],
		['latency -1', { latency: -1 }, { latencyMs: null }],
		['latency as a word', { latency: 'fast' }, { latencyMs: null }],
		[
			'the newest of several paths',
			{
				paths: [
					{ ...path, lastReceive: 5 },
					{ ...path, preferred: false, lastReceive: 9, lastSend: 7 },
				],
			},
			{ heardAt: 9, sentAt: 7 },
		],
		['paths that are none', { paths: 'many' }, { path: 'relayed' }],
	])('a peer with %s', (_, change, expected) => {
		const text = JSON.stringify([
			{ address: '62F865AE71', role: 'LEAF', latency: 5, version: '1.2.3', ...change },
		])
		expect(value(parsePeers(text))).toMatchObject([{ node: '62f865ae71', ...expected }])
	})

	test('addresses are addresses, and as many as the service can have', () => {
		const real = ['10.0.0.1/24', 'fd80:56c2:e21c:84a0:2799:9393:0f1c:8b7d/88', '172.25.0.7']
		const other = ['', '\u001b[2J', '\u202e1.0.0.01/8', `10.0.0.1/${'9'.repeat(1000)}`, 'somewhere', 7, null]
		const addresses = (assignedAddresses: unknown[]) =>
			(
				value(
					parseNetworks(JSON.stringify([{ id: '8056c2e21c84a027', assignedAddresses }])),
				) as ZeroTierNetwork[]
			)[0]?.addresses
		expect(addresses([...other, ...real])).toEqual(real)
		expect(addresses(Array.from({ length: 9000 }, () => '10.0.0.1/24'))?.length).toBe(32)
	})

	test('a network of an old version, with `dns` as a list and no login', () => {
		const text = JSON.stringify([
			{ id: '8056C2E21C84A027', status: 'OK', dns: [], assignedAddresses: ['10.0.0.1/24'] },
		])
		expect(value(parseNetworks(text))).toEqual([
			{
				id: '8056c2e21c84a027',
				name: '',
				status: 'OK',
				addresses: ['10.0.0.1/24'],
				device: '',
				loginUrl: null,
			},
		])
	})

	test('names are kept short and on one line', () => {
		const text = JSON.stringify([{ id: '8056c2e21c84a027', name: `\u001b[31m\n${'x'.repeat(9000)}` }])
		const [network] = value(parseNetworks(text)) as { name: string }[]
		expect(network?.name).toMatch(/^\[31mx+$/)
		expect(network?.name).toHaveLength(200)
	})

	test.each([
		['not JSON', parseStatus, '<html>', /not JSON/],
		['empty', parseStatus, '', /not JSON/],
		['a list for an object', parseStatus, '[]', /not what ZeroTier says/],
		['no node', parseStatus, '{"online":true}', /\(address\)/],
		['online as a word', parseStatus, '{"address":"62f865ae71","online":"yes"}', /\(online\)/],
		['an object for a list', parseNetworks, '{}', /\/network/],
		['null in the list', parseNetworks, '[null]', /\(0\)/],
		['an id that is none', parsePeers, '[{"address":"../etc"}]', /\(0\.address\)/],
		['health without a word', parseHealth, '{}', /\(online\)/],
		['deep nesting', parseNetworks, '['.repeat(100_000), /not JSON/],
	])('%s is said to be so', (_, parse, text, reason) => {
		expect(parse(text)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
	})
})
