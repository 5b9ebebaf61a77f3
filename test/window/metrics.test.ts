import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { metricScenes } from './metric-scenes.ts'
import { project, run, stateOf } from './pieces.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

const opener = (page: Page, name = 'nt') => page.getByRole('button', { name: `Compare runs of ${name}` })
/** Of each row the first metric's cell. */
const firstCells = async (page: Page) =>
	(await page.locator('.runs-table td:nth-child(2)').allTextContents()).map((text) => text.trim())

describe.skipIf(chromiumPath === null)('runs side by side', () => {
	const bed = windowBed()

	test.each(Object.entries(metricScenes))('%s has nothing that axe finds', async (_name, scene) => {
		for (const colorScheme of ['light', 'dark'] as const) {
			const options = 'options' in scene ? scene.options : {}
			const stage = await bed.open(states[scene.state](), { colorScheme, ...options })
			await scene.act(stage)
			expect(await axe(stage.page)).toEqual([])
			expect(stage.complaints).toEqual([])
			expect(await stage.page.evaluate('document.documentElement.scrollWidth')).toBe(
				stage.page.viewportSize()?.width,
			)
			await stage.close()
		}
	})

	test('no run with metrics: nothing to compare', async () => {
		const { page } = await bed.open(stateOf({ runs: [run({ metrics: null, change: null })] }))
		expect(await page.getByRole('button', { name: /Compare/ }).count()).toBe(0)
	})

	test('one run: its numbers, and words instead of a drawing', async () => {
		const { page } = await bed.open(states['metrics-one']())
		await opener(page).click()
		await page.getByText('there is nothing to draw').waitFor()
		expect(await page.locator('.plot').count()).toBe(0)
		expect(await firstCells(page)).toEqual(['0.810 best'])
	})

	test('the table: a series as one group, the best in words, what is missing said, the way in words', async () => {
		const { page } = await bed.open(states['metrics-several']())
		await opener(page).click()
		const table = page.getByRole('region', { name: '11 runs of nt' }).getByRole('table')
		expect(await table.getByRole('rowheader', { name: '4 runs started together' }).count()).toBe(1)
		expect(await table.getByRole('cell', { name: /best$/ }).count()).toBeGreaterThan(1)
		expect(await table.getByRole('row', { name: /horizon=96.*exit code 137.*none/ }).count()).toBe(1)
		expect(await table.getByRole('columnheader', { name: /MASE.*lower is better/ }).count()).toBe(1)
		expect(await table.getByRole('columnheader', { name: 'windows' }).textContent()).not.toContain('better')
		// What failed is never the best.
		expect(await table.getByRole('row', { name: /exit code 1\b/ }).textContent()).not.toContain('best')
	})

	test('a column sorts its best first, again the other way round, by keyboard too', async () => {
		const { page } = await bed.open(states['metrics-several']())
		await opener(page).click()
		const head = page.getByRole('columnheader', { name: /MASE/ })
		const sort = head.getByRole('button')
		await sort.focus()
		await page.keyboard.press('Enter')
		expect(await head.getAttribute('aria-sort')).toBe('ascending')
		const up = (await firstCells(page)).map((text) => Number.parseFloat(text))
		expect(up[0]).toBe(Math.min(...up.filter((value) => !Number.isNaN(value))))
		await page.keyboard.press('Enter')
		expect(await head.getAttribute('aria-sort')).toBe('descending')
		expect((await firstCells(page))[0]).toBe('1.400')
		expect(await page.getByRole('columnheader', { name: 'Run' }).getAttribute('aria-sort')).toBeNull()
	})

	test('the drawing is told in words: value, commit, parameters; by keyboard and by pointer', async () => {
		const { page } = await bed.open(states['metrics-several']())
		await opener(page).click()
		expect(await page.getByRole('img', { name: /MASE over 10 runs, lower is better: between/ }).count()).toBe(
			1,
		)
		const slider = page.getByRole('slider', { name: 'Run of MASE' })
		const words = () => slider.getAttribute('aria-valuetext')
		expect(await words()).toMatch(
			/^MASE 0\.\d+.*, \d+ Nov \d\d:\d\d, [0-9a-f]{7}, horizon=192 seed=1 model=tirex$/,
		)
		await slider.focus()
		await page.keyboard.press('Home')
		expect(await words()).toMatch(/^MASE 0\.866, 13 Nov/)
		await page.keyboard.press('End')
		for (let at = 0; at < 3; at++) await page.keyboard.press('ArrowLeft')
		expect(await words()).toMatch(/^MASE 1\.400.*failed with exit code 1$/)
		await page.locator('.plot svg').hover({ position: { x: 4, y: 40 } })
		expect(await words()).toMatch(/^MASE 0\.866/)
		expect(await page.locator('.plot-words').textContent()).toContain('MASE 0.866 · ')
	})

	test('another metric is drawn, and its column comes first', async () => {
		const { page } = await bed.open(states['metrics-several']())
		await opener(page).click()
		await page.getByLabel('Metric', { exact: true }).selectOption('windows')
		await page.getByText('not known which way is better').waitFor()
		expect((await firstCells(page))[0]).toBe('1,440')
		expect(await page.locator('.plot-best').count()).toBe(0)
	})

	test('200 runs are all there, and a run without the metric is a gap', async () => {
		const { page } = await bed.open(states['metrics-many']())
		await opener(page).click()
		expect((await firstCells(page)).length).toBe(200)
		const line = await page.locator('.plot-line').getAttribute('d')
		expect(line?.match(/M/g)).toHaveLength(13)
	})

	test('many metrics are shown on demand, names from outside as they are', async () => {
		const { page, complaints } = await bed.open(states['metrics-long']())
		await opener(page).click()
		expect(await page.locator('.runs-table thead th').count()).toBe(7)
		await page.getByRole('button', { name: 'Show 8 more metrics' }).click()
		expect(await page.locator('.runs-table thead th').count()).toBe(15)
		expect(await page.locator('.runs-table b').count()).toBe(0)
		expect(complaints).toEqual([])
	})

	test('as CSV: copied, and saved to a file', async () => {
		const { page } = await bed.open(
			stateOf({
				projects: [project({ name: 'a b/..' })],
				runs: [run({ project: 'a b/..', metrics: { MASE: 0.5 } })],
			}),
		)
		await opener(page, 'a b/..').click()
		await page.getByRole('button', { name: 'Copy as CSV' }).click()
		await page.getByText('Copied').waitFor()
		const csv =
			/^run,series,workstation,branch,commit,started,outcome,MASE\r?\n20261122T081500Z-nt-3f9c,,lab,gpu-validation,41d07e2\d+,2026-11-22T07:37:00\.000Z,succeeded,0\.5\r?\n$/
		expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(csv)
		const coming = page.waitForEvent('download')
		await page.getByRole('button', { name: 'Save as CSV' }).click()
		const file = await coming
		expect(file.suggestedFilename()).toBe('a-b-..-metrics.csv')
		expect(await readFile(await file.path(), 'utf8')).toMatch(csv)
	})

	test('new numbers come in while it is open, and what was chosen stays', async () => {
		const { page, engine } = await bed.open(states['metrics-several']())
		await opener(page).click()
		const slider = page.getByRole('slider')
		await slider.focus()
		await page.keyboard.press('Home')
		const before = await slider.getAttribute('aria-valuetext')
		engine.change({ slice: 'runs', key: 'new', value: run({ id: 'new', metrics: { MASE: 0.001 } }) })
		await page.getByRole('region', { name: '12 runs of nt' }).waitFor()
		expect(await slider.getAttribute('aria-valuetext')).toBe(before)
	})
})

describe.skipIf(chromiumPath === null)('a run in detail', () => {
	const bed = windowBed()

	test('says what it was given, what it held, and how its metrics stand', async () => {
		const { page } = await bed.open(states['run-measured']())
		await metricScenes['opened-measured-run'].act({ page } as never)
		const facts = await page.locator('.run-facts').textContent()
		expect(facts).toMatch(/Parameters\s*horizon=24 seed=1/)
		expect(facts).toMatch(/on lab, in tmux/)
		expect(facts).toMatch(/Time limit\s*1 h 30 min/)
		expect(facts).toMatch(/GPU\s*37 min of GPU time, at most 17\.0 GiB/)
		const row = (name: RegExp) => page.getByRole('row', { name })
		expect(await row(/^MASE/).textContent()).toMatch(
			/lower is better\s*0\.780\s*−0\.014\s*0\.794\s*this is better/,
		)
		expect(await row(/^sMAPE/).textContent()).not.toContain('this is better')
		expect(await row(/^windows/).textContent()).toMatch(/^windows\s*1,440\s*±0\s*–/)
	})

	test('one that waits says for what, and a long series does not fill the card', async () => {
		const { page } = await bed.open(states['run-waits']())
		expect(await page.getByRole('button', { name: /waits: nt/ }).count()).toBe(2)
		await page.getByText('and 2 more runs that wait for their turn').waitFor()
		await metricScenes['opened-waiting-run'].act({ page } as never)
		const facts = await page.locator('.run-facts').textContent()
		expect(facts).toMatch(/Waits\s*waits for free resources; expected to start at 11:45/)
		expect(facts).toMatch(/on lab, in Slurm as job 17_2/)
		expect(facts).toMatch(/run 2 of 5 started together/)
	})
})
