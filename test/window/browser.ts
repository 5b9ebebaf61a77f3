import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'

/** Where a Chromium may be; `HAWSER_CHROMIUM` names another. */
const places = [
	process.env.HAWSER_CHROMIUM,
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome',
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Null where there is no browser to drive. */
export const chromiumPath = places.find((place) => place !== undefined && existsSync(place)) ?? null

if (chromiumPath === null)
	console.warn('Skipping the window tests: no Chromium was found. Install it, or name it in HAWSER_CHROMIUM.')

export function launchBrowser(): Promise<Browser> {
	if (chromiumPath === null) throw new Error('no Chromium was found')
	// Chromium's sandbox refuses to run as root.
	const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
	return chromium.launch({ executablePath: chromiumPath, args })
}

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Builds the window as it is now, into a folder of its own: other builds do not get in its way. */
export async function buildWindow(): Promise<{ folder: string; remove(): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-window-'))
	await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder } })
	return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
