import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { bundle, entries } from '../../src/setup/bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'hawser-engine-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the bundled engine serves a face over a port, checks the line to the built-in workstation, and stops', async () => {
	const entry = entries.find(({ input }) => input === 'src/app/engine-process.ts')
	if (!entry) throw new Error('there is no engine entry')
	await bundle(entry, join(folder, 'dist'))
	const driver = fileURLToPath(new URL('./engine-process-driver.ts', import.meta.url))
	const { stdout } = await promisify(execFile)(
		process.execPath,
		[driver, join(folder, 'dist', entry.output), join(folder, 'home')],
		{ timeout: 90_000, env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent' } },
	)
	const [line = ''] = stdout.split('\n')
	expect(JSON.parse(line)).toEqual({
		version: '9.9.9',
		builtIn: [true],
		projects: 1,
		holds: true,
		outcome: null,
	})
	// The settings are the person's file: the engine makes none.
	expect(existsSync(join(folder, 'home/config.json'))).toBe(false)
})
