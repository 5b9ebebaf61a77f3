import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { State } from '../../src/contract/state.ts'
import { buildWindow, launchBrowser } from './browser.ts'
import { CannedEngine } from './canned-engine.ts'
import { type KeptPage, keepPage } from './kept-page.ts'
import type { Stage, StageOptions } from './stage.ts'

export interface WindowBed {
	/** Opens the window over a canned state, with nothing left of what was open before. */
	open(state: State, options?: StageOptions): Promise<Stage>
	browser(): Browser
	/** The built window. */
	folder(): string
}

/**
 * One built window and one browser for the tests of a `describe`; what a test opens is closed after it.
 * Pages are kept for the tests that come after, but not those of a test that failed: they may be anyhow.
 */
export function windowBed(): WindowBed {
	let browser: Browser
	let built: Awaited<ReturnType<typeof buildWindow>>
	const stages = new Set<Stage>()
	const free: KeptPage[] = []
	const all = new Set<KeptPage>()
	const end = async (kept: KeptPage) => {
		all.delete(kept)
		await kept.close()
	}
	beforeAll(async () => {
		built = await buildWindow()
		browser = await launchBrowser()
	})
	afterAll(async () => {
		await Promise.all([...all].map(end))
		await browser?.close()
		await built?.remove()
	})
	afterEach(async ({ task }) => {
		await Promise.all([...stages].map((stage) => stage.close()))
		if (task.result?.state === 'fail') await Promise.all(free.splice(0).map(end))
	})

	async function pageOf(scale: number): Promise<KeptPage> {
		const at = free.findIndex((kept) => kept.scale === scale)
		const [kept] = at < 0 ? [] : free.splice(at, 1)
		if (kept) return kept
		const made = await keepPage(browser, built.folder, scale)
		all.add(made)
		return made
	}
	return {
		async open(state, options = {}) {
			const kept = await pageOf(options.deviceScaleFactor ?? 1)
			const stage: Stage = {
				...(await kept.show(new CannedEngine(state), options)),
				async close() {
					if (!stages.delete(stage)) return
					if (kept.isGood()) free.push(kept)
					else await end(kept)
				},
			}
			stages.add(stage)
			return stage
		},
		browser: () => browser,
		folder: () => built.folder,
	}
}
