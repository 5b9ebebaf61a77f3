import type { Browser, Page } from 'playwright-core'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import { serveWeb } from '../../src/web/server.ts'
import type { CannedEngine } from './canned-engine.ts'
import { now } from './moments.ts'
import type { Stage, StageOptions } from './stage.ts'

export interface KeptPage {
	/** Pixels of a picture to one of the page: a page has it for life. */
	readonly scale: number
	/** Loads the window anew, over this engine; nothing of the stage before is left. */
	show(engine: CannedEngine, options: StageOptions): Promise<Omit<Stage, 'close'>>
	/** False once it cannot be shown another stage. */
	isGood(): boolean
	close(): Promise<void>
}

const viewport = { width: 412, height: 760 }

/**
 * One page with one server for stages one after another. A page of its own costs each of them a process of the browser,
 * which is most of the work. `window-bed.test.ts` holds such a page beside a new one.
 */
export async function keepPage(browser: Browser, rendererFolder: string, scale: number): Promise<KeptPage> {
	let behind: CannedEngine | null = null
	let complaints: string[] = []
	let isGood = true
	const served = await serveWeb({
		serveFace: (channel) => void (behind && serveEngine(behind, channel)),
		port: 0,
		rendererFolder,
	})
	const server = {
		...served,
		close() {
			isGood = false
			return served.close()
		},
	}
	const context = await browser.newContext({
		viewport,
		deviceScaleFactor: scale,
		timezoneId: 'Europe/Berlin',
		permissions: ['clipboard-read', 'clipboard-write'],
	})
	const page = await context.newPage()
	page.on('pageerror', (error) => complaints.push(String(error)))
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
	})
	page.on('crash', () => {
		isGood = false
	})
	await page.addInitScript(`
		addEventListener('securitypolicyviolation', (event) =>
			console.error('CSP', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber))
	`)
	await page.clock.setFixedTime(now)
	/** The first time by the address that lets it in. */
	let address = served.url

	return {
		scale,
		async show(engine, options) {
			await leave(page)
			await page.setViewportSize(options.viewport ?? viewport)
			await page.emulateMedia({
				reducedMotion: 'reduce',
				colorScheme: options.colorScheme ?? 'light',
				contrast: options.contrast ?? 'no-preference',
			})
			behind = engine
			complaints = []
			await page.goto(address)
			address = `http://127.0.0.1:${served.port}/`
			await page.getByRole('banner').waitFor()
			return { page, engine, server, complaints }
		},
		isGood: () => isGood && !page.isClosed(),
		async close() {
			await context.close()
			await server.close()
		},
	}
}

/** What outlasts a document: the pointer, other tabs, what a page stored. */
async function leave(page: Page): Promise<void> {
	await page.mouse.move(-1, -1)
	for (const other of page.context().pages()) if (other !== page) await other.close()
	if (page.url() !== 'about:blank') await page.evaluate('localStorage.clear(); sessionStorage.clear()')
}
