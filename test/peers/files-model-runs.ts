import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ground, openGround, openWorld, projectNames } from './files-model.ts'
import { bringInStep } from './files-model-end.ts'
import { play, steps } from './files-model-steps.ts'
import { moveMissing } from './files-move-bed.ts'

/**
 * A person at work on two trees of files, and operations that are killed, cut off or find a full disk or another folder
 * in between: after each of them every content is still somewhere, and in the end both sides agree.
 *
 * HAWSER_FILES_RUNS: how many sequences, all parts together. HAWSER_FILES_SEED: where the parts begin; each adds its
 * number. With HAWSER_FILES_PATH too, both as a failure printed them, one part alone plays that failure again and makes
 * it smaller.
 */
const runs = Number(process.env.HAWSER_FILES_RUNS ?? 100)
const seed = process.env.HAWSER_FILES_SEED
const path = process.env.HAWSER_FILES_PATH

/** So many files share the sequences, each in a process of its own. */
const parts = 4
/** A line of progress comes so often. */
const reportMs = 60_000
/** One engine and one workstation serve so many sequences. */
const perGround = 9
/** So many sequences have some of everything in them. */
const enough = 25

export function sequences(part: 1 | 2 | 3 | 4): void {
	const count = Math.ceil(runs / parts)
	const own = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed) + (path ? 0 : part)
	if (moveMissing) console.warn(`files-model: skipped, ${moveMissing}`)
	describe.skipIf(moveMissing)('no byte of a file is ever lost', () => {
		// A sequence takes a second or two; a busy machine may take a minute.
		test(`sequences of changes, operations, kills and mishaps (${part} of ${parts})`, {
			timeout: 60_000 + count * 60_000,
		}, async () => {
			const ends: Record<string, number> = {}
			let [done, reported, hits] = [0, 0, 0]
			let ground: Ground | null = null
			const report = () => {
				reported = performance.now()
				console.log(`part ${part}, seed ${own}: ${done} of ${count}, ${hits} hits, ${JSON.stringify(ends)}`)
			}
			const property = fc.asyncProperty(
				fc.constantFrom(...projectNames),
				fc.boolean(),
				steps,
				async (name, isRepository, all) => {
					if (done % perGround === 0) {
						await ground?.stop()
						ground = null
						const disks = (['all', 'own', 'none'] as const)[(done / perGround + part) % 3] ?? 'none'
						ground = await openGround(disks)
					}
					if (!ground) throw new Error('no ground')
					const world = await openWorld(ground, name, isRepository)
					for (const step of all) await play(world, step)
					await bringInStep(world)
					for (const [end, number] of Object.entries(world.ends)) ends[end] = (ends[end] ?? 0) + number
					hits += world.hits
					done += 1
					if (done === count || performance.now() - reported > reportMs) report()
				},
			)
			report()
			try {
				await fc.assert(property, {
					numRuns: count,
					// Else most moments would be the very first ones.
					unbiased: true,
					endOnFailure: path === undefined,
					seed: own,
					...(path === undefined ? {} : { path }),
				})
			} catch (error) {
				// The other parts may go on for hours.
				console.error(`part ${part}, seed ${own}: failed after ${done} sequences`, error)
				throw error
			} finally {
				await (ground as Ground | null)?.stop()
			}
			// Otherwise neither a kill nor a backup was ever put to the test.
			if (done < enough) return
			expect(hits).toBeGreaterThan(0)
			expect(ends.succeeded).toBeGreaterThan(done / 4)
			expect(ends.backups).toBeGreaterThan(0)
		})
	})
}
