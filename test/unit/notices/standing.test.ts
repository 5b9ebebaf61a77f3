import { describe, expect, test, vi } from 'vitest'
import type { AgentState, Operation, Run } from '../../../src/contract/state.ts'
import { Away, awayMs } from '../../../src/engine/notices/away.ts'
import { settleMs } from '../../../src/engine/notices/gate.ts'
import { problem } from '../../../src/engine/problems.ts'
import {
	linkAsksForKey,
	linkAsksForLogin,
	linkUp,
	someOperation,
	someRun,
	startedAt,
	workstation,
} from '../states.ts'
import { face, makeGate } from './gate-bed.ts'

const lost = (since: number) => ({
	status: 'lost' as const,
	problem: problem('link-lost', { host: 'lab' }),
	since,
	nextTryAt: since + 1000,
})
const stopped = {
	status: 'stopped' as const,
	problem: problem('link-off', { host: 'lab' }),
	since: startedAt,
}

describe('a link that waits for a person', () => {
	test.each([
		['host-key', linkAsksForKey],
		['login', linkAsksForLogin()],
		['link-off', stopped],
	])('%s: told once it has stood for a moment, once until the link was up', async (what, link) => {
		const bed = await makeGate()
		bed.set(link)
		await bed.pass(settleMs - 1)
		expect(bed.ids()).toEqual([])
		await bed.pass(2)
		const id = `person:lab:${what}:${startedAt}`
		expect(bed.shown()).toMatchObject([{ id, kind: 'waits-for-person', title: 'lab waits for you' }])
		expect(bed.sent.map((message) => message.id)).toEqual([id])
		await bed.claimAll()
		// The same question again, and an engine that is started again with it.
		bed.set(lost(Date.now()))
		await bed.pass(10)
		bed.set(link)
		await bed.pass(settleMs + 1)
		expect(bed.ids()).toEqual([])
		await bed.dispose()
		const later = await makeGate({ link })
		await later.pass(settleMs + 1)
		expect(later.ids()).toEqual([])
		later.set(linkUp({ since: Date.now() }))
		await later.pass(10)
		later.set(link)
		await later.pass(settleMs + 1)
		expect(later.ids()).toEqual([`person:lab:${what}:${Date.now() - settleMs - 1}`])
	})

	test('the next engine tells what no face of this one has told', async () => {
		const bed = await makeGate({ link: linkAsksForKey })
		await bed.pass(settleMs + 1)
		expect(bed.ids()).toEqual([`person:lab:host-key:${startedAt}`])
		await bed.dispose()
		const later = await makeGate({ link: linkAsksForKey })
		await later.pass(settleMs + 1)
		expect(later.ids()).toEqual([`person:lab:host-key:${startedAt}`])
		expect(later.sent).toEqual([])
	})

	test('a question that is answered at once is no notice', async () => {
		const bed = await makeGate()
		bed.set(linkAsksForLogin())
		await bed.pass(settleMs - 1)
		bed.set(linkUp({ since: Date.now() }))
		await bed.pass(60_000)
		expect([bed.ids(), bed.sent]).toEqual([[], []])
	})

	test('what nobody has claimed goes with the question', async () => {
		const bed = await makeGate()
		bed.set(linkAsksForLogin())
		await bed.pass(settleMs + 1)
		expect(bed.ids()).toHaveLength(1)
		bed.set(linkUp({ since: Date.now() }))
		await bed.pass(1)
		expect(bed.ids()).toEqual([])
	})

	test('a call of hawser asks in its terminal: nothing is sent', async () => {
		const bed = await makeGate({ resident: false })
		bed.set(linkAsksForLogin())
		await bed.pass(settleMs + 1)
		bed.ended('r1')
		await bed.pass(1)
		expect(bed.sent.map(({ id }) => id)).toEqual(['run:r1'])
	})

	test('one that nobody wants connected waits for nobody', async () => {
		const bed = await makeGate()
		bed.store.put('workstations', 'lab', workstation({ wanted: false, link: linkAsksForKey }))
		await bed.pass(60_000)
		expect(bed.ids()).toEqual([])
	})
})

describe('an operation that stopped', () => {
	const outcome: Operation['outcome'] = {
		status: 'stopped',
		problem: problem('conflict', { files: ['a'] }),
		run: null,
		series: [],
		commits: { up: [], back: [] },
		metrics: null,
	}
	const put = (bed: Awaited<ReturnType<typeof makeGate>>, change: Partial<Operation> = {}) =>
		bed.store.put(
			'operations',
			'o1',
			someOperation({ outcome, startedAt: startedAt - 60_000, endedAt: startedAt, ...change }),
		)

	test.each<[string, Partial<Operation>, boolean]>([
		['long after it was begun', {}, true],
		['at once, before the eyes of who asked for it', { startedAt: startedAt - 2000 }, false],
		['and failed', { outcome: { ...outcome, status: 'failed' } }, false],
		['and is about no project', { project: '' }, false],
	])('%s: %#', async (_name, change, told) => {
		const bed = await makeGate()
		put(bed, change)
		await bed.pass(1)
		expect(bed.ids()).toEqual(told ? [`person:nt:conflict:${startedAt}`] : [])
	})

	test('one that nobody asked for is told however short it was', async () => {
		const bed = await makeGate()
		bed.gate.byItself('o1')
		put(bed, { startedAt })
		await bed.pass(1)
		expect(bed.ids()).toHaveLength(1)
		bed.store.put('operations', 'o1', undefined)
		await bed.pass(1)
		expect(bed.ids()).toEqual([])
	})

	test('one that a terminal waits for is shown there, and not told later either', async () => {
		const bed = await makeGate()
		const end = bed.onlookers.follow(face(), 'o1')
		put(bed)
		await bed.pass(1)
		end()
		put(bed, { cancelling: false })
		await bed.pass(1)
		expect(bed.ids()).toEqual([])
	})
})

describe('a workstation out of reach', () => {
	const running = someRun({ outcome: { status: 'running' } })
	async function gone(runs: Run[]) {
		const bed = await makeGate()
		for (const run of runs) bed.store.put('runs', run.id, run)
		bed.set(lost(Date.now()))
		await bed.pass(1)
		return bed
	}
	const tell = awayMs + 30_000

	test('for five minutes with a run on it: told, once while it lasts', async () => {
		const bed = await gone([running])
		await bed.pass(awayMs - 1000)
		expect(bed.ids()).toEqual([])
		await bed.pass(31_000)
		expect(bed.shown()).toMatchObject([{ kind: 'out-of-reach', title: 'lab is out of reach', run: 'r1' }])
		expect(await bed.claimAll()).toHaveLength(1)
		bed.set({ status: 'dialling', since: Date.now(), attempt: 9, problem: null })
		await bed.pass(3_600_000)
		// It answers for a moment and is gone again.
		bed.set(linkUp({ since: Date.now() }))
		await bed.pass(60_000)
		bed.set(lost(Date.now()))
		await bed.pass(3_600_000)
		expect(bed.ids()).toEqual([])
		bed.set(linkUp({ since: Date.now() }))
		await bed.pass(awayMs)
		bed.set(lost(Date.now()))
		await bed.pass(tell)
		expect(bed.ids()).toHaveLength(1)
	})

	test.each<[string, Run[], Parameters<Awaited<ReturnType<typeof makeGate>>['set']>[0]]>([
		['no run is on it', [], lost(startedAt)],
		['its run has ended', [someRun()], lost(startedAt)],
		['the run is on another', [{ ...running, workstation: 'spare' }], lost(startedAt)],
		['the laptop has no network', [running], { status: 'waiting', since: startedAt }],
		['it is there', [running], linkUp()],
	])('not when %s', async (_name, runs, link) => {
		const bed = await gone(runs)
		bed.set(link)
		await bed.pass(tell)
		expect(bed.ids()).toEqual([])
	})

	test('reconnects within five minutes are not told', async () => {
		const bed = await gone([running])
		for (let round = 0; round < 10; round++) {
			await bed.pass(awayMs - 30_000)
			bed.set(linkUp({ since: Date.now() }))
			await bed.pass(1000)
			bed.set(lost(Date.now()))
		}
		expect(bed.ids()).toEqual([])
	})

	test('time asleep does not count: the link has its five minutes first', async () => {
		const bed = await gone([running])
		await bed.pass(60_000)
		vi.setSystemTime(Date.now() + 8 * 3_600_000)
		await bed.pass(awayMs - 30_000)
		expect(bed.ids()).toEqual([])
		await bed.pass(60_000)
		expect(bed.ids()).toHaveLength(1)
		// And it goes when it is back, if nobody has claimed it.
		bed.set(linkUp({ since: Date.now() }))
		await bed.pass(1)
		expect(bed.ids()).toEqual([])
	})

	test('is called due once', async () => {
		const due: string[] = []
		const away = new Away(Date.now, (name) => void due.push(name))
		away.set('lab', true)
		await vi.advanceTimersByTimeAsync(3 * awayMs)
		expect(due).toEqual(['lab'])
		away.dispose()
	})

	test('holds no timer once it is back, or at the end', async () => {
		const bed = await gone([running])
		bed.set(linkAsksForLogin(), 'spare')
		await bed.pass(1)
		bed.ended('r9')
		await bed.dispose()
		expect(vi.getTimerCount()).toBe(0)
	})
})

describe('a coding agent', () => {
	const agent = (change: Partial<Extract<AgentState, { branch: string }>> = {}): AgentState => ({
		status: 'waits' as const,
		at: startedAt,
		command: 'claude',
		version: '1',
		loggedIn: true,
		problem: null,
		branch: 'agent',
		worktree: '~/secret-agent',
		commits: 2,
		changedCount: 0,
		since: startedAt,
		lastLine: 'May I?',
		exitCode: null,
		...change,
	})
	async function withAgent(state: AgentState) {
		const bed = await makeGate()
		bed.store.put('projects', 'nt', { name: 'nt', workstation: 'lab', agent: state } as never)
		await bed.pass(1)
		return bed
	}

	test.each<[AgentState, string[], string]>([
		[agent(), ['The agent of nt waits for you'], '2 commits to bring back'],
		[
			agent({ status: 'ended', exitCode: 1 }),
			['The agent of nt ended on lab'],
			'exit code 1 · 2 commits to bring back',
		],
		[agent({ status: 'running' }), [], ''],
		[agent({ status: 'idle', since: null }), [], ''],
		[agent({ since: startedAt - 25 * 3_600_000 }), [], ''],
		[{ status: 'unknown' }, [], ''],
	])('%#', async (state, titles, outside) => {
		const bed = await withAgent(state)
		expect(bed.shown().map(({ title }) => title)).toEqual(titles)
		for (const message of bed.sent) expect(message.body).toBe(outside)
	})

	test('is told once each time it waits, also after a restart', async () => {
		const bed = await withAgent(agent())
		expect(await bed.claimAll()).toEqual([`agent:nt:${startedAt}`])
		await bed.dispose()
		const later = await withAgent(agent())
		expect(later.ids()).toEqual([])
		later.store.update('projects', 'nt', (old) => ({ ...old, agent: agent({ since: startedAt + 5 }) }))
		await later.pass(1)
		expect(later.ids()).toEqual([`agent:nt:${startedAt + 5}`])
	})
})

describe('a webhook that fails', () => {
	test('is told here once until it works again, and sent nowhere', async () => {
		const bed = await makeGate()
		const failed = problem('webhook-failed', { host: 'h', said: 'HTTP 404', tries: 1 })
		bed.gate.webhookFailed(failed)
		await bed.pass(1)
		expect(bed.shown()).toMatchObject([{ title: 'A notice could not be sent to the webhook' }])
		await bed.claimAll()
		bed.gate.webhookFailed(failed)
		await bed.pass(1)
		expect([bed.ids(), bed.sent]).toEqual([[], []])
		bed.gate.webhookWorks()
		await bed.pass(1)
		bed.gate.webhookFailed(failed)
		await bed.pass(1)
		expect(bed.ids()).toHaveLength(1)
	})
})
