import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './run-home.ts'
import { flawsOf, kill, type MatrixBed, makeMatrixBed, processesOf, tmuxServersIn } from './run-matrix-bed.ts'
import { columns } from './run-matrix-columns.ts'
import { type Cell, play } from './run-matrix-stage.ts'
import { sshdMissing } from './sshd.ts'

/**
 * How a run ends × what becomes of the link and the app meanwhile. In each cell: the end is known as what it was, it was
 * told once by one face of each laptop that waited for it, and the run's folder is whole.
 */

interface Kind {
	command: (bed: MatrixBed) => string
	/** Makes it end. Default: its gate opens. */
	end?: (bed: MatrixBed, runs: string, id: string) => Promise<void>
	workstation?: 'lab' | 'small'
	/** What is known of it then. */
	run: object
}

const released = (name: string, then: string) => (bed: MatrixBed) => `${bed.waitAt(name)}; ${then}`

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
		end: async (_, runs, id) => {
			// Stands for the kernel's count of what it killed; the real one is in runs-ends.test.ts.
			const counter = join(runs, id, 'metrics', 'memory.events')
			await writeFile(counter, 'oom_kill 7\n')
			await writeFile(join(runs, id, 'oom'), `6 ${counter}\n`)
			kill(processesOf(runs, id).command, 'SIGKILL')
		},
		run: { outcome: { status: 'killed', signal: 'KILL', cause: 'out-of-memory' } },
	},
	'log-out': {
		command: released('log-out', 'exit 9'),
		end: async (_, runs, id) => {
			const { wrapper, command } = processesOf(runs, id)
			kill([...wrapper, ...command], 'SIGTERM')
		},
		run: { outcome: { status: 'killed', signal: 'TERM', cause: 'log-out' } },
	},
	'the workstation restarts': {
		command: released('restart', 'exit 9'),
		end: async (_, runs, id) => {
			const { wrapper, command } = processesOf(runs, id)
			await writeFile(join(runs, id, 'boot'), 'the one before\n')
			kill([...wrapper, ...command], 'SIGKILL')
		},
		run: { outcome: { status: 'lost', reason: 'restarted' } },
	},
	'the tmux server is killed': {
		command: released('tmux', 'echo still here; exit 5'),
		end: async (bed) => {
			const { home } = bed.labs.lab.sshd
			kill(tmuxServersIn(home), 'SIGKILL')
			await until(() => tmuxServersIn(home).length === 0)
			bed.release('tmux')
		},
		run: { outcome: { status: 'failed', exitCode: 5 }, lastLine: 'still here' },
	},
	'disk full': {
		command: released('disk full', 'head -c 4M /dev/zero >~/fill; exit 7'),
		workstation: 'small',
		run: { outcome: { status: 'failed', exitCode: 7 } },
	},
	'log of 1 GB': {
		command: (bed) =>
			`truncate -s 1G "$HAWSER_RUN_FOLDER/log"; echo half; ${bed.waitAt('log of 1 GB')}; echo whole`,
		run: { outcome: { status: 'succeeded' }, logBytes: 2 ** 30 + 11, lastLine: 'whole' },
	},
}

/** Whether this process may mount a small disk for itself. */
function mayMount(): boolean {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-mount-'))
	const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status === 0
	if (mounted) spawnSync('umount', [folder])
	rmSync(folder, { recursive: true })
	return mounted
}

const missing = sshdMissing ?? (process.platform === 'linux' ? null : 'looks at processes through /proc')
const canMount = missing === null && mayMount()
const here = Object.entries(kinds).filter(([, { workstation }]) => canMount || workstation !== 'small')

describe.skipIf(missing !== null)(`runs${missing ? ` (skipped: ${missing})` : ''}`, () => {
	let bed: MatrixBed
	beforeAll(async () => {
		if (!canMount) console.warn('the disk-full row is skipped: no tmpfs can be mounted here')
		bed = await makeMatrixBed(
			Object.fromEntries(
				here.map(([name, { workstation = 'lab', command }]) => [name, { workstation, command }] as const),
			),
		)
	})
	afterAll(async () => await bed?.stop())

	describe.each(Object.entries(columns))('%s', (_, column) => {
		let cells: Map<string, Map<string, Cell>>
		beforeAll(async () => {
			const projects = here.map(([name, { workstation = 'lab', end }]) => {
				const ends = async (runs: string, id: string) => {
					if (end) await end(bed, runs, id)
					else bed.release(name)
				}
				return [name, { workstation, end: ends }] as const
			})
			cells = await play(bed, column, { projects: Object.fromEntries(projects), count: here.length })
		}, 120_000)
		afterAll(async () => await bed.clear())

		test.each(here)('%s', async (name, { workstation = 'lab', run }) => {
			const [[id, cell] = [], ...more] = cells.get(name) ?? []
			expect(more).toEqual([])
			if (id === undefined || cell === undefined) throw new Error('it never began')
			for (const known of cell.known) expect(known).toMatchObject(run)
			expect(cell.told).toEqual(cell.told.map(() => 1))
			expect(cell.toldOf).toEqual(cell.toldOf.map(() => 0))
			expect(await flawsOf(bed.labs[workstation].runs, id)).toEqual([])
		})
	})
})
