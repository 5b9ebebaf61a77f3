import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Run } from '../../../src/contract/state.ts'
import { gatherMs } from '../../../src/engine/notices/gathering.ts'
import { RunBook } from '../../../src/engine/run-book.ts'
import { linkUp, someRun, startedAt } from '../states.ts'
import { face, makeGate } from './gate-bed.ts'

type Bed = Awaited<ReturnType<typeof makeBed>>

const going = { status: 'running' } as const
const member = (id: string, change: Partial<Run> = {}) =>
	someRun({ id, series: 's1', outcome: going, parameters: { context: id }, ...change })
const ended = (status: 'succeeded' | 'failed' | 'cancelled', endedAt = startedAt + 60_000): Run['outcome'] =>
	status === 'failed' ? { status, endedAt, exitCode: 3 } : { status, endedAt }

/** The gate behind the book that feeds it, over the one ledger on the disk. */
async function makeBed(options: Parameters<typeof makeGate>[0] = {}) {
	const gate = await makeGate(options)
	const book = new RunBook({
		store: gate.store,
		ledger: gate.ledger,
		now: Date.now,
		ended: () => {},
		tell: (run) => gate.gate.runEnded(run),
	})
	return {
		...gate,
		/** The workstation tells of these, as one answer. */
		async seen(...runs: Run[]) {
			for (const run of runs) book.seen(run)
			await gate.ledger.flush()
			await gate.pass(0)
		},
		async pass(ms: number) {
			await gate.ledger.flush()
			await gate.pass(ms)
		},
		remove: (...ids: string[]) => book.gone(ids),
	}
}

const titles = (bed: Bed) => bed.shown().map(({ title, body }) => `${title}: ${body}`)

describe('a series', () => {
	test('its successes are told once, when all of it is over: how many, the best, how long', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'), member('c'))
		await bed.seen(member('a', { outcome: ended('succeeded'), metrics: { MASE: 0.91 } }))
		await bed.seen(member('b', { outcome: ended('succeeded'), metrics: { MASE: 0.8123456 } }))
		await bed.pass(3_600_000)
		expect([bed.ids(), bed.sent]).toEqual([[], []])
		const last = { outcome: ended('succeeded', startedAt + 120_000), metrics: { MASE: 0.85 } }
		await bed.seen(member('c', last))
		await bed.pass(gatherMs)
		expect(titles(bed)).toEqual([
			'3 runs of nt finished on lab: 3 finished · best MASE 0.8123 (context=b) · 2 min',
		])
		expect(bed.shown()[0]).toMatchObject({
			kind: 'several',
			covers: ['run:a', 'run:b', 'run:c'],
			project: 'nt',
		})
		// What somebody wrote into parameters stays here.
		expect(bed.sent).toMatchObject([
			{ body: '3 finished · best MASE 0.8123 · 2 min', urgent: false, at: startedAt + 120_000 },
		])
		await bed.claimAll()
		await bed.seen(member('a', { outcome: ended('succeeded') }), member('c', last))
		await bed.pass(60_000)
		expect([bed.ids(), bed.sent.length]).toEqual([[], 1])
	})

	test('a failure is told at once, and counted at the end', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'), member('c'))
		await bed.seen(member('a', { outcome: ended('succeeded') }))
		await bed.seen(member('b', { outcome: ended('failed') }))
		await bed.pass(1)
		expect(bed.ids()).toEqual(['run:b'])
		await bed.claimAll()
		await bed.seen(member('c', { outcome: ended('cancelled') }))
		await bed.pass(gatherMs)
		expect(titles(bed)).toEqual(['3 runs of nt ended on lab: 1 finished, 1 cancelled, 1 failed · 1 min'])
		expect(bed.shown()[0]?.covers).toEqual(['run:a', 'run:c'])
	})

	test('whose last run fails is over too', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'))
		await bed.seen(member('a', { outcome: ended('succeeded') }))
		await bed.seen(member('b', { outcome: ended('failed') }))
		await bed.pass(gatherMs)
		expect(bed.ids()).toEqual(['run:b', 'several:run:a'])
	})

	test('of which all failed has no end of its own', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'))
		await bed.seen(member('a', { outcome: ended('failed') }), member('b', { outcome: ended('failed') }))
		await bed.pass(60_000)
		expect(bed.ids()).toEqual(['run:a', 'run:b'])
	})

	test.each([1, 2])(
		'that the app did not live to see end is told by the %d. one after it',
		async (restarts) => {
			let bed = await makeBed()
			await bed.seen(member('a'), member('b'), member('c'))
			await bed.seen(member('a', { outcome: ended('succeeded') }))
			await bed.seen(member('b', { outcome: ended('failed') }))
			await bed.pass(1)
			expect(await bed.claimAll()).toEqual(['run:b'])
			const told = [
				member('a', { outcome: ended('succeeded') }),
				member('b', { outcome: ended('failed') }),
				member('c'),
			]
			for (let restart = 1; restart < restarts; restart++) {
				await bed.dispose()
				bed = await makeBed({ upSince: Date.now() })
				await bed.seen(...told)
				await bed.pass(60_000)
				expect(bed.ids()).toEqual([])
			}
			await bed.dispose()
			const later = await makeBed({ upSince: Date.now() })
			await later.seen(...told.slice(0, 2), member('c', { outcome: ended('succeeded') }))
			await later.pass(2 * gatherMs)
			expect(titles(later)).toEqual(['3 runs of nt ended on lab: 2 finished, 1 failed · 1 min'])
			expect(later.shown()[0]?.covers).toEqual(['run:a', 'run:c'])
		},
	)

	test('shown, but claimed by nobody: the next app shows the same, and sends it not again', async () => {
		const bed = await makeBed()
		const all = ['a', 'b'].map((id) => member(id, { outcome: ended('succeeded') }))
		await bed.seen(member('a'), member('b'))
		await bed.seen(...all)
		await bed.pass(gatherMs)
		expect([bed.ids(), bed.sent.length]).toEqual([['several:run:a'], 1])
		await bed.dispose()
		const later = await makeBed({ upSince: Date.now() })
		await later.seen(...all)
		await later.pass(2 * gatherMs)
		expect([later.ids(), later.sent]).toEqual([['several:run:a'], []])
		expect(await later.claimAll()).toEqual(['several:run:a'])
	})

	test('told of in pieces: its end is not taken for over before all of it is known', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'))
		await bed.dispose()
		const later = await makeBed()
		await later.seen(member('a', { outcome: ended('succeeded') }))
		await later.pass(gatherMs / 2)
		await later.seen(member('b'))
		await later.pass(60_000)
		expect(later.ids()).toEqual([])
		await later.seen(member('b', { outcome: ended('succeeded') }))
		await later.pass(gatherMs)
		expect(later.ids()).toEqual(['several:run:a'])
	})

	test('of which the last ends come one after another is told once', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'), member('c'))
		await bed.dispose()
		const later = await makeBed()
		for (const id of ['a', 'b', 'c']) {
			await later.seen(member(id, { outcome: ended('succeeded') }))
			await later.pass(5)
		}
		await later.pass(gatherMs)
		expect(later.shown().map(({ covers }) => covers)).toEqual([['run:a', 'run:b', 'run:c']])
		expect(later.sent).toHaveLength(1)
	})

	test('what a terminal has told is not told again; all of it told so leaves nothing', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'), member('c'))
		await bed.seen(member('a', { outcome: ended('succeeded') }))
		expect(await bed.gate.claim('run:a')).toBe(true)
		await bed.seen(member('b', { outcome: ended('succeeded') }), member('c', { outcome: ended('succeeded') }))
		await bed.pass(gatherMs)
		expect(bed.shown().map(({ covers }) => covers)).toEqual([['run:b', 'run:c']])
		await bed.gate.claim('run:b')
		expect(titles(bed)).toEqual(['3 runs of nt finished on lab: 3 finished · 1 min'])
		expect(bed.shown()[0]?.covers).toEqual(['run:c'])
		await bed.gate.claim('run:c')
		expect(bed.ids()).toEqual([])
	})

	test('one that somebody looks at is told by that; what is taken away holds up nothing', async () => {
		const bed = await makeBed()
		await bed.seen(member('a'), member('b'), member('c'))
		bed.onlookers.lookAt(face(), 'a')
		await bed.seen(member('a', { outcome: ended('succeeded') }))
		await bed.seen(member('b', { outcome: ended('succeeded') }))
		expect(bed.looked).toEqual(['a'])
		bed.remove('c')
		await bed.pass(gatherMs)
		expect(bed.shown().map(({ covers }) => covers)).toEqual([['run:b']])
	})

	test('beside other news after a gap it is part of the one summary', async () => {
		const bed = await makeBed({ upSince: startedAt })
		const alone = ['x', 'y'].map((id) => someRun({ id, outcome: going }))
		await bed.seen(member('a'), member('b'), ...alone)
		bed.set(linkUp({ since: Date.now() }))
		const all = [member('a'), member('b'), ...alone]
		await bed.seen(...all.map((run) => ({ ...run, outcome: ended('succeeded') })))
		await bed.pass(gatherMs)
		expect(titles(bed)).toEqual(['4 runs ended on lab: 4 finished'])
		expect(await bed.claimAll()).toHaveLength(1)
	})
})

test('in any order of ends, restarts and claims, each run of a series is told exactly once, and sent once', async () => {
	const ids = ['a', 'b', 'c', 'd', 'x']
	const step = fc.oneof(
		{
			weight: 5,
			arbitrary: fc.record({
				do: fc.constant('end' as const),
				at: fc.nat(ids.length - 1),
				how: fc.constantFrom('succeeded' as const, 'failed' as const, 'cancelled' as const),
			}),
		},
		{ weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(2500) }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
		{
			weight: 1,
			arbitrary: fc.record({ do: fc.constant('terminal' as const), at: fc.nat(ids.length - 1) }),
		},
		{ weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
	)
	let round = 0
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
			const own = `r${++round}`
			const runs = new Map(
				ids.map((id) => [
					`${own}-${id}`,
					member(`${own}-${id}`, { series: id === 'x' ? null : own, startedAt: Date.now() }),
				]),
			)
			const nameOf = (at: number) => `${own}-${ids[at]}`
			const told: string[] = []
			const sent: string[] = []
			let bed = await makeBed()
			await bed.seen(...runs.values())
			const claim = async () => {
				for (const { id, covers } of bed.shown())
					if (await bed.gate.claim(id)) told.push(...(covers.length > 0 ? covers : [id]))
			}
			const restart = async () => {
				for (const { id, covers } of bed.sent) sent.push(...(covers.length > 0 ? covers : [id]))
				await bed.dispose()
				bed = await makeBed({ upSince: Date.now() })
				await bed.seen(...runs.values())
			}
			const end = async (id: string, how: 'succeeded' | 'failed' | 'cancelled') => {
				const run = runs.get(id)
				if (run?.outcome.status !== 'running') return
				const over = { ...run, outcome: ended(how, Date.now()) }
				runs.set(id, over)
				await bed.seen(over)
			}
			for (const step of steps) {
				if (step.do === 'end') await end(nameOf(step.at), step.how)
				else if (step.do === 'pass') await bed.pass(step.ms)
				else if (step.do === 'claim') await claim()
				else if (step.do === 'restart') await restart()
				else if (runs.get(nameOf(step.at))?.outcome.status !== 'running')
					if (await bed.gate.claim(`run:${nameOf(step.at)}`)) told.push(`run:${nameOf(step.at)}`)
			}
			for (const id of runs.keys()) await end(id, 'succeeded')
			await bed.pass(10_000)
			await claim()
			await restart()
			await bed.pass(10_000)
			expect(bed.ids()).toEqual([])
			for (const { id, covers } of bed.sent) sent.push(...(covers.length > 0 ? covers : [id]))
			expect(told.toSorted()).toEqual([...runs.keys()].map((id) => `run:${id}`).toSorted())
			expect(new Set(sent).size).toBe(sent.length)
			await bed.dispose()
		}),
		{ numRuns: 100 },
	)
}, 60_000)
