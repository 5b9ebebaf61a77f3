import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { openLaptopTerminal } from '../../../src/engine/terminals/laptop-terminal.ts'
import type { TerminalName } from '../../../src/engine/terminals/laptop-terminals.ts'

/** What no shell on the way may touch. */
const argv = ['/opt/node', '-o', 'a="/a b/known"', '--', "-it's $HOME `x` ü"]

let folder: string
let home: string
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-terminal-'))
	home = join(folder, 'home')
	mkdirSync(home)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const around = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) => ({
	env: { PATH: folder, ...env },
	platform,
	home,
})
const open = (setting: TerminalName | undefined, platform: NodeJS.Platform, env?: NodeJS.ProcessEnv) =>
	openLaptopTerminal(setting, argv, around(platform, env))

/** A stand-in for a terminal on PATH, which writes down how it was called, one argument a line. */
function program(name: string, text = ''): void {
	const said = join(folder, `${name}.said`)
	const record = `{ pwd; printf '%s\\n' "$@"; } >'${said}.part'; /bin/mv '${said}.part' '${said}'`
	writeFileSync(join(folder, name), `#!/bin/sh\n${record}\n${text}\n`)
	chmodSync(join(folder, name), 0o755)
}
async function said(name: string): Promise<string[]> {
	const file = join(folder, `${name}.said`)
	await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 20_000 })
	return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}
const problemOf = (work: Promise<unknown>) =>
	work.then(
		() => null,
		(error: unknown) => (error instanceof ProblemError ? error.problem : error),
	)

describe('on Linux', () => {
	test('it is told the command word for word, in the home folder, and lives on by itself', async () => {
		program('xterm', `echo out; echo warning >&2; if read -r line; then exit 1; fi; exec /bin/sleep 2`)
		await open(undefined, 'linux')
		expect(await said('xterm')).toEqual([home, '-e', ...argv])
	})

	test('the setting wins, then $TERMINAL, then what the system chose', async () => {
		for (const name of ['x-terminal-emulator', 'xterm', 'foot', 'wezterm']) program(name)
		await open('wezterm', 'linux', { TERMINAL: 'foot' })
		expect(await said('wezterm')).toEqual([home, 'start', '--', ...argv])
		await open(undefined, 'linux', { TERMINAL: join(folder, 'foot') })
		expect(await said('foot')).toEqual([home, ...argv])
		await open(undefined, 'linux', { TERMINAL: 'gone-long-ago' })
		expect(await said('x-terminal-emulator')).toEqual([home, '-e', ...argv])
		expect(existsSync(join(folder, 'xterm.said'))).toBe(false)
	})

	test('without any, and without the one that is set, it says so', async () => {
		expect(await problemOf(open(undefined, 'linux'))).toMatchObject({
			code: 'terminal-unknown',
			meaning: 'None was found on this laptop. Name yours in the settings: terminal.',
		})
		program('xterm')
		expect(await problemOf(open('kitty', 'linux'))).toMatchObject({
			code: 'terminal-unknown',
			facts: { said: 'kitty was not found on this laptop' },
		})
		expect(await problemOf(open('iterm2', 'linux'))).toMatchObject({ code: 'terminal-unknown' })
		expect(existsSync(join(folder, 'xterm.said'))).toBe(false)
	})

	test('one that fails at once is told with what it said', async () => {
		program('xterm', 'echo "cannot open display" >&2; exit 3')
		expect(await problemOf(open(undefined, 'linux'))).toMatchObject({
			code: 'terminal-unknown',
			facts: { said: 'xterm ended with exit code 3: cannot open display' },
		})
	})

	test('what makes an Electron program a plain Node is not passed on', async () => {
		program('xterm', '[ -z "$ELECTRON_RUN_AS_NODE" ] && echo "unset $KEPT" >env')
		await open(undefined, 'linux', { ELECTRON_RUN_AS_NODE: '1', KEPT: 'kept' })
		await said('xterm')
		expect(readFileSync(join(home, 'env'), 'utf8')).toBe('unset kept\n')
	})
})

// `open` is a stand-in here: it is macOS's own.
describe('on macOS', () => {
	test('a file that the person’s terminal runs: word for word, in the home folder, gone before it starts', async () => {
		program('open')
		program('node')
		await openLaptopTerminal(undefined, [join(folder, 'node'), ...argv], around('darwin'))
		const [, file = ''] = await said('open')
		expect(file).toMatch(/\/hawser\.command$/)
		await promisify(execFile)(file, { env: { PATH: '/usr/bin:/bin', HOME: home } })
		expect(await said('node')).toEqual([home, ...argv])
		expect(existsSync(dirname(file))).toBe(false)
	})

	test('the app that is set is named; Ghostty is given the words themselves', async () => {
		program('open')
		await open('iterm2', 'darwin')
		const [, ...words] = await said('open')
		expect(words.slice(0, 2)).toEqual(['-a', 'iTerm'])
		rmSync(dirname(words[2] ?? ''), { recursive: true })
		rmSync(join(folder, 'open.said'))
		await open('ghostty', 'darwin')
		expect(await said('open')).toEqual([home, '-na', 'Ghostty', '--args', '-e', ...argv])
	})

	test('when nothing opens, it says why and leaves no file', async () => {
		program('open', 'echo "Unable to find application named ’iTerm’" >&2; exit 1')
		expect(await problemOf(open('iterm2', 'darwin'))).toMatchObject({
			code: 'terminal-unknown',
			facts: { said: 'open ended with exit code 1: Unable to find application named ’iTerm’' },
		})
		expect(existsSync(dirname((await said('open')).at(-1) ?? ''))).toBe(false)
	})
})
