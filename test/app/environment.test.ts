import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loginEnvironment } from '../../src/app/login-environment.ts'
import { shellCommand } from '../../src/engine/shell-command.ts'

const folders: string[] = []
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
/** A login shell that says something by itself, sets what a person's rc files would, and runs the command. */
function shell(settings: string): string {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-shell-'))
	folders.push(folder)
	const file = join(folder, 'shell')
	writeFileSync(file, `#!/bin/sh\necho 'Welcome back'\n${settings}\nexec /bin/sh -c "$4"\n`)
	chmodSync(file, 0o755)
	return file
}
const finder = { HOME: '/Users/me', PATH: '/usr/bin:/bin' }

test('started by the Finder, PATH and agent are those of the person’s login shell', async () => {
	const SHELL = shell('export PATH=/opt/mine:relative:/usr/bin SSH_AUTH_SOCK=/tmp/agent.sock')
	const env = await loginEnvironment({ ...finder, SHELL }, 'darwin')
	expect(env.PATH).toBe(
		'/opt/mine:/usr/bin:/bin:/opt/homebrew/bin:/usr/local/bin:/Users/me/.local/bin:/usr/sbin:/sbin',
	)
	expect(env.SSH_AUTH_SOCK).toBe('/tmp/agent.sock')
})

test('a shell that fails leaves the usual folders and what was there', async () => {
	const env = await loginEnvironment(
		{ ...finder, SHELL: '/nonexistent', SSH_AUTH_SOCK: '/tmp/old' },
		'darwin',
	)
	expect(env.PATH).toMatch(/^\/usr\/bin:\/bin:\/opt\/homebrew\/bin/)
	expect(env.SSH_AUTH_SOCK).toBe('/tmp/old')
})

test('started from a terminal, or on Linux, nothing is asked', async () => {
	const SHELL = '/nonexistent'
	expect(await loginEnvironment({ ...finder, SHELL, TERM: 'xterm' }, 'darwin')).toEqual({
		...finder,
		SHELL,
		TERM: 'xterm',
	})
	expect(await loginEnvironment({ ...finder, SHELL }, 'linux')).toEqual({ ...finder, SHELL })
})

test('a shell’s command line says what the settings say, and leaves the rest to ssh', () => {
	expect(shellCommand({ host: 'lab' })).toEqual(['ssh', '--', 'lab'])
	const all = {
		host: 'lab',
		user: 'me',
		port: 2222,
		identityFile: '~/.ssh/a key',
		knownHostsFile: '/a b/known',
		configFile: '~/conf',
	}
	expect(shellCommand(all, '/home/me')).toEqual([
		...['ssh', '-F', '/home/me/conf', '-p', '2222', '-l', 'me', '-i', '/home/me/.ssh/a key'],
		...['-o', 'UserKnownHostsFile="/a b/known"', '--', 'lab'],
	])
})
