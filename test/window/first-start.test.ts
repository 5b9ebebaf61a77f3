import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axe } from './axe.ts'
import { chromiumPath, launchBrowser, root } from './browser.ts'

/** The product as a newcomer meets it: `hawser serve` on an empty data folder, in a real browser. */
interface Served {
	child: ChildProcess
	url: string
}

async function serve(dataFolder: string): Promise<Served> {
	const child = spawn(process.execPath, ['src/cli/main.ts', '--home', dataFolder, 'serve', '--no-open'], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'inherit'],
	})
	const lines = createInterface({ input: child.stdout })
	for await (const line of lines) if (line.startsWith('http://127.0.0.1:')) return { child, url: line }
	throw new Error('hawser serve ended without an address')
}

async function end(child: ChildProcess): Promise<number | null> {
	const ended = new Promise<number | null>((done) => child.once('exit', done))
	child.kill('SIGTERM')
	return await ended
}

describe.skipIf(chromiumPath === null)('first start in a browser, with the real engine', () => {
	let dataFolder: string
	let served: Served
	let browser: Browser
	let page: Page
	const violations: string[] = []

	beforeAll(async () => {
		dataFolder = await mkdtemp(join(tmpdir(), 'hawser-first-'))
		served = await serve(dataFolder)
		browser = await launchBrowser()
		page = await browser.newPage({
			viewport: { width: 412, height: 760 },
			deviceScaleFactor: 2,
			reducedMotion: 'reduce',
		})
		page.on('console', (message) => {
			if (message.type() === 'error') violations.push(message.text())
		})
		page.on('pageerror', (error) => violations.push(error.message))
	})
	afterAll(async () => {
		await browser?.close()
		const code = served ? await end(served.child) : null
		await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 })
		expect(code).toBe(0)
	})

	/** Taken anew only when asked for: times and commits differ in every run. */
	const picture = async (name: string) => {
		if (!process.env.HAWSER_PICTURES) return
		for (const scheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme: scheme })
			await page.screenshot({
				path: `${root}test/window/pictures/real-${name}-${scheme}.png`,
				fullPage: true,
			})
		}
	}

	test('nothing is set up by hand, and the line holds', async () => {
		await page.goto(served.url)
		await page.getByText('All good').first().waitFor({ timeout: 60_000 })
		expect(page.url()).not.toContain('token')
		await page
			.getByText(/simulated/i)
			.first()
			.waitFor()
		expect(await axe(page)).toEqual([])
		await picture('ready')
	})

	test('one click: code out, a run with live progress, results back, and it says so', async () => {
		await page.getByRole('button', { name: 'Sync and validate' }).click()
		await page.getByText('Validate on the GPU').waitFor()
		await page
			.getByText(/window \d+\/50/)
			.first()
			.waitFor({ timeout: 60_000 })
		await page.getByRole('button', { name: /running: forecast/ }).click()
		await page
			.getByText(/window \d+\/50\s+MASE/)
			.first()
			.waitFor()
		expect(await axe(page)).toEqual([])
		await picture('running')
		await page
			.getByText(/MASE \d/)
			.first()
			.waitFor({ timeout: 60_000 })
		await page.getByRole('button', { name: 'Sync and validate' }).waitFor({ timeout: 60_000 })
		await page.keyboard.press('Escape')
		await page.getByText('All good').first().waitFor({ timeout: 60_000 })
		expect(await axe(page)).toEqual([])
		await page.mouse.click(2, 2)
		await picture('finished')
	})

	test('a second window shows the same run', async () => {
		const other = await browser.newPage()
		await other.goto(served.url)
		await other
			.getByText(/forecast · MASE/)
			.first()
			.waitFor({ timeout: 30_000 })
		await other.close()
	})

	test('nothing broke the content policy or threw', () => {
		expect(violations).toEqual([])
	})
})
