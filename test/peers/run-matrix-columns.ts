import { expect } from 'vitest'
import { until } from './run-home.ts'
import type { Laptop } from './run-laptop.ts'
import type { MatrixBed } from './run-matrix-bed.ts'

/** What becomes of the link and the app while runs start, go on and end. */

/** Some runs, all of them treated alike. */
export interface Stage {
	bed: MatrixBed
	/** The laptop itself starts them, so it waits for them whether it saw them running or not. */
	own: boolean
	/**
	 * Has those started that have not begun; settles when each was answered. Answers with how many starts failed though
	 * their runs began.
	 */
	ask(laptop: Laptop): Promise<number>
	/** How many of their folders are there, and how many have begun. */
	begun(): Promise<{ there: number; begun: number }>
	/** All of them, or those that have begun, come to their end; again is safe. */
	end(): Promise<void>
	/** Settles when nothing of those that have begun lives any more. */
	gone(): Promise<void>
	/** Settles when this laptop sees all of them going on. */
	seenBy(laptop: Laptop): Promise<void>
}

/** Those who are to tell the ends, and those for whom they are history. */
interface Audience {
	tell: Laptop[]
	history: Laptop[]
}

export type Column = (stage: Stage) => Promise<Audience>

const whenDown = async (laptop: Laptop) =>
	await until(() =>
		Object.values(laptop.engine.state().workstations).every(({ link }) => link.status !== 'up'),
	)

async function begin(stage: Stage): Promise<Laptop> {
	const laptop = await stage.bed.laptop()
	await stage.ask(laptop)
	await stage.seenBy(laptop)
	return laptop
}

export const columns: Record<string, Column> = {
	'link up': async (stage) => {
		const laptop = await begin(stage)
		await stage.end()
		return { tell: [laptop], history: [] }
	},

	'link down at the start': async (stage) => {
		const { bed } = stage
		const laptop = await bed.laptop()
		const asked = stage.ask(laptop)
		// Their answers come when they have begun: these are lost.
		await until(async () => (await stage.begun()).there > 0)
		await bed.part()
		await until(async () => {
			const { there, begun } = await stage.begun()
			return there === begun
		})
		if (stage.own) {
			await stage.end()
			await stage.gone()
		} else await asked
		await bed.join()
		await laptop.connected()
		const lost = await asked
		if (stage.own) expect(lost).toBeGreaterThan(0)
		// A person asks again for what has not begun.
		await stage.ask(laptop)
		await stage.end()
		return { tell: [laptop], history: [] }
	},

	'link down in the middle': async (stage) => {
		const { bed } = stage
		const laptop = await begin(stage)
		const lines = Object.values(bed.labs).map(({ line }) => line)
		// Without a word, then with one.
		for (const line of lines) line.stall()
		await whenDown(laptop)
		for (const line of lines) line.resume()
		await laptop.connected()
		await bed.part()
		await whenDown(laptop)
		await bed.join()
		await laptop.connected()
		await stage.end()
		return { tell: [laptop], history: [] }
	},

	'link down at the end': async (stage) => {
		const { bed } = stage
		const laptop = await begin(stage)
		await bed.part()
		await stage.end()
		await stage.gone()
		await bed.join()
		await laptop.connected()
		return { tell: [laptop], history: [] }
	},

	'app restarted': async (stage) => {
		const laptop = await begin(stage)
		await laptop.quit()
		await stage.end()
		await stage.gone()
		await laptop.open()
		await laptop.connected()
		return { tell: [laptop], history: [] }
	},

	'second laptop': async (stage) => {
		const { bed } = stage
		const one = await begin(stage)
		const two = await bed.laptop()
		await stage.seenBy(two)
		await stage.end()
		await stage.gone()
		// What somebody still sees going on, such as a job that Slurm ended and nobody asked about, is history to nobody.
		await until(() => two.runs().every(({ outcome }) => outcome.status !== 'running'))
		const late = await bed.laptop()
		return { tell: [one, two], history: [late] }
	},
}
