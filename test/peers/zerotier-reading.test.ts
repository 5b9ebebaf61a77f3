import { chmod, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { ZeroTierReading } from '../../src/contract/zerotier.ts'
import { zerotierPlaces } from '../../src/engine/zerotier/places.ts'
import { createZeroTier } from '../../src/engine/zerotier/zerotier.ts'
import type { Fault } from './zerotier-faults.ts'
import {
	network,
	networkId,
	ownNode,
	peer,
	planet,
	type ServiceState,
	startZeroTierService,
	type ZeroTierStandIn,
} from './zerotier-service.ts'

/** The stand-in of `zerotier-service.ts`, read over real HTTP. */

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function standIn(change: Partial<ServiceState> = {}): Promise<ZeroTierStandIn> {
	const service = await startZeroTierService(change)
	cleanups.push(() => service.stop())
	return service
}

async function folder(): Promise<string> {
	const path = await mkdtemp(join(tmpdir(), 'hawser zt '))
	cleanups.push(() => rm(path, { recursive: true, force: true }))
	return path
}

const read = (service: ZeroTierStandIn, change: Partial<ZeroTierStandIn['places']> = {}) =>
	createZeroTier({ places: { ...service.places, ...change }, limits: { timeoutMs: 700 } }).read()

/** Nothing of a reading stays open. */
async function settled(service: ZeroTierStandIn): Promise<void> {
	const open = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
	await expect.poll(() => [service.connections(), open()], { timeout: 5000 }).toEqual([0, 0])
}

describe('reading the service', () => {
	test('all three questions are asked together, with the token, and told as one', async () => {
		const service = await standIn({ networks: [network()], peers: [peer(), planet()] })
		const reading = await read(service)
		expect(reading).toMatchObject({
			status: 'read',
			node: ownNode,
			version: '1.14.2',
			online: true,
			tunneled: false,
			networks: [{ id: networkId, name: 'lab', status: 'OK', addresses: ['172.25.0.7/16'], loginUrl: null }],
			peers: [{ path: 'direct', latencyMs: 12 }, { role: 'PLANET' }],
		})
		expect(service.requests.map(({ line }) => line).toSorted()).toEqual([
			'GET /network',
			'GET /peer',
			'GET /status',
		])
		expect(new Set(service.requests.map(({ token }) => token))).toEqual(new Set([service.token]))
		await settled(service)
	})

	test('offline is told although a network says OK from its cache', async () => {
		const service = await standIn({ online: false, networks: [network()] })
		expect(await read(service)).toMatchObject({ status: 'read', online: false, networks: [{ status: 'OK' }] })
	})
})

describe('the port and the token', () => {
	test('nothing of it is there: not installed', async () => {
		const service = await standIn()
		await service.stop()
		expect(await read(service)).toEqual({ status: 'not-installed' })
	})

	test('its folder is there, and nobody answers: not running', async () => {
		const service = await standIn()
		await service.down()
		expect(await read(service)).toEqual({ status: 'not-running', port: service.port })
	})

	test('a program alone is enough to be installed', async () => {
		const service = await standIn()
		await service.stop()
		const places = { programs: ['/bin/sh'], defaultPort: service.port }
		expect(await read(service, places)).toEqual({ status: 'not-running', port: service.port })
	})

	test('an old port file: the usual port is asked too', async () => {
		const service = await standIn()
		const gone = await standIn()
		await gone.down()
		await writeFile(join(service.home, 'zerotier-one.port'), String(gone.port))
		expect(await read(service, { defaultPort: service.port })).toMatchObject({ status: 'read' })
	})

	test.each(['', 'garbage', '0', '70000', '-1'])(
		'a port file that says “%s” counts as none',
		async (text) => {
			const service = await standIn()
			await writeFile(join(service.home, 'zerotier-one.port'), text)
			expect(await read(service, { defaultPort: service.port })).toMatchObject({ status: 'read' })
		},
	)

	test('an old copy is passed over for one that works', async () => {
		const service = await standIn()
		const old = join(await folder(), 'old copy')
		await writeFile(old, 'outdated')
		expect(await read(service, { tokens: [old, service.tokenFile] })).toMatchObject({ status: 'read' })
		expect(service.requests[0]?.token).toBe('outdated')
	})

	test('only an old copy: locked, wrong, and what /health says', async () => {
		const service = await standIn()
		const old = join(await folder(), 'old')
		await writeFile(old, 'outdated')
		expect(await read(service, { tokens: [join(service.home, 'none'), old] })).toEqual({
			status: 'locked',
			reason: 'wrong',
			path: old,
			online: true,
			version: '1.14.2',
		})
		await settled(service)
	})

	test('no token: locked, missing; an older service says nothing more', async () => {
		const service = await standIn({ knowsHealth: false })
		await unlink(service.tokenFile)
		expect(await read(service)).toEqual({
			status: 'locked',
			reason: 'missing',
			path: service.tokenFile,
			online: null,
			version: null,
		})
	})

	test('a folder, a pipe-like device and an empty file are no tokens, and nothing waits for them', async () => {
		const service = await standIn()
		const bad = await folder()
		await mkdir(join(bad, 'a'))
		await symlink('/dev/zero', join(bad, 'b'))
		await writeFile(join(bad, 'c'), '')
		await writeFile(join(bad, 'd'), 'x'.repeat(5000))
		await writeFile(join(bad, 'e'), 'two\nlines')
		const tokens = ['a', 'b', 'c', 'd', 'e'].map((name) => join(bad, name))
		expect(await read(service, { tokens })).toMatchObject({ status: 'locked', reason: 'wrong' })
		expect(service.requests.map(({ line }) => line)).toEqual(['GET /health'])
		expect(await read(service, { tokens: [...tokens, service.tokenFile] })).toMatchObject({ status: 'read' })
	})

	test.skipIf(process.getuid?.() === 0)('a token that is not ours to read', async () => {
		const service = await standIn()
		await chmod(service.tokenFile, 0)
		expect(await read(service)).toMatchObject({
			status: 'locked',
			reason: 'unreadable',
			path: service.tokenFile,
		})
	})

	test('a token that cannot be opened for another reason is not ours to read either', async () => {
		const service = await standIn()
		const loop = join(service.home, 'loop')
		await symlink(loop, loop)
		expect(await read(service, { tokens: [join(service.home, 'none'), loop] })).toMatchObject({
			status: 'locked',
			reason: 'unreadable',
			path: loop,
		})
	})

	test('HAWSER_ZEROTIER_HOME moves all of it; the settings’ tokenFile is tried first', async () => {
		const service = await standIn()
		const home = await folder()
		await writeFile(join(home, 'mine'), 'mine0')
		const env = { HAWSER_ZEROTIER_HOME: service.home }
		const zerotier = createZeroTier({ platform: 'linux', home, env, tokenFile: '~/mine' })
		expect(await zerotier.read()).toMatchObject({ status: 'read' })
		expect(service.requests[0]?.token).toBe('mine0')
		await service.stop()
		expect(await zerotier.read()).toEqual({ status: 'not-installed' })
	})

	test('the settings of a running engine may name more token files later', async () => {
		const service = await standIn()
		const other = join(service.home, 'other')
		await writeFile(other, service.token)
		const named: string[] = []
		const zerotier = createZeroTier({ places: { ...service.places, tokens: [] }, tokenFiles: () => named })
		expect(await zerotier.read()).toMatchObject({ status: 'locked', reason: 'missing' })
		named.push(other)
		expect(await zerotier.read()).toMatchObject({ status: 'read' })
	})

	test('the usual places', () => {
		const mac = zerotierPlaces({ platform: 'darwin', home: '/Users/a b', env: {} })
		expect(mac.tokens).toEqual([
			'/Users/a b/Library/Application Support/ZeroTier/One/authtoken.secret',
			'/Users/a b/Library/Application Support/ZeroTier/authtoken.secret',
			'/Library/Application Support/ZeroTier/One/authtoken.secret',
		])
		const linux = zerotierPlaces({ platform: 'linux', home: '/home/a', env: {}, tokenFile: '~/t' })
		expect(linux.tokens).toEqual([
			'/home/a/t',
			'/var/lib/zerotier-one/authtoken.secret',
			'/home/a/.zeroTierOneAuthToken',
		])
		expect(linux.defaultPort).toBe(9993)
	})
})

describe('an answer that is not understood', () => {
	const table: [string, Fault, RegExp][] = [
		['500', { kind: 'status', code: 500 }, /with 500/],
		['404', { kind: 'status', code: 404 }, /with 404/],
		['garbage', { kind: 'body', text: '\u0000\u0001{' }, /not JSON/],
		['a web page', { kind: 'body', text: '<html></html>', type: 'text/html' }, /not JSON/],
		['the wrong type', { kind: 'body', text: '42' }, /not what ZeroTier says/],
		['half of it', { kind: 'half' }, /without an answer|half way|aborted/],
		['another protocol', { kind: 'noise' }, /not HTTP/],
		['closed at once', { kind: 'close' }, /without an answer/],
		['silence', { kind: 'silent' }, /within 0.7 s/],
		['a byte now and then', { kind: 'trickle' }, /within 0.7 s/],
		['200 MB that it announces', { kind: 'flood', bytes: 200e6, announced: true }, /longer than/],
		['200 MB that it does not', { kind: 'flood', bytes: 200e6, announced: false }, /longer than/],
	]
	for (const path of ['/status', '/network', '/peer'])
		test.each(table)(`${path}: %s`, async (_, fault, reason) => {
			const service = await standIn({ networks: [network()], faults: { [path]: fault } })
			expect(await read(service)).toEqual({ status: 'garbled', reason: expect.stringMatching(reason) })
			await settled(service)
		})

	test.each(table)('/health without a token: %s', async (_, fault, reason) => {
		const service = await standIn({ faults: { '/health': fault } })
		expect(await read(service, { tokens: [] })).toEqual({
			status: 'garbled',
			reason: expect.stringMatching(reason),
		})
		await settled(service)
	})

	test('a redirect is not followed: the token goes nowhere else', async () => {
		const asked: (string | undefined)[] = []
		const elsewhere = createServer((request, response) => {
			asked.push(request.url)
			response.end('{}')
		})
		await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', () => resolve()))
		cleanups.push(() => new Promise((resolve) => elsewhere.close(resolve)))
		const to = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/status`
		const service = await standIn({ faults: { all: { kind: 'redirect', to } } })
		expect(await read(service)).toEqual({ status: 'garbled', reason: expect.stringMatching(/with 302/) })
		expect(asked).toEqual([])
	})

	test('of 200 MB at every question, forty times, little is read and nothing kept', async () => {
		const flood: Fault = { kind: 'flood', bytes: 200e6, announced: false }
		const service = await standIn({ faults: { all: flood } })
		setFlagsFromString('--expose-gc')
		const collect: () => void = runInNewContext('gc')
		const times = async (count: number) => {
			for (let index = 0; index < count; index++)
				expect((await read(service)).status satisfies ZeroTierReading['status']).toBe('garbled')
			collect()
			return process.memoryUsage().arrayBuffers / 2 ** 20
		}
		const before = await times(10)
		const after = await times(30)
		// 40 readings of 3 × 4 MiB; the sockets' own buffers on top.
		expect(service.sent()).toBeLessThan(40 * 3 * 16 * 2 ** 20)
		expect(after - before).toBeLessThan(64)
		await settled(service)
	})

	test('a reading that is given up closes its connections', async () => {
		const service = await standIn({ faults: { all: { kind: 'silent' } } })
		const ender = new AbortController()
		const reading = createZeroTier({ places: service.places }).read(ender.signal)
		await expect.poll(() => service.connections()).toBe(3)
		ender.abort(new Error('enough'))
		await expect(reading).rejects.toThrow('enough')
		await settled(service)
	})
})

describe('joining', () => {
	const codeOf = (work: Promise<unknown>) =>
		work.then(
			() => 'joined',
			(error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
		)

	test('the first network of all is answered with {}, and is joined nevertheless', async () => {
		const service = await standIn()
		await createZeroTier({ places: service.places }).join(networkId)
		expect(service.state.networks.map(({ id }) => id)).toEqual([networkId])
		await settled(service)
	})

	test.each([
		[
			'refused',
			{ faults: { [`/network/${networkId}`]: { kind: 'status', code: 500 } } },
			'zerotier-join-failed',
		],
		['silent', { faults: { [`/network/${networkId}`]: { kind: 'silent' } } }, 'zerotier-join-failed'],
		['garbled', { faults: { '/status': { kind: 'noise' } } }, 'zerotier-garbled'],
	] as const)('%s', async (_, change, code) => {
		const service = await standIn(change)
		const zerotier = createZeroTier({ places: service.places, limits: { timeoutMs: 500 } })
		expect(await codeOf(zerotier.join(networkId))).toBe(code)
	})

	test('without a token, and without a service', async () => {
		const service = await standIn()
		await unlink(service.tokenFile)
		const zerotier = createZeroTier({ places: service.places })
		expect(await codeOf(zerotier.join(networkId))).toBe('zerotier-token-missing')
		await service.down()
		expect(await codeOf(zerotier.join(networkId))).toBe('zerotier-not-running')
	})
})
