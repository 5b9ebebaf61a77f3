import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../engine/process/process.ts'

/** Fetching it takes tens of seconds on a slow line; longer is a line that does not work. */
const fetchLimitMs = 120_000

/**
 * Where Electron's binary is, or null. Its package is never imported for this: outside Electron that
 * starts a download.
 */
export function electronBinary(root: string, env: NodeJS.ProcessEnv = process.env): string | null {
	const folder = join(root, 'node_modules', 'electron')
	const pathFile = join(folder, 'path.txt')
	if (!existsSync(pathFile)) return null
	const dist = env.ELECTRON_OVERRIDE_DIST_PATH || join(folder, 'dist')
	const file = join(dist, readFileSync(pathFile, 'utf8').trim())
	return existsSync(file) ? file : null
}

/** Tries once to fetch it, as `npx install-electron` does. Null when that did not work; never rejects. */
export async function fetchElectron(root: string): Promise<string | null> {
	const installer = join(root, 'node_modules', 'electron', 'install.js')
	if (process.env.ELECTRON_OVERRIDE_DIST_PATH || !existsSync(installer)) return null
	console.log('Fetching Electron (once)')
	try {
		await run({ file: process.execPath, args: [installer], cwd: root, timeoutMs: fetchLimitMs })
	} catch {
		return null
	}
	return electronBinary(root)
}
