import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openTerminal } from '../../src/app/terminal.ts'
import * as electron from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

/** What a shell on a workstation is opened with, and what no shell on the way may touch. */
const argv = ['ssh', '-o', 'UserKnownHostsFile="/a b/known"', '--', "-it's $HOME `x` ü"]

const { platform } = process
let folder: string
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-terminal-'))
	electron.shell.opened = []
	electron.shell.refusal = () => ''
})
afterEach(() => {
	Object.defineProperty(process, 'platform', { value: platform })
	vi.unstubAllEnvs()
	rmSync(folder, { recursive: true, force: true })
})

/** A program on PATH that writes down how it was called, one argument a line. */
function program(name: string, before = ''): void {
	const said = join(folder, `${name}.said`)
	const text = `#!/bin/sh\n${before}\n{ pwd; printf '%s\\n' "$@"; } >'${said}.part'\n/bin/mv '${said}.part' '${said}'\n`
	writeFileSync(join(folder, name), text)
	chmodSync(join(folder, name), 0o755)
}
const said = (name: string) =>
	readFileSync(join(folder, `${name}.said`), 'utf8')
		.split('\n')
		.slice(0, -1)
const calledWith = (name: string) =>
	vi.waitFor(() => expect(existsSync(join(folder, `${name}.said`))).toBe(true), { timeout: 20_000 })

describe('on Linux', () => {
	beforeEach(() => {
		Object.defineProperty(process, 'platform', { value: 'linux' })
		vi.stubEnv('PATH', folder)
	})

	test.each([
		['x-terminal-emulator', '-e'],
		['gnome-terminal', '--'],
		['konsole', '-e'],
		['xfce4-terminal', '-x'],
		['xterm', '-e'],
	])('%s is told with %s, word for word, in the home folder', async (name, option) => {
		program(name)
		await openTerminal(argv)
		await calledWith(name)
		expect(said(name)).toEqual([homedir(), option, ...argv])
	})
	test('the one that the system chose comes first', async () => {
		program('xterm')
		program('x-terminal-emulator')
		await openTerminal(argv)
		await calledWith('x-terminal-emulator')
		expect(existsSync(join(folder, 'xterm.said'))).toBe(false)
	})
	test('one that has something to say goes on, and reads nothing of ours', async () => {
		// A broken pipe would end it here.
		program('xterm', 'echo out; echo warning >&2; if read -r line; then exit 1; fi; echo again >&2')
		await openTerminal(argv)
		await calledWith('xterm')
	})
	test('without any, it says so', async () => {
		await expect(openTerminal(argv)).rejects.toThrow('No terminal was found. Install one, for example xterm.')
	})
})

describe('on macOS', () => {
	beforeEach(() => Object.defineProperty(process, 'platform', { value: 'darwin' }))

	test('a file that the person’s terminal runs: word for word, in the home folder, gone before it starts', async () => {
		program('ssh')
		await openTerminal(argv)
		const [file = ''] = electron.shell.opened
		expect(file).toMatch(/\/hawser\.command$/)
		await promisify(execFile)(file, { env: { PATH: `${folder}:/usr/bin:/bin`, HOME: homedir() } })
		expect(said('ssh')).toEqual([homedir(), ...argv.slice(1)])
		expect(existsSync(dirname(file))).toBe(false)
	})
	test('when nothing opens, it says why and leaves no file', async () => {
		electron.shell.refusal = () => 'no application'
		await expect(openTerminal(argv)).rejects.toThrow('No terminal opened: no application')
		expect(existsSync(dirname(electron.shell.opened[0] ?? ''))).toBe(false)
	})
})
