import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { loginEnvironment } from '../../src/app/login-environment.ts'
import { shellCommand } from '../../src/engine/shell-command.ts'

const folders: string[] = []
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function folder(name = 'home'): string {
	const made = mkdtempSync(join(tmpdir(), `hawser-${name}-`))
	folders.push(made)
	return made
}
function put(file: string, text: string, mode = 0o644): string {
	mkdirSync(dirname(file), { recursive: true })
	writeFileSync(file, text)
	chmodSync(file, mode)
	return file
}

/** A login shell that does what is told before it runs the command. */
function shell(settings: string): string {
	return put(join(folder('shell'), 'shell'), `#!/bin/sh\n${settings}\nexec /bin/sh -c "$4"\n`, 0o755)
}
const finder = { HOME: '/Users/me', PATH: '/usr/bin:/bin' }
const ofLaunchd = '/private/tmp/com.apple.launchd.Xy12/Listeners'

test('started by the Finder, PATH and agent are those of the person’s login shell', async () => {
	const SHELL = shell(
		"echo 'Welcome back'; export PATH=/opt/mine:relative:/usr/bin SSH_AUTH_SOCK=/tmp/agent.sock",
	)
	const env = await loginEnvironment({ ...finder, SHELL }, 'darwin')
	expect(env.PATH).toBe(
		'/opt/mine:/usr/bin:/bin:/opt/homebrew/bin:/usr/local/bin:/Users/me/.local/bin:/usr/sbin:/sbin',
	)
	expect(env.SSH_AUTH_SOCK).toBe('/tmp/agent.sock')
	// What was said to the shell alone goes no further.
	expect(Object.keys(env).toSorted()).toEqual(['HOME', 'PATH', 'SHELL', 'SSH_AUTH_SOCK'])
})

test('so is the editor, unless one is set; none is made up', async () => {
	const SHELL = shell("export VISUAL='code --wait' EDITOR=vim")
	const env = await loginEnvironment({ ...finder, SHELL, EDITOR: 'zed' }, 'darwin')
	expect([env.VISUAL, env.EDITOR]).toEqual(['code --wait', 'zed'])
	const none = await loginEnvironment({ ...finder, SHELL: shell('unset VISUAL EDITOR') }, 'darwin')
	expect('VISUAL' in none || 'EDITOR' in none).toBe(false)
})

describe('the agent', () => {
	const there = () => put(join(folder('agent'), 'agent.sock'), '')
	const agentWith = async (set: string | undefined, asked: string) => {
		const SHELL = shell(`export SSH_AUTH_SOCK='${asked}'`)
		return (await loginEnvironment({ ...finder, SHELL, SSH_AUTH_SOCK: set }, 'darwin')).SSH_AUTH_SOCK
	}
	test('that is set stays, whatever the shell says', async () => {
		expect(await agentWith('/tmp/mine', there())).toBe('/tmp/mine')
	})
	test('of launchd gives way to another one that is there', async () => {
		const agent = there()
		expect(await agentWith(ofLaunchd, agent)).toBe(agent)
		expect(await agentWith('/var/run/com.apple.launchd.1/Listeners', agent)).toBe(agent)
	})
	test('of launchd stays when the shell’s is not there, is none, or is no path', async () => {
		expect(await agentWith(ofLaunchd, '/nonexistent/agent')).toBe(ofLaunchd)
		expect(await agentWith(ofLaunchd, '')).toBe(ofLaunchd)
		expect(await agentWith(ofLaunchd, 'relative.sock')).toBe(ofLaunchd)
	})
	test('is not made up', async () => {
		expect(await agentWith(undefined, '')).toBeUndefined()
		expect(await agentWith(undefined, 'relative.sock')).toBeUndefined()
	})
})

describe('who is asked', () => {
	test('nobody, when it is started from a terminal', async () => {
		const env = { ...finder, SHELL: shell('exit 3'), TERM: 'xterm' }
		for (const platform of ['darwin', 'linux'] as const)
			expect(await loginEnvironment(env, platform)).toEqual(env)
	})
	test('nobody, when a Linux desktop has read the profile', async () => {
		const env = {
			HOME: '/home/me',
			PATH: '/home/me/.local/bin:/usr/bin',
			SSH_AUTH_SOCK: '/run/user/1000/keyring/ssh',
			SHELL: shell('export PATH=/opt/mine'),
		}
		expect(await loginEnvironment(env, 'linux')).toEqual(env)
	})
	test.each([
		['no folder of the person’s in PATH', '/usr/bin:/bin', '/run/agent', '/run/agent'],
		['no agent', '/home/me/.local/bin:/usr/bin:/bin', undefined, '/tmp/agent.sock'],
	])('the login shell, when a Linux desktop has %s', async (_what, PATH, SSH_AUTH_SOCK, agent) => {
		const SHELL = shell('export PATH=/opt/mine SSH_AUTH_SOCK=/tmp/agent.sock')
		const env = await loginEnvironment({ HOME: '/home/me', PATH, SSH_AUTH_SOCK, SHELL }, 'linux')
		const folders = env.PATH?.split(delimiter) ?? []
		expect(folders[0]).toBe('/opt/mine')
		expect(folders).toContain('/home/me/.local/bin')
		expect(folders).not.toContain('/opt/homebrew/bin')
		expect(env.SSH_AUTH_SOCK).toBe(agent)
	})
})

describe('a shell that is no help leaves the usual folders and what was there', () => {
	const usual = (PATH: string | undefined) => expect(PATH).toMatch(/^\/usr\/bin:\/bin:\/opt\/homebrew\/bin/)
	test.each([
		['is not there', () => '/nonexistent'],
		['cannot be run', () => put(join(folder('shell'), 'shell'), 'no program')],
		['prints garbage', () => shell('head -c 200000 /dev/urandom; exit 0')],
		['never stops printing', () => shell('exec yes')],
		['prints half of it', () => shell("printf '\\036hawser\\036/opt/mine'; exit 0")],
		['fails', () => shell('exit 3')],
		['is killed', () => shell('kill -9 $$')],
	])('%s', async (_what, SHELL) => {
		const env = await loginEnvironment({ ...finder, SHELL: SHELL(), SSH_AUTH_SOCK: '/tmp/old' }, 'darwin')
		usual(env.PATH)
		expect(env.SSH_AUTH_SOCK).toBe('/tmp/old')
	})
	test('hangs, and hears no signal', async () => {
		const started = performance.now()
		const SHELL = shell("trap '' TERM HUP INT; while :; do sleep 1; done")
		usual((await loginEnvironment({ ...finder, SHELL }, 'darwin')).PATH)
		expect(performance.now() - started).toBeLessThan(15_000)
	})
	test('but one that fails after it has answered is heard', async () => {
		const file = put(
			join(folder('shell'), 'shell'),
			'#!/bin/sh\nPATH=/opt/mine /bin/sh -c "$4"\nexit 7\n',
			0o755,
		)
		expect((await loginEnvironment({ ...finder, SHELL: file }, 'darwin')).PATH).toMatch(/^\/opt\/mine:/)
	})
})

/** Where a real shell is on this machine; null: it is not. */
function real(name: string): string | null {
	try {
		return execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim()
	} catch {
		return null
	}
}
const sh = 'echo \'Welcome back\'\nexport PATH="/opt/mine dir:$PATH" SSH_AUTH_SOCK=/tmp/mine.sock\n'
const csh = 'echo \'Welcome back\'\nsetenv PATH "/opt/mine dir:$PATH"\nsetenv SSH_AUTH_SOCK /tmp/mine.sock\n'
const fish = "echo 'Welcome back'\nset -gx PATH '/opt/mine dir' $PATH\nset -gx SSH_AUTH_SOCK /tmp/mine.sock\n"

describe('a real shell, with the settings where people put them', () => {
	const cases: [shell: string, file: string, text: string][] = [
		['bash', '.bash_profile', sh],
		['bash', '.profile', sh],
		['zsh', '.zshrc', sh],
		['zsh', '.zprofile', sh],
		['zsh', '.zshenv', sh],
		['fish', '.config/fish/config.fish', fish],
		['tcsh', '.tcshrc', csh],
		['tcsh', '.login', csh],
		['csh', '.cshrc', csh],
		['dash', '.profile', sh],
	]
	for (const [name, file, text] of cases) {
		const SHELL = real(name)
		test.skipIf(SHELL === null)(`${name} with ${file}`, async () => {
			const HOME = realpathSync(folder())
			put(join(HOME, file), text)
			const env = await loginEnvironment({ HOME, PATH: '/usr/bin:/bin', SHELL: SHELL ?? '' }, 'darwin')
			const folders = env.PATH?.split(delimiter) ?? []
			expect(folders).toContain('/opt/mine dir')
			expect(folders.indexOf('/opt/mine dir')).toBeLessThan(folders.indexOf('/usr/bin'))
			expect(env.SSH_AUTH_SOCK).toBe('/tmp/mine.sock')
		})
	}
	test('that waits for something is let go, with what it started', async () => {
		const waiting = [
			['zsh', '.zshrc'],
			['bash', '.bash_profile'],
			['tcsh', '.login'],
			['fish', '.config/fish/config.fish'],
		] as const
		const letGo = async (SHELL: string, file: string) => {
			const HOME = realpathSync(folder())
			put(join(HOME, file), `sh -c 'echo $$ >${HOME}/pid; exec sleep 300'\n`)
			const env = await loginEnvironment({ HOME, PATH: '/usr/bin:/bin', SHELL }, 'darwin')
			expect(env.PATH).toMatch(/^\/usr\/bin:\/bin:/)
			const pid = Number(readFileSync(join(HOME, 'pid'), 'utf8'))
			await vi.waitFor(() => expect(() => process.kill(pid, 0), SHELL).toThrow('ESRCH'), 5000)
		}
		await Promise.all(
			waiting.map(([name, file]) => {
				const SHELL = real(name)
				return SHELL === null ? null : letGo(SHELL, file)
			}),
		)
	})
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
