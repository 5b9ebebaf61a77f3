import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bringTogether, openWorld } from './git-model.ts'
import { commands, prepare } from './git-model-steps.ts'
import { gitProject } from './git-project.ts'

/**
 * People and machines at work on three repositories, in any order, with operations that are killed in between: after
 * each operation every commit and every byte is still there, and in the end the three come together.
 *
 * HAWSER_MODEL_RUNS: how many sequences, all parts together. HAWSER_MODEL_SEED: where the parts begin; each adds its
 * number. With HAWSER_MODEL_PATH too, both as a failure printed them, one part alone plays that failure again and makes
 * it smaller.
 */
const runs = Number(process.env.HAWSER_MODEL_RUNS ?? 200)
const seed = process.env.HAWSER_MODEL_SEED
const path = process.env.HAWSER_MODEL_PATH

/** So many files share the sequences, each in a process of its own. */
const parts = 4

/** A line of progress comes so often. */
const reportMs = 60_000
/** So many sequences have some of everything in them. */
const enough = 50

export function sequences(part: 1 | 2 | 3 | 4): void {
	const count = Math.ceil(runs / parts)
	const own = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed) + (path ? 0 : part)
	describe('nothing is ever lost', () => {
		// A sequence takes a second or two; a busy machine may take a minute.
		test(`sequences of commits, edits, operations and kills (${part} of ${parts})`, {
			timeout: 60_000 + count * 60_000,
		}, async () => {
			const ends = { together: 0, conflict: 0, diverged: 0, 'undone-on-hub': 0, kills: 0, hits: 0 }
			let done = 0
			let reported = 0
			const report = () => {
				reported = performance.now()
				console.log(`part ${part}, seed ${own}: ${done} of ${count} sequences, ${JSON.stringify(ends)}`)
			}
			const property = fc.asyncProperty(commands, async (steps) => {
				const project = await gitProject({ before: prepare })
				const world = openWorld(project)
				await fc.asyncModelRun(async () => ({ model: {}, real: world }), steps)
				ends[await bringTogether(world)] += 1
				ends.kills += world.kills
				ends.hits += world.hits
				// What failed stays, to be looked at.
				await project.remove()
				done += 1
				if (done === count || performance.now() - reported > reportMs) report()
			})
			report()
			await fc
				.assert(property, {
					numRuns: count,
					endOnFailure: path === undefined,
					seed: own,
					...(path === undefined ? {} : { path }),
				})
				.catch((error: unknown) => {
					// The other parts may go on for hours.
					console.error(`part ${part}, seed ${own}: failed after ${done} sequences`, error)
					throw error
				})
			// Otherwise neither the last rule nor a kill was ever put to the test.
			if (done < enough) return
			expect(ends.together).toBeGreaterThan(done / 4)
			expect(ends.hits).toBeGreaterThan(done / 20)
		})
	})
}
