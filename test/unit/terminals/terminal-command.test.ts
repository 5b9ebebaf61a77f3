import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { sshCommand, terminalCommand } from '../../../src/engine/terminals/terminal-command.ts'
import { tmuxCommand } from '../../../src/engine/terminals/tmux.ts'
import { agentSessionName, tmuxName } from '../../../src/engine/terminals/tmux-name.ts'

const lab = { name: '-my lab', ssh: { host: 'lab', port: 2222 } }
const session = { name: 'nt', folder: '~/nt', project: 'nt "it’s"' }
const cli = ['/usr/bin/node', '/opt/hawser/cli.mjs', '--home', '/data']

describe('what a terminal of the laptop runs', () => {
	test('is hawser itself, which rides on the link that is up', () => {
		expect(terminalCommand(cli, 'shell', lab, null)).toEqual([...cli, 'shell', '--hold', '--', '-my lab'])
		expect(terminalCommand(cli, 'tmux', lab, session)).toEqual([...cli, 'tmux', '--hold', '--', 'nt "it’s"'])
		expect(terminalCommand(cli, 'agent', lab, { ...session, folder: null })).toEqual([
			...cli,
			...['tmux', '--agent', '--hold', '--', 'nt "it’s"'],
		])
	})

	test('without it the system’s ssh, with a terminal for tmux', () => {
		const [shell, option, script, name, ...ssh] = terminalCommand(null, 'shell', lab, null)
		expect([shell, option, name, ...ssh]).toEqual(['/bin/sh', '-c', 'sh', 'ssh', '-p', '2222', '--', 'lab'])
		expect(script).toContain('Press Return')
		expect(sshCommand(lab.ssh, session)).toEqual([
			...['ssh', '-t', '-p', '2222', '--', 'lab'],
			`cd ~/'nt' && exec tmux -u new-session -A -s 'nt'`,
		])
	})

	test('whose own failure is held for a person to read, and nothing else', async () => {
		const ends = (code: number) => {
			const [file = '', ...args] = terminalCommand(null, 'shell', lab, null).slice(0, 4)
			const run = promisify(execFile)(file, [...args, '/bin/sh', '-c', `exit ${code}`], { timeout: 9000 })
			run.child.stdin?.end('\n')
			return run.catch((error: { code: number; stdout: string }) => error)
		}
		expect(await ends(255)).toMatchObject({ code: 255, stdout: expect.stringContaining('Press Return') })
		expect(await ends(1)).toMatchObject({ code: 1, stdout: '' })
		expect(await ends(0)).toMatchObject({ stdout: '' })
	})
})

test.each(['sh', 'bash', 'zsh', 'fish', 'csh'])(
	'%s there reads the command of tmux as it is meant',
	async (name) => {
		const home = mkdtempSync(join(tmpdir(), 'hawser-tmux-'))
		try {
			const folder = `it's a "work" tree; $HOME`
			mkdirSync(join(home, folder))
			const text = `#!/bin/sh\npwd\nprintf '%s\\n' "$@"\n`
			writeFileSync(join(home, 'tmux'), text, { mode: 0o755 })
			const command = tmuxCommand({ name: 'nt', folder: `~/${folder}`, project: 'nt' })
			const env = { HOME: home, PATH: `${home}:/usr/local/bin:/usr/bin:/bin` }
			const run = await promisify(execFile)(name, ['-c', command], { env }).catch((error: unknown) => error)
			if ((run as { code?: unknown }).code === 'ENOENT')
				return console.warn(`skipped: there is no ${name} here`)
			expect(run).toMatchObject({ stdout: `${join(home, folder)}\n-u\nnew-session\n-A\n-s\nnt\n` })
		} finally {
			rmSync(home, { recursive: true, force: true })
		}
	},
)

describe('the name of a project’s session', () => {
	test.each(['nt', 'my-project_2', '7'])('%s stays as it is', (name) => {
		expect(tmuxName(name)).toBe(name)
	})
	const odd = ['my project', 'my.project', '-x', '--', 'a:b', 'it’s "q"', 'проект', '=nt', ' nt', 'a--b']
	test('else it is one that tmux and every shell take, and no two are the same', () => {
		const names = odd.map(tmuxName)
		for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/)
		expect(new Set([...names, 'nt', 'my-project', 'a-b']).size).toBe(odd.length + 3)
		expect(tmuxName('my project')).toMatch(/^my-project-[0-9a-f]{6}$/)
		expect(agentSessionName('nt')).toBe('hawser-agent-nt')
	})
})
