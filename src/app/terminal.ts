import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { shell } from 'electron'
import { run } from '../engine/process/process.ts'
import { spawnSession } from '../engine/process/session.ts'
import { quote } from '../engine/quote.ts'

/** Terminals of Linux desktops and how each is told what to run; the first one that is there is used. */
const terminals: [string, string[]][] = [
	['x-terminal-emulator', ['-e']],
	['gnome-terminal', ['--']],
	['konsole', ['-e']],
	['xfce4-terminal', ['-x']],
	['xterm', ['-e']],
]

const lookLimitMs = 5000

/**
 * Opens the person's terminal with a command in it.
 * @throws Error when no terminal is there, with words for a person
 */
export async function openTerminal(argv: readonly string[]): Promise<void> {
	if (process.platform === 'darwin') await openCommandFile(argv)
	else await startTerminal(argv)
}

/** macOS opens `.command` files in the terminal the person chose. It removes itself first. */
async function openCommandFile(argv: readonly string[]): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-shell-'))
	const file = join(folder, 'hawser.command')
	const script = `#!/bin/sh\nrm -rf ${quote(folder)}\ncd\nexec ${argv.map(quote).join(' ')}\n`
	await writeFile(file, script, { mode: 0o700 })
	const failed = await shell.openPath(file)
	if (failed === '') return
	await rm(folder, { recursive: true, force: true })
	throw new Error(`No terminal opened: ${failed}`)
}

async function startTerminal(argv: readonly string[]): Promise<void> {
	for (const [file, before] of terminals) {
		if (await starts(file, [...before, ...argv])) return
	}
	throw new Error('No terminal was found. Install one, for example xterm.')
}

/**
 * What goes on in the terminal is the person's, and outlives this app. Its own words go nowhere: into a
 * pipe that was let go they would end it.
 */
async function starts(file: string, args: string[]): Promise<boolean> {
	const look = ['-c', 'command -v "$1"', 'sh', file]
	const found = await run({ file: '/bin/sh', args: look, expected: [0, 1, 127], timeoutMs: lookLimitMs })
	if (found.exitCode !== 0) return false
	const start = ['-c', 'exec "$@" </dev/null >/dev/null 2>&1 3>&-', 'sh', file, ...args]
	spawnSession('/bin/sh', start, { cwd: homedir(), env: process.env }).release()
	return true
}
