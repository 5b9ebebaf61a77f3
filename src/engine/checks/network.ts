import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Facts } from '../../contract/problem.ts'
import { parseJump, type Settings } from '../link/settings.ts'
import { problem } from '../problems.ts'
import { askCheckPage, type CheckPage, checkPage } from './captive-portal.ts'
import type { Check, CheckContext, Finding } from './check.ts'
import { type Route, type RouteReader, systemRoutes } from './default-route.ts'
import { isLoopback } from './loopback.ts'
import { portAnswered } from './reach.ts'

/** What the check asks of this laptop. */
export interface NetworkSurroundings {
	interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>
	routes: RouteReader
	/** Addresses of a name; empty: none, or not in time. */
	addresses(name: string): Promise<string[]>
	page: CheckPage
}

interface Device {
	name: string
	/** `192.168.1.20/24` */
	addresses: string[]
}

/** Interfaces with an address that leads somewhere: neither loopback nor one that a machine gives itself. */
function devicesOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): Device[] {
	return Object.entries(interfaces).flatMap(([name, all]) => {
		const real = (all ?? []).filter(
			({ internal, address }) => !internal && !/^(fe[89ab]|169\.254\.)/i.test(address),
		)
		return real.length === 0 ? [] : { name, addresses: real.map(({ cidr, address }) => cidr ?? address) }
	})
}

/** The device whose own net holds the address. */
function connectedDevice(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>, address: string): string | null {
	const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
	for (const [name, all] of Object.entries(interfaces)) {
		for (const { cidr, internal } of all ?? []) {
			const [net = '', prefix] = cidr?.split('/') ?? []
			if (internal || prefix === undefined || isIP(net) !== isIP(address)) continue
			const list = new BlockList()
			list.addSubnet(net, Number(prefix), family)
			if (list.check(address, family)) return name
		}
	}
	return null
}

/** Where the first connection goes: to the first jump host, or to the workstation itself. */
function firstHop(settings: Settings | null, fallback: string): string {
	const jump = settings?.jumps[0]
	return jump === undefined ? (settings?.host ?? fallback) : parseJump(jump).host
}

function factsOf(device: Device | undefined, route: Route | null): Facts {
	return {
		...(device ? { interface: device.name, addresses: device.addresses } : {}),
		...(route?.gateway ? { gateway: route.gateway } : {}),
	}
}

export function networkOn(around: NetworkSurroundings): Check {
	/** The way to a host that no default route leads to: its net may be connected, or have a route of its own. */
	const wayTo = async (host: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>) => {
		for (const address of isIP(host) ? [host] : await around.addresses(host)) {
			const device = connectedDevice(interfaces, address)
			if (device !== null) return { device, gateway: null }
			const route = await around.routes.to(address)
			if (route) return route
		}
		return null
	}

	const check = async ({ workstation, link, settings }: CheckContext): Promise<Finding> => {
		// Settings that cannot be read are told by the port.
		const host = firstHop(await settings().catch(() => null), workstation.ssh.host)
		if (isLoopback(host)) return { verdict: 'ok', finding: 'on this machine' }
		const interfaces = around.interfaces()
		const devices = devicesOf(interfaces)
		const named = (route: Route) => devices.find(({ name }) => name === route.device)
		const read = await around.routes.defaults()
		// macOS keeps default routes on tunnels that have no address of their own and lead nowhere.
		const route = read?.find(named)
		if (route) {
			const facts = factsOf(named(route), route)
			const silent = portAnswered(link.state) || (await askCheckPage(around.page)) !== 'captive'
			if (silent) return { verdict: 'ok', finding: route.device, facts }
			const found = problem('captive-portal', { host: new URL(around.page.url).host })
			return { verdict: 'failing', finding: 'wants a login', facts, problem: found }
		}
		const way = await wayTo(host, interfaces)
		const device = way ? named(way) : devices[0]
		const facts = { ...factsOf(device, way), 'default route': read ? 'none' : 'could not be read' }
		if (way || (device && link.state.status === 'up'))
			return { verdict: 'ok', finding: way?.device ?? device?.name ?? '', facts }
		if (!device) return { verdict: 'failing', finding: 'no network', problem: problem('network-down', {}) }
		if (read === null) return { verdict: 'unknown', finding: `${device.name}, its routes are unknown`, facts }
		const found = problem('network-no-route', { device: device.name })
		return { verdict: 'failing', finding: 'leads nowhere', facts, problem: found }
	}
	return { id: 'network', title: 'Network', dependsOn: [], check }
}

/** A name that no server can be asked for is still found in the hosts file, and at once. */
async function lookUp(name: string): Promise<string[]> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<never[]>((resolve) => {
		timer = setTimeout(() => resolve([]), 2000)
	})
	const found = lookup(name, { all: true }).then((all) => all.map(({ address }) => address))
	return await Promise.race([found.catch(() => []), late]).finally(() => clearTimeout(timer))
}

/** This laptop has a way out, or one to the workstation. */
export const network = networkOn({
	interfaces: networkInterfaces,
	routes: systemRoutes,
	addresses: lookUp,
	page: checkPage,
})
