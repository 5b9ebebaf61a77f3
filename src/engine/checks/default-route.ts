import { readFile } from 'node:fs/promises'
import { BlockList, isIP } from 'node:net'
import { run } from '../process/process.ts'

/** A way out of this laptop. */
export interface Route {
	device: string
	/** Null: the net is on the device itself. */
	gateway: string | null
}

/** What the system's routing table says. Neither ever rejects. */
export interface RouteReader {
	/** The default routes, best first; null: they cannot be read here. */
	defaults(): Promise<Route[] | null>
	/** The way to one address, by whatever route; null: none, or not known. */
	to(address: string): Promise<Route | null>
}

interface Entry extends Route {
	family: 'ipv4' | 'ipv6'
	destination: string
	prefix: number
	metric: number
}

// linux/route.h
const up = 0x1
const reject = 0x200

/** Addresses in `/proc/net/route` are hexadecimal and, on every machine in use, little-endian. */
const ipv4Of = (hex: string) => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
const ipv6Of = (hex: string) => (hex.match(/.{4}/g) ?? []).join(':')
const bits = (hex: string) => (Number.parseInt(hex, 16) >>> 0).toString(2).replaceAll('0', '').length

/** `/proc/net/route`: Iface Destination Gateway Flags RefCnt Use Metric Mask …, a heading first. Pure. */
export function parseProcRoute(text: string): Entry[] {
	return text.split('\n').flatMap((line) => {
		const [device = '', destination = '', gateway = '', flags = '', , , metric = '', mask = ''] =
			line.split(/\s+/)
		if (![destination, gateway, mask].every((hex) => /^[0-9A-F]{8}$/i.test(hex))) return []
		const set = Number.parseInt(flags, 16)
		if (!(set & up) || set & reject) return []
		return {
			family: 'ipv4',
			device,
			destination: ipv4Of(destination),
			prefix: bits(mask),
			gateway: /^0+$/.test(gateway) ? null : ipv4Of(gateway),
			metric: Number(metric) || 0,
		}
	})
}

/** `/proc/net/ipv6_route`: destination, its prefix, source, its prefix, next hop, metric, …, flags, device; all hexadecimal. */
export function parseProcIpv6Route(text: string): Entry[] {
	return text.split('\n').flatMap((line) => {
		const [destination = '', prefix = '', , , hop = '', metric = '', , , flags = '', device = ''] = line
			.trim()
			.split(/\s+/)
		if (![destination, hop].every((hex) => /^[0-9a-f]{32}$/i.test(hex))) return []
		const set = Number.parseInt(flags, 16)
		// Every system without IPv6 still has a default route on lo that rejects.
		if (!(set & up) || set & reject || device === 'lo' || destination.startsWith('ff')) return []
		return {
			family: 'ipv6',
			device,
			destination: ipv6Of(destination),
			prefix: Number.parseInt(prefix, 16),
			gateway: /^0+$/.test(hop) ? null : ipv6Of(hop),
			metric: Number.parseInt(metric, 16),
		}
	})
}

/** The answer of macOS's `route -n get`: indented `name: value` lines; null: it names no way. Pure. */
export function parseRouteGet(output: string): Route | null {
	const value = (name: string) => new RegExp(`^\\s*${name}:\\s*(\\S+)`, 'm').exec(output)?.[1]
	const device = value('interface')
	if (device === undefined || /\b(REJECT|BLACKHOLE)\b/.test(value('flags') ?? '')) return null
	const gateway = value('gateway')
	return { device, gateway: gateway && isIP(gateway.replace(/%.*/, '')) ? gateway : null }
}

const isDefault = ({ prefix, destination }: Entry) => prefix === 0 && /^[0.:]+$/.test(destination)
const byMetric = (a: Entry, b: Entry) => a.metric - b.metric

function holds({ destination, prefix, family }: Entry, address: string): boolean {
	const list = new BlockList()
	list.addSubnet(destination, prefix, family)
	return list.check(address, family)
}

/** The texts of a missing or unreadable table are null. */
export function linuxRoutes(read: (path: string) => Promise<string>): RouteReader {
	const table = async () => {
		const texts = await Promise.all(
			['/proc/net/route', '/proc/net/ipv6_route'].map((path) => read(path).catch(() => null)),
		)
		// A kernel without IPv6 has no such file; one without the first is no Linux that we know.
		if (texts[0] === null || texts[0] === undefined) return null
		return [...parseProcRoute(texts[0]), ...parseProcIpv6Route(texts[1] ?? '')]
	}
	return {
		defaults: async () => (await table())?.filter(isDefault).sort(byMetric).map(plain) ?? null,
		to: async (address) => {
			const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
			const fitting = (await table())?.filter((entry) => entry.family === family && holds(entry, address))
			const best = fitting?.sort((a, b) => b.prefix - a.prefix || byMetric(a, b))[0]
			return best ? plain(best) : null
		},
	}
}

const plain = ({ device, gateway }: Route): Route => ({ device, gateway })

/** `ask` gives what `route` printed for its arguments, whatever its exit code; rejects when there is no `route`. */
export function macRoutes(ask: (args: string[]) => Promise<string>): RouteReader {
	const get = (...args: string[]) => ask(['-n', 'get', ...args]).then(parseRouteGet)
	return {
		defaults: async () => {
			try {
				const found = await Promise.all([get('default'), get('-inet6', 'default')])
				return found.filter((route) => route !== null)
			} catch {
				return null
			}
		},
		to: (address) => get(...(isIP(address) === 6 ? ['-inet6'] : []), address).catch(() => null),
	}
}

async function askRoute(args: string[]): Promise<string> {
	// `not in table` is an answer too, with a code that differs between releases.
	const expected = Array.from({ length: 128 }, (_, code) => code)
	const { stdout } = await run({ file: '/sbin/route', args, timeoutMs: 5000, maxBytes: 65_536, expected })
	return stdout
}

/** The routing table of this machine; elsewhere than on macOS and Linux it cannot be read. */
export const systemRoutes: RouteReader =
	process.platform === 'darwin' ? macRoutes(askRoute) : linuxRoutes((path) => readFile(path, 'utf8'))
