import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newRunId, startRun } from '../../src/engine/runs/runs.ts'
import { localLink } from './local-link.ts'
import { flawsOf, type MatrixBed, makeMatrixBed } from './run-matrix-bed.ts'
import { columns } from './run-matrix-columns.ts'
import { type Cell, play } from './run-matrix-stage.ts'
import { sshdMissing } from './sshd.ts'

/**
 * The row of the matrix with a hundred runs at once. Somebody else starts them, at the workstation itself: a laptop that
 * saw them going on waits for them too.
 */
const count = Number(process.env.HAWSER_MANY_RUNS ?? 100)
/** Of so many at once the machine has enough to do. */
const startsAtOnce = 8

const missing = sshdMissing ?? (process.platform === 'linux' ? null : 'looks at processes through /proc')

describe.skipIf(missing !== null)(`${count} runs at once${missing ? ` (skipped: ${missing})` : ''}`, () => {
	let bed: MatrixBed
	beforeAll(async () => {
		bed = await makeMatrixBed({ many: { workstation: 'lab', command: (one) => one.waitAt('many') } })
	})
	afterAll(async () => await bed?.stop())

	async function startAll() {
		const { home } = bed.labs.lab.sshd
		const link = localLink(home)
		const places = Array.from({ length: count }, (_, place) => place)
		const worker = async () => {
			for (let place = places.shift(); place !== undefined; place = places.shift())
				await startRun(link, {
					id: newRunId('many', Date.now(), place),
					...{ project: 'many', workstation: 'lab', folder: join(home, 'nt-gpu') },
					...{ branch: 'gpu-validation', commit: 'abc', metrics: [], runner: 'detached' },
					command: `${bed.waitAt('many')}; exit ${place % 3}`,
				})
		}
		await Promise.all(Array.from({ length: startsAtOnce }, worker))
		await link.dispose()
	}

	test.each(Object.entries(columns))('%s', async (_, column) => {
		const end = async () => bed.release('many')
		const all = await play(bed, column, {
			projects: { many: { workstation: 'lab', end } },
			ask: startAll,
			count,
		})
		const cells = all.get('many') ?? new Map<string, Cell>()
		expect(cells.size).toBe(count)
		const codes = [0, 0, 0]
		for (const [id, { known, told, toldOf }] of cells) {
			expect(new Set(told), id).toEqual(new Set([1]))
			expect(toldOf.every((times) => times === 0)).toBe(true)
			const place = Number(id.slice(-7, -4))
			const outcome = place % 3 === 0 ? { status: 'succeeded' } : { status: 'failed', exitCode: place % 3 }
			for (const one of known) expect(one).toMatchObject({ outcome })
			expect(await flawsOf(bed.labs.lab.runs, id)).toEqual([])
			codes[place % 3] = (codes[place % 3] ?? 0) + 1
		}
		expect(Math.max(...codes) - Math.min(...codes)).toBeLessThan(2)
		await bed.clear()
	})
})
