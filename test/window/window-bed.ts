import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { State } from '../../src/contract/state.ts'
import { buildWindow, launchBrowser } from './browser.ts'
import { openStage, type Stage } from './stage.ts'

/** One built window and one browser for the tests of a `describe`; what a test opens is closed after it. */
export function windowBed(): { open(state: State, options?: BrowserContextOptions): Promise<Stage> } {
	let browser: Browser
	let built: Awaited<ReturnType<typeof buildWindow>>
	const stages: Stage[] = []
	beforeAll(async () => {
		built = await buildWindow()
		browser = await launchBrowser()
	})
	afterAll(async () => {
		await browser?.close()
		await built?.remove()
	})
	afterEach(async () => {
		await Promise.all(stages.splice(0).map((stage) => stage.close()))
	})
	return {
		async open(state, options) {
			const stage = await openStage(browser, built.folder, state, options)
			stages.push(stage)
			return stage
		},
	}
}
