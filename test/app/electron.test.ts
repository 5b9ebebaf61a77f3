import { execFile } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { State } from '../../src/contract/state.ts'
import { buildAll } from '../../src/setup/bundle.ts'
import { electronBinary } from '../../src/setup/electron-binary.ts'
import { isStale } from '../../src/setup/stale.ts'

/**
 * The real app, unpackaged (a packaged one refuses the inspector that Playwright speaks through), on a
 * data folder of its own, with the built-in workstation.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
// Set for all tests so that nothing fetches Electron by mistake; the binary that is there is still wanted.
const binary = electronBinary(root, { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: '' })
const screen = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
const reason = binary === null ? 'no Electron binary' : screen ? null : 'no screen'
if (reason !== null) console.log(`skipped: ${reason}`)

/** As the preload exposes it, in the page. */
interface Bridge {
	command(name: string, input: unknown): Promise<{ ok: boolean; output?: { operation?: string } }>
	watch(listener: (state: State) => void): () => void
}
interface PageGlobals {
	hawser: Bridge
	process?: unknown
	require?: unknown
	open(address: string): unknown
	document: { createElement(name: string): { textContent: string }; body: { append(node: unknown): void } }
	location: { href: string }
}

describe.skipIf(reason !== null)(`the real app${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
	let home: string
	let args: string[]
	let app: ElectronApplication
	let page: Page
	const errors: string[] = []

	beforeAll(async () => {
		home = realpathSync(mkdtempSync(join(tmpdir(), 'hawser-app-')))
		// A first start: the data folder is not there yet.
		args = [root, '--home', join(home, 'data folder'), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
		if (isStale(root)) await buildAll()
		app = await _electron.launch({ executablePath: binary ?? '', args, cwd: root, timeout: 60_000 })
		page = await app.firstWindow({ timeout: 60_000 })
		page.on('pageerror', (error) => errors.push(String(error)))
		page.on('console', (message) => {
			if (message.type() === 'error') errors.push(message.text())
		})
	})
	afterAll(async () => {
		await app?.close()
		rmSync(home, { recursive: true, force: true })
	})

	beforeEach(({ onTestFailed }) => {
		onTestFailed(async ({ task }) => {
			const path = join(root, 'test-results/electron', `${task.name.replaceAll(/[^a-z0-9]+/gi, '-')}.png`)
			await app
				?.windows()[0]
				?.screenshot({ path })
				.catch(() => {})
		})
	})

	test('the page is ours, sandboxed, and has the four functions', async () => {
		expect(page.url()).toMatch(/^hawser:\/\/app\/index\.html/)
		expect(await page.title()).toBe('Hawser')
		const world = await page.evaluate(() => {
			const globals = globalThis as unknown as PageGlobals
			return {
				bridge: Object.keys(globals.hawser),
				process: typeof globals.process,
				require: typeof globals.require,
			}
		})
		expect(world.bridge.toSorted()).toEqual(['command', 'onClose', 'onLog', 'watch'])
		expect([world.process, world.require]).toEqual(['undefined', 'undefined'])
	})

	test('the page goes nowhere else, opens nothing, and runs nothing that came with it', async () => {
		const prevented = app.evaluate(
			({ BrowserWindow }) =>
				new Promise<boolean>((resolve) => {
					const [window] = BrowserWindow.getAllWindows()
					window?.webContents.once('will-navigate', (event) => resolve(event.defaultPrevented))
				}),
		)
		const tried = await page.evaluate(() => {
			const globals = globalThis as unknown as PageGlobals
			const script = globals.document.createElement('script')
			script.textContent = 'globalThis.slipped = true'
			globals.document.body.append(script)
			const opened = globals.open('https://example.org/')
			globals.location.href = 'https://example.org/'
			return { opened: opened === null, slipped: 'slipped' in globalThis }
		})
		expect(tried).toEqual({ opened: true, slipped: false })
		expect(await prevented).toBe(true)
		expect(app.windows()).toHaveLength(1)
		expect(page.url()).toMatch(/^hawser:\/\/app\//)
		// The browser says of each that it was refused.
		errors.length = 0
	})

	test('the first start connects to the built-in workstation by itself', { timeout: 120_000 }, async () => {
		await page.getByRole('button', { name: 'Sync and validate' }).first().waitFor({ timeout: 90_000 })
	})

	test('Sync and validate goes out, runs, and comes back', { timeout: 240_000 }, async () => {
		const button = page.getByRole('button', { name: 'Sync and validate' }).first()
		await expect.poll(() => button.isEnabled(), { timeout: 60_000 }).toBe(true)
		await button.click()
		await expect
			.poll(
				() =>
					page.evaluate(
						() =>
							new Promise<string>((resolve) => {
								const stop = (globalThis as unknown as PageGlobals).hawser.watch((state) => {
									const go = Object.values(state.operations).find((operation) => operation.kind === 'go')
									queueMicrotask(() => stop())
									resolve(go?.outcome?.status ?? 'under way')
								})
							}),
					),
				{ timeout: 200_000, interval: 1000 },
			)
			.toBe('succeeded')
		expect(errors).toEqual([])
	})

	test('Esc closes the window and the app stays; a second start ends, and the first shows its window', async () => {
		const close = async () => {
			// An open detail takes the first Esc; the last one takes the page with it.
			if (app.windows().length > 0) await page.keyboard.press('Escape').catch(() => {})
			return app.windows().length
		}
		await expect.poll(close, { timeout: 10_000 }).toBe(0)
		expect(await app.evaluate(({ app }) => app.isReady())).toBe(true)
		const opened = app.waitForEvent('window')
		await promisify(execFile)(binary ?? '', args, { cwd: root, timeout: 30_000 })
		expect((await opened).url()).toMatch(/^hawser:\/\/app\//)
	})
})
