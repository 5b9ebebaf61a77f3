import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatherMs } from '../../../src/engine/notices/gathering.ts'
import { problem } from '../../../src/engine/problems.ts'
import { linkUp, startedAt } from '../states.ts'
import { face, makeGate } from './gate-bed.ts'

const stopped = {
	status: 'stopped' as const,
	problem: problem('link-off', { host: 'lab' }),
	since: startedAt,
}

describe('a run’s end', () => {
	test('on a steady link it is told in the same moment, and sent once', async () => {
		const bed = await makeGate()
		bed.ended('r1')
		await bed.pass(1)
		expect(bed.shown()).toMatchObject([{ id: 'run:r1', kind: 'run-ended', run: 'r1', covers: [] }])
		expect(bed.sent.map(({ id }) => id)).toEqual(['run:r1'])
	})

	test('what was claimed is not told again, nor by a later engine; what was not, is told by it', async () => {
		const bed = await makeGate()
		bed.ended('r1')
		bed.ended('r2')
		await bed.pass(1)
		expect(await bed.gate.claim('run:r1')).toBe(true)
		expect(await bed.gate.claim('run:r1')).toBe(false)
		bed.ended('r1')
		await bed.pass(5000)
		expect(bed.ids()).toEqual(['run:r2'])
		await bed.dispose()
		const later = await makeGate()
		later.ended('r1')
		later.ended('r2')
		await later.pass(5000)
		expect(later.ids()).toEqual(['run:r2'])
		// It had been sent already.
		expect([...bed.sent, ...later.sent].map(({ id }) => id)).toEqual(['run:r1', 'run:r2'])
	})

	test('claimed before it was told, as the terminal does that waited for it: nothing', async () => {
		const bed = await makeGate({ upSince: startedAt })
		bed.ended('r1')
		await bed.gate.claim('run:r1')
		await bed.pass(gatherMs)
		expect([bed.ids(), bed.sent]).toEqual([[], []])
	})

	test('one whose end is longer ago than a week is told here, and sent nowhere', async () => {
		const bed = await makeGate()
		bed.ended('r1', { outcome: { status: 'succeeded', endedAt: startedAt - 8 * 24 * 3_600_000 } })
		await bed.pass(1)
		expect([bed.ids(), bed.sent]).toEqual([['run:r1'], []])
	})
})

describe('many at once', () => {
	test.each([
		[2, ['run:r1', 'run:r2']],
		[3, ['several:run:r1']],
		[100, ['several:run:r1']],
	])('%d after a gap', async (count, ids) => {
		const bed = await makeGate({ upSince: startedAt })
		for (let index = 1; index <= count; index++) bed.ended(`r${index}`)
		await bed.pass(gatherMs - 1)
		expect(bed.ids()).toEqual([])
		await bed.pass(1)
		expect(bed.ids()).toEqual(ids)
	})

	test('within one turn of a steady link, too; those that trickle in are told two, then together', async () => {
		const bed = await makeGate()
		for (const id of ['a', 'b', 'c']) bed.ended(id)
		await bed.pass(1)
		expect(bed.ids()).toEqual(['several:run:a'])
		await bed.claimAll()
		await bed.pass(gatherMs)
		for (const id of ['d', 'e', 'f', 'g', 'h']) {
			bed.ended(id)
			await bed.pass(10)
		}
		expect(bed.ids()).toEqual(['run:d', 'run:e'])
		await bed.pass(gatherMs)
		expect(bed.ids()).toEqual(['run:d', 'run:e', 'several:run:f'])
		expect(bed.shown().at(-1)?.covers).toEqual(['run:f', 'run:g', 'run:h'])
	})

	test('told of again and again, as every list of runs does: still once each, alone or among several', async () => {
		const bed = await makeGate({ upSince: startedAt })
		for (const id of ['a', 'b', 'a', 'b']) bed.ended(id)
		await bed.pass(gatherMs)
		expect(bed.ids()).toEqual(['run:a', 'run:b'])
		await bed.pass(60_000)
		for (const id of ['c', 'd', 'e']) bed.ended(id)
		await bed.pass(1)
		await bed.pass(60_000)
		for (const id of ['a', 'b', 'c', 'd', 'e']) bed.ended(id)
		await bed.pass(60_000)
		expect(bed.ids()).toEqual(['run:a', 'run:b', 'several:run:c'])
	})

	test('says how they ended', async () => {
		const bed = await makeGate({ upSince: startedAt })
		bed.set(stopped, 'spare')
		const endedAt = startedAt
		bed.ended('a')
		bed.ended('b')
		bed.ended('c', { outcome: { status: 'failed', endedAt, exitCode: 3 } })
		bed.ended('d', { outcome: { status: 'lost', endedAt, reason: 'restarted' }, project: 'other' })
		await bed.pass(gatherMs)
		expect(bed.shown()).toMatchObject([
			{ kind: 'several', title: '4 runs ended on lab', body: '2 finished, 1 failed, 1 lost', run: null },
		])
		expect(bed.sent).toMatchObject([{ project: null, workstation: 'lab', urgent: true }])
	})

	test('claimed, none of them is told by itself; the summary of a later engine holds only what is new', async () => {
		const bed = await makeGate({ upSince: startedAt })
		for (const id of ['a', 'b', 'c']) bed.ended(id)
		await bed.pass(gatherMs)
		expect(await bed.claimAll()).toEqual(['several:run:a'])
		await bed.dispose()
		const later = await makeGate({ upSince: Date.now() })
		for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) later.ended(id)
		await later.pass(gatherMs)
		expect(later.shown().flatMap(({ covers }) => covers)).toEqual(['run:d', 'run:e', 'run:f'])
		expect(later.sent.flatMap(({ covers }) => covers)).toEqual(['run:d', 'run:e', 'run:f'])
	})

	test('one that a terminal has told is taken out of it', async () => {
		const bed = await makeGate({ upSince: startedAt })
		for (const id of ['a', 'b', 'c', 'd']) bed.ended(id)
		await bed.pass(gatherMs)
		await bed.gate.claim('run:a')
		expect(bed.shown().map(({ id, covers }) => [id, covers])).toEqual([
			['several:run:b', ['run:b', 'run:c', 'run:d']],
		])
		// A face that still had the old one comes too late.
		expect(await bed.gate.claim('several:run:a')).toBe(false)
		await bed.gate.claim('run:b')
		expect(bed.ids()).toEqual(['run:c', 'run:d'])
		expect(bed.sent).toHaveLength(1)
	})
})

describe('somebody looks at that run', () => {
	test('its end is told and looked at, and sent nowhere; of another run it is told', async () => {
		const bed = await makeGate()
		bed.onlookers.lookAt(face(), 'r1')
		bed.ended('r1')
		bed.ended('r2')
		await bed.pass(1)
		expect([bed.ids(), bed.looked, bed.sent.map(({ id }) => id)]).toEqual([['run:r2'], ['r1'], ['run:r2']])
		await bed.dispose()
		const later = await makeGate()
		later.ended('r1')
		await later.pass(1)
		expect(later.ids()).toEqual([])
	})

	test.each(['looks away', 'is gone'])('a face that %s looks at nothing', async (how) => {
		const bed = await makeGate()
		const looking = face()
		bed.onlookers.lookAt(looking, 'r1')
		if (how === 'is gone') looking.close()
		else bed.onlookers.lookAt(looking, null)
		bed.ended('r1')
		await bed.pass(1)
		expect([bed.ids(), bed.looked]).toEqual([['run:r1'], []])
	})

	test('looked at while it was gathered', async () => {
		const bed = await makeGate({ upSince: startedAt })
		bed.ended('r1')
		bed.onlookers.lookAt(face(), 'r1')
		await bed.pass(gatherMs)
		expect([bed.ids(), bed.looked]).toEqual([[], ['r1']])
	})
})

test('in any order of repeats, restarts, claims and links, each run is told exactly once and sent at most once', async () => {
	const runs = ['a', 'b', 'c', 'd', 'e', 'f']
	const events = fc.array(
		fc.oneof(
			{ weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), run: fc.constantFrom(...runs) }) },
			{ weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(2000) }) },
			{ weight: 2, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
			{
				weight: 1,
				arbitrary: fc.record({ do: fc.constant('terminal' as const), run: fc.constantFrom(...runs) }),
			},
			{ weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
			{ weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
		),
		{ maxLength: 40 },
	)
	await fc.assert(
		fc.asyncProperty(events, fc.nat(), async (steps, seed) => {
			// Each sequence has runs of its own in the one ledger.
			const own = (run: string) => `${seed}-${Date.now()}-${run}`
			const names = new Map(runs.map((run) => [run, own(run)]))
			let bed = await makeGate({ upSince: Date.now() })
			const told: string[] = []
			const sent: string[] = []
			const ended = new Set<string>()
			const claim = async () => {
				for (const notice of bed.shown())
					if (await bed.gate.claim(notice.id))
						told.push(...(notice.kind === 'several' ? notice.covers : [notice.id]))
			}
			const restart = async () => {
				for (const message of bed.sent)
					sent.push(...(message.covers.length > 0 ? message.covers : [message.id]))
				await bed.dispose()
				bed = await makeGate({ upSince: Date.now() })
				for (const id of ended) bed.ended(id)
			}
			for (const step of steps) {
				if (step.do === 'end') {
					const id = names.get(step.run) ?? ''
					ended.add(id)
					bed.ended(id)
				} else if (step.do === 'pass') await bed.pass(step.ms)
				else if (step.do === 'claim') await claim()
				else if (step.do === 'restart') await restart()
				else if (step.do === 'reconnect') bed.set(linkUp({ since: Date.now() }))
				else {
					const id = `run:${names.get(step.run)}`
					if (await bed.gate.claim(id)) told.push(id)
				}
			}
			await restart()
			await bed.pass(5000)
			await claim()
			await restart()
			await bed.pass(5000)
			expect(bed.ids()).toEqual([])
			const all = [...new Set([...[...ended].map((id) => `run:${id}`), ...told])]
			expect(told.toSorted()).toEqual(all.toSorted())
			expect(new Set(sent).size).toBe(sent.length)
			await bed.dispose()
		}),
		{ numRuns: 60 },
	)
}, 60_000)
