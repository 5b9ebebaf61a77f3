import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Take } from '../../../src/contract/code.ts'
import { shownPath } from '../../../src/engine/files/entry.ts'
import { entry, threeTrees } from './arbitrary-trees.ts'
import { World } from './sync-model.ts'

const direction = fc.constantFrom('up', 'back')
const side = fc.constantFrom('laptop', 'workstation')

async function sync(world: World, wish: Parameters<World['choose']>[0], most?: number): Promise<void> {
	const choice = await world.choose(wish)
	try {
		const take: Take = {}
		for (const [path, taken] of Object.entries(wish.take ?? {}))
			take[Buffer.from(path).toString('latin1')] = taken
		await world.carryOut(choice, take, most)
	} finally {
		await choice.close()
	}
}

test('over two sides and any last sync: nothing is lost, and nothing newer overwritten', async () => {
	await fc.assert(
		fc.asyncProperty(
			threeTrees,
			direction,
			fc.boolean(),
			fc.boolean(),
			fc.option(side, { nil: undefined }),
			fc.option(fc.nat(5), { nil: undefined }),
			async ({ laptop, workstation, base }, way, deletes, ignoresResults, taken, most) => {
				const world = new World()
				world.laptop = laptop
				world.workstation = workstation
				world.base = new Map(base.listing().map((one) => [one.path, one]))
				world.rules = { ignoresResults }
				const choice = await world.choose({ direction: way, deletes })
				const take: Take = {}
				if (taken) for (const { path } of choice.conflicts) take[shownPath(path)] = taken
				await choice.close()
				await sync(world, { direction: way, deletes, take }, most)
			},
		),
		{ numRuns: 3000 },
	)
}, 120_000)

const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), on: side, entry }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), on: side, entry }) },
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant('sync' as const),
			direction,
			deletes: fc.boolean(),
			take: fc.option(side),
			most: fc.option(fc.nat(4)),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('rules' as const), ignoresResults: fc.boolean() }) },
)

test('over many edits, syncs and interruptions: nothing is lost, and both sides come to rest', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
			const world = new World()
			let clock = 1_700_000_100_000_000_001n
			for (const one of steps) {
				if (one.do === 'rules') world.rules = { ignoresResults: one.ignoresResults }
				else if (one.do === 'sync') {
					const wish = { direction: one.direction, deletes: one.deletes }
					const first = await world.choose(wish)
					const take: Take = {}
					if (one.take) for (const { path } of first.conflicts) take[shownPath(path)] = one.take
					await first.close()
					await sync(world, { ...wish, take }, one.most ?? undefined)
				} else {
					// A person at work: what they overwrite or delete themselves is theirs to lose.
					const tree = world[one.on]
					tree.remove(one.entry.path)
					clock += 1_000_000_007n
					const fresh = one.entry.kind === 'folder' ? one.entry : { ...one.entry, mtime: clock }
					if (one.do === 'write' && tree.canHold(fresh)) tree.write(fresh)
				}
			}
			// Without anybody at work, a second time changes nothing any more.
			for (const way of ['up', 'back'] as const) {
				await sync(world, { direction: way, deletes: false })
				const again = await world.choose({ direction: way, deletes: false })
				expect(again.moves).toBe(0)
				await again.close()
			}
			const up = await world.choose({ direction: 'up', deletes: false })
			expect(up.moves).toBe(0)
			await up.close()
		}),
		{ numRuns: 1500 },
	)
}, 120_000)
