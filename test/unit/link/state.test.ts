import { describe, expect, test } from 'vitest'
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
	key: { type: 'ssh-ed25519', blob: Buffer.from('x') },
	fingerprint: 'SHA256:x',
}
const opened: LinkEvent = { type: 'opened', endpoint: 'lab:22' }
const failed = (why = refused): LinkEvent => ({ type: 'failed', problem: why })

/** Plays events, each at its time in ms; without chance the back-off is at its longest. */
function play(events: [at: number, event: LinkEvent][], from = initialMachine) {
	let machine: Machine = from
	let effects: Effect[] = []
	for (const [now, event] of events) [machine, effects] = step(machine, event, { now, random: 1 })
	return { machine, state: machine.state, effects, did: effects.map((effect) => effect.do).join(' ') }
}
const dialling: [number, LinkEvent][] = [[0, { type: 'connect' }]]
const up: [number, LinkEvent][] = [...dialling, [5, opened]]
const away: [number, LinkEvent][] = [...dialling, [5, failed()]]
const asking: [number, LinkEvent][] = [...dialling, [5, { type: 'asked', key: asked }]]
const stopped: [number, LinkEvent][] = [...dialling, [5, failed(changed)]]
const states = { off: [] as [number, LinkEvent][], dialling, up, away, asking, stopped }

describe('every event in every state', () => {
	const table: [keyof typeof states, LinkEvent['type'], LinkEvent, string, string][] = [
		['off', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['off', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['off', 'disconnect', { type: 'disconnect' }, 'off', ''],
		['off', 'opened', opened, 'off', ''],
		['off', 'failed', failed(), 'off', ''],
		['off', 'due', { type: 'due' }, 'off', ''],
		['dialling', 'connect', { type: 'connect' }, 'dialling', ''],
		['dialling', 'retry', { type: 'retry' }, 'dialling', ''],
		['dialling', 'opened', opened, 'up', ''],
		['dialling', 'failed', failed(), 'lost', 'wait'],
		['dialling', 'failed', failed(changed), 'stopped', ''],
		['dialling', 'asked', { type: 'asked', key: asked }, 'asking', ''],
		['dialling', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['up', 'connect', { type: 'connect' }, 'up', ''],
		['up', 'retry', { type: 'retry' }, 'up', 'probe'],
		['up', 'failed', failed(lost), 'lost', 'wait'],
		['up', 'measured', { type: 'measured', latencyMs: 3 }, 'up', ''],
		['up', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['away', 'due', { type: 'due' }, 'dialling', 'dial'],
		['away', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['away', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['away', 'opened', opened, 'lost', ''],
		['away', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['asking', 'connect', { type: 'connect' }, 'asking', ''],
		['asking', 'retry', { type: 'retry' }, 'asking', ''],
		['asking', 'answered', { type: 'answered', accept: true }, 'dialling', 'dial'],
		['asking', 'answered', { type: 'answered', accept: false }, 'stopped', ''],
		['asking', 'disconnect', { type: 'disconnect' }, 'off', 'stop-waiting drop'],
		['stopped', 'due', { type: 'due' }, 'stopped', ''],
		['stopped', 'retry', { type: 'retry' }, 'dialling', 'stop-waiting dial'],
		['stopped', 'connect', { type: 'connect' }, 'dialling', 'stop-waiting dial'],
		['stopped', 'answered', { type: 'answered', accept: true }, 'stopped', ''],
	]
	test.each(table)('%s, %s', (from, _type, event, to, did) => {
		const after = play([...states[from], [10, event]])
		expect([after.state.status, after.did]).toEqual([to, did])
	})
})

test('an accepted key is kept before the next dial, and only then', () => {
	expect(play([...asking, [10, { type: 'answered', accept: true }]]).effects).toEqual([
		{ do: 'dial', keep: asked },
	])
	expect(play(dialling).effects.at(-1)).toEqual({ do: 'dial', keep: null })
})

describe('the back-off', () => {
	test('doubles to its cap and never ends while it is wanted', () => {
		let machine = play(dialling).machine
		const waits: number[] = []
		for (let round = 0; round < 40; round++) {
			const after = play([[0, failed()]], machine)
			const wait = after.effects[0]
			if (wait?.do === 'wait') waits.push(wait.ms)
			machine = play([[0, { type: 'due' }]], after.machine).machine
		}
		expect(waits.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
		expect(waits).toHaveLength(40)
		expect(machine.state).toMatchObject({ status: 'dialling', attempt: 41 })
	})

	test('chance takes up to half of it', () => {
		expect([0, 0.5, 1].map((random) => backOffMs(1, random, standardBackOff))).toEqual([500, 750, 1000])
	})

	test('begins anew after a steady connection, not after one that falls at once', () => {
		const worn = play([...away, [10, { type: 'due' }], [20, opened]]).machine
		expect(play([[30, failed(lost)]], worn).state).toMatchObject({ nextTryAt: 30 + 2000 })
		expect(play([[20_000, failed(lost)]], worn).state).toMatchObject({ nextTryAt: 20_000 + 1000 })
	})

	test('a person who asks begins it anew', () => {
		const after = play([...away, [6, { type: 'retry' }], [7, failed()]])
		expect(after.state).toMatchObject({ status: 'lost', since: 7, nextTryAt: 1007 })
	})
})
