import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Operation, Rung } from '../../src/contract/state.ts'
import { judgeService } from '../../src/engine/checks/zerotier-service.ts'
import { Operations } from '../../src/engine/operations.ts'
import { problem } from '../../src/engine/problems.ts'
import { quote } from '../../src/engine/quote.ts'
import { Store } from '../../src/engine/store.ts'
import { startZeroTierJoin, startZeroTierRestart } from '../../src/engine/zerotier/operations.ts'
import { createZeroTier, type ZeroTierOptions } from '../../src/engine/zerotier/zerotier.ts'
import { emptyState } from '../unit/states.ts'
import {
	network,
	networkId,
	ownNode,
	type ServiceState,
	startZeroTierService,
	type ZeroTierStandIn,
} from './zerotier-service.ts'

/** Restart and join against the stand-in; what restarts the service is a script in a PATH of the test's own. */

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const pace = { onlineMs: 1500, settleMs: 1500, lookMs: 2000, joinMs: 1500, pollMs: 25 }

async function setUp(change: Partial<ServiceState> = {}, options: ZeroTierOptions = {}) {
	const service = await startZeroTierService(change)
	const bin = await mkdtemp(join(tmpdir(), 'hawser bin '))
	const store = new Store(emptyState(), (state) => state.summary)
	const operations = new Operations(store, Date.now)
	cleanups.push(
		() => service.stop(),
		() => rm(bin, { recursive: true, force: true }),
		() => operations.dispose(),
	)
	const env = { PATH: bin }
	const zerotier = createZeroTier({
		places: service.places,
		platform: 'linux',
		uid: 0,
		env,
		limits: { timeoutMs: 500 },
		...options,
	})
	/** A program of that name, which writes down how it was called and then does this. */
	const program = async (name: string, body: string) => {
		const path = join(bin, name)
		await writeFile(
			path,
			`#!/bin/sh\nPATH=/usr/bin:/bin\nprintf '%s\\n' "$0" "$@" >>${quote(join(bin, 'calls'))}\n${body}\n`,
		)
		await chmod(path, 0o755)
	}
	const calls = async () =>
		(await readFile(join(bin, 'calls'), 'utf8')).replaceAll(`${bin}/`, '').trim().split('\n')
	const end = async (id: string) => {
		const outcome = await operations.wait(id)
		const { steps } = store.state.operations[id] as Operation
		return { outcome, steps, details: steps.map(({ detail }) => detail), last: steps.at(-1)?.detail }
	}
	/** A workstation whose port answers while ZeroTier is online. */
	const lab = (name = 'lab') => ({
		name,
		check: async (): Promise<Rung[]> => {
			const finding = judgeService(await zerotier.read())
			const rung = (id: Rung['id'], part: Partial<Rung>): Rung => ({
				id,
				title: id,
				verdict: 'ok',
				finding: '',
				facts: {},
				problem: null,
				at: 1,
				...part,
			})
			const found = 'problem' in finding ? (finding.problem ?? null) : null
			return [
				rung('network', {}),
				rung('zerotier-service', { verdict: finding.verdict, finding: finding.finding, problem: found }),
				rung('port', { verdict: finding.verdict === 'ok' ? 'ok' : 'unknown' }),
				rung('gpu', { verdict: 'failing', problem: problem('gpu-none', {}) }),
			]
		},
	})
	const restart = (workstations = [lab()]) =>
		startZeroTierRestart({ operations, zerotier, workstations, pace })
	return { service, bin, store, operations, zerotier, program, calls, end, lab, restart }
}

/** Makes the stand-in come back when the script has run: it waits for the script's file. */
async function backAfter(service: ZeroTierStandIn, bin: string, then: () => void): Promise<void> {
	await expect
		.poll(
			() =>
				stat(join(bin, 'calls')).then(
					() => true,
					() => false,
				),
			{ timeout: 5000, interval: 20 },
		)
		.toBe(true)
	then()
	await service.up()
}

describe('restarting ZeroTier', () => {
	test('it helped', async () => {
		const { service, bin, program, calls, end, restart } = await setUp()
		await program('systemctl', 'exit 0')
		await service.down()
		const id = restart()
		await backAfter(service, bin, () => {})
		const { outcome, details, steps } = await end(id)
		expect(outcome).toMatchObject({ status: 'succeeded', problem: null })
		expect(details).toEqual([
			'lab: ZeroTier is not running on this laptop',
			'',
			'It is online',
			'It helped: lab answers now',
		])
		expect(steps.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done'])
		expect(await calls()).toEqual(['systemctl', 'restart', 'zerotier-one'])
	})

	test('it did not help: the service stays offline', async () => {
		const { program, end, restart } = await setUp({ online: false })
		await program('systemctl', 'exit 0')
		const { outcome, last } = await end(restart())
		expect(outcome).toMatchObject({ status: 'failed', problem: { code: 'zerotier-offline' } })
		expect(last).toBe('It did not help: ZeroTier is offline')
	})

	test('it is online, and the workstation is still silent', async () => {
		const { program, end, restart, lab } = await setUp()
		await program('systemctl', 'exit 0')
		const silent = {
			name: 'far',
			check: async () => {
				const rungs = await lab().check()
				return rungs.map((rung) =>
					rung.id === 'port'
						? {
								...rung,
								verdict: 'failing' as const,
								problem: problem('port-silent', { host: 'far', port: 22, seconds: 5 }),
							}
						: rung,
				)
			},
		}
		const { outcome, last } = await end(restart([lab(), silent]))
		expect(outcome.status).toBe('succeeded')
		expect(last).toBe(
			`It did not help: far: ${problem('port-silent', { host: 'far', port: 22, seconds: 5 }).title}`,
		)
	})

	test('nothing was broken; one that uses no ZeroTier is left out', async () => {
		const { program, end, restart, lab } = await setUp()
		await program('systemctl', 'exit 0')
		const other = {
			name: 'built-in',
			check: async () => {
				const rungs = await lab().check()
				return rungs.map(
					(rung) => ({ ...rung, verdict: rung.id === 'zerotier-service' ? 'unused' : 'failing' }) as Rung,
				)
			},
		}
		const { details } = await end(restart([lab(), other]))
		expect(details[0]).toBe('Nothing is broken')
		expect(details[3]).toBe('Nothing was broken before, and nothing is now')
	})

	test('somebody who is not root is asked by pkexec', async () => {
		const { program, calls, end, restart } = await setUp({}, { uid: 1000 })
		await program('pkexec', 'exit 0')
		expect((await end(restart())).outcome.status).toBe('succeeded')
		expect(await calls()).toEqual(['pkexec', 'systemctl', 'restart', 'zerotier-one'])
	})

	test('macOS asks by its own dialog', async () => {
		const { program, calls, end, restart } = await setUp({}, { platform: 'darwin', uid: 501 })
		await program('osascript', 'exit 0')
		expect((await end(restart())).outcome.status).toBe('succeeded')
		expect(await calls()).toEqual([
			'osascript',
			'-e',
			'do shell script "launchctl kickstart -k system/com.zerotier.one" with administrator privileges',
		])
	})

	test.each([
		[
			'the dialog was dismissed',
			'linux',
			'pkexec',
			'echo "Error executing command as another user: Request dismissed" >&2; exit 126',
			'the question for the administrator’s password was cancelled',
		],
		[
			'macOS’s dialog was cancelled',
			'darwin',
			'osascript',
			'echo "0:88: execution error: User canceled. (-128)" >&2; exit 1',
			'the question for the administrator’s password was cancelled',
		],
		[
			'no such unit',
			'linux',
			'pkexec',
			'echo "Failed to restart zerotier-one.service: Unit zerotier-one.service not found." >&2; exit 5',
			'Failed to restart zerotier-one.service: Unit zerotier-one.service not found',
		],
		['without a word', 'linux', 'pkexec', 'exit 7', 'exit code 7'],
		['missing', 'linux', 'other', '', 'pkexec is not there'],
	] as const)('%s: it says why, and what to type', async (_, platform, name, body, reason) => {
		const { program, end, restart } = await setUp({}, { platform, uid: 1000 })
		await program(name, body)
		const { outcome, steps } = await end(restart())
		expect(outcome).toMatchObject({
			status: 'failed',
			problem: {
				code: 'zerotier-restart-failed',
				facts: { reason },
				next: {
					kind: 'copy',
					text:
						platform === 'darwin'
							? 'sudo launchctl kickstart -k system/com.zerotier.one'
							: 'sudo systemctl restart zerotier-one',
				},
			},
		})
		expect(steps.map(({ status }) => status)).toEqual(['done', 'failed', 'skipped', 'skipped'])
	})

	test('it can be cancelled while the system asks, and again while it waits', async () => {
		const { service, operations, program, end, restart, store, bin } = await setUp({}, { uid: 1000 })
		await program('pkexec', 'exec sleep 60')
		const running = (id: string) =>
			store.state.operations[id]?.steps.find(({ status }) => status === 'running')?.id
		const id = restart()
		await expect.poll(() => stat(join(bin, 'calls')).then(() => running(id))).toBe('restart')
		operations.cancel(id)
		expect((await end(id)).outcome).toMatchObject({ status: 'cancelled' })
		await program('pkexec', 'exit 0')
		await service.down()
		const next = restart()
		await expect.poll(() => running(next), { timeout: 5000 }).toBe('online')
		operations.cancel(next)
		expect((await end(next)).outcome).toMatchObject({ status: 'cancelled' })
	})

	test('it can be cancelled during a look that never ends', async () => {
		const { operations, zerotier, store, end } = await setUp()
		const stuck = { name: 'stuck', check: () => new Promise<Rung[]>(() => {}) }
		const slow = { ...pace, lookMs: 60_000 }
		const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
		const before = timers()
		const id = startZeroTierRestart({ operations, zerotier, workstations: [stuck], pace: slow })
		await expect.poll(() => store.state.operations[id]?.steps[0]?.status).toBe('running')
		operations.cancel(id)
		expect((await end(id)).outcome.status).toBe('cancelled')
		await expect.poll(timers).toBe(before)
	})

	test('a look that never ends does not hold it up', async () => {
		const { program, end, restart } = await setUp()
		await program('systemctl', 'exit 0')
		const { last } = await end(restart([{ name: 'stuck', check: () => new Promise(() => {}) }]))
		expect(last).toBe('It did not help: stuck: its check does not end')
	})

	test('one at a time', async () => {
		const { program, restart, end } = await setUp()
		await program('systemctl', 'exec sleep 0.3')
		const id = restart()
		expect(() => restart()).toThrow(
			expect.objectContaining({ problem: expect.objectContaining({ code: 'operation-busy' }) }),
		)
		await end(id)
	})
})

describe('joining a network', () => {
	const join_ = async (change: Partial<ServiceState>) => {
		const made = await setUp(change)
		const { operations, zerotier, end } = made
		return await end(startZeroTierJoin({ operations, zerotier, pace }, networkId))
	}

	test('until it is OK, with the address', async () => {
		const { outcome, steps, last } = await join_({
			joining: ['REQUESTING_CONFIGURATION', 'REQUESTING_CONFIGURATION', 'OK'],
		})
		expect(outcome).toMatchObject({ status: 'succeeded' })
		expect(steps[0]?.title).toBe(`Join ${networkId}`)
		expect(last).toBe('172.25.0.7')
	})

	test('one that is joined already', async () => {
		expect(await join_({ networks: [network()] })).toMatchObject({
			outcome: { status: 'succeeded' },
			last: '172.25.0.7',
		})
	})

	test.each([
		[['REQUESTING_CONFIGURATION', 'ACCESS_DENIED'], 'stopped', 'zerotier-denied', { node: ownNode }],
		[['NOT_FOUND'], 'stopped', 'zerotier-not-found', {}],
		[['CLIENT_TOO_OLD'], 'stopped', 'zerotier-client-too-old', { version: '1.14.2' }],
		[['PORT_ERROR'], 'failed', 'zerotier-port-error', {}],
		[['AUTHENTICATION_REQUIRED'], 'stopped', 'zerotier-authentication', {}],
		[['REQUESTING_CONFIGURATION'], 'failed', 'zerotier-requesting', {}],
		[[''], 'failed', 'zerotier-join-failed', { reason: 'it does not say what it is' }],
	] as const)('%j ends it as %s: %s', async (joining, status, code, facts) => {
		const { outcome } = await join_({ joining: [...joining] })
		expect(outcome).toMatchObject({ status, problem: { code, facts: { network: networkId, ...facts } } })
	})

	test('a service that goes away meanwhile', async () => {
		const { service, operations, zerotier, end } = await setUp({ joining: ['REQUESTING_CONFIGURATION'] })
		const id = startZeroTierJoin({ operations, zerotier, pace: { ...pace, joinMs: 10_000 } }, networkId)
		await expect.poll(() => service.state.networks.length).toBe(1)
		await service.down()
		expect((await end(id)).outcome).toMatchObject({
			status: 'failed',
			problem: { code: 'zerotier-not-running' },
		})
	})

	test('cancelled', async () => {
		const { service, operations, zerotier, end } = await setUp({ joining: ['REQUESTING_CONFIGURATION'] })
		const id = startZeroTierJoin({ operations, zerotier, pace: { ...pace, joinMs: 10_000 } }, networkId)
		await expect.poll(() => service.state.networks.length).toBe(1)
		operations.cancel(id)
		expect((await end(id)).outcome).toMatchObject({ status: 'cancelled' })
		await expect.poll(() => service.connections()).toBe(0)
	})
})
