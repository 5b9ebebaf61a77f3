import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { electronBinary } from '../../src/setup/electron-binary.ts'
import { isStale } from '../../src/setup/stale.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders: string[] = []
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function folderWith(files: Record<string, string>): string {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-start-'))
	folders.push(folder)
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true })
		writeFileSync(join(folder, name), text)
	}
	return folder
}

test('a build is stale when it is missing, not whole, or older than what it is made of', () => {
	const folder = folderWith({ 'src/deep/a.ts': '', 'package.json': '{}', 'dist/cli.mjs': '' })
	expect(isStale(folder)).toBe(true)
	writeFileSync(join(folder, 'dist/.built'), '')
	const later = new Date(Date.now() + 60_000)
	utimesSync(join(folder, 'dist/.built'), later, later)
	expect(isStale(folder)).toBe(false)
	const muchLater = new Date(Date.now() + 120_000)
	utimesSync(join(folder, 'src/deep/a.ts'), muchLater, muchLater)
	expect(isStale(folder)).toBe(true)
})

test('the Electron binary is found only where its package says and only when it is there', () => {
	expect(electronBinary(folderWith({}), {})).toBeNull()
	const named = folderWith({ 'node_modules/electron/path.txt': 'electron' })
	expect(electronBinary(named, {})).toBeNull()
	const whole = folderWith({
		'node_modules/electron/path.txt': 'electron',
		'node_modules/electron/dist/electron': '',
	})
	expect(electronBinary(whole, {})).toBe(join(whole, 'node_modules/electron/dist/electron'))
	expect(electronBinary(whole, { ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent' })).toBeNull()
})

test('npm start without Electron says so in one line, serves the window, and ends cleanly when asked', async () => {
	const home = folderWith({})
	const child = spawn(process.execPath, [join(root, 'src/setup/start.mjs'), '--no-open'], {
		env: { ...process.env, HAWSER_HOME: home, ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent', DISPLAY: ':99' },
		stdio: ['ignore', 'pipe', 'inherit'],
	})
	const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
	let said = ''
	const address = new Promise<string>((resolve) => {
		child.stdout.on('data', (data: Buffer) => {
			said += data.toString()
			const found = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(said)
			if (found) resolve(found[0])
		})
	})
	try {
		// The token is traded for a cookie, as a browser does.
		const letIn = await fetch(await address, { redirect: 'manual' })
		const cookie = letIn.headers.get('set-cookie')?.split(';')[0] ?? ''
		const page = await fetch(new URL('/', await address), { headers: { cookie } })
		expect(page.status).toBe(200)
		expect(await page.text()).toContain('<div id="root">')
		const lines = said.split('\n').filter((line) => line.includes('Electron'))
		expect(lines).toEqual([
			'The Electron binary is not here and cannot be fetched. The same window is served to a browser instead.',
		])
	} finally {
		child.kill('SIGTERM')
	}
	expect(await exit).toBe(0)
})
