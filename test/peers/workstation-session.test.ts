import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { configSchema, type WorkstationConfig } from '../../src/contract/config.ts'
import type { LinkState, Rung, State } from '../../src/contract/state.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { problem } from '../../src/engine/problems.ts'
import { Store } from '../../src/engine/store.ts'
import { WorkstationSession } from '../../src/engine/workstation-session.ts'
import { emptyState } from '../unit/states.ts'
import { startEngine } from './engine.ts'
import { localLink } from './local-link.ts'
import { sshdMissing, startSshd } from './sshd.ts'

/** What the ladder and the wish to be connected say when the link comes and goes. */

async function temporaryFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-session-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true }))
	return folder
}

const rungOf = ({ workstations }: State, id: Rung['id']) =>
	workstations.lab?.rungs.find((rung) => rung.id === id)

const lost = {
	status: 'lost',
	problem: problem('link-lost', { host: 'lab', reason: 'dropped by the test' }),
	since: 1,
	nextTryAt: 2,
} satisfies LinkState

/** A session on the stand-in for a link; `drop` breaks it in the middle of whatever rides on it. */
async function localSession() {
	const local = localLink(await temporaryFolder())
	const listeners = new Set<(state: LinkState) => void>()
	let state: LinkState = local.state
	const drop = () => {
		state = lost
		for (const listener of listeners) listener(state)
		local.drop()
	}
	const world = { beforeExec: () => {}, retries: 0, cleared: [] as string[] }
	const link: Link = {
		...local,
		get state() {
			return state
		},
		onState: (listener) => {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		retry: () => {
			world.retries += 1
		},
		exec: async (command, signal) => {
			world.beforeExec()
			if (state.status !== 'up') throw new ProblemError(lost.problem)
			return await local.exec(command, signal)
		},
	}
	const config = configSchema.parse({ workstations: [{ name: 'lab', ssh: { host: '127.0.0.1' } }] })
	const store = new Store(emptyState(), ({ summary }) => summary)
	const session = new WorkstationSession(config.workstations[0] as WorkstationConfig, {
		link,
		store,
		secrets: { keeps: () => false, clearMemory: (name) => world.cleared.push(name) },
		zerotier: { read: () => Promise.reject(new Error('not used')) },
		builtIn: false,
		now: Date.now,
		listener: { riders: () => [], runSeen: () => {}, pendingRuns: () => [], runsGone: () => {} },
	})
	onTestFinished(() => session.dispose())
	return { session, store, world, drop, listeners }
}

describe('a session', () => {
	test('whose link falls during a climb climbs again: nothing stays green that is gone', async () => {
		const { session, store, world, drop } = await localSession()
		world.beforeExec = drop
		await session.check()
		expect(rungOf(store.state, 'tools')).toMatchObject({ verdict: 'unknown' })
		// The next climb began by itself.
		await vi.waitFor(() => expect(rungOf(store.state, 'login')?.verdict).toBe('unknown'))
		expect(rungOf(store.state, 'port')).toMatchObject({ verdict: 'failing', finding: 'lost' })
	})

	test('that is disposed forgets what was typed for it, and climbs no more', async () => {
		const { session, store, world, listeners } = await localSession()
		await session.check()
		await session.dispose()
		expect(world.cleared).toEqual(['lab'])
		expect(listeners.size).toBe(0)
		expect(store.state.workstations).toEqual({})
		await expect(session.check()).rejects.toMatchObject({ problem: { code: 'link-off' } })
	})

	test('that is tried again is wanted again', async () => {
		const { session, store, world } = await localSession()
		expect(store.state.workstations.lab?.wanted).toBe(false)
		session.retry()
		expect(store.state.workstations.lab?.wanted).toBe(true)
		expect(world.retries).toBe(1)
	})
})

test.skipIf(sshdMissing)(
	`switched off, its ladder says so${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`,
	async () => {
		const dataFolder = await temporaryFolder()
		const sshd = await startSshd()
		onTestFinished(() => sshd.stop())
		const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }] }
		await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
		const engine = await startEngine({ dataFolder })
		onTestFinished(() => engine.dispose())
		const rungs = (await engine.call('check', {})).rungs
		expect(rungs.find(({ id }) => id === 'tools')?.verdict).toBe('ok')
		await engine.call('disconnect', { workstation: 'lab' })
		for (const id of ['port', 'host-key', 'login', 'tools'] as const)
			await engine.until((state) => rungOf(state, id)?.verdict === 'unknown')
		expect(rungOf(engine.state(), 'login')?.finding).toBe('not connected')
	},
)
