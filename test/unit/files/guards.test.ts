import { afterEach, describe, expect, test } from 'vitest'
import { Choice } from '../../../src/engine/files/choice.ts'
import {
	conflictProblem,
	type GuardFacts,
	guardChoice,
	guardRoots,
	mostDeletions,
	mostMoved,
	type RootSeen,
} from '../../../src/engine/files/guards.ts'
import { at } from './tree-model.ts'

const root = (path: string, other: Partial<RootSeen> = {}): RootSeen => ({
	path,
	isThere: true,
	realPath: path,
	isEmpty: false,
	freeBytes: null,
	...other,
})
const facts = (other: Partial<GuardFacts> = {}): GuardFacts => ({
	direction: 'up',
	laptop: root('/l'),
	workstation: root('/w'),
	head: { syncedAt: 1, laptop: '/l', workstation: '/w', digest: null },
	baseCount: 10,
	...other,
})
const gone = { isThere: false, realPath: null, isEmpty: true }

describe('roots', () => {
	test.each<[string, Partial<GuardFacts>, string | null]>([
		['as at the last sync', {}, null],
		['source missing', { laptop: root('/l', gone), big: true }, 'files-root-missing'],
		['source missing at the first sync', { laptop: root('/l', gone), baseCount: 0 }, 'files-root-missing'],
		['source emptied', { laptop: root('/l', { isEmpty: true }), big: true }, 'files-root-empty'],
		['source empty at the first sync', { laptop: root('/l', { isEmpty: true }), baseCount: 0 }, null],
		['receiver missing', { workstation: root('/w', gone) }, 'files-root-empty'],
		['receiver missing, meant', { workstation: root('/w', gone), big: true }, null],
		['receiver missing at the first sync', { workstation: root('/w', gone), baseCount: 0 }, null],
		['receiver emptied', { workstation: root('/w', { isEmpty: true }) }, 'files-root-empty'],
		['receiver emptied, meant', { workstation: root('/w', { isEmpty: true }), big: true }, null],
		['back: source missing', { direction: 'back', workstation: root('/w', gone) }, 'files-root-missing'],
		[
			'back: source emptied',
			{ direction: 'back', workstation: root('/w', { isEmpty: true }), big: true },
			'files-root-empty',
		],
		['back: receiver missing', { direction: 'back', laptop: root('/l', gone) }, 'files-root-empty'],
		['a link leads elsewhere', { laptop: root('/l', { realPath: '/m' }), big: true }, 'files-root-moved'],
		['the same there', { workstation: root('/w', { realPath: '/m' }) }, 'files-root-moved'],
		['not known where it really is', { workstation: root('/w', { realPath: null }) }, null],
		[
			'not known where it was',
			{
				laptop: root('/l', { realPath: '/m' }),
				head: { syncedAt: null, laptop: null, workstation: null, digest: null },
			},
			null,
		],
	])('%s', (_, other, code) => {
		expect(guardRoots(facts(other))?.code ?? null).toBe(code)
	})

	test('words name what was and what is', () => {
		const moved = guardRoots(facts({ laptop: root('/l', { realPath: '/m' }) }))
		expect(moved?.meaning).toContain('On the laptop it is /m, and at the last sync it was /l.')
		const empty = guardRoots(facts({ workstation: root('/w', gone) }))
		expect(empty?.title).toBe('There is nothing at /w')
		expect(empty?.meaning).toContain('had 10 files there')
		expect(empty?.meaning).toContain('--big')
	})
})

describe('how much', () => {
	const choices: Choice[] = []
	afterEach(() => Promise.all(choices.splice(0).map((choice) => choice.close())))
	const choiceOf = async (
		counts: Partial<Record<'send' | 'fetch' | 'deleteThere' | 'deleteHere', number>>,
		size = 100,
		sparse = false,
	) => {
		const choice = new Choice()
		choices.push(choice)
		choice.tally = { laptop: 1000, workstation: 5000, base: 1000 }
		for (const [lot, count] of Object.entries(counts) as ['send', number][])
			for (let number = 0; number < count; number++) {
				const path = `f${String(number).padStart(6, '0')}`
				await choice.add(lot, { ...at(path, 'f'), size, sparse }, null)
			}
		return choice
	}

	test.each([
		['deleteThere', mostDeletions, 1000, null],
		['deleteThere', mostDeletions + 1, 1000, 'files-many-deletions'],
		['deleteHere', mostDeletions + 1, 1000, 'files-many-deletions'],
		// A tenth of what was the same, not of all that is there.
		['deleteThere', 10, 100, null],
		['deleteThere', 11, 100, 'files-many-deletions'],
		['deleteHere', 1, 9, 'files-many-deletions'],
		['send', mostMoved, 1000, null],
		['send', mostMoved + 1, 1000, 'files-many'],
		['fetch', mostMoved + 1, 1000, 'files-many'],
	] as const)('%s of %i, of %i in step', async (lot, count, base, code) => {
		const choice = await choiceOf({ [lot]: count })
		choice.tally = { ...choice.tally, base }
		expect(guardChoice(choice, facts())?.code ?? null).toBe(code)
		expect(guardChoice(choice, facts({ big: true }))).toBeNull()
	})

	test('more than is free at the receiver, and a twentieth, also when it is meant', async () => {
		const choice = await choiceOf({ send: 2, fetch: 1 }, 1000)
		const free = (laptop: number | null, workstation: number | null) =>
			guardChoice(
				choice,
				facts({
					laptop: root('/l', { freeBytes: laptop }),
					workstation: root('/w', { freeBytes: workstation }),
					big: true,
				}),
			)
		expect(free(1050, 2100)).toBeNull()
		expect(free(1050, 2099)).toMatchObject({ code: 'files-no-room', facts: { side: 'The workstation' } })
		expect(free(1049, 2100)).toMatchObject({ code: 'files-no-room', facts: { side: 'The laptop' } })
		expect(free(null, null)).toBeNull()
	})

	test('files with holes need nobody knows how much', async () => {
		const choice = await choiceOf({ send: 1 }, 1e12, true)
		expect(guardChoice(choice, facts({ workstation: root('/w', { freeBytes: 10 }) }))).toBeNull()
	})

	test('conflicts, and a file against a folder first', async () => {
		const choice = await choiceOf({})
		expect(conflictProblem(choice)).toBeNull()
		const sides = { laptop: at('a', 'f'), workstation: at('a', 'n'), base: null }
		choice.addConflict({ path: 'a', ...sides, verdict: 'conflict' })
		expect(conflictProblem(choice)).toMatchObject({
			code: 'files-conflict',
			title: 'A file changed on both sides',
		})
		choice.addConflict({ path: 'b', ...sides, verdict: 'conflict' })
		expect(conflictProblem(choice)?.title).toBe('2 files changed on both sides')
		choice.addConflict({ path: 'c/d', ...sides, verdict: 'kind-clash', clash: 'c' })
		expect(conflictProblem(choice)).toMatchObject({ code: 'files-kind-clash', facts: { files: ['c'] } })
	})
})
