import { appendFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { LinkState } from '../../src/contract/state.ts'
import type { Link } from '../../src/engine/link/link.ts'
import type { Routes } from '../../src/engine/link/routes.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { cleanups, linkTo, result, server, until, up } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`link after sleep: skipped, ${sshdMissing}`)

/** A network that comes and goes as the test says. */
function switchableRoutes(has: boolean) {
	const listeners = new Set<() => void>()
	const routes: Routes = {
		has: () => has,
		onChange: (listener) => {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
	}
	return {
		routes,
		listeners,
		/** The same again is a change of networks, or a sleep. */
		set(next: boolean) {
			has = next
			for (const listener of [...listeners]) listener()
		},
	}
}

/** The link's statuses from now on, each change once. */
function statuses(link: Link): LinkState['status'][] {
	const seen: LinkState['status'][] = []
	link.onState(({ status }) => {
		if (seen.at(-1) !== status) seen.push(status)
	})
	return seen
}

async function throughProxy(sshd: Sshd): Promise<{ proxy: FaultProxy; ssh: Sshd['ssh'] }> {
	const proxy = await startFaultProxy(sshd)
	cleanups.push(() => proxy.stop())
	await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`)
	return { proxy, ssh: { ...sshd.ssh, port: proxy.port } }
}

const hour = 3_600_000
/** So long that only a wake can be the reason of the next try. */
const endless = { firstMs: hour, capMs: hour, steadyMs: 0, againMs: hour }

describe.skipIf(sshdMissing)('networks that come and go', () => {
	test('without one nothing is tried; with the first it connects at once', async () => {
		const sshd = await server()
		const network = switchableRoutes(false)
		const link = linkTo(sshd, { routes: network.routes })
		const seen = statuses(link)
		link.connect()
		expect(link.state.status).toBe('waiting')
		expect(sshd.log()).not.toContain('Connection from')
		network.set(true)
		await link.whenUp(15_000)
		expect(seen).toEqual(['waiting', 'dialling', 'host-key', 'login', 'up'])
		expect(link.state).toMatchObject({ through: [], transport: { kind: 'ssh2', reason: '' } })
		await link.dispose()
		expect(network.listeners.size).toBe(0)
	})

	test('a line that dies with the network waits for the next one', async () => {
		const sshd = await server()
		const { proxy, ssh } = await throughProxy(sshd)
		const network = switchableRoutes(true)
		const link = await up(sshd, { ssh, routes: network.routes, keepalive: { intervalMs: 100, count: 2 } })
		const seen = statuses(link)
		proxy.stall()
		network.set(false)
		await until(link, ({ status }) => status === 'waiting')
		proxy.resume()
		network.set(true)
		await link.whenUp(15_000)
		expect(seen).toEqual(['waiting', 'dialling', 'host-key', 'login', 'up'])
	})

	test('one that is away for a moment disturbs nothing', async () => {
		const sshd = await server()
		const network = switchableRoutes(true)
		const link = await up(sshd, { routes: network.routes })
		const seen = statuses(link)
		network.set(false)
		network.set(true)
		expect((await result(await link.exec('echo still here'))).stdout).toBe('still here\n')
		// Its latency may have been measured meanwhile.
		expect(seen.filter((status) => status !== 'up')).toEqual([])
	})
})

describe.skipIf(sshdMissing)('after a sleep', () => {
	test('a line that is dead is found by one question, not by the next tick', async () => {
		const sshd = await server()
		const { proxy, ssh } = await throughProxy(sshd)
		// A tick would come in an hour; the question has the interval to be answered.
		const link = await up(sshd, { ssh, keepalive: { intervalMs: 400, count: 1_000_000 } })
		const remote = await link.exec('cat')
		proxy.stall()
		link.wake()
		await until(link, ({ status }) => status === 'lost')
		await expect(remote.exit).rejects.toMatchObject({ problem: { code: 'link-lost' } })
		proxy.resume()
		await link.whenUp(15_000)
	})

	test.each([
		['still there', false],
		['gone', true],
	])('eight hours later, without a word of the system, the line is %s', async (_name, gone) => {
		// The clock alone: what is carried and the timers stay real, as on a laptop that was closed.
		vi.useFakeTimers({ toFake: ['Date'] })
		onTestFinished(() => void vi.useRealTimers())
		const sshd = await server()
		const { proxy, ssh } = await throughProxy(sshd)
		const link = await up(sshd, { ssh, keepalive: { intervalMs: 300, count: 1_000_000 } })
		await until(link, (state) => state.status === 'up' && state.latencyMs !== null)
		const seen = statuses(link)
		proxy.stall()
		vi.setSystemTime(Date.now() + 8 * hour)
		if (gone) {
			await until(link, ({ status }) => status === 'lost')
			proxy.resume()
			await link.whenUp(15_000)
			expect(seen.slice(0, 2)).toEqual(['lost', 'dialling'])
		} else {
			proxy.resume()
			expect((await result(await link.exec('echo morning'))).stdout).toBe('morning\n')
			await until(link, (state) => state.status === 'up' && seen.includes('up'))
			expect(seen).toEqual(['up'])
		}
	})

	test('one that was waiting to try again tries at once', async () => {
		const sshd = await server()
		const link = await up(sshd, { backOff: endless })
		await sshd.stopServer()
		await until(link, ({ status }) => status === 'lost')
		await sshd.listen()
		link.wake()
		await link.whenUp(15_000)
	})

	test('a dial that waits for an answer lost in the sleep is begun again', async () => {
		const sshd = await server()
		const { proxy, ssh } = await throughProxy(sshd)
		proxy.stall()
		const link = linkTo(sshd, { ssh, backOff: endless })
		link.connect()
		await until(link, ({ status }) => status === 'host-key')
		proxy.cut()
		proxy.resume()
		link.wake()
		await link.whenUp(15_000)
		expect(link.state).toMatchObject({ status: 'up' })
	})

	test('what only a person can mend is not tried again', async () => {
		const sshd = await server()
		const link = linkTo(sshd, { ssh: { ...sshd.ssh, identityFile: `${sshd.folder}/host_ecdsa` } })
		link.connect()
		await until(link, ({ status }) => status === 'stopped')
		const before = sshd.log()
		const { state } = link
		link.wake()
		expect(link.state).toBe(state)
		link.wake()
		expect(sshd.log()).toBe(before)
	})
})
