import { spawn } from 'node:child_process'
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** `npm start` in a repository of the test's own, where Electron is a shell script. Nothing is fetched. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const soon = new Date(Date.now() + 3_600_000)

let base: string
beforeEach(() => {
	base = mkdtempSync(join(tmpdir(), 'hawser-launch-'))
	cpSync(join(root, 'src'), join(base, 'src'), { recursive: true })
	for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(base, name))
	mkdirSync(join(base, 'node_modules'))
	for (const name of readdirSync(join(root, 'node_modules'))) {
		if (['electron', '.package-lock.json', '.cache'].includes(name)) continue
		symlinkSync(join(root, 'node_modules', name), join(base, 'node_modules', name))
	}
	put('node_modules/.package-lock.json', '{}')
	utimesSync(join(base, 'node_modules/.package-lock.json'), soon, soon)
	put('dist/.built', '')
	utimesSync(join(base, 'dist/.built'), soon, soon)
	put('dist/renderer/index.html', '')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

function put(name: string, text: string): void {
	const file = join(base, name)
	mkdirSync(dirname(file), { recursive: true })
	writeFileSync(file, text)
	chmodSync(file, 0o755)
}
/** An Electron that says how it was called, and then does this. */
function electronThat(does: string): void {
	put('node_modules/electron/path.txt', 'electron')
	put('node_modules/electron/dist/electron', `#!/bin/sh\nprintf '<%s>' "$@"\necho\n${does}\n`)
}

function npmStart(args: string[], change: NodeJS.ProcessEnv = {}) {
	const env: NodeJS.ProcessEnv = {
		...process.env,
		HAWSER_HOME: join(base, 'home'),
		DISPLAY: ':99',
		...change,
	}
	delete env.ELECTRON_OVERRIDE_DIST_PATH
	const child = spawn(process.execPath, [join(base, 'src/setup/start.mjs'), ...args], {
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
		// A process group of its own, as in a terminal.
		detached: true,
	})
	let said = ''
	const hearers = new Set<() => void>()
	const hear = (data: Buffer) => {
		said += data.toString()
		for (const hearer of hearers) hearer()
	}
	child.stdout.on('data', hear)
	child.stderr.on('data', hear)
	const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
	return {
		exit,
		lines: () => said.split('\n').filter((line) => line !== ''),
		says: (pattern: RegExp) =>
			new Promise<void>((resolve) => {
				const look = () => pattern.test(said) && resolve()
				hearers.add(look)
				look()
			}),
		/** What Ctrl-C in a terminal does: all of the group hear it. */
		interrupt: () => process.kill(-(child.pid ?? 0), 'SIGINT'),
		terminate: () => child.kill('SIGTERM'),
	}
}
const asRoot = process.platform === 'linux' && process.getuid?.() === 0
const called = (...args: string[]) =>
	[...(asRoot ? ['--no-sandbox'] : []), `${base}/`, ...args].map((arg) => `<${arg}>`).join('')

test('with Electron it opens the app with what was said after --, and ends as the app does', async () => {
	electronThat('exit 7')
	const start = npmStart(['--no-open', '--home', '/a b'])
	expect(await start.exit).toBe(7)
	const note = asRoot ? ['You are root, so the window runs without Chromium’s sandbox.'] : []
	expect(start.lines()).toEqual([...note, called('--home', '/a b')])
})

test.each(['interrupt', 'terminate'] as const)(
	'asked to end (%s), the app ends and it was no error',
	async (how) => {
		electronThat('trap "echo bye; exit 3" INT TERM\necho listening\nwhile :; do sleep 0.1; done')
		const start = npmStart([])
		await start.says(/listening\n/)
		start[how]()
		expect(await start.exit).toBe(0)
		expect(start.lines().at(-1)).toBe('bye')
	},
)

test('Electron is fetched once where it is not there', async () => {
	const made = 'node_modules/electron'
	put(
		`${made}/install.js`,
		`const fs = require('node:fs')
const at = (name) => require('node:path').join(__dirname, name)
fs.mkdirSync(at('dist'))
fs.writeFileSync(at('path.txt'), 'electron')
fs.writeFileSync(at('dist/electron'), '#!/bin/sh\\necho the app\\n', { mode: 0o755 })
`,
	)
	const first = npmStart([])
	expect(await first.exit).toBe(0)
	expect(first.lines()).toContain('Fetching Electron (once)')
	expect(first.lines().at(-1)).toBe('the app')
	const second = npmStart([])
	expect(await second.exit).toBe(0)
	expect(second.lines()).not.toContain('Fetching Electron (once)')
})

test('where it cannot be fetched, one line says so and the window is served; Ctrl-C ends it cleanly', async () => {
	put('node_modules/electron/install.js', 'process.exit(1)')
	const start = npmStart(['--no-open'])
	await start.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=/)
	expect(start.lines().slice(0, 2)).toEqual([
		'Fetching Electron (once)',
		'The Electron binary is not here and cannot be fetched. The same window is served to a browser instead.',
	])
	start.interrupt()
	expect(await start.exit).toBe(0)
})

test('--web serves the window though Electron is there, and says nothing about it', async () => {
	electronThat('exit 7')
	const start = npmStart(['--web', '--no-open'])
	await start.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=/)
	expect(start.lines().join('\n')).not.toMatch(/Electron|sandbox/)
	start.terminate()
	expect(await start.exit).toBe(0)
})

test.runIf(process.platform === 'linux')('without a screen the window is served', async () => {
	electronThat('exit 7')
	const start = npmStart(['--no-open'], { DISPLAY: '', WAYLAND_DISPLAY: '' })
	await start.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=/)
	expect(start.lines()[0]).toBe(
		'There is no screen for Electron here. The same window is served to a browser instead.',
	)
	start.interrupt()
	expect(await start.exit).toBe(0)
})

test('packages are installed when they are older than the lock file, without their scripts; a failure ends it', async () => {
	electronThat('echo the app')
	put('bin/npm', `#!/bin/sh\necho "npm $*"\nexit "$(cat '${join(base, 'bin/answer')}')"\n`)
	put('bin/answer', '0')
	const path = { PATH: `${join(base, 'bin')}:${process.env.PATH}` }
	expect(npmLines(await ended(npmStart([], path)))).toEqual([])
	const later = new Date(soon.getTime() + 1000)
	utimesSync(join(base, 'package-lock.json'), later, later)
	utimesSync(join(base, 'dist/.built'), later, later)
	const again = await ended(npmStart([], path))
	expect(npmLines(again)).toEqual(['npm ci --ignore-scripts --no-audit --no-fund --loglevel=error'])
	expect(again.at(-1)).toBe('the app')
	put('bin/answer', '1')
	const failing = npmStart([], path)
	expect(await failing.exit).toBe(1)
	expect(failing.lines().at(-1)).toBe('npm ci did not succeed.')
})

const npmLines = (lines: string[]) => lines.filter((line) => line.startsWith('npm '))

async function ended(start: ReturnType<typeof npmStart>): Promise<string[]> {
	expect(await start.exit).toBe(0)
	return start.lines()
}
