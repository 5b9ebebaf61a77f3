import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './run-home.ts'
import { flawsOf, kill, type MatrixBed, makeMatrixBed, processesOf } from './run-matrix-bed.ts'
import { columns } from './run-matrix-columns.ts'
import { type Cell, play } from './run-matrix-stage.ts'
import { type Slurm, slurmMissing, startSlurm } from './slurm.ts'
import { sshdMissing } from './sshd.ts'

/** As run-matrix.test.ts, for runs that are jobs of a real Slurm: what can end them there. For a controller that goes away see slurm.test.ts. */

interface Kind {
	command: (bed: MatrixBed) => string
	/** Makes it end. Default: its gate opens. */
	end?: (at: { bed: MatrixBed; slurm: Slurm; folder: string }) => Promise<void>
	/** Where it runs. Default: the first node. */
	node?: string
	limit?: string
	/** What is known of it then. */
	run: object
}

const released = (name: string, then: string) => (bed: MatrixBed) => `${bed.waitAt(name)}; ${then}`
const jobOf = async (folder: string) => (await readFile(join(folder, 'job'), 'utf8')).trim()
const processes = (folder: string) => processesOf(join(folder, '..'), folder.split('/').at(-1) ?? '')

const kinds: Record<string, Kind> = {
	success: {
		command: released('success', 'echo through'),
		run: { outcome: { status: 'succeeded' }, lastLine: 'through' },
	},
	'exit 3': { command: released('exit 3', 'exit 3'), run: { outcome: { status: 'failed', exitCode: 3 } } },
	signal: {
		command: released('signal', 'kill -SEGV $$'),
		run: { outcome: { status: 'killed', signal: 'SEGV', cause: 'signal' } },
	},
	'out of memory': {
		command: released('out of memory', 'exit 9'),
		end: async ({ folder }) => {
			// Stands for the kernel's count of what it killed; the real one is in runs-ends.test.ts.
			const counter = join(folder, 'metrics', 'memory.events')
			await writeFile(counter, 'oom_kill 7\n')
			await writeFile(join(folder, 'oom'), `6 ${counter}\n`)
			await killed(() => processes(folder).command, 'SIGKILL')
		},
		run: { outcome: { status: 'killed', signal: 'KILL', cause: 'out-of-memory' } },
	},
	cancelled: {
		command: released('cancelled', 'exit 9'),
		end: async ({ slurm, folder }) => {
			await slurm.say('scancel', await jobOf(folder))
			await isOver(slurm, folder)
		},
		run: { outcome: { status: 'cancelled' } },
	},
	'time limit': {
		command: released('time limit', 'exit 9'),
		limit: '60 s',
		end: async ({ folder }) => await killed(() => timersOf(processes(folder).wrapper), 'SIGTERM'),
		run: { outcome: { status: 'timed-out', limitMs: 60_000 } },
	},
	'its node fails': {
		command: released('its node fails', 'exit 9'),
		node: 'second',
		end: async ({ slurm, folder }) => {
			await slurm.say('scontrol', 'update', 'NodeName=second', 'State=DOWN', 'Reason=test')
			await isOver(slurm, folder)
		},
		run: { outcome: { status: 'lost', reason: 'node-failed' } },
	},
}

/** Settles when Slurm calls it over: before, it goes on for whoever sees it for the first time. */
async function isOver(slurm: Slurm, folder: string): Promise<void> {
	const job = await jobOf(folder)
	await until(async () =>
		/CANCELLED|NODE_FAIL/.test(await slurm.say('squeue', '-h', '-t', 'all', '-j', job, '-o', '%T')),
	)
}

/** Settles when they were there, and were told to end. */
async function killed(find: () => number[], signal: NodeJS.Signals): Promise<void> {
	await until(() => find().length > 0)
	kill(find(), signal)
}

/** What sleeps until the limit of one of these wrappers: ended, it is as if the time had passed. */
function timersOf(wrappers: readonly number[]): number[] {
	const parentOf = (pid: number | string) =>
		Number(
			readFileSync(`/proc/${pid}/stat`, 'utf8')
				.replace(/^.*\) /s, '')
				.split(' ')[1],
		)
	return readdirSync('/proc').flatMap((name) => {
		try {
			if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('sleep\0'))
				return []
			return wrappers.includes(parentOf(parentOf(name))) ? [Number(name)] : []
		} catch {
			return []
		}
	})
}

const missing = slurmMissing ?? sshdMissing
if (missing) console.warn(`the matrix of runs in a real Slurm is skipped: ${missing}`)
const all = Object.entries(kinds)

describe.skipIf(missing !== null)(`runs in Slurm${missing ? ` (skipped: ${missing})` : ''}`, () => {
	let bed: MatrixBed
	let slurm: Slurm
	beforeAll(async () => {
		slurm = await startSlurm({ second: 'second' })
		const projects = all.map(([name, { command, node = 'first', limit }]) => {
			const more = { runner: 'slurm', slurm: { options: [`--nodelist=${node}`] } }
			return [
				name,
				{ workstation: 'lab' as const, command, more: limit ? { ...more, limit } : more },
			] as const
		})
		// Else all starts are answered before the link can be lost.
		const sbatch = '#!/bin/sh\nsleep 0.3\nexec /usr/bin/sbatch "$@"\n'
		bed = await makeMatrixBed(Object.fromEntries(projects), { env: slurm.env, programs: { sbatch } })
	})
	afterAll(async () => {
		await bed?.stop()
		await slurm?.stop()
	})

	describe.each(Object.entries(columns))('%s', (_, column) => {
		let cells: Map<string, Map<string, Cell>>
		beforeAll(async () => {
			const projects = all.map(([name, { end }]) => {
				const ends = async (runs: string, id: string) => {
					if (end) await end({ bed, slurm, folder: join(runs, id) })
					else bed.release(name)
				}
				return [name, { workstation: 'lab' as const, end: ends }] as const
			})
			cells = await play(bed, column, { projects: Object.fromEntries(projects), count: all.length })
		}, 120_000)
		afterAll(async () => {
			// A node that was taken away comes back with the last of its jobs.
			const nodes = async () => (await slurm.say('sinfo', '-h', '-N', '-o', '%T')).trim().split('\n')
			await until(async () => (await nodes()).every((state) => state === 'idle'))
			await bed.clear()
		})

		test.each(all)('%s', async (name, { run }) => {
			const [[id, cell] = [], ...more] = cells.get(name) ?? []
			expect(more).toEqual([])
			if (id === undefined || cell === undefined) throw new Error('it never began')
			for (const known of cell.known) expect(known).toMatchObject({ ...run, runner: 'slurm' })
			expect(cell.told).toEqual(cell.told.map(() => 1))
			expect(cell.toldOf).toEqual(cell.toldOf.map(() => 0))
			expect(await flawsOf(bed.labs.lab.runs, id)).toEqual([])
		})
	})
})
