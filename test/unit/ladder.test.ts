import { afterEach, describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { rungIds, rungSchema } from '../../src/contract/state.ts'
import type { Finding } from '../../src/engine/checks/check.ts'
import { checks } from '../../src/engine/checks/checks.ts'
import { climb, unprobed } from '../../src/engine/checks/ladder.ts'
import { problem } from '../../src/engine/problems.ts'
import { context, fake } from './checks/context.ts'
import { startedAt } from './states.ts'

const ok: Finding = { verdict: 'ok', finding: 'fine' }
const broken: Finding = { verdict: 'failing', finding: 'no network', problem: problem('network-down', {}) }

afterEach(() => vi.useRealTimers())

describe('floors', () => {
	test('a rung whose floor is failing waits for it, was not probed, and passes that on', async () => {
		const rungs = await climb(
			[fake('network', [], broken), fake('port', ['network'], ok), fake('login', ['port'], ok)],
			context(),
		)
		expect(rungs.map(({ verdict, finding, at }) => [verdict, finding, at])).toEqual([
			['failing', 'no network', startedAt],
			['unknown', 'waits for network', null],
			['unknown', 'waits for port', null],
		])
	})

	test.each([
		['that could not be read', { verdict: 'unknown', finding: 'no token' } as const],
		['that is not used', { verdict: 'unused', finding: 'not used' } as const],
		['that threw', new Error('boom')],
	])('a floor %s stops nobody', async (_what, floor) => {
		const rungs = await climb(
			[fake('zerotier-service', [], floor), fake('port', ['zerotier-service'], ok)],
			context(),
		)
		expect(rungs[1]).toMatchObject({ verdict: 'ok', at: startedAt })
	})

	test('one of several failing floors is enough', async () => {
		const rungs = await climb(
			[
				fake('network', [], ok),
				fake('zerotier-peer', [], broken),
				fake('port', ['network', 'zerotier-peer'], ok),
			],
			context(),
		)
		expect(rungs[2]).toMatchObject({ verdict: 'unknown', finding: 'waits for zerotier-peer' })
	})

	test('what is known wins over the floors, is not probed again and carries the next', async () => {
		const probe = vi.fn(async () => ok)
		const known = () => ({ verdict: 'ok', finding: 'answers', facts: { endpoint: 'lab:22' } }) as const
		const rungs = await climb(
			[fake('network', [], broken), fake('port', ['network'], probe, known), fake('login', ['port'], ok)],
			context(),
		)
		expect(rungs.map(({ verdict }) => verdict)).toEqual(['failing', 'ok', 'ok'])
		expect(rungs[1]).toMatchObject({ finding: 'answers', facts: { endpoint: 'lab:22' }, at: startedAt })
		expect(probe).not.toHaveBeenCalled()
	})

	test('what is known only once the floors were probed counts as well', async () => {
		let up = false
		const floor = async () => {
			up = true
			return broken
		}
		const rungs = await climb(
			[fake('network', [], floor), fake('port', ['network'], ok, () => (up ? ok : null))],
			context(),
		)
		expect(rungs[1]).toMatchObject({ verdict: 'ok', at: startedAt })
	})

	test('one that cannot say what it knows is probed', async () => {
		const confused = () => {
			throw new Error('boom')
		}
		const [rung] = await climb([fake('port', [], ok, confused)], context())
		expect(rung).toMatchObject({ verdict: 'ok' })
	})
})

describe('climbing', () => {
	test('rungs that do not depend on each other run together', async () => {
		const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
		// Each ends only when the other has begun.
		const meets = (mine: typeof first, other: typeof first) => async () => {
			mine.resolve()
			await other.promise
			return ok
		}
		const rungs = await climb(
			[fake('gpu', [], meets(first, second)), fake('disk', [], meets(second, first))],
			context(),
		)
		expect(rungs.map(({ verdict }) => verdict)).toEqual(['ok', 'ok'])
	})

	test('each rung is told when it is known, with its facts', async () => {
		const told: string[] = []
		await climb(
			[fake('network', [], { ...ok, facts: { interface: 'en0' } }), fake('port', ['network'], ok)],
			context(),
			(rung) => told.push(`${rung.id} ${JSON.stringify(rung.facts)}`),
		)
		expect(told).toEqual(['network {"interface":"en0"}', 'port {}'])
	})

	test('a check that throws is unknown, with the reason', async () => {
		const thrown = new ProblemError(problem('remote-timeout', { script: 'facts', seconds: 20 }))
		const lost = new ProblemError(problem('link-lost', { host: 'lab', reason: '' }))
		const rungs = await climb(
			[fake('tools', [], thrown), fake('gpu', [], lost), fake('disk', [], new Error('boom'))],
			context(),
		)
		expect(rungs).toMatchObject([
			{
				verdict: 'unknown',
				finding: thrown.problem.title,
				problem: { code: 'remote-timeout' },
				at: startedAt,
			},
			// The link tells of it itself.
			{ verdict: 'unknown', finding: lost.problem.title, problem: null },
			{ verdict: 'unknown', problem: null },
		])
	})

	test('a check that hangs is unknown after its time, and leaves no timer', async () => {
		vi.useFakeTimers()
		const hangs = fake('port', [], () => new Promise<never>(() => {}))
		const climbing = climb([hangs, fake('login', ['port'], ok)], context())
		await vi.advanceTimersByTimeAsync(29_000)
		expect(vi.getTimerCount()).toBe(1)
		await vi.advanceTimersByTimeAsync(1_000)
		expect((await climbing).map(({ finding }) => finding)).toEqual(['no answer in 30 s', 'fine'])
		expect(vi.getTimerCount()).toBe(0)
	})
})

describe('the product’s own ladder', () => {
	test('has every rung of the contract, in its order, each after its floors', () => {
		expect(checks.map(({ id }) => id)).toEqual([...rungIds])
		const seen = new Set<string>()
		for (const check of checks) {
			for (const floor of check.dependsOn) expect(seen).toContain(floor)
			seen.add(check.id)
		}
	})

	test('is whole before anything was probed', () => {
		for (const rung of unprobed(checks))
			expect(rungSchema.parse(rung)).toMatchObject({ verdict: 'unknown', at: null })
	})
})
