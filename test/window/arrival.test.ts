import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { fragmentOf, type Place } from '../../src/app/place.ts'
import { agent } from './agent-states.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { ended, project, run, stateOf, workstation } from './pieces.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

/** Where a click on a notice leads. The page is opened there, or is there already. */
describe.skipIf(chromiumPath === null)('a place', () => {
	const bed = windowBed()
	const far = 'a project & others/é'
	const runs = Array.from({ length: 12 }, (_, at) =>
		run({ id: `20261122T0815${10 + at}Z-nt-3f9c`, startedAt: run().startedAt + at }),
	)
	const state = () =>
		stateOf({
			projects: ['nt', 'one', 'two', far].map((name) => project({ name, agent: agent({ status: 'waits' }) })),
			workstations: [workstation(), workstation({ name: 'spare', wanted: false, link: { status: 'off' } })],
			runs,
		})
	const lead = (page: Page, place: Place) =>
		page.evaluate(`location.hash = ${JSON.stringify(`#${fragmentOf(place)}`)}`)
	const start = async (page: Page, place: Place) => {
		await page.evaluate(`history.replaceState(null, '', ${JSON.stringify(`#${fragmentOf(place)}`)})`)
		await page.reload()
	}
	/** What has the focus, by its name, and whether its top is in view. */
	const there = async (page: Page, name: string) => {
		const label = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent"
		await expect.poll(() => page.evaluate(label)).toContain(name)
		const top = await page.evaluate<number>('document.activeElement.getBoundingClientRect().top')
		expect(top).toBeGreaterThanOrEqual(0)
		expect(top).toBeLessThan(page.viewportSize()?.height ?? 0)
	}

	test.each<[string, Place, string]>([
		['a project', { project: far }, `Project ${far}`],
		['its coding agent', { agent: far }, `Coding agent of ${far}`],
		['a workstation', { workstation: 'spare' }, 'Line to spare'],
		['the list of runs', { card: 'runs' }, 'Runs'],
	])('%s comes into view with the focus, also when the page has just begun', async (_, place, name) => {
		const { page, complaints } = await bed.open(state())
		expect(await page.evaluate('scrollY')).toBe(0)
		await lead(page, place)
		await there(page, name)
		// The person went elsewhere; the same notice's place again.
		await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)')
		await lead(page, place)
		await there(page, name)
		await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)')
		await start(page, place)
		await there(page, name)
		expect(await axe(page)).toEqual([])
		expect(complaints).toEqual([])
	})

	test('from there the keyboard goes on', async () => {
		const { page } = await bed.open(state())
		await lead(page, { agent: 'two' })
		await there(page, 'Coding agent of two')
		await page.keyboard.press('Tab')
		expect(await page.evaluate('document.activeElement.textContent')).toBe('Attach…')
	})

	test('several runs are all listed; one of them is opened wherever it stands in the list', async () => {
		const { page } = await bed.open(state())
		const rows = page.locator('.run-row')
		expect(await rows.count()).toBe(3)
		await lead(page, { run: runs[0]?.id ?? '' })
		await page.locator('.run-detail').waitFor()
		expect(await rows.count()).toBe(4)
		expect(await page.evaluate('document.activeElement.getAttribute("aria-expanded")')).toBe('true')
		await there(page, 'nt · MASE')
		await lead(page, { card: 'runs' })
		await there(page, 'Runs')
		expect(await rows.count()).toBe(12)
		await page.getByRole('button', { name: 'Show fewer' }).click()
		expect(await rows.count()).toBe(4)
	})

	test('a workstation that asks leads to its question', async () => {
		const asks = states['login-passphrase']()
		const login = await bed.open(asks)
		await login.page.evaluate('document.activeElement.blur()')
		await lead(login.page, { workstation: 'lab' })
		await expect
			.poll(() => login.page.evaluate('document.activeElement.matches("input[data-answer]")'))
			.toBe(true)
		const key = await bed.open(states.asking())
		await lead(key.page, { workstation: 'lab' })
		await there(key.page, 'A new host key')
	})

	test('messages that do not go out', async () => {
		const { page, engine } = await bed.open(states.unsent())
		const note = page.getByRole('region', { name: 'Notices that are not sent' })
		await note.getByText('A notice could not be sent to the webhook · 7 min ago').waitFor()
		await note.getByText('ntfy.example.org said: HTTP 403.').waitFor()
		await lead(page, { card: 'notices' })
		await there(page, 'Notices that are not sent')
		expect(await axe(page)).toEqual([])
		const { unsent: _, ...app } = engine.state().app
		engine.change({ slice: 'app', value: app })
		await note.waitFor({ state: 'detached' })
	})

	test('what is not there yet is waited for, until the person does something else', async () => {
		const { page, engine } = await bed.open(stateOf({ projects: [], runs: ended }))
		const come = (name: string) =>
			engine.change({ slice: 'projects', key: name, value: project({ name, agent: null }) })
		await lead(page, { agent: 'late' })
		come('late')
		await there(page, 'Project late')
		await lead(page, { project: 'later' })
		await page.keyboard.press('Shift')
		await page.evaluate('document.activeElement.blur()')
		come('later')
		await page.getByRole('region', { name: 'Project later' }).waitFor()
		expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
	})
})
