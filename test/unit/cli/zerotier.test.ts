import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import type { OperationOutcome, Step } from '../../../src/contract/state.ts'
import { type ZeroTierReading, zerotierReadingSchema } from '../../../src/contract/zerotier.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, jsonLines, now } from './call.ts'
import { operation, outcome, state, workstation } from './states.ts'

type Read = Extract<ZeroTierReading, { status: 'read' }>

const lab = {
	id: '8056c2e21c000001',
	name: 'lab net',
	status: 'OK',
	addresses: ['172.25.0.7/16'],
	device: 'zt7nnig26',
	loginUrl: null,
}
const peer = { latencyMs: 4, heardAt: now, sentAt: now, endpoint: null, version: '1.14.2' }
const read = (over: Partial<Read> = {}): Read => ({
	status: 'read',
	at: now,
	node: '1a2b3c4d5e',
	version: '1.14.2',
	online: true,
	tunneled: false,
	networks: [lab],
	peers: [
		{ node: '2222222222', role: 'LEAF', path: 'direct', ...peer },
		{ node: '3333333333', role: 'LEAF', path: 'relayed', ...peer },
		{ node: '4444444444', role: 'PLANET', path: 'direct', ...peer },
	],
	...over,
})

const locked = (reason: 'missing' | 'unreadable' | 'wrong'): ZeroTierReading => ({
	status: 'locked',
	reason,
	path: '/var/lib/zerotier-one/authtoken.secret',
	online: true,
	version: '1.14.2',
})

const engine = (reading: ZeroTierReading) => {
	const peerOfLab = { path: 'relayed' as const, latencyMs: 31.6, heardAt: now - 20_000 }
	const workstations = { lab: workstation({ peer: peerOfLab }), other: workstation({ name: 'other' }) }
	return new FakeEngine({ readZeroTier: () => reading }, state({ workstations }))
}

describe('zt status', () => {
	test('the service, its networks, its peers, and how the workstations are reached', async () => {
		const { code, text, error } = await finished(engine(read()), ['zt', 'status'])
		expect(text).toMatchInlineSnapshot(`
			"ZeroTier 1.14.2 · ● online · this node is 1a2b3c4d5e
			  ● 8056c2e21c000001  lab net  OK  172.25.0.7/16  zt7nnig26
			  2 peers · 1 direct · 1 relayed · 1 root
			  lab: relayed · 32 ms · heard 20 s ago
			"
		`)
		expect(error).toBe('')
		expect(code).toBe(0)
		const alone = await finished(engine(read()), ['zt'])
		expect(alone).toMatchObject({ code, text })
	})

	test('--json holds the reading and what is wrong', async () => {
		const { code, text } = await finished(engine(read({ online: false })), ['zt', '--json'])
		const found = JSON.parse(text) as { zerotier: unknown; problems: unknown[] }
		expect(zerotierReadingSchema.parse(found.zerotier)).toEqual(read({ online: false }))
		expect(found.problems).toMatchObject([{ code: 'zerotier-offline' }])
		expect(code).toBe(3)
	})

	test.each<[string, ZeroTierReading, number, string]>([
		['not installed', { status: 'not-installed' }, 4, 'Install ZeroTier One'],
		['not running', { status: 'not-running', port: 9993 }, 3, '→ hawser zt restart'],
		['no token', locked('missing'), 1, 'There is no token'],
		['a token of the administrator’s', locked('unreadable'), 1, '→ mkdir -p '],
		['a token too old', locked('wrong'), 1, 'One command renews it'],
		['not understood', { status: 'garbled', reason: 'it says \u001b[2Jhello' }, 1, 'it says hello'],
		['offline', read({ online: false }), 3, '→ hawser zt restart'],
	])('%s: what is so, and what to do', async (_what, reading, expected, words) => {
		const { code, text, error } = await finished(engine(reading), ['zt', 'status'])
		expect(code).toBe(expected)
		expect(text).toMatch(/^ZeroTier/)
		expect(error).toContain(words)
	})

	test.each([
		['ACCESS_DENIED', 4, 'authorise the node 1a2b3c4d5e'],
		['NOT_FOUND', 4, 'There is no ZeroTier network 8056c2e21c000001'],
		['PORT_ERROR', 3, '→ hawser zt restart'],
		['CLIENT_TOO_OLD', 4, 'Version 1.14.2'],
		['REQUESTING_CONFIGURATION', 3, 'waits for the network'],
		['AUTHENTICATION_REQUIRED', 4, '→ https://login.example/a?b=c'],
	])('a network that says %s', async (status, expected, words) => {
		const loginUrl = 'https://login.example/a?b=c'
		const networks = [lab, { ...lab, status, addresses: [], loginUrl }]
		const { code, text, error } = await finished(engine(read({ networks })), ['zt'])
		expect(code).toBe(expected)
		expect(text).toContain(status)
		expect(error).toContain(words)
	})

	test('an address to log in that no face should open is not shown as one', async () => {
		const networks = [{ ...lab, status: 'AUTHENTICATION_REQUIRED', loginUrl: 'file:///etc/passwd' }]
		const { code, error } = await finished(engine(read({ networks })), ['zt'])
		expect(code).toBe(4)
		expect(error).not.toContain('file:')
	})

	test('no network, and names that move the cursor', async () => {
		expect((await finished(engine(read({ networks: [] })), ['zt'])).text).toContain('no network is joined')
		const hostile = { ...lab, name: '\u001b[2Jx\ny\u202e' }
		expect((await finished(engine(read({ networks: [hostile] })), ['zt'])).text).toContain('x y')
	})
})

const step = (status: Step['status']): Step => ({
	id: 'restart',
	title: 'Restart ZeroTier',
	status,
	detail: '',
	startedAt: now,
	endedAt: status === 'done' ? now : null,
})

/** An engine that restarts or joins, and finds this after it. */
function working(ended: OperationOutcome, after: ZeroTierReading) {
	const put = (status: Step['status']) =>
		fake.change({
			slice: 'operations',
			key: 'op',
			value: operation('zerotier-restart', { id: 'op', project: '', workstation: '', steps: [step(status)] }),
		})
	const begin = () => {
		put('running')
		return { operation: 'op' }
	}
	const fake: FakeEngine = new FakeEngine(
		{
			restartZeroTier: begin,
			joinZeroTier: begin,
			waitOperation: async () => {
				await new Promise(setImmediate)
				put(ended.status === 'succeeded' ? 'done' : 'failed')
				return ended
			},
			readZeroTier: () => after,
		},
		state(),
	)
	return fake
}

describe('zt restart', () => {
	test('shows its steps; done when it is online again', async () => {
		const { code, text, error } = await finished(working(outcome(), read()), ['zt', 'restart'])
		expect(text).toContain('→ Restart ZeroTier…\n✓ Restart ZeroTier')
		expect(text).toContain('ZeroTier 1.14.2 · ● online')
		expect(error).toBe('')
		expect(code).toBe(0)
		// Another network that is denied says nothing about the restart; nor does a token that cannot be read.
		const denied = read({ networks: [{ ...lab, status: 'ACCESS_DENIED' }] })
		expect((await finished(working(outcome(), denied), ['zt', 'restart'])).code).toBe(0)
		expect((await finished(working(outcome(), locked('missing')), ['zt', 'restart'])).code).toBe(0)
	})

	test('that did not help is no success', async () => {
		const { code, error } = await finished(working(outcome(), read({ online: false })), ['zt', 'restart'])
		expect(code).toBe(3)
		expect(error).toContain('ZeroTier is offline')
	})

	test('that was not allowed says why', async () => {
		const facts = { reason: 'nobody entered it', command: 'sudo systemctl restart zerotier-one' }
		const ended = outcome({ status: 'failed', problem: problem('zerotier-restart-failed', facts) })
		const { code, error } = await finished(working(ended, read()), ['zt', 'restart'])
		expect(code).toBe(1)
		expect(error).toContain('→ sudo systemctl restart zerotier-one')
		const json = await finished(working(ended, read()), ['zt', 'restart', '--json'])
		expect(jsonLines(json.text).at(-1)).toMatchObject({
			outcome: 'failed',
			zerotier: { status: 'read' },
			problems: [{ code: 'zerotier-restart-failed' }],
		})
	})

	test('an engine that refuses it says why', async () => {
		const fake = working(outcome(), read())
		fake.handlers.restartZeroTier = () => {
			throw new ProblemError(problem('zerotier-not-installed', {}))
		}
		expect((await finished(fake, ['zt', 'restart'])).code).toBe(4)
	})
})

describe('zt join', () => {
	test.each([['8056c2e21c00000'], ['8056c2e21c00000x'], ['8056c2e21c0000012'], ['-x'], ['']])(
		'%j is no network: the engine is not asked',
		async (network) => {
			const fake = working(outcome(), read())
			const { code, error } = await finished(fake, ['zt', 'join', '--', network])
			expect(code).toBe(2)
			expect(error).toMatch(/16 hexadecimal digits/)
			expect(fake.asked).toEqual([])
		},
	)

	test('joins, and says that its admin has to let this laptop in', async () => {
		const networks = [{ ...lab, status: 'ACCESS_DENIED', addresses: [] }]
		const fake = working(outcome(), read({ networks }))
		const { code, error } = await finished(fake, ['zt', 'join', '8056C2E21C000001'])
		expect(fake.asked).toContainEqual({ name: 'joinZeroTier', input: { network: '8056c2e21c000001' } })
		expect(error).toContain('authorise the node 1a2b3c4d5e')
		expect(code).toBe(4)
		expect((await finished(working(outcome(), read()), ['zt', 'join', lab.id])).code).toBe(0)
	})
})
