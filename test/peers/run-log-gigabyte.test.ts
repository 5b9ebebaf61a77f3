import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './run-home.ts'
import { begunIn, type MatrixBed, makeMatrixBed } from './run-matrix-bed.ts'
import { sshdMissing } from './sshd.ts'

/** A run that really prints a gigabyte of lines, as fast as it can, while somebody follows them. */

const size = 2 ** 30
/** The engine, its faces and the test share one process. A log that was held whole would be seven times this. */
const mostMemory = 150 * 1024 * 1024

describe.skipIf(sshdMissing)(`a log of 1 GB${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	let bed: MatrixBed
	beforeAll(async () => {
		bed = await makeMatrixBed({
			big: {
				workstation: 'lab',
				command: ({ waitAt }) =>
					`${waitAt('begin')}; yes 'some line' | head -c ${size}; echo; ${waitAt('end')}; echo whole; exit 3`,
			},
		})
	})
	afterAll(async () => await bed?.stop())

	test('its end is told at once, as what it was; to follow it takes no more memory than another', async () => {
		const laptop = await bed.laptop()
		const { engine } = laptop
		const { operation } = await engine.call('run', { project: 'big', anyway: true })
		expect(await engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
		const { runs } = bed.labs.lab
		const [run = ''] = (await begunIn(runs)).get('big') ?? []
		await engine.call('followLog', { run, from: 0, skim: true })
		const before = process.memoryUsage().rss
		let most = 0
		const watch = setInterval(() => {
			most = Math.max(most, process.memoryUsage().rss - before)
		}, 20)
		try {
			bed.release('begin')
			const log = join(runs, run, 'log')
			await until(async () => (await stat(log)).size === size + 1)
			bed.release('end')
			await until(() => laptop.told.includes(`run:${run}`))
			const told = Date.now()
			await until(() => engine.log.at(-1)?.ended === true)
			const followed = engine.log.map(({ text }) => text).join('')
			expect(followed.endsWith('whole\n')).toBe(true)
			const known = engine.state().runs[run]
			const endedAt = known && 'endedAt' in known.outcome ? known.outcome.endedAt : 0
			expect(known).toMatchObject({
				outcome: { status: 'failed', exitCode: 3 },
				lastLine: 'whole',
				logBytes: size + 7,
			})
			expect(told - endedAt).toBeLessThan(5000)
		} finally {
			clearInterval(watch)
		}
		expect(most).toBeLessThan(mostMemory)
		const end = await engine.call('readLog', { run, from: size - 20, most: 1000 })
		expect(end).toMatchObject({ end: size + 7, size: size + 7 })
		expect(end.text).toMatch(/^(ome line\n|.*\n)+whole\n$/)
	})
})
