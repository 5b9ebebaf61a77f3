import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Run } from '../../src/contract/state.ts'
import { until } from './run-home.ts'
import type { Laptop } from './run-laptop.ts'
import { begunIn, type MatrixBed, processesOf } from './run-matrix-bed.ts'
import type { Column, Stage } from './run-matrix-columns.ts'

/** One column of the matrix, played with some runs. */

/** What a column left of one run, all told. */
export interface Cell {
	/** As each laptop knows it: those that were to tell it first. */
	known: (Run | undefined)[]
	/** How often each of the former told it, over all its engines. */
	told: number[]
	/** How often each of the others did. */
	toldOf: number[]
}

export interface Cast {
	/** The laptop starts them itself, by their project's name. Else `ask` starts them all. */
	projects: Record<string, { workstation: 'lab' | 'small'; end(runs: string, id: string): Promise<void> }>
	ask?: () => Promise<void>
	/** How many runs there are of all projects. */
	count: number
}

const runNotice = (id: string) => `run:${id}`
const times = (laptop: Laptop, id: string) => laptop.told.filter((one) => one === runNotice(id)).length

/** Gives what became of each run, by its project, when all that follows from the ends is over. */
export async function play(
	bed: MatrixBed,
	column: Column,
	cast: Cast,
): Promise<Map<string, Map<string, Cell>>> {
	const folders = [...new Set(Object.values(bed.labs).map(({ runs }) => runs))]
	const runsOf = (project: string) => bed.labs[cast.projects[project]?.workstation ?? 'lab'].runs
	const begun = async () => new Map((await Promise.all(folders.map(begunIn))).flatMap((one) => [...one]))
	const all = async () =>
		[...(await begun())].flatMap(([project, ids]) =>
			ids.map((id) => ({ project, id, runs: runsOf(project) })),
		)
	/** Without those of which it was said that they never began. */
	const there = async () => {
		const names = await Promise.all(
			folders.map(async (folder) => {
				const own = await readdir(folder).catch(() => [])
				return own.filter((name) => !name.startsWith('.') && !existsSync(join(folder, name, 'never')))
			}),
		)
		return names.flat().length
	}
	const ended = new Set<string>()
	const stage: Stage = {
		bed,
		own: cast.ask === undefined,
		ask: async (laptop) => {
			if (cast.ask) {
				if ((await begun()).size === 0) await cast.ask()
				return 0
			}
			const before = await begun()
			const missing = Object.keys(cast.projects).filter((project) => !before.has(project))
			const failed = await Promise.all(missing.map((project) => failedToStart(laptop, project)))
			// What is there begins all the same, in Slurm some time later.
			if (failed.includes(true)) await until(async () => (await there()) === (await all()).length)
			const after = await begun()
			return missing.filter((project, at) => failed[at] && after.has(project)).length
		},
		begun: async () => ({ there: await there(), begun: (await all()).length }),
		end: async () => {
			for (const { project, id, runs } of await all()) {
				if (ended.has(id)) continue
				ended.add(id)
				await cast.projects[project]?.end(runs, id)
			}
		},
		gone: async () => {
			for (const { id, runs } of await all())
				await until(() => existsSync(join(runs, id, 'exit')) || processesOf(runs, id).wrapper.length === 0)
		},
		seenBy: async (laptop) => {
			await vi.waitFor(
				() => {
					const all = laptop.runs()
					const goOn = all.filter(({ outcome, queue }) => outcome.status === 'running' && queue === null)
					if (goOn.length === cast.count) return
					const seen = all.map((run) => [run.id, run.outcome, run.queue])
					throw new Error(`not all ${cast.count} go on: ${JSON.stringify(seen)}`)
				},
				{ timeout: 30_000, interval: 20 },
			)
		},
	}
	const { tell, history } = await column(stage)
	const runs = await all()
	const laptops = [...tell, ...history]
	for (const laptop of laptops)
		await whenNoneIsLeft('to be known', runs, ({ id }) => {
			const status = laptop.engine.state().runs[id]?.outcome.status
			return status !== undefined && status !== 'running'
		})
	for (const laptop of tell) await whenNoneIsLeft('to be told', runs, ({ id }) => times(laptop, id) > 0)
	// Whoever comes later tells none of them again.
	for (const laptop of laptops) {
		await laptop.quit()
		await laptop.open()
		await laptop.connected()
		// Also of what was lost on its way to the start: whether it began is asked when the link is up again.
		await vi.waitFor(
			async () => {
				const { untold, expected } = await laptop.ledger()
				const owed = [...untold, ...expected]
				if (owed.length > 0) throw new Error(`it still waits for ${owed.join(', ')}`)
			},
			{ timeout: 30_000, interval: 20 },
		)
	}
	const cells = new Map<string, Map<string, Cell>>()
	for (const { project, id } of runs) {
		const own = cells.get(project) ?? new Map<string, Cell>()
		own.set(id, {
			known: laptops.map((laptop) => laptop.engine.state().runs[id]),
			told: tell.map((laptop) => times(laptop, id)),
			toldOf: history.map((laptop) => times(laptop, id)),
		})
		cells.set(project, own)
	}
	for (const laptop of laptops) await laptop.quit()
	return cells
}

/** Settles when all are so; bounded. */
async function whenNoneIsLeft<T extends { id: string }>(
	what: string,
	all: readonly T[],
	isSo: (one: T) => boolean,
): Promise<void> {
	await vi.waitFor(
		() => {
			const left = all.filter((one) => !isSo(one))
			if (left.length > 0) throw new Error(`still ${what}: ${left.map(({ id }) => id).join(', ')}`)
		},
		{ timeout: 30_000, interval: 20 },
	)
}

async function failedToStart(laptop: Laptop, project: string): Promise<boolean> {
	const { operation } = await laptop.engine.call('run', { project, anyway: true })
	const outcome = await laptop.engine.call('waitOperation', { operation })
	return outcome.status !== 'succeeded'
}
