import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { localNetworkSettings } from '../../src/contract/problem.ts'
import type { State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { chromiumPath } from './browser.ts'
import { now } from './moments.ts'
import type { Stage } from './stage.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'
import { downBy, signOn, zerotierOperation, zerotierOutcome } from './zerotier-states.ts'

describe.skipIf(chromiumPath === null)('the ladder and its remedies', () => {
	const bed = windowBed()

	async function open(state: State, { ladder = true } = {}): Promise<Stage> {
		const stage = await bed.open(state)
		if (ladder) await stage.page.getByTitle('Show every check').first().click()
		return stage
	}
	const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
	const rung = (page: Page, title: string) => page.locator('.rung').filter({ hasText: title }).first()
	const clipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()')

	test('a rung shows its few facts, and many when asked; no, none and nothing are said', async () => {
		const state = states.ok()
		const tools = state.workstations.lab?.rungs.find(({ id }) => id === 'tools')
		if (!tools) throw new Error('no tools')
		tools.facts = { ...tools.facts, tmux: false, missing: [], flock: '' }
		const { page } = await open(state)
		expect(await rung(page, 'ZeroTier peer').locator('dl').textContent()).toMatch(
			/node id\s*1d4f8b7c66\s*heard\s*2 s ago/,
		)
		const details = page.getByRole('button', { name: /^7 details of Tools$/ })
		expect(await rung(page, 'Tools').locator('dl').count()).toBe(0)
		await details.click()
		const pairs = await rung(page, 'Tools').locator('dl > div').allTextContents()
		expect(pairs).toEqual([
			'shell/bin/bash',
			'git2.43.0',
			'rsync3.2.7',
			'tmuxno',
			'python3.12.3',
			'flockunknown',
			'missingnone',
		])
		await page.keyboard.press('Escape')
		await rung(page, 'Tools').locator('dl').waitFor({ state: 'detached' })
	})

	test('the link says through what it goes, and what speaks SSH when it is not Hawser', async () => {
		const { page } = await open(states['systems-ssh']())
		const words = await page.locator('.ladder-link').textContent()
		expect(words).toContain(
			'Connected to gpu-07.cluster.example:22 through gate.example:2222 for 4 h, 31 ms.',
		)
		expect(words).toContain(
			'Through the system’s ssh: The key ~/.ssh/id_ed25519_sk lives in a hardware token.',
		)
	})

	test('a detour of packets is worth a word; the direct way is not', async () => {
		const relayed = await open(states['zerotier-relayed']())
		await rung(relayed.page, 'ZeroTier peer').getByText('detour over ZeroTier’s relays').waitFor()
		const direct = await open(states.ok())
		expect(await direct.page.locator('.rung-note').count()).toBe(0)
	})

	test('a kept login can be forgotten, and only where one is kept', async () => {
		const { page, engine } = await open(states['through-jump-hosts']())
		await button(page, 'Forget the kept login').click()
		expect(await engine.sent('forgetLogin')).toEqual({ workstation: 'lab' })
		const without = await open(states.ok())
		expect(await button(without.page, 'Forget the kept login').count()).toBe(0)
	})

	test('restarting ZeroTier is one click, and one restart at a time', async () => {
		const { page, engine } = await open(states['zerotier-not-running']())
		await rung(page, 'ZeroTier').getByRole('button', { name: 'Restart ZeroTier' }).click()
		expect(await engine.sent('restartZeroTier')).toEqual({})
		engine.commands.length = 0
		engine.change({ slice: 'operations', key: 'op-zt', value: zerotierOperation() })
		const main = page.getByRole('region', { name: 'What is wrong' }).getByRole('button', { name: 'Restart' })
		await page.getByRole('region', { name: 'ZeroTier on this laptop' }).waitFor()
		expect(await main.getAttribute('title')).toBe('It is being restarted.')
		await main.click({ force: true })
		await button(page, 'Check again').click()
		await engine.sent('check')
		expect(engine.commands.map(({ name }) => name)).toEqual(['check'])
	})

	test('a restart shows its steps, can be cancelled, says what came of it, and is dismissed', async () => {
		const { page, engine } = await open(states['zerotier-restarting'](), { ladder: false })
		const card = page.getByRole('region', { name: 'ZeroTier on this laptop' })
		await card.getByText('Restart the service').first().waitFor()
		await card.getByRole('button', { name: 'Cancel' }).click()
		expect(await engine.sent('cancelOperation')).toEqual({ operation: 'op-zt' })
		const [step] = zerotierOperation().steps.slice(-1)
		const value = zerotierOperation({
			endedAt: now,
			steps: step ? [{ ...step, status: 'done', detail: 'online, lab answers again' }] : [],
			outcome: zerotierOutcome(),
		})
		engine.change({ slice: 'operations', key: 'op-zt', value })
		await card.getByText('Restart ZeroTier: done in 6 s · online, lab answers again').waitFor()
		await card.getByRole('button', { name: 'Dismiss' }).click()
		expect(await engine.sent('dismissOperation')).toEqual({ operation: 'op-zt' })
	})

	test('joining a network stands at the same place, with its own words', async () => {
		const state = states.ok()
		const { page } = await open(
			{ ...state, operations: { 'op-zt': zerotierOperation({ kind: 'zerotier-join' }) } },
			{ ladder: false },
		)
		const card = page.getByRole('region', { name: 'ZeroTier on this laptop' })
		await card.getByText('The network’s admin may have to let this laptop in.').waitFor()
		expect(await page.getByRole('region', { name: 'Project nt' }).locator('.operation').count()).toBe(0)
	})

	test('an address that is safe is a link that leaves nothing behind', async () => {
		const url = 'https://login.example/zerotier?state=1'
		const { page } = await open(downBy(signOn(url), 'zerotier-network', 'wants a login'))
		const links = page.getByRole('link', { name: 'Log in' })
		expect(await links.count()).toBe(2)
		for (const link of await links.all()) {
			expect(await link.getAttribute('href')).toBe(url)
			expect(await link.getAttribute('target')).toBe('_blank')
			expect((await link.getAttribute('rel'))?.split(' ').sort()).toEqual(['noopener', 'noreferrer'])
		}
	})

	test('the system’s own setting can be opened too', async () => {
		const { page } = await open(states['local-network'](), { ladder: false })
		expect(await page.getByRole('link', { name: 'Open the setting' }).getAttribute('href')).toBe(
			localNetworkSettings,
		)
	})

	test.each([
		'javascript:document.title=1',
		'http://login.example/',
		'data:text/html,<script>1</script>',
		'file:///etc/passwd',
		'x-apple.systempreferences:com.apple.preference.security',
		' javascript:alert(1)//https://login.example',
		'nothing at all',
	])('the address %s is shown and is no link', async (url) => {
		const { page, complaints } = await open(downBy(signOn(url), 'zerotier-network', 'wants a login'))
		const shown = page.getByRole('region', { name: 'What is wrong' }).locator('.unsafe code')
		expect(await shown.textContent()).toBe(url)
		expect(await page.locator('a').count()).toBe(0)
		expect(complaints).toEqual([])
	})

	test('the report is the engine’s own text, on the clipboard', async () => {
		const text = 'Hawser 0.1.0\nlab: not reachable\n  SSH port: failing\n'
		const { page, engine } = await open(states['down-port']())
		engine.handlers.report = () => ({ text })
		await button(page, 'Copy report').last().click()
		await page.getByText('Copied').waitFor()
		expect(await engine.sent('report')).toEqual({ workstation: 'lab' })
		expect(await clipboard(page)).toBe(text)
	})

	test('a report that could not be made, or not be copied, is said', async () => {
		const { page, engine } = await open(states['down-port'](), { ladder: false })
		await page.evaluate('navigator.clipboard.writeText("before")')
		engine.refuse = problem('internal', { message: 'no report' })
		await button(page, 'Copy report').click()
		await page.getByText('Could not copy').waitFor()
		await page.getByRole('alert').getByText('no report').waitFor()
		expect(await clipboard(page)).toBe('before')
		engine.refuse = null
		engine.handlers.report = () => ({ text: 'text' })
		await page.evaluate(`
			navigator.clipboard.writeText = () => Promise.reject(new Error('not permitted'))
			document.execCommand = () => false
		`)
		await page.getByText('Could not copy').click()
		await page.getByRole('alert').waitFor({ state: 'detached' })
		await page.getByText('Could not copy').waitFor()
		expect(await clipboard(page)).toBe('before')
	})

	test('what is being tried is not tried twice', async () => {
		const { page, engine } = await open(states['dialling-again'](), { ladder: false })
		const card = page.getByRole('region', { name: 'What is wrong' })
		await card.getByText('Trying now.').waitFor()
		await button(page, 'Try now').click({ force: true })
		await button(page, 'Check again').click()
		await engine.sent('check')
		expect(engine.commands.map(({ name }) => name)).toEqual(['check'])
	})
})
