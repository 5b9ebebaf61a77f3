import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoginQuestion } from '../../../src/contract/state.ts'
import type { AskedKey } from '../../../src/engine/link/host-keys.ts'
import {
	backOffMs,
	type Effect,
	initialMachine,
	type LinkEvent,
	type Machine,
	standardBackOff,
	step,
} from '../../../src/engine/link/state.ts'
import { problem } from '../../../src/engine/problems.ts'

const refused = problem('port-refused', { host: 'lab', port: 22 })
const lost = problem('link-lost', { host: 'lab', reason: 'gone' })
const changed = problem('host-key-changed', { host: 'lab' })
const asked: AskedKey = {
	host: 'lab',
	port: 22,
	name: 'lab',
	keyType: 'ssh-ed25519',
	key: { type: 'ssh-ed25519', blob: Buffer.from('x') },
	fingerprint: 'SHA256:x',
}
const question: LoginQuestion = {
	id: 'q1',
	kind: 'passphrase',
	host: 'lab',
	user: 'me',
	file: '~/.ssh/id_rsa',
	title: '',
	prompts: [{ text: 'Passphrase', hidden: true }],
	again: false,
	mayKeep: false,
}
const code: LoginQuestion = { ...question, id: 'q2', kind: 'prompts', file: '' }
const opened: LinkEvent = {
	type: 'opened',
	endpoint: 'lab:22',
	through: ['door:22'],
	transport: { kind: 'ssh2', reason: '' },
}
const failed = (why = refused): LinkEvent => ({ type: 'failed', problem: why })
const noRoute: LinkEvent = { type: 'route', has: false }
const route: LinkEvent = { type: 'route', has: true }

type Timed = [at: number, event: LinkEvent]

/** Plays events, each at its time in ms; without chance the back-off is at its longest. */
function play(events: Timed[], from = initialMachine) {
	let machine: Machine = from
	let effects: Effect[] = []
	for (const [now, event] of events) [machine, effects] = step(machine, event, { now, random: 1 })
	return { machine, state: machine.state, effects, did: effects.map((effect) => effect.do).join(' ') }
}
const dialling: Timed[] = [[0, { type: 'connect' }]]
const checking: Timed[] = [...dialling, [1, { type: 'phase', phase: 'host-key' }]]
const loggingIn: Timed[] = [...checking, [2, { type: 'phase', phase: 'login' }]]
const up: Timed[] = [...loggingIn, [5, opened]]
const away: Timed[] = [...dialling, [5, failed()]]
const keyAsked: Timed[] = [...checking, [5, { type: 'key-asked', key: asked }]]
const secretAsked: Timed[] = [
	...loggingIn,
	[5, { type: 'secret-asked', secret: { kind: 'passphrase', file: question.file }, question }],
]
const codeAsked: Timed[] = [...loggingIn, [5, { type: 'question', question: code }]]
const stopped: Timed[] = [...dialling, [5, failed(changed)]]
const offline: Timed[] = [
	[0, noRoute],
	[1, { type: 'connect' }],
]
const states = {
	off: [] as Timed[],
	dialling,
	checking,
	loggingIn,
	up,
	away,
	keyAsked,
	secretAsked,
	codeAsked,
	stopped,
	offline,
}

describe('every event in every state', () => {
	const table: [keyof typeof states, LinkEvent['type'], LinkEvent, string, string][] = [
		['off', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['off', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['off', 'disconnect', { type: 'disconnect' }, 'off', ''],
		['off', 'opened', opened, 'off', ''],
		['off', 'failed', failed(), 'off', ''],
		['off', 'due', { type: 'due' }, 'off', ''],
		['off', 'wake', { type: 'wake' }, 'off', ''],
		['off', 'route', noRoute, 'off', ''],
		['dialling', 'connect', { type: 'connect' }, 'dialling', ''],
		['dialling', 'retry', { type: 'retry' }, 'dialling', ''],
		['dialling', 'phase', { type: 'phase', phase: 'host-key' }, 'host-key', ''],
		['dialling', 'opened', opened, 'up', ''],
		['dialling', 'failed', failed(), 'lost', 'wait'],
		['dialling', 'failed', failed(changed), 'stopped', ''],
		['dialling', 'key-asked', { type: 'key-asked', key: asked }, 'host-key', ''],
		['dialling', 'wake', { type: 'wake' }, 'dialling', 'drop stop-waiting dial'],
		['dialling', 'route', noRoute, 'waiting', 'stop-waiting drop'],
		['dialling', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['checking', 'failed', failed(), 'lost', 'wait'],
		['checking', 'key-answered', { type: 'key-answered', accept: true }, 'host-key', ''],
		['checking', 'phase', { type: 'phase', phase: 'login' }, 'login', ''],
		['checking', 'wake', { type: 'wake' }, 'dialling', 'drop stop-waiting dial'],
		['loggingIn', 'opened', opened, 'up', ''],
		['loggingIn', 'failed', failed(changed), 'stopped', ''],
		['loggingIn', 'question', { type: 'question', question: code }, 'login', ''],
		['loggingIn', 'secret-given', { type: 'secret-given' }, 'login', ''],
		['loggingIn', 'route', noRoute, 'waiting', 'stop-waiting drop'],
		['up', 'connect', { type: 'connect' }, 'up', ''],
		['up', 'retry', { type: 'retry' }, 'up', 'probe'],
		['up', 'wake', { type: 'wake' }, 'up', 'probe'],
		['up', 'route', noRoute, 'up', 'probe'],
		['up', 'phase', { type: 'phase', phase: 'login' }, 'up', ''],
		['up', 'failed', failed(lost), 'lost', 'wait'],
		['up', 'measured', { type: 'measured', latencyMs: 3 }, 'up', ''],
		['up', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['away', 'due', { type: 'due' }, 'dialling', 'dial'],
		['away', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['away', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['away', 'wake', { type: 'wake' }, 'dialling', 'stop-waiting dial'],
		['away', 'route', noRoute, 'waiting', 'stop-waiting drop'],
		['away', 'opened', opened, 'lost', ''],
		['away', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['keyAsked', 'connect', { type: 'connect' }, 'host-key', ''],
		['keyAsked', 'retry', { type: 'retry' }, 'host-key', ''],
		['keyAsked', 'wake', { type: 'wake' }, 'host-key', ''],
		['keyAsked', 'route', noRoute, 'host-key', ''],
		['keyAsked', 'opened', opened, 'host-key', ''],
		['keyAsked', 'key-answered', { type: 'key-answered', accept: true }, 'dialling', 'dial'],
		['keyAsked', 'key-answered', { type: 'key-answered', accept: false }, 'stopped', ''],
		['keyAsked', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['secretAsked', 'wake', { type: 'wake' }, 'login', ''],
		['secretAsked', 'retry', { type: 'retry' }, 'login', ''],
		['secretAsked', 'opened', opened, 'login', ''],
		['secretAsked', 'unasked', { type: 'unasked', question: 'q1' }, 'login', ''],
		['secretAsked', 'secret-given', { type: 'secret-given' }, 'dialling', 'dial'],
		['secretAsked', 'secret-denied', { type: 'secret-denied' }, 'stopped', ''],
		['secretAsked', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['codeAsked', 'unasked', { type: 'unasked', question: 'q2' }, 'login', ''],
		['codeAsked', 'opened', opened, 'up', ''],
		['codeAsked', 'secret-given', { type: 'secret-given' }, 'login', ''],
		['codeAsked', 'failed', failed(changed), 'stopped', ''],
		['codeAsked', 'wake', { type: 'wake' }, 'login', ''],
		['stopped', 'due', { type: 'due' }, 'stopped', ''],
		['stopped', 'wake', { type: 'wake' }, 'stopped', ''],
		['stopped', 'route', noRoute, 'stopped', ''],
		['stopped', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['stopped', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['stopped', 'key-answered', { type: 'key-answered', accept: true }, 'stopped', ''],
		['offline', 'connect', { type: 'connect' }, 'waiting', 'stop-waiting'],
		['offline', 'retry', { type: 'retry' }, 'waiting', 'stop-waiting'],
		['offline', 'due', { type: 'due' }, 'waiting', ''],
		['offline', 'wake', { type: 'wake' }, 'waiting', 'stop-waiting'],
		['offline', 'route', route, 'dialling', 'stop-waiting dial'],
		['offline', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
	]
	test.each(table)('%s, %s', (from, _type, event, to, did) => {
		const after = play([...states[from], [10, event]])
		expect([after.state.status, after.did]).toEqual([to, did])
	})
})

describe('what a person is asked', () => {
	test('an accepted key is kept before the next dial, and only then', () => {
		expect(play([...keyAsked, [10, { type: 'key-answered', accept: true }]]).effects).toEqual([
			{ do: 'dial', keep: asked },
		])
		expect(play(dialling).effects.at(-1)).toEqual({ do: 'dial', keep: null })
	})

	test('a question shows in the state, and is gone with its answer', () => {
		expect(play(codeAsked).state).toEqual({ status: 'login', since: 5, question: code })
		expect(play([...codeAsked, [6, { type: 'unasked', question: 'other' }]]).state).toMatchObject({
			question: code,
		})
		expect(play([...codeAsked, [6, { type: 'unasked', question: 'q2' }]]).state).toMatchObject({
			question: null,
		})
	})

	test('an accepted key is kept also when the network is gone by then', () => {
		const after = play([...keyAsked, [6, noRoute], [10, { type: 'key-answered', accept: true }]])
		expect(after.effects).toEqual([{ do: 'dial', keep: asked }])
		expect(play([[11, failed()]], after.machine).state).toEqual({ status: 'waiting', since: 11 })
	})

	test.each<[string, Timed[], LinkEvent]>([
		['a key', keyAsked, { type: 'key-answered', accept: true }],
		['a secret', secretAsked, { type: 'secret-given' }],
		['a code', codeAsked, { type: 'unasked', question: 'q2' }],
	])('%s that was asked for is no reason any more once it is answered', (_what, before, answer) => {
		expect(play(before).machine.problem).not.toBeNull()
		expect(play([...before, [10, answer]]).machine.problem).toBeNull()
	})

	test('after no answer nothing is tried: only a person gets it going again', () => {
		const denied = play([...secretAsked, [6, { type: 'secret-denied' }]])
		expect(denied.state).toMatchObject({ status: 'stopped', problem: { code: 'login-key-locked' } })
		expect(denied.effects).toEqual([])
	})
})

describe('without a network', () => {
	test('a connection that falls waits for one instead of trying', () => {
		const after = play([...up, [6, noRoute], [7, failed(lost)]])
		expect([after.state, after.did]).toEqual([{ status: 'waiting', since: 7 }, ''])
		expect(play([[60, route]], after.machine)).toMatchObject({ state: { status: 'dialling', attempt: 1 } })
	})

	test.each(['wake', 'connect', 'retry'] as const)('%s does not make the wait for it younger', (type) => {
		expect(play([...offline, [60_000, { type }]]).state).toEqual({ status: 'waiting', since: 1 })
	})

	test('one that is back soon is as if nothing had been', () => {
		const after = play([...up, [6, noRoute], [7, route]])
		expect(after.state).toMatchObject({ status: 'up', since: 5 })
	})
})

describe('the back-off', () => {
	test('grows to its cap and never ends while it is wanted', () => {
		let machine = play(dialling).machine
		let now = 0
		const waits: number[] = []
		for (let round = 0; round < 40; round++) {
			const after = play([[now, failed()]], machine)
			const wait = after.effects[0]
			if (wait?.do !== 'wait') throw new Error('it does not try again')
			// Not longer than half of the time it has been down.
			expect(wait.ms).toBeLessThanOrEqual(Math.max(1000, Math.ceil(now / 2)))
			waits.push(wait.ms)
			now += wait.ms
			machine = play([[now, { type: 'due' }]], after.machine).machine
		}
		expect(waits).toEqual(waits.toSorted((one, other) => one - other))
		expect(waits[0]).toBe(1000)
		expect(waits.slice(15)).toEqual(Array.from({ length: 25 }, () => 60_000))
		expect(machine.state).toMatchObject({ status: 'dialling', attempt: 41 })
	})

	test('doubles at most, however long it was down before', () => {
		const waits = [1, 2, 3, 7].map((failures) => backOffMs(failures, 3_600_000, 1, standardBackOff))
		expect(waits).toEqual([1000, 2000, 4000, 60_000])
	})

	test('chance takes up to half of it', () => {
		expect([0, 0.5, 1].map((random) => backOffMs(1, 0, random, standardBackOff))).toEqual([500, 750, 1000])
	})

	test('begins anew after a steady connection, not after one that falls at once', () => {
		const worn = play([...away, [10, { type: 'due' }], [20, opened]]).machine
		// Two failures in a row, but down for no time: as after the first.
		expect(play([[30, failed(lost)]], worn)).toMatchObject({
			machine: { failures: 2 },
			state: { nextTryAt: 30 + 1000 },
		})
		const steady = play([[20_000, failed(lost)]], worn)
		expect(steady.state).toMatchObject({ nextTryAt: 20_000 + 200 })
		const next = play(
			[
				[20_200, { type: 'due' }],
				[20_300, failed()],
			],
			steady.machine,
		)
		expect(next.state).toMatchObject({ nextTryAt: 20_300 + 1000 })
	})

	test.each(['retry', 'wake'] as const)('%s begins it anew', (type) => {
		const after = play([...away, [6, { type }], [7, failed()]])
		// Down for as long as it is, however often it was tried.
		expect(after.state).toMatchObject({ status: 'lost', since: 5, nextTryAt: 1007 })
		expect(
			play(
				[
					[8, { type: 'retry' }],
					[9, opened],
					[20, failed(lost)],
				],
				after.machine,
			).state,
		).toMatchObject({
			since: 20,
		})
	})
})

/** Any event at all, in any order: what must hold whatever happens. */
const anyEvent = fc.constantFrom<LinkEvent>(
	{ type: 'connect' },
	{ type: 'disconnect' },
	{ type: 'retry' },
	{ type: 'wake' },
	{ type: 'due' },
	noRoute,
	route,
	{ type: 'phase', phase: 'host-key' },
	{ type: 'phase', phase: 'login' },
	{ type: 'key-asked', key: asked },
	{ type: 'key-answered', accept: true },
	{ type: 'key-answered', accept: false },
	{ type: 'secret-asked', secret: { kind: 'passphrase', file: 'f' }, question },
	{ type: 'question', question: code },
	{ type: 'unasked', question: 'q2' },
	{ type: 'secret-given' },
	{ type: 'secret-denied' },
	opened,
	failed(),
	failed(changed),
	{ type: 'measured', latencyMs: 1 },
)

test('whatever happens in whatever order, it never dials twice at once, nor waits without a reason', () => {
	fc.assert(
		fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
			let machine = initialMachine
			let open = false
			let waits = false
			for (const [now, event] of events.entries()) {
				// The world keeps to the machine's effects: a dial reports only while it is under way.
				const ofDial = ['phase', 'key-asked', 'secret-asked', 'question', 'opened', 'failed'].includes(
					event.type,
				)
				if (ofDial && !open) continue
				if (event.type === 'due' && !waits) continue
				const wasUp = machine.state.status === 'up'
				const [next, effects] = step(machine, event, { now, random: 1 })
				if (['key-asked', 'secret-asked'].includes(event.type) && !wasUp) open = next.state === machine.state
				if (event.type === 'failed' || event.type === 'due') open = event.type === 'due' && open
				if (event.type === 'due') waits = false
				machine = next
				for (const effect of effects) {
					if (effect.do === 'drop') open = false
					if (effect.do === 'dial') {
						expect(open).toBe(false)
						open = true
					}
					if (effect.do === 'wait') {
						expect(waits).toBe(false)
						waits = true
					}
					if (effect.do === 'stop-waiting') waits = false
				}
				const { state } = machine
				// Down and wanted: a timer, a network or a person gets it going again.
				expect(state.status === 'lost').toBe(waits)
				if (state.status === 'waiting') expect(machine.route).toBe(false)
				if (state.status === 'stopped') expect(state.problem.needsPerson).toBe(true)
			}
		}),
		{ numRuns: 2000 },
	)
})
