import { describe, expect, test } from 'vitest'
import {
	linuxRoutes,
	macRoutes,
	parseProcIpv6Route,
	parseProcRoute,
	parseRouteGet,
} from '../../../src/engine/checks/default-route.ts'

/** As Linux writes them: a laptop on Wi-Fi with a cable as well, ZeroTier, and a host that is kept off. */
const ipv4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	0102A8C0	0003	0	0	100	00000000	0	0	0
wlan0	0001A8C0	00000000	0001	0	0	600	00FFFFFF	0	0	0
ztabcdef	000019AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	0000640A	FE02A8C0	0003	0	0	0	0000FFFF	0	0	0
*	0700000A	00000000	0205	0	0	0	FFFFFFFF	0	0	0
`
const ipv6 = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
/** What is left of the second on a machine without IPv6. */
const rejecting = `${ipv6.split('\n')[2]}\n`

const wifi = `   route to: default
destination: default
       mask: default
    gateway: 192.168.1.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1500         0
`
const onLink = `   route to: 172.25.0.9
destination: 172.25.0.0
       mask: 255.255.0.0
  interface: feth1234
      flags: <UP,DONE,CLONING,STATIC,PRCLONING>
`
const linkLocal = wifi.replace('192.168.1.1', 'fe80::1%en0')

const files = (texts: Record<string, string>) => async (path: string) => {
	const text = texts[path]
	if (text === undefined) throw new Error('ENOENT')
	return text
}

describe('Linux', () => {
	const reader = linuxRoutes(files({ '/proc/net/route': ipv4, '/proc/net/ipv6_route': ipv6 }))

	test('default routes, best first', async () => {
		expect(await reader.defaults()).toEqual([
			{ device: 'eth0', gateway: '192.168.2.1' },
			{ device: 'wlan0', gateway: '192.168.1.1' },
			{ device: 'eth0', gateway: 'fe80:0000:0000:0000:0000:0000:0000:0001' },
		])
	})

	test.each([
		['192.168.1.7', 'wlan0'],
		['172.25.3.4', 'ztabcdef'],
		['10.100.9.9', 'eth0'],
		['8.8.8.8', 'eth0'],
		['fd00::7', 'eth0'],
	])('%s leads over %s', async (address, device) => {
		expect(await reader.to(address)).toMatchObject({ device })
	})

	test('no way to anywhere', async () => {
		const alone = linuxRoutes(
			files({
				'/proc/net/route': ipv4.split('\n').slice(0, 1).join('\n'),
				'/proc/net/ipv6_route': rejecting,
			}),
		)
		expect(await alone.defaults()).toEqual([])
		expect(await alone.to('10.0.0.1')).toBeNull()
	})

	test('a route that is down, or that turns everything away, is none', () => {
		const [, first = '', second = ''] = ipv4.split('\n')
		expect(parseProcRoute(first.replace('0003', '0203'))).toEqual([])
		expect(parseProcRoute(second.replace('0003', '0002'))).toEqual([])
		const [, third = ''] = ipv6.split('\n')
		expect(parseProcIpv6Route(third)).toHaveLength(1)
		for (const flags of ['00000203', '00000002'])
			expect(parseProcIpv6Route(third.replace('00000003     eth0', `${flags}     eth0`))).toEqual([])
	})

	test('a kernel without IPv6 has one table; without either nothing is known', async () => {
		expect(await linuxRoutes(files({ '/proc/net/route': ipv4 })).defaults()).toHaveLength(2)
		expect(await linuxRoutes(files({})).defaults()).toBeNull()
		expect(await linuxRoutes(files({})).to('10.0.0.1')).toBeNull()
	})

	test.each(['', 'Iface', 'a b c', 'eth0\tzz\t00\t3', '\0\0\0', 'eth0 00000000 00000000 0003'])(
		'garbage holds no route: %j',
		(text) => {
			expect(parseProcRoute(text)).toEqual([])
			expect(parseProcIpv6Route(text)).toEqual([])
		},
	)
})

describe('macOS', () => {
	test('reads what `route -n get` prints', () => {
		expect(parseRouteGet(wifi)).toEqual({ device: 'en0', gateway: '192.168.1.1' })
		expect(parseRouteGet(linkLocal)).toEqual({ device: 'en0', gateway: 'fe80::1%en0' })
		expect(parseRouteGet(onLink)).toEqual({ device: 'feth1234', gateway: null })
		expect(parseRouteGet(wifi.replace('STATIC', 'REJECT'))).toBeNull()
		for (const garbage of ['', 'route: writing to routing socket: not in table\n', 'usage: route', '\0'])
			expect(parseRouteGet(garbage)).toBeNull()
	})

	test('both families are asked', async () => {
		const asked: string[] = []
		const reader = macRoutes(async (args) => {
			asked.push(args.join(' '))
			return args.includes('-inet6') ? '' : wifi
		})
		expect(await reader.defaults()).toEqual([{ device: 'en0', gateway: '192.168.1.1' }])
		await reader.to('fd00::1')
		await reader.to('10.0.0.1')
		expect(asked).toEqual([
			'-n get default',
			'-n get -inet6 default',
			'-n get -inet6 fd00::1',
			'-n get 10.0.0.1',
		])
	})

	test('without the program nothing is known', async () => {
		const reader = macRoutes(() => Promise.reject(new Error('ENOENT')))
		expect(await reader.defaults()).toBeNull()
		expect(await reader.to('10.0.0.1')).toBeNull()
	})
})
