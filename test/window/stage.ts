import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { State } from '../../src/contract/state.ts'
import type { WebServer } from '../../src/web/server.ts'
import { CannedEngine } from './canned-engine.ts'
import { now } from './moments.ts'

export interface Stage {
	page: Page
	engine: CannedEngine
	server: WebServer
	/** What the page logged as an error, and each breach of the content security policy. */
	complaints: string[]
	close(): Promise<void>
}

/** Opens the window over a canned state, with its clock standing at the state's moment. */
export async function openStage(
	browser: Browser,
	rendererFolder: string,
	state: State,
	options: BrowserContextOptions = {},
): Promise<Stage> {
	const engine = new CannedEngine(state)
	const server = await engine.serve(rendererFolder)
	const context = await browser.newContext({
		viewport: { width: 412, height: 760 },
		reducedMotion: 'reduce',
		timezoneId: 'Europe/Berlin',
		permissions: ['clipboard-read', 'clipboard-write'],
		...options,
	})
	const page = await context.newPage()
	const complaints: string[] = []
	page.on('pageerror', (error) => complaints.push(String(error)))
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
	})
	await page.addInitScript(`
		addEventListener('securitypolicyviolation', (event) =>
			console.error('CSP', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber))
	`)
	await page.clock.setFixedTime(now)
	await page.goto(server.url)
	await page.getByRole('banner').waitFor()
	return {
		page,
		engine,
		server,
		complaints,
		async close() {
			await context.close()
			await server.close()
		},
	}
}
