import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { Run } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import type { CannedEngine } from './canned-engine.ts'
import { running } from './pieces.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

const line = (number: number) => `line ${String(number).padStart(7, '0')} of the log\n`
const lineBytes = line(0).length

/** A log where a workstation has it: it grows, is read, and is searched as the engine does it. */
class CannedLog {
	text: string
	readonly #engine: CannedEngine
	readonly run: string
	constructor(engine: CannedEngine, run: Run, text: string) {
		this.text = text
		this.run = run.id
		this.#engine = engine
		engine.handlers.readLog = ({ from, most }) => {
			const text = this.text.slice(from, from + most)
			return { text, end: from + text.length, size: this.text.length }
		}
		engine.handlers.searchLog = ({ text, exact, from = 0, most = 200 }) => {
			const fold = (one: string) => (exact ? one : one.toLowerCase())
			let offset = 0
			const all = this.text.split('\n').flatMap((one, index) => {
				const hit = { line: index + 1, offset, text: one }
				offset += one.length + 1
				return hit.offset >= from && fold(one).includes(fold(text)) ? [hit] : []
			})
			return { hits: all.slice(0, most), next: all[most]?.offset ?? null }
		}
	}
	/** Writes more, and tells the face that follows. */
	add(text: string, from = this.text.length) {
		this.text += text
		for (const face of this.#engine.faces) face.log({ run: this.run, from, text, ended: false })
	}
	calls(name: string) {
		return this.#engine.commands.filter((command) => command.name === name).map(({ input }) => input)
	}
}

describe.skipIf(chromiumPath === null)('a run’s log', () => {
	const bed = windowBed()
	const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

	async function open(text: string, change: Partial<Run> = {}) {
		const one = running({ logBytes: text.length, ...change })
		const state = states.working()
		const stage = await bed.open({ ...state, runs: { ...state.runs, [one.id]: one } })
		const { page, engine } = stage
		const log = new CannedLog(engine, one, text)
		await page.evaluate(`location.hash = '#run/${one.id}'`)
		const region = page.getByRole('region', { name: 'Log of nt' })
		if (text !== '') await region.locator('pre').waitFor()
		return { ...stage, log, region }
	}
	const many = (count: number) => Array.from({ length: count }, (_, number) => line(number)).join('')
	const fromEnd = `((e) => e.scrollHeight - e.scrollTop - e.clientHeight)(document.querySelector('.log'))`
	const scrollTo = (page: Page, top: number | 'end') =>
		page.evaluate(
			`((e) => { e.scrollTop = ${top === 'end' ? 'e.scrollHeight' : top} })(document.querySelector('.log'))`,
		)
	/** What one sees at the top of the log's box. */
	const topLine = (page: Page) =>
		page.evaluate<string>(`(() => {
			const box = document.querySelector('.log').getBoundingClientRect()
			const at = document.caretRangeFromPoint(box.left + 30, box.top + 14)
			const text = at.startContainer.textContent
			const start = text.lastIndexOf('\\n', at.startOffset - 1) + 1
			return text.slice(start, start + 12)
		})()`)

	test('is read from its end and followed, with its colours and nothing else of its escapes', async () => {
		const { page, region, log, engine } = await open(many(10_000))
		await region.getByText('line 0009999').waitFor()
		const size = 10_000 * lineBytes
		expect(log.calls('readLog').at(-1)).toEqual({ run: log.run, from: size - 65_536, most: 65_536 })
		expect(await engine.sent('followLog')).toEqual({ run: log.run, from: size, skim: true })
		log.add('\u001b[32mgreen\u001b[0m, \u001b]0;title\u0007\u001b[1;31mbold red\u001b[0m\n<b>not bold</b>\n')
		await region.getByText('<b>not bold</b>').waitFor()
		expect(await region.textContent()).not.toMatch(/\[32m|title/)
		expect(await page.locator('.log b').count()).toBe(0)
		const styled = (text: string) =>
			page.evaluate(`(() => {
				const found = [...document.querySelectorAll('.log span')].find((e) => e.textContent.trim() === '${text}')
				const { color, fontWeight } = getComputedStyle(found)
				return [color, fontWeight]
			})()`)
		expect(await styled('green')).toEqual(['rgb(20, 96, 47)', '400'])
		expect(await styled('bold red')).toEqual(['rgb(163, 38, 29)', '700'])
		expect(await page.evaluate(fromEnd)).toBeLessThan(2)
		// The first line that is shown is a whole one.
		expect(await region.locator('.log-block').first().textContent()).toMatch(/^line /)
	})

	test('scrolling up stops following, brings earlier lines and moves nothing one reads', async () => {
		const { page, region, log, engine } = await open(many(10_000))
		await engine.sent('followLog')
		await region.getByText('line 0009999').waitFor()
		await scrollTo(page, 300)
		await expect.poll(() => log.calls('unfollowLog').length).toBe(1)
		const seen = await topLine(page)
		expect(seen).toMatch(/^line \d{7}$/)
		await scrollTo(page, 30)
		const up = await topLine(page)
		await expect.poll(() => page.evaluate('document.querySelector(".log").scrollTop')).toBeGreaterThan(5000)
		expect(await topLine(page)).toBe(up)
		// It goes on up to the first line, and no more than 5,000 stay.
		for (let turn = 0; turn < 60 && (await button(page, 'Show earlier lines').count()) > 0; turn++) {
			await scrollTo(page, 300)
			await scrollTo(page, 0)
			const top = () => page.evaluate<number>('document.querySelector(".log").scrollTop')
			const all = () => button(page, 'Show earlier lines').count()
			await expect.poll(async () => (await top()) > 1 || (await all()) === 0).toBe(true)
		}
		await scrollTo(page, 0)
		expect(await topLine(page)).toBe('line 0000000')
		const shown = ((await region.locator('pre').textContent()) ?? '').trimEnd().split('\n')
		expect(shown.length).toBeLessThanOrEqual(5000)
		expect(shown).toEqual(many(shown.length).trimEnd().split('\n'))
		// Down again, by the same way.
		await scrollTo(page, 'end')
		await region.getByText(line(shown.length + 100).trim()).waitFor()
		await button(page, 'To the end').click()
		await region.getByText('line 0009999').waitFor()
		expect(log.calls('followLog').length).toBe(2)
		expect(await page.evaluate(fromEnd)).toBeLessThan(2)
		await button(page, 'To the end').waitFor({ state: 'detached' })
	})

	test('coming back to the end follows on, with what came meanwhile', async () => {
		const { page, region, log, engine } = await open(many(400))
		await engine.sent('followLog')
		await region.getByText('line 0000399').waitFor()
		await scrollTo(page, 100)
		await expect.poll(() => log.calls('unfollowLog').length).toBe(1)
		log.text += 'written meanwhile\n'
		await scrollTo(page, 'end')
		await region.getByText('written meanwhile').waitFor()
		await expect.poll(() => log.calls('followLog').length).toBe(2)
		expect(log.calls('followLog')[1]).toEqual({ run: log.run, from: log.text.length, skim: true })
		log.add('and live again\n')
		await region.getByText('and live again').waitFor()
		const whole = (await region.locator('pre').textContent()) ?? ''
		expect(whole.length).toBeGreaterThan(1000)
		expect(log.text.endsWith(whole)).toBe(true)
	})

	test('can be paused and followed again', async () => {
		const { page, region, log, engine } = await open(many(3))
		await engine.sent('followLog')
		await button(page, /^Pause$/).click()
		await expect.poll(() => log.calls('unfollowLog').length).toBe(1)
		log.add('while paused\n')
		await button(page, 'Follow').waitFor()
		expect(await region.textContent()).not.toContain('while paused')
		await button(page, 'Follow').click()
		await region.getByText('while paused').waitFor()
		await button(page, /^Pause$/).waitFor()
	})

	test('says what was skipped, and reads it when asked to', async () => {
		const { page, region, log, engine } = await open(many(3))
		await engine.sent('followLog')
		log.text += many(100_000)
		log.add(`rest of a line\n${line(7)}the newest\n`)
		await region.getByText('the newest').waitFor()
		await region.getByText(/^2\.3 MiB came faster than one can read and were skipped/).waitFor()
		expect(await region.locator('pre').textContent()).toBe(`${line(7)}the newest\n`)
		await button(page, 'Show earlier lines').click()
		await region.getByText('rest of a line').waitFor()
		expect(await region.locator('pre').textContent()).toContain(`${line(99_999)}rest of a line\n${line(7)}`)
		expect(await region.getByText('skipped').count()).toBe(0)
	})

	test('search goes from hit to hit through the whole log, and shows what is around each', async () => {
		const { page, region, log, complaints } = await open(
			many(200_000).replaceAll(/line (00[05]0000)/g, 'LINE $1 needle'),
		)
		await region.getByText('line 0199999').waitFor()
		await region.focus()
		await page.keyboard.press('ControlOrMeta+f')
		await page.keyboard.type('needle')
		await page.keyboard.press('Enter')
		const status = page.getByRole('search').getByRole('status')
		await expect.poll(() => status.textContent()).toBe('1 of 2, line 1')
		const hit = region.locator('.log-hit')
		const inSight = async () => {
			const [box, one] = await Promise.all([region.boundingBox(), hit.boundingBox()])
			if (!box || !one) throw new Error('not drawn')
			return one.y >= box.y && one.y + one.height <= box.y + box.height
		}
		await expect.poll(() => hit.textContent()).toBe('LINE 0000000 needle of the log\n')
		await page.keyboard.press('Enter')
		await expect.poll(() => status.textContent()).toBe('2 of 2, line 50,001')
		await expect.poll(() => hit.textContent()).toBe('LINE 0050000 needle of the log\n')
		expect(await inSight()).toBe(true)
		const around = (await region.locator('pre').textContent()) ?? ''
		expect(around).toContain(`${line(49_999)}LINE 0050000 needle of the log\n${line(50_001)}`)
		expect(around.startsWith('line 0049')).toBe(true)
		await page.keyboard.press('Shift+Enter')
		await expect.poll(() => status.textContent()).toBe('1 of 2, line 1')
		await button(page, 'Previous hit').click()
		await expect.poll(() => status.textContent()).toBe('2 of 2, line 50,001')
		// A search is data, and asked once for its hits.
		expect(log.calls('searchLog')).toEqual([
			{ run: log.run, text: 'needle', exact: false, from: 0, most: 200 },
		])
		await button(page, 'Match capitals').click()
		await page.getByRole('searchbox').fill('Needle')
		await button(page, 'Next hit').click()
		await expect.poll(() => status.textContent()).toBe('Not in this log')
		expect(await axe(page)).toEqual([])
		// Escape ends the search first, then closes the run.
		await page.getByRole('searchbox').press('Escape')
		expect(await page.getByRole('searchbox').inputValue()).toBe('')
		await region.waitFor()
		await page.getByRole('searchbox').press('Escape')
		await region.waitFor({ state: 'detached' })
		expect(complaints).toEqual([])
	})

	test('a hit is shown although one was at the end until it was drawn', async () => {
		const { page, region, log, engine } = await open(many(10_000).replace('line', 'needle'))
		await region.getByText('line 0009999').waitFor()
		const reads = log.calls('readLog').length
		await page.evaluate(`
			window.held = []
			window.requestAnimationFrame = (draw) => held.push(draw)
		`)
		await page.getByRole('searchbox').fill('needle')
		await page.keyboard.press('Enter')
		await expect.poll(() => log.calls('readLog').length).toBe(reads + 1)
		// What comes over the same socket after the answer shows that this was heard, though not drawn.
		engine.change({ slice: 'summary', value: { ...engine.state().summary, line: 'All is heard' } })
		await page.getByText('All is heard').waitFor()
		expect(await region.locator('.log-hit').count()).toBe(0)
		await scrollTo(page, 'end')
		await page.evaluate(`
			document.querySelector('.log').dispatchEvent(new Event('scroll'))
			window.requestAnimationFrame = (draw) => setTimeout(draw)
			for (const draw of held) draw(0)
		`)
		await region.locator('.log-hit').waitFor()
	})

	test('a search of more hits than one answer holds asks for more; one that takes long says how far it is', async () => {
		const { page, engine, log } = await open(many(3000))
		await page.getByRole('searchbox').fill('line')
		await page.keyboard.press('Enter')
		const status = page.getByRole('search').getByRole('status')
		await expect.poll(() => status.textContent()).toBe('1 of 200 or more, line 1')
		for (let hit = 2; hit <= 201; hit++) await page.keyboard.press('Enter')
		await expect.poll(() => status.textContent()).toBe('201 of 400 or more, line 201')
		expect(log.calls('searchLog').length).toBe(2)
		const waiting = Promise.withResolvers<{ hits: []; next: null }>()
		let asked = 0
		engine.handlers.searchLog = () => (asked++ === 0 ? { hits: [], next: 40_000 } : waiting.promise)
		await page.getByRole('searchbox').fill('nowhere')
		await page.keyboard.press('Enter')
		await expect.poll(() => status.textContent()).toMatch(/^Searching… 39.1 KiB of/)
		waiting.resolve({ hits: [], next: null })
		await expect.poll(() => status.textContent()).toBe('Not in this log')
	})

	test('what is refused is said where one looks', async () => {
		const { page, region, engine } = await open(many(3))
		await engine.sent('followLog')
		engine.refuse = problem('link-lost', { host: 'lab', reason: 'reset' })
		await page.getByRole('searchbox').fill('line')
		await page.keyboard.press('Enter')
		await expect
			.poll(() => page.getByRole('search').getByRole('status').textContent())
			.toBe(engine.refuse.title)
		expect(await region.locator('pre').textContent()).toBe(many(3))
	})

	test('of a run that has ended needs no following', async () => {
		const ended = { outcome: { status: 'succeeded', endedAt: 0 } } as const
		const { page, region, log } = await open(many(10_000), ended)
		await region.getByText('line 0009999').waitFor()
		expect(log.calls('followLog')).toEqual([])
		expect(await button(page, /^(?:Pause|Follow)$/).count()).toBe(0)
	})

	test('closing the run stops following', async () => {
		const { page, engine, log } = await open(many(3))
		await engine.sent('followLog')
		await page.evaluate("location.hash = ''")
		await button(page, /running: nt/).click()
		await expect.poll(() => log.calls('unfollowLog').length).toBe(1)
	})
})
