import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RouteWatch, routeSignature } from '../../../src/engine/link/routes.ts'

const address = (text: string, internal = false) => ({
	address: text,
	netmask: '',
	mac: '',
	cidr: null,
	internal,
	family: 'IPv4' as const,
})

describe('what counts as a network', () => {
	test.each([
		['nothing', {}, ''],
		['loopback', { lo: [address('127.0.0.1', true)] }, ''],
		['addresses that reach the own cable only', { en0: [address('fe80::1'), address('169.254.3.4')] }, ''],
		['a real one', { en0: [address('192.168.1.7')] }, 'en0 192.168.1.7'],
		['ZeroTier alone', { zt7: [address('172.25.0.7')] }, 'zt7 172.25.0.7'],
	])('%s', (_name, interfaces, signature) => {
		expect(routeSignature(interfaces)).toBe(signature)
	})
})

describe('the watch', () => {
	beforeEach(() => void vi.useFakeTimers())
	afterEach(() => void vi.useRealTimers())

	function watch() {
		const world = {
			interfaces: { en0: [address('192.168.1.7')] } as Record<string, ReturnType<typeof address>[]>,
		}
		const routes = new RouteWatch({ read: () => world.interfaces })
		const seen: boolean[] = []
		const stop = routes.onChange(() => seen.push(routes.has()))
		return { world, routes, seen, stop }
	}

	test('tells within half a second that the network went, came and changed, once each', () => {
		const { world, seen, stop } = watch()
		vi.advanceTimersByTime(10_000)
		world.interfaces = {}
		vi.advanceTimersByTime(500)
		expect(seen).toEqual([false])
		world.interfaces = { en0: [address('10.0.0.2')] }
		vi.advanceTimersByTime(500)
		world.interfaces = { en0: [address('10.0.0.3')] }
		vi.advanceTimersByTime(5000)
		expect(seen).toEqual([false, true, true])
		stop()
	})

	test('a sleep of hours is told with the first look after it', () => {
		const { seen, stop } = watch()
		vi.advanceTimersByTime(1000)
		// Timers stand still in a sleep, the clock does not.
		vi.setSystemTime(Date.now() + 8 * 3_600_000)
		expect(seen).toEqual([])
		vi.advanceTimersByTime(500)
		expect(seen).toEqual([true])
		stop()
	})

	test('looks only while somebody listens', () => {
		const { stop, routes } = watch()
		const other = routes.onChange(() => {})
		stop()
		expect(vi.getTimerCount()).toBe(1)
		other()
		expect(vi.getTimerCount()).toBe(0)
	})

	test('whoever asks without listening gets what is so now', () => {
		const { world, routes, stop } = watch()
		stop()
		world.interfaces = {}
		expect(routes.has()).toBe(false)
		world.interfaces = { en0: [address('10.0.0.2')] }
		expect(routes.has()).toBe(true)
	})

	test('a system that does not say is taken to have a network', () => {
		const routes = new RouteWatch({
			read: () => {
				throw new Error('uv_interface_addresses')
			},
		})
		expect(routes.has()).toBe(true)
	})
})
