import { createServer } from 'node:http'
import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { workstationSchema } from '../../../src/contract/config.ts'
import type { LinkState } from '../../../src/contract/state.ts'
import type { Route, RouteReader } from '../../../src/engine/checks/default-route.ts'
import { network, networkOn } from '../../../src/engine/checks/network.ts'
import { problem } from '../../../src/engine/problems.ts'
import { linkUp, startedAt } from '../states.ts'
import { context, linkIn, settings } from './context.ts'

function address(cidr: string): NetworkInterfaceInfo {
	const [own = ''] = cidr.split('/')
	const shared = { address: own, cidr, netmask: '', mac: '' }
	const internal = /^(127\.|::1)/.test(own)
	return own.includes(':')
		? { ...shared, internal, family: 'IPv6', scopeid: 0 }
		: { ...shared, internal, family: 'IPv4' }
}

const lo = [address('127.0.0.1/8'), address('::1/128')]
const wifi = { lo, wlan0: [address('192.168.1.20/24'), address('fe80::1/64')] }
const alone = { lo, wlan0: [address('fe80::1/64'), address('169.254.3.4/16')] }
const router: Route = { device: 'wlan0', gateway: '192.168.1.1' }

function routes(defaults: Route[] | null, to: Record<string, Route> = {}): RouteReader {
	return { defaults: async () => defaults, to: async (one) => to[one] ?? null }
}

/** A page that must not be asked for. */
const noPage = { url: 'http://127.0.0.1:1/', expected: 'never' }

interface Laptop {
	interfaces?: NodeJS.Dict<NetworkInterfaceInfo[]>
	routes?: RouteReader
	names?: Record<string, string[]>
	page?: typeof noPage
}

const on = ({
	interfaces = wifi,
	routes: table = routes([router]),
	names = {},
	page = noPage,
}: Laptop = {}) =>
	networkOn({
		interfaces: () => interfaces,
		routes: table,
		addresses: async (name) => names[name] ?? [],
		page,
	})

const lost = (why = problem('port-silent', {})): LinkState => ({
	status: 'lost',
	problem: why,
	since: startedAt,
	nextTryAt: startedAt,
})
const towards = (host: string, state: LinkState = lost(), ssh = '') =>
	context({ link: linkIn(state), settings: async () => settings(host, ssh) })

describe('the way out of this laptop', () => {
	test('a default route, with what it leads over', async () => {
		expect(await on().check(towards('10.9.9.9'))).toEqual({
			verdict: 'ok',
			finding: 'wlan0',
			facts: { interface: 'wlan0', addresses: ['192.168.1.20/24'], gateway: '192.168.1.1' },
		})
	})

	test.each([['127.0.0.1'], ['localhost'], ['::1']])('a workstation at %s needs none', async (host) => {
		const check = on({ interfaces: { lo }, routes: routes([]) })
		expect(await check.check(towards(host))).toEqual({ verdict: 'ok', finding: 'on this machine' })
	})

	test('what counts is where the first connection goes', async () => {
		const check = on({ interfaces: { lo }, routes: routes([]) })
		expect(await check.check(towards('lab', lost(), 'hostname 127.0.0.1'))).toMatchObject({ verdict: 'ok' })
		const jump = 'hostname 127.0.0.1\nproxyjump me@10.0.0.1:2222,other'
		expect(await check.check(towards('lab', lost(), jump))).toMatchObject({
			problem: { code: 'network-down' },
		})
		const unreadable = context({
			link: linkIn(lost()),
			settings: () => Promise.reject(new Error('ssh -G')),
			workstation: workstationSchema.parse({ name: 'lab', ssh: { host: '127.0.0.1' } }),
		})
		expect(await check.check(unreadable)).toMatchObject({ verdict: 'ok' })
	})

	test.each([
		['no interface at all', {}],
		['loopback alone', { lo }],
		['only addresses that it gave itself', alone],
	])('%s: no network', async (_what, interfaces) => {
		expect(await on({ interfaces, routes: routes([]) }).check(towards('10.9.9.9'))).toMatchObject({
			verdict: 'failing',
			problem: { code: 'network-down' },
		})
	})

	test('a default route over a device without an address of its own leads nowhere', async () => {
		const check = on({ routes: routes([{ device: 'utun0', gateway: null }]) })
		expect(await check.check(towards('10.9.9.9'))).toMatchObject({ problem: { code: 'network-no-route' } })
	})
})

describe('without a default route', () => {
	const without = (more: Laptop = {}) => on({ routes: routes([]), ...more })

	test('a workstation far away cannot be reached', async () => {
		expect(await without().check(towards('10.9.9.9'))).toMatchObject({
			verdict: 'failing',
			facts: { interface: 'wlan0', 'default route': 'none' },
			problem: { code: 'network-no-route', facts: { device: 'wlan0' } },
		})
	})

	test.each([
		['192.168.1.7', {}],
		['lab.local', { names: { 'lab.local': ['fd00::7', '192.168.1.7'] } }],
		['169.254.9.9', { interfaces: alone }],
	])('%s on a connected net can', async (host, more) => {
		expect(await without(more).check(towards(host))).toMatchObject({
			verdict: 'ok',
			finding: 'wlan0',
			facts: { 'default route': 'none' },
		})
	})

	test('one with a route of its own can', async () => {
		const table = routes([], { '10.9.9.9': { device: 'tun0', gateway: '10.8.0.1' } })
		expect(await on({ routes: table }).check(towards('10.9.9.9'))).toMatchObject({
			verdict: 'ok',
			finding: 'tun0',
		})
	})

	test('a link that is up proves that it can', async () => {
		expect(await without().check(towards('10.9.9.9', linkUp()))).toMatchObject({ verdict: 'ok' })
	})

	test('routes that cannot be read prove nothing', async () => {
		const check = on({ routes: routes(null) })
		expect(await check.check(towards('10.9.9.9'))).toMatchObject({
			verdict: 'unknown',
			facts: { 'default route': 'could not be read' },
		})
		expect(await check.check(towards('10.9.9.9', linkUp()))).toMatchObject({ verdict: 'ok' })
	})
})

describe('a captive portal', () => {
	async function portal(): Promise<{ page: typeof noPage; asked: () => number }> {
		let asked = 0
		const server = createServer((_request, response) => {
			asked += 1
			response.writeHead(302, { location: 'http://login.test/' }).end()
		})
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
		onTestFinished(async () => {
			await new Promise((done) => server.close(done))
		})
		const { port } = server.address() as { port: number }
		return { page: { url: `http://127.0.0.1:${port}/check`, expected: 'Success' }, asked: () => asked }
	}

	test('is told apart while the link is not up', async () => {
		const { page } = await portal()
		expect(await on({ page }).check(towards('10.9.9.9'))).toMatchObject({
			verdict: 'failing',
			finding: 'wants a login',
			facts: { interface: 'wlan0' },
			problem: { code: 'captive-portal', facts: { host: new URL(page.url).host } },
		})
	})

	test.each<[string, LinkState]>([
		['is up', linkUp()],
		['is logging in', { status: 'login', since: startedAt, question: null }],
		[
			'was refused at the login',
			{ status: 'stopped', problem: problem('login-refused', {}), since: startedAt },
		],
	])('is not looked for when the link %s', async (_what, state) => {
		const { page, asked } = await portal()
		expect(await on({ page }).check(towards('10.9.9.9', state))).toMatchObject({ verdict: 'ok' })
		expect(asked()).toBe(0)
	})

	test('is not looked for on the way to this machine, nor without a way out', async () => {
		const { page, asked } = await portal()
		await on({ page }).check(towards('127.0.0.1'))
		await on({ page, routes: routes([]) }).check(towards('10.9.9.9'))
		expect(asked()).toBe(0)
	})
})

test('this machine’s own tables can be read', async () => {
	// Whatever they say here: a finding, no exception, and nothing asked of the outside.
	const { verdict } = await network.check(towards('10.9.9.9', linkUp()))
	expect(['ok', 'failing']).toContain(verdict)
})
