import { mkdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { LinkState } from '../../src/contract/state.ts'
import { climb } from '../../src/engine/checks/ladder.ts'
import { macOfNode } from '../../src/engine/zerotier/node-address.ts'
import { type Case, climbOn } from './zerotier-climb.ts'
import { network, networkId, ownNode, peer, peerNode, planet } from './zerotier-service.ts'

/** Every state of the service, as the three rungs tell it. */

const settings = { network: networkId, peer: peerNode }
const well = { networks: [network()], peers: [peer(), planet()] }
const waits = (on: string) => `unknown | waits for ${on}`
const on = (change: Parameters<typeof network>[0]) => ({ ...well, networks: [network(change)] })
const by = (...peers: ReturnType<typeof peer>[]) => ({ ...well, peers: [...peers, planet()] })
const serviceWaits = [waits('ZeroTier'), waits('ZeroTier network')]
const online = 'ok | online, 1.14.2'
const okNetwork = 'ok | OK 172.25.0.7'
const linkUp: LinkState = {
	status: 'up',
	since: 0,
	endpoint: '172.25.0.9:22',
	through: [],
	transport: { kind: 'ssh2', reason: '' },
	latencyMs: null,
}

const table: [string, Case, string[]][] = [
	['not in the settings', {}, ['unused | not used', 'unused | not used', 'unused | not used']],
	['all is well', { zerotier: settings, state: well }, [online, okNetwork, 'ok | direct, 12 ms']],
	// the service
	[
		'not installed',
		{ zerotier: settings, first: (one) => one.stop() },
		['failing | not installed | zerotier-not-installed', ...serviceWaits],
	],
	[
		'not running',
		{ zerotier: settings, first: (one) => one.down() },
		['failing | not running | zerotier-not-running', ...serviceWaits],
	],
	[
		'offline, and the network says OK',
		{ zerotier: settings, state: { ...well, online: false } },
		['failing | offline | zerotier-offline', ...serviceWaits],
	],
	[
		'by TCP relay',
		{ zerotier: settings, state: { ...by(peer('tunneled')), tcpFallbackActive: true } },
		['ok | online by TCP relay, 1.14.2', okNetwork, 'ok | by TCP relay, 12 ms'],
	],
	[
		'garbled',
		{ zerotier: settings, state: { faults: { all: { kind: 'body', text: 'x' } } } },
		['unknown | not understood | zerotier-garbled', 'unknown | not known', 'unknown | not known'],
	],
	[
		'no token',
		{ zerotier: settings, first: (one) => unlink(one.tokenFile) },
		[online, 'unknown | cannot be read | zerotier-token-missing', 'unknown | cannot be read'],
	],
	[
		'an old token',
		{ zerotier: settings, first: (one) => writeFile(one.tokenFile, 'old') },
		[online, 'unknown | cannot be read | zerotier-token-wrong', 'unknown | cannot be read'],
	],
	[
		'no token, and offline',
		{ zerotier: settings, state: { online: false }, first: (one) => unlink(one.tokenFile) },
		['failing | offline | zerotier-offline', ...serviceWaits],
	],
	[
		'no token, and an older service',
		{ zerotier: settings, state: { knowsHealth: false }, first: (one) => unlink(one.tokenFile) },
		[
			'unknown | runs, and tells no more',
			'unknown | cannot be read | zerotier-token-missing',
			'unknown | cannot be read',
		],
	],
	// the network
	[
		'not joined',
		{ zerotier: settings, state: { ...well, networks: [network({ id: '1c33939e5f1a2b3c' })] } },
		[online, 'failing | not joined | zerotier-not-joined', waits('ZeroTier network')],
	],
	[
		'no network at all, none named',
		{ zerotier: {} },
		[online, 'failing | not joined | zerotier-not-joined', waits('ZeroTier network')],
	],
	[
		'asks for its configuration, for a moment',
		{ zerotier: settings, state: on({ status: 'REQUESTING_CONFIGURATION', assignedAddresses: [] }) },
		[online, 'unknown | asks for its configuration | zerotier-requesting', 'ok | direct, 12 ms'],
	],
	[
		'denied, with the addresses of before',
		{ zerotier: settings, state: on({ status: 'ACCESS_DENIED' }) },
		[online, 'failing | access denied | zerotier-denied', waits('ZeroTier network')],
	],
	[
		'not found',
		{ zerotier: settings, state: on({ status: 'NOT_FOUND', assignedAddresses: [] }) },
		[online, 'failing | no such network | zerotier-not-found', waits('ZeroTier network')],
	],
	[
		'port error',
		{ zerotier: settings, state: on({ status: 'PORT_ERROR' }) },
		[online, 'failing | no interface | zerotier-port-error', waits('ZeroTier network')],
	],
	[
		'too old',
		{ zerotier: settings, state: on({ status: 'CLIENT_TOO_OLD' }) },
		[online, 'failing | ZeroTier is too old | zerotier-client-too-old', waits('ZeroTier network')],
	],
	[
		'wants a login',
		{
			zerotier: settings,
			state: on({ status: 'AUTHENTICATION_REQUIRED', authenticationURL: 'https://sso.example/x' }),
		},
		[online, 'failing | wants a login | zerotier-authentication', waits('ZeroTier network')],
	],
	[
		'a status without a word',
		{ zerotier: settings, state: on({ status: '' }) },
		[online, 'unknown | does not say what it is', 'ok | direct, 12 ms'],
	],
	[
		'OK without an address',
		{ zerotier: settings, state: on({ assignedAddresses: [] }) },
		[online, 'failing | OK, but no address | zerotier-no-address', waits('ZeroTier network')],
	],
	[
		'OK without its interface',
		{ zerotier: settings, state: well, interfaces: ['eth0'] },
		[online, 'failing | OK, but no interface | zerotier-no-address', waits('ZeroTier network')],
	],
	[
		'only the network that holds the workstation counts, when none is named',
		{
			zerotier: { peer: peerNode },
			state: {
				...well,
				networks: [
					network({ id: '1c33939e5f1a2b3c', status: 'ACCESS_DENIED', assignedAddresses: [] }),
					network(),
				],
			},
		},
		[online, okNetwork, 'ok | direct, 12 ms'],
	],
	[
		'the worst of all, when none is named and none holds it',
		{
			zerotier: { peer: peerNode },
			host: 'lab.example',
			state: {
				...well,
				networks: [network(), network({ id: '1c33939e5f1a2b3c', status: 'NOT_FOUND' })],
			},
		},
		[online, 'failing | no such network | zerotier-not-found', waits('ZeroTier network')],
	],
	// the peer
	['relayed', { zerotier: settings, state: by(peer('relayed')) }, [online, okNetwork, 'ok | relayed']],
	[
		'silent',
		{ zerotier: settings, state: by(peer('silent')) },
		[online, okNetwork, 'failing | silent for 5 min | zerotier-peer-silent'],
	],
	[
		'never a word',
		{ zerotier: settings, state: by(peer('unheard')) },
		[online, okNetwork, 'failing | silent | zerotier-peer-silent'],
	],
	[
		'a night without traffic',
		{ zerotier: settings, state: by(peer('idle')) },
		[online, okNetwork, 'unknown | idle for 2 h'],
	],
	[
		'not among the peers',
		{ zerotier: settings, state: by() },
		[online, okNetwork, 'unknown | no contact yet'],
	],
	[
		'silent for ZeroTier, but the link is up through it',
		{ zerotier: settings, state: by(peer('silent')), link: linkUp },
		[online, okNetwork, 'ok | relayed, 12 ms'],
	],
	[
		'silent, and the link is up another way',
		{ zerotier: { ...settings, address: '172.25.9.9' }, state: by(peer('silent')), link: linkUp },
		[online, okNetwork, 'failing | silent for 5 min | zerotier-peer-silent'],
	],
	[
		'silent, and the link is up through a jump host',
		{ zerotier: settings, state: by(peer('silent')), link: { ...linkUp, through: ['gate:22'] } },
		[online, okNetwork, 'failing | silent for 5 min | zerotier-peer-silent'],
	],
	[
		'found by its MAC address',
		{
			zerotier: {},
			state: well,
			neighbours: [
				{ address: '172.25.0.9', mac: macOfNode(peerNode, networkId), device: network().portDeviceName },
			],
		},
		[online, okNetwork, 'ok | direct, 12 ms'],
	],
	[
		'found by its IPv6 address',
		{
			zerotier: { address: 'fd80:56c2:e21c:84a0:2799:9362:f865:ae71' },
			state: on({ assignedAddresses: ['fd80:56c2:e21c:84a0:2799:9387:c29d:bef6/88'] }),
		},
		[online, 'ok | OK fd80:56c2:e21c:84a0:2799:9387:c29d:bef6', 'ok | direct, 12 ms'],
	],
	[
		'nothing tells which it is',
		{ zerotier: {}, state: well },
		[online, okNetwork, 'unknown | not known which: set zerotier.peer'],
	],
	[
		'behind a jump host nothing tells which it is',
		{
			zerotier: { network: networkId },
			state: well,
			jumps: ['gate'],
			neighbours: [
				{ address: '172.25.0.9', mac: macOfNode(peerNode, networkId), device: network().portDeviceName },
			],
		},
		[online, okNetwork, 'unknown | not known which: set zerotier.peer'],
	],
]

describe('the rungs of ZeroTier', () => {
	test.each(table)('%s', async (_, one, expected) => {
		expect((await climbOn(one)).brief).toEqual(expected)
	})

	test('the facts of each, and the peer for the state', async () => {
		const { rungs, peerFound } = await climbOn({ zerotier: settings, state: well })
		expect(rungs.map(({ facts }) => facts)).toEqual([
			{ 'node id': ownNode, version: '1.14.2' },
			{
				network: networkId,
				name: 'lab',
				status: 'OK',
				addresses: ['172.25.0.7/16'],
				interface: network().portDeviceName,
				'node id': ownNode,
			},
			{
				'node id': peerNode,
				'known by': 'the settings',
				path: 'direct',
				latency: '12 ms',
				'last heard': expect.stringMatching(/^\d+ s ago$/),
				endpoint: '192.0.2.9/9993',
				version: '1.14.2',
			},
		])
		expect(peerFound).toEqual({ path: 'direct', latencyMs: 12, heardAt: expect.any(Number) })
	})

	test('what a person is told to do', async () => {
		const steps = async (one: Case) => (await climbOn(one)).rungs.map(({ problem }) => problem).find(Boolean)
		expect(await steps({ zerotier: settings, state: on({ status: 'ACCESS_DENIED' }) })).toMatchObject({
			meaning: expect.stringContaining(ownNode),
			next: { kind: 'copy', text: ownNode },
		})
		const login = (authenticationURL: string) =>
			steps({ zerotier: settings, state: on({ status: 'AUTHENTICATION_REQUIRED', authenticationURL }) })
		expect(await login('https://sso.example/x')).toMatchObject({
			next: { kind: 'open-url', url: 'https://sso.example/x' },
		})
		expect(await login('javascript:alert(1)')).toMatchObject({ code: 'zerotier-authentication', next: null })
		expect(await steps({ zerotier: settings })).toMatchObject({
			next: { kind: 'copy', text: `hawser zt join ${networkId}` },
		})
		expect(await steps({ zerotier: {} })).toMatchObject({
			title: 'This laptop is not on any ZeroTier network',
			next: null,
		})
	})

	test('a token that is wrong comes with the command that renews that very copy', async () => {
		const { rungs, standIn } = await climbOn({
			zerotier: settings,
			first: async (one) => {
				const copy = join(one.home, 'sub', 'my copy')
				await mkdir(join(one.home, 'sub'))
				await writeFile(copy, 'old')
				one.places.tokens = [copy]
			},
		})
		const found = rungs[1]?.problem
		expect(found?.code).toBe('zerotier-token-wrong')
		expect(found?.next).toMatchObject({
			kind: 'copy',
			text: expect.stringMatching(
				new RegExp(`^mkdir -p -- '${standIn.home}/sub' && sudo install .*'${standIn.home}/sub/my copy'$`),
			),
		})
	})

	test('a network that asks for its configuration for long is failing, and is well again after', async () => {
		let now = 1_000_000
		const first = await climbOn({
			zerotier: settings,
			state: on({ status: 'REQUESTING_CONFIGURATION' }),
			now: () => now,
		})
		const again = async () => (await climb(first.checks, first.context))[1]?.verdict
		expect(first.rungs[1]?.verdict).toBe('unknown')
		now += 14_000
		expect(await again()).toBe('unknown')
		now += 2000
		expect(await again()).toBe('failing')
		first.standIn.state.networks = [network()]
		expect(await again()).toBe('ok')
		first.standIn.state.networks = [network({ status: 'REQUESTING_CONFIGURATION' })]
		expect(await again()).toBe('unknown')
	})
})
