import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { now } from './moments.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

/** All of a page that a stage before could have left in it. */
const facts = (page: Page) =>
	page.evaluate(`({
		address: location.href.replace(/:\\d+/, ''),
		focus: document.activeElement.outerHTML.slice(0, 80),
		hovered: [...document.querySelectorAll(':hover')].map(({ tagName }) => tagName),
		scrolled: [scrollX, scrollY],
		selected: String(getSelection()),
		kept: [localStorage.length, sessionStorage.length],
		globals: Object.keys(window).sort(),
		size: [innerWidth, innerHeight, devicePixelRatio],
		media: ['prefers-color-scheme: dark', 'prefers-contrast: more', 'prefers-reduced-motion: reduce']
			.map((one) => matchMedia('(' + one + ')').matches),
		hidden: document.hidden,
		now: Date.now(),
		markup: document.documentElement.outerHTML.replace(/index-[\\w-]+/g, 'index'),
	})`)

describe.skipIf(chromiumPath === null)('a page that is kept', () => {
	const bed = windowBed()

	test('begins as a new one does, whatever was done in it before', async () => {
		const used = await bed.open(states['down-port'](), {
			colorScheme: 'dark',
			contrast: 'more',
			viewport: { width: 380, height: 300 },
		})
		const { page, engine } = used
		engine.refuse = problem('internal', { message: 'refused' })
		await page.getByTitle('Show every check').click()
		await page.evaluate(`
			localStorage.setItem('kept', '1')
			sessionStorage.setItem('kept', '1')
			window.kept = 1
			document.documentElement.style.fontSize = '200%'
			location.hash = '#project/nt'
			console.error('said before')
			open('about:blank')
		`)
		await expect.poll(() => page.context().pages().length).toBe(2)
		await page.bringToFront()
		await page.keyboard.press('ControlOrMeta+a')
		await page.getByRole('button', { name: 'Check again' }).click()
		await page.mouse.wheel(0, 200)
		await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(50)
		await page.getByRole('button', { name: 'Up', exact: true }).hover({ force: true })
		expect(used.complaints).toContain('said before')
		expect(await facts(page)).toMatchObject({ media: [true, true, true], size: [380, 300, 1] })

		// Opened while the other still is: a page that nothing was done in.
		const fresh = await bed.open(states.ok())
		expect(fresh.page).not.toBe(page)
		const expected = await facts(fresh.page)
		const picture = await fresh.page.screenshot({ fullPage: true })
		await used.close()

		const again = await bed.open(states.ok())
		expect(again.page).toBe(page)
		expect(await facts(page)).toEqual(expected)
		expect(expected).toMatchObject({ now, hovered: [], kept: [0, 0], scrolled: [0, 0] })
		expect((await page.screenshot({ fullPage: true })).equals(picture)).toBe(true)
		expect(page.context().pages()).toEqual([page])
		expect(again.complaints).toEqual([])
		// What speaks to it is the new engine alone.
		await page.getByRole('button', { name: 'Up', exact: true }).click()
		expect(await again.engine.sent('up')).toEqual({ project: 'nt' })
		expect(engine.commands.map(({ name }) => name)).not.toContain('up')
	})

	test('is not lent again once its server was closed, nor when it was closed itself', async () => {
		const { page, server, close } = await bed.open(states.ok())
		await server.close()
		await close()
		const next = await bed.open(states.ok())
		expect(next.page).not.toBe(page)
		await next.page.close()
		await next.close()
		expect((await bed.open(states.ok())).page.isClosed()).toBe(false)
	})

	test('what the policy, an error and axe have to say of it is heard', async () => {
		const { page, complaints } = await bed.open(states.ok())
		expect(await axe(page)).toEqual([])
		await page.evaluate(`
			setTimeout(() => { throw new Error('thrown') })
			const pale = Object.assign(document.createElement('p'), { textContent: 'pale' })
			Object.assign(pale.style, { color: '#999', background: '#eee' })
			const picture = Object.assign(new Image(), { src: 'https://example.com/x.png' })
			document.querySelector('main').append(pale, document.createElement('button'), picture)
		`)
		await expect.poll(() => complaints.some((one) => one.startsWith('CSP img-src'))).toBe(true)
		await expect.poll(() => complaints.some((one) => one.includes('thrown'))).toBe(true)
		const found = (await axe(page)).map((line) => line.split(':')[0])
		expect(new Set(found)).toEqual(new Set(['button-name', 'color-contrast', 'image-alt']))
	})
})
