import { readdir, readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { now } from './moments.ts'
import { fingerprint, operation, run, running } from './pieces.ts'
import type { StageOptions } from './stage.ts'
import { type StateName, stateNames, states } from './states.ts'
import { windowBed } from './window-bed.ts'

/** Presses Tab until the focus is on a button with this name. */
async function tabTo(page: Page, name: string): Promise<void> {
	for (let presses = 0; presses < 40; presses++) {
		await page.keyboard.press('Tab')
		if ((await page.locator(':focus').textContent())?.trim() === name) return
	}
	throw new Error(`Tab does not reach ${name}`)
}

describe.skipIf(chromiumPath === null)('the window', () => {
	const bed = windowBed()
	const open = (name: StateName, options?: StageOptions) => bed.open(states[name](), options)
	const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

	for (const colorScheme of ['light', 'dark'] as const) {
		test.each(stateNames)(
			`%s in ${colorScheme}: its summary is in a live region, axe and the policy have nothing to say`,
			async (name) => {
				const { page, complaints } = await open(name, { colorScheme })
				const summary = page.getByRole('banner').locator('[aria-live=polite]')
				expect((await summary.textContent())?.length).toBeGreaterThan(5)
				expect(await summary.locator('svg').count()).toBe(1)
				const lines = page.getByTitle('Show every check')
				if (name !== 'nothing') await lines.first().click()
				const runs = page.locator('.run-row')
				if ((await runs.count()) > 0) await runs.first().click()
				expect(await axe(page)).toEqual([])
				expect(complaints).toEqual([])
			},
		)
	}

	test('the keyboard reaches and triggers Sync and validate', async () => {
		const { page, engine } = await open('ok')
		await tabTo(page, 'Sync and validate')
		await page.keyboard.press('Enter')
		expect(await engine.sent('go')).toEqual({ project: 'nt' })
	})

	test.each(['Up', 'Back', 'Run'] as const)('%s sends its command', async (label) => {
		const { page, engine } = await open('ok')
		await button(page, label)
			.and(page.locator(`:text-is("${label}")`))
			.click()
		expect(await engine.sent(label.toLowerCase() as 'up' | 'back' | 'run')).toEqual({ project: 'nt' })
	})

	test('a button that can do nothing says why, can be reached, and does nothing', async () => {
		const { page, engine } = await open('down-port')
		const go = button(page, 'Sync and validate')
		await tabTo(page, 'Sync and validate')
		await page.keyboard.press('Enter')
		const described = await go.getAttribute('aria-describedby')
		expect(await page.locator(`[id="${described}"]`).textContent()).toBe('There is no path to lab.')
		await button(page, 'Check again').click()
		await engine.sent('check')
		expect(engine.commands.map(({ name }) => name)).not.toContain('go')
	})

	test('accepting a key sends the fingerprint that was shown; refusing it too', async () => {
		const { page, engine } = await open('asking')
		await page.getByText(fingerprint).waitFor()
		await button(page, 'Accept this key').click()
		expect(await engine.sent('answerHostKey')).toEqual({ workstation: 'lab', fingerprint, accept: true })
		engine.commands.length = 0
		await button(page, 'Do not connect').click()
		expect(await engine.sent('answerHostKey')).toEqual({ workstation: 'lab', fingerprint, accept: false })
	})

	test('the line says in words where it breaks, and opens to every rung', async () => {
		const { page } = await open('down-zerotier')
		const line = page.getByTitle('Show every check')
		expect(await line.textContent()).toMatch(/ZeroTier\s*is broken/)
		await line.click()
		for (const title of ['Network', 'ZeroTier peer', 'SSH port', 'Host key', 'Login', 'Disk and clock'])
			await page.locator(`.rung-title:text-is("${title}")`).waitFor()
		await page.locator('.rung-problem', { hasText: 'ZeroTier is offline' }).waitFor()
	})

	test('Esc closes what was opened last and gives the focus back', async () => {
		const { page } = await open('working')
		await button(page, '2 processes').click()
		await page.getByRole('table').waitFor()
		await page.getByTitle('Show every check').click()
		await page.getByText('Disk and clock').waitFor()
		await page.keyboard.press('Escape')
		await page.getByText('Disk and clock').waitFor({ state: 'detached' })
		expect(await page.locator(':focus').getAttribute('title')).toBe('Show every check')
		expect(await page.getByRole('table').count()).toBe(1)
		await page.keyboard.press('Escape')
		await page.getByRole('table').waitFor({ state: 'detached' })
	})

	test('opening a run that ended is looking at it; one that still runs is looked at when it ends', async () => {
		const { page, engine } = await open('working')
		await button(page, /running: nt/).click()
		await engine.sent('followLog')
		expect(engine.commands.map(({ name }) => name)).not.toContain('lookRun')
		const ended = running({ outcome: { status: 'failed', endedAt: now, exitCode: 2 } })
		engine.change({ slice: 'runs', key: ended.id, value: ended })
		expect(await engine.sent('lookRun')).toEqual({ run: ended.id })
	})

	test('the address leads to a run', async () => {
		const { page, engine } = await open('ok')
		await page.evaluate(`location.hash = '#run/${run().id}'`)
		await page.getByRole('region', { name: 'Log of nt' }).waitFor()
		await engine.sent('readLog')
	})

	test('cancelling a run is asked once more', async () => {
		const { page, engine } = await open('working')
		await button(page, /running: nt/).click()
		await button(page, 'Cancel run').click()
		expect(engine.commands.map(({ name }) => name)).not.toContain('cancelRun')
		await button(page, 'Yes, cancel it').click()
		expect(await engine.sent('cancelRun')).toEqual({ run: running().id })
	})

	test('an operation shows its steps as they go, is cancelled, and is dismissed when over', async () => {
		const { page, engine } = await open('working')
		await page.getByText('Validate on the GPU: running').waitFor({ state: 'attached' })
		await button(page, 'Cancel').and(page.locator(':text-is("Cancel")')).click()
		expect(await engine.sent('cancelOperation')).toEqual({ operation: 'op-1' })
		engine.change({ slice: 'operations', key: 'op-1', value: operation({ cancelling: true }) })
		await button(page, 'Cancelling…').waitFor()
		const cancelled = problem('operation-cancelled', {})
		const value = operation({
			endedAt: now,
			outcome: {
				status: 'cancelled',
				problem: cancelled,
				run: null,
				series: [],
				commits: { up: [], back: [] },
				metrics: null,
			},
		})
		engine.change({ slice: 'operations', key: 'op-1', value })
		await page.getByText(cancelled.meaning).waitFor()
		await button(page, 'Dismiss').click()
		expect(await engine.sent('dismissOperation')).toEqual({ operation: 'op-1' })
	})

	test('a refused command is answered in the project’s card', async () => {
		const { page, engine } = await open('ok')
		engine.refuse = problem('operation-busy', { project: 'nt', operation: 'Up' })
		await button(page, 'Sync and validate').click()
		const card = page.getByRole('region', { name: 'Project nt' })
		await card.getByRole('alert').getByText('nt is busy').waitFor()
		await button(page, 'Dismiss').click()
		await card.getByRole('alert').waitFor({ state: 'detached' })
	})

	test('the next step of a problem is copied', async () => {
		const { page } = await open('key-changed')
		await button(page, 'Copy the command that removes it').first().click()
		await page.getByText('Copied').first().waitFor()
		expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(
			'ssh-keygen -R lab.example -f ~/.ssh/known_hosts',
		)
	})

	test('Ctrl+R checks again instead of loading again', async () => {
		const { page, engine } = await open('ok')
		await page.evaluate('window.stays = true')
		await page.keyboard.press('Control+r')
		expect(await engine.sent('check')).toEqual({})
		expect(await page.evaluate('window.stays')).toBe(true)
	})

	test('pausing is for an hour, and can be taken back', async () => {
		const { page, engine } = await open('ok')
		await button(page, 'Pause for an hour').click()
		expect(await engine.sent('pause')).toEqual({ until: now + 3_600_000 })
		const app = { ...engine.state().app, pausedUntil: now + 3_600_000 }
		engine.change({ slice: 'app', value: app })
		await page.getByText(/Paused until 12:15/).waitFor()
		engine.commands.length = 0
		await button(page, 'Go on').click()
		expect(await engine.sent('pause')).toEqual({ until: null })
	})

	test('when the engine is gone it says so and starts nothing; when one is back it goes on', async () => {
		const { page, engine, server } = await open('ok')
		const { port } = server
		const cookies = await page.context().cookies()
		await server.close()
		await page.getByRole('status').getByText('Hawser stopped; trying again').waitFor()
		await button(page, 'Sync and validate').click({ force: true })
		expect(engine.commands).toEqual([])
		const again = await engine.serve(bed.folder(), port)
		try {
			expect(cookies).toHaveLength(1)
			// A new server has a new token: the way in is its own address, here opened beside this page.
			await page.context().request.get(again.url)
			await page.getByText('Hawser stopped').waitFor({ state: 'detached' })
			await button(page, 'Sync and validate').click()
			expect(await engine.sent('go')).toEqual({ project: 'nt' })
		} finally {
			await again.close()
		}
	})

	test('no tick while nobody looks', async () => {
		const { page } = await open('ok')
		await page.evaluate(`
			window.ticks = 0
			Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.away })
			const set = window.setInterval
			window.setInterval = (...given) => { window.ticks++; return set(...given) }
			const clear = window.clearInterval
			window.clearInterval = (...given) => { window.ticks--; return clear(...given) }
			window.away = true
			document.dispatchEvent(new Event('visibilitychange'))
		`)
		expect(await page.evaluate('window.ticks')).toBe(-1)
		await page.evaluate('window.away = false; document.dispatchEvent(new Event("visibilitychange"))')
		expect(await page.evaluate('window.ticks')).toBe(0)
	})

	test('the preload’s bridge serves as well as a socket', async () => {
		const state = states.ok()
		const context = await bed.browser().newContext({ viewport: { width: 412, height: 760 } })
		const engine = (await open('ok')).server
		const page = await context.newPage()
		await page.addInitScript(`
			window.sent = []
			window.hawser = {
				command: async (name, input) => { window.sent.push([name, input]); return { ok: true, output: {} } },
				watch: (listener) => { setTimeout(() => listener(${JSON.stringify(state)})); return () => {} },
				onLog: () => () => {},
				onClose: (listener) => { window.closeHawser = listener; return () => {} },
			}
		`)
		try {
			await page.goto(engine.url)
			await button(page, 'Sync and validate').click()
			await page.waitForFunction('window.sent.length > 0')
			expect(await page.evaluate('window.sent')).toEqual([['go', { project: 'nt' }]])
			await page.evaluate('window.closeHawser()')
			await page.getByText('Hawser stopped').waitFor()
			await page.getByText('Hawser stopped').waitFor({ state: 'detached' })
		} finally {
			await context.close()
		}
	})

	test('nothing moves when numbers change', async () => {
		const { page, engine } = await open('working')
		const places = () =>
			page.evaluate<string>(
				'JSON.stringify([...document.querySelectorAll("section, button")].map((e) => e.getBoundingClientRect().top))',
			)
		const before = await places()
		const workstation = engine.state().workstations.lab
		if (workstation?.gpu.status !== 'read') throw new Error('no reading')
		const devices = workstation.gpu.devices.map((device) => ({
			...device,
			utilisation: { value: 100 },
			temperature: { value: 101 },
			power: { value: 1000 },
			memoryUsedMiB: { value: 24_564 },
		}))
		engine.change(
			{ slice: 'workstations', key: 'lab', value: { ...workstation, gpu: { ...workstation.gpu, devices } } },
			{
				slice: 'runs',
				key: running().id,
				value: running({
					progress: { fraction: 1, text: 'epoch 50/50', leftMs: null },
					lastLine: 'x'.repeat(200),
				}),
			},
		)
		await page.getByText('1000 W').waitFor()
		expect(await places()).toBe(before)
	})

	test('the script is at most 250 kB gzipped', async () => {
		const files = await readdir(`${bed.folder()}/assets`)
		const scripts = files.filter((file) => file.endsWith('.js'))
		const sizes = await Promise.all(
			scripts.map(async (file) => gzipSync(await readFile(`${bed.folder()}/assets/${file}`)).length),
		)
		expect(scripts.length).toBeGreaterThan(0)
		expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000)
	})
})
