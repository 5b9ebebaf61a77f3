import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { menuModel } from '../../src/app/menu-model.ts'
import { pendingText } from '../../src/cli/pending.ts'
import { caresOf } from '../../src/contract/pending-words.ts'
import { chromiumPath } from './browser.ts'
import { calm, inStep, pending, project } from './pieces.ts'
import { type StateName, states } from './states.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('what is pending', () => {
	const bed = windowBed()
	const open = (name: StateName) => bed.open(states[name]())
	const words = async (page: Page, selector: string) =>
		(await page.locator(selector).allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim())

	test('each way has its number, in words too', async () => {
		const { page } = await open('both-ways')
		expect(await words(page, '.flow .sr')).toEqual([
			'2 commits to send to the hub',
			'1 commit to take from the hub',
			'2 commits to send to the workstation',
			'1 commit with results to bring back',
		])
		expect(await words(page, '.commits .way .sr')).toEqual(['comes back:', 'comes from the hub:'])
		await page.getByText('2 stashes on the laptop, 1 on the workstation').waitFor()
	})

	test('a commit that comes back by the hub too is listed once', async () => {
		const { page, engine } = await open('both-ways')
		const { toLaptop } = pending({
			toLaptop: { count: 1, commits: [{ ...subject('Results'), id: 'd'.repeat(40) }] },
		})
		engine.change({
			slice: 'projects',
			key: 'nt',
			value: project({ pending: pending({ toLaptop, fromHub: toLaptop }) }),
		})
		await page.getByText('Results', { exact: true }).waitFor()
		expect(await page.getByText('Results', { exact: true }).count()).toBe(1)
	})
	const subject = (text: string) => ({ id: '', subject: text, author: 'Ada', at: 0 })

	test('the quiet case is one calm line', async () => {
		const { page, engine } = await open('in-step')
		expect(await words(page, '.project .commits li')).toEqual([
			'Nothing waits: all three are in step at 9f3c1ab.',
		])
		expect(await page.locator('.cares').count()).toBe(0)
		const direct = project({ name: 'demo', workstation: 'built-in', hub: 'direct' })
		const value = { ...direct, pending: { ...inStep(), toHub: null, fromHub: null } }
		engine.change({ slice: 'projects', key: 'demo', value })
		await page.getByText('both are in step').waitFor()
		expect(await words(page, '.lane-title')).toEqual(['Laptop', 'Workstation'])
		expect(await words(page, '.project .commits li')).toHaveLength(1)
	})

	test.each([
		['a result', { resultFiles: ['r'], resultCount: 1 }, '1 result file to bring back'],
		['a changed file', { changedFiles: ['c'], changedCount: 1 }, '1 changed file on the workstation'],
		['a new file', { untrackedFiles: ['u'], untrackedCount: 1 }, '1 new file on the workstation'],
	])('%s on the workstation is not quiet', async (_, change, line) => {
		const { page, engine } = await open('in-step')
		const { remote } = pending()
		const value = project({
			name: 'demo',
			pending: { ...inStep(), remote: remote && { ...remote, ...change } },
		})
		engine.change({ slice: 'projects', key: 'demo', value })
		await page.getByText(line, { exact: true }).waitFor()
		expect(await page.getByText('Nothing waits').count()).toBe(0)
	})

	test('what needs care stands in its own list and on its lane, without colour too', async () => {
		const { page, engine } = await open('needs-care')
		const cares = page.getByRole('list', { name: 'What needs care' })
		expect(await cares.getByRole('listitem').count()).toBe(3)
		expect(await cares.locator('svg').count()).toBe(3)
		expect(await words(page, '.lane-care .lane-title')).toEqual([
			'Laptop, needs care',
			'Workstation, needs care',
		])
		await page.getByText('Git is locked on the laptop by git commit (4242)').waitFor()
		await page.getByRole('button', { name: 'Copy its path' }).click()
		await page.getByText('Copied').waitFor()
		expect(await page.evaluate('navigator.clipboard.readText()')).toBe('/home/ada/eon/nt/.git/index.lock')
		engine.change({ slice: 'projects', key: 'nt', value: project({ pending: pending({ standing: calm }) }) })
		await cares.waitFor({ state: 'detached' })
	})

	test('the window, the menu and the terminal say the same of it', async () => {
		const now = Date.now()
		const state = states['needs-care']()
		const dirty = { changedFiles: ['c'], changedCount: 1, untrackedFiles: ['u', 'v'], untrackedCount: 2 }
		const { remote, standing } = pending()
		const stashed = { ...standing, stashes: 2 }
		const before = state.projects.nt?.pending
		if (before?.status !== 'read' || !before.remote || !remote) throw new Error('the canned sides were read')
		const read = {
			...before,
			...dirty,
			standing: { ...before.standing, stashes: stashed.stashes },
			remote: { ...before.remote, ...dirty, resultFiles: ['r'], resultCount: 1 },
		}
		const nt = project({ pending: read })
		const { page } = await bed.open({ ...state, projects: { nt } })
		const menu = JSON.stringify(menuModel({ ...state, projects: { nt } }, now))
		const terminal = pendingText(nt, now)
		const window = (await words(page, '.project')).join()
		const cares = caresOf(read)
		expect(cares).toHaveLength(3)
		for (const { title } of cares) {
			expect(window).toContain(title)
			expect(menu).toContain(`⚠ ${title}`)
			expect(terminal).toContain(title.slice(1))
		}
		for (const text of ['1 changed file and 2 new on the workstation', '1 result file to bring back'])
			for (const face of [window, menu, terminal]) expect(face).toContain(text)
		for (const face of [window, menu]) expect(face).toContain('2 stashes on the laptop')
	})

	test('the files are listed by keyboard, the first few, then all that are known; Esc closes them', async () => {
		const { page } = await open('many-files')
		await page.getByRole('button', { name: /1234 changed files and 40 new/ }).focus()
		await page.keyboard.press('Enter')
		const changed = page.getByRole('list', { name: 'Changed on the laptop' })
		expect(await changed.getByRole('listitem').count()).toBe(8)
		await page.keyboard.press('Tab')
		expect(await page.evaluate('document.activeElement.textContent')).toBe('and 1226 more')
		await page.keyboard.press('Enter')
		expect(await changed.getByRole('listitem').count()).toBe(100)
		await page.getByText('and 1134 more that are not listed').waitFor()
		expect(await changed.getAttribute('tabindex')).toBe('0')
		await page.keyboard.press('Escape')
		await changed.waitFor({ state: 'detached' })
		expect(await page.evaluate('document.activeElement.className')).toBe('files-row')
	})
})
