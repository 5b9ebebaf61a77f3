import type { BrowserContextOptions, Page } from 'playwright-core'
import type { WebServer } from '../../src/web/server.ts'
import type { CannedEngine } from './canned-engine.ts'

/** The window over a canned state, with its clock standing at the state's moment. */
export interface Stage {
	page: Page
	engine: CannedEngine
	/** Whoever closes it ends the page for the stages that come after. */
	server: WebServer
	/** What the page logged as an error, and each breach of the content security policy. */
	complaints: string[]
	close(): Promise<void>
}

export type StageOptions = Pick<
	BrowserContextOptions,
	'colorScheme' | 'contrast' | 'viewport' | 'deviceScaleFactor'
>
