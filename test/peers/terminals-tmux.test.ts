import { execFile } from 'node:child_process'
import { access, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { agentSessionName, tmuxName } from '../../src/engine/terminals/tmux-name.ts'
import { cleanups } from './linked.ts'
import { makeRunHome, until } from './run-home.ts'
import { type Sshd, sshdMissing } from './sshd.ts'
import { problemOf, type TestPty, terminalBed } from './terminal-bed.ts'

if (sshdMissing) console.warn(`skipped: tmux over a link, for want of a server: ${sshdMissing}`)

const execute = promisify(execFile)
/** The person's own tmux there, by its default socket. */
const tmux = async (sshd: Sshd, ...args: string[]) => {
	const env = { PATH: process.env.PATH, HOME: sshd.home, TMUX_TMPDIR: sshd.folder }
	return (await execute('tmux', args, { env })).stdout.trim()
}
/** tmux redraws parts of lines: what a pane holds is asked of tmux itself. */
const paneHolds = (sshd: Sshd, name: string, words: string) =>
	until(async () => (await tmux(sshd, 'capture-pane', '-p', '-t', `=${name}:`)).includes(words))
const detach = async (pty: TestPty) => {
	await pty.type('\u0002d')
	return await pty.end()
}

describe.skipIf(sshdMissing).each(['ssh2', 'openssh'] as const)('tmux over %s', (transport) => {
	test('two faces see the same session, in the project’s folder; detached, it goes on', async () => {
		const remote = `~/it's a "work" tree #(touch $HOME-hit); -x`
		const { sshd, face } = await terminalBed({ transport, projects: [{ name: 'nt', remote }] })
		const folder = join(sshd.home, remote.slice(2))
		await mkdir(folder)
		const first = await face().open({ what: 'tmux', project: 'nt' })
		await first.type('echo "in $(pwd)"; stty size >size; marked=7\r')
		await paneHolds(sshd, 'nt', 'in ')
		expect(await tmux(sshd, 'display-message', '-p', '-t', '=nt:', '#{pane_current_path}')).toBe(
			await realpath(folder),
		)
		// The name is a name to tmux too.
		await expect(access(`${sshd.home}-hit`)).rejects.toThrow()
		// Without its name: it is the only project.
		const second = await face().open({ what: 'tmux', columns: 100, rows: 30 })
		await second.type('echo "still $marked"\r')
		await first.says('still 7')
		await second.says('still 7')
		expect((await tmux(sshd, 'list-clients', '-t', '=nt')).split('\n')).toHaveLength(2)
		// Both speak UTF-8, whatever the login's locale is.
		expect(await tmux(sshd, 'list-clients', '-F', '#{client_utf8}')).toBe('1\n1')
		expect(await detach(second)).toMatchObject({ code: 0 })
		first.face.leave()
		await until(async () => (await tmux(sshd, 'list-clients', '-t', '=nt')) === '')
		const third = await face().open({ what: 'tmux', workstation: 'lab' })
		await third.type('clear; echo "again $marked"; exit\r')
		expect(await third.end()).toMatchObject({ code: 0, problem: null })
	})

	test('after a lost link the session is still there', async () => {
		const { sshd, face } = await terminalBed({ transport, projects: [{ name: 'nt', remote: '~' }] })
		const pty = await face().open({ what: 'tmux' })
		await pty.type('kept=yes\r')
		await sshd.stopConnections()
		expect(await pty.end()).toMatchObject({ problem: { code: 'link-lost' } })
		const next = await face().open({ what: 'tmux' })
		await next.type('echo "kept: $kept"\r')
		await paneHolds(sshd, 'nt', 'kept: yes')
		await next.type('exit\r')
		await next.end()
	})
})

describe.skipIf(sshdMissing)('tmux', () => {
	test.each(['-x', 'my "project"', 'it’s $HOME;`x`', "o'hara.v2:1", '=nt', 'проект'])(
		'a project named %s has a session of its own',
		async (name) => {
			const projects = [
				{ name, remote: '~' },
				{ name: 'nt', remote: '~' },
			]
			const { sshd, face } = await terminalBed({ projects })
			const pty = await face().open({ what: 'tmux', project: name })
			expect(await tmux(sshd, 'list-sessions', '-F', '#S')).toBe(tmuxName(name))
			await pty.type('exit\r')
			expect(await pty.end()).toMatchObject({ code: 0 })
			expect(await problemOf(face().open({ what: 'tmux' }))).toMatchObject({ code: 'project-ambiguous' })
		},
	)

	test('the person’s own server and session of that name are used, and its settings', async () => {
		const { sshd, face } = await terminalBed({ projects: [{ name: 'nt', remote: '~' }] })
		await tmux(sshd, 'new-session', '-d', '-s', 'nt', '-n', 'theirs', 'cat')
		await tmux(sshd, 'new-session', '-d', '-s', 'nt-2', 'cat')
		await tmux(sshd, 'set-option', '-g', 'prefix', 'C-a')
		const pty = await face().open({ what: 'tmux' })
		await until(async () => (await tmux(sshd, 'list-clients', '-F', '#S #W')) === 'nt theirs')
		await pty.type('\u0001d')
		expect(await pty.end()).toMatchObject({ code: 0 })
	})

	test('a terminal that the workstation does not know is taken for a common one', async () => {
		const { sshd, face } = await terminalBed({ projects: [{ name: 'nt', remote: '~' }] })
		const pty = await face().open({ what: 'tmux', term: 'xterm-from-tomorrow' })
		await until(
			async () => (await tmux(sshd, 'list-clients', '-F', '#{client_termname}')) === 'xterm-256color',
		)
		expect(await detach(pty)).toMatchObject({ code: 0 })
	})

	test('without tmux, and without the folder, it says so and what to do', async () => {
		const home = await makeRunHome()
		cleanups.push(() => home.dispose())
		const PATH = await home.path('tmux')
		const bare = await terminalBed({ env: { PATH }, projects: [{ name: 'nt', remote: '~' }] })
		expect(await problemOf(bare.face().open({ what: 'tmux' }))).toMatchObject({
			code: 'tool-missing',
			facts: { tool: 'tmux' },
			meaning: expect.stringContaining('Install it there'),
		})
		const { face } = await terminalBed({ projects: [{ name: 'nt', remote: '~/nowhere' }] })
		expect(await problemOf(face().open({ what: 'tmux' }))).toMatchObject({
			code: 'folder-missing',
			facts: { path: expect.stringMatching(/\/nowhere$/), project: 'nt' },
		})
	})

	test('an agent’s session is attached to where there is one, and never made', async () => {
		const projects = [
			{ name: 'my nt', remote: '~', agent: {} },
			{ name: 'plain', remote: '~' },
		]
		const { sshd, face } = await terminalBed({ projects })
		const open = (project: string) => face().open({ what: 'agent', project })
		expect(await problemOf(open('plain'))).toMatchObject({ code: 'agent-unset' })
		expect(await problemOf(open('my nt'))).toMatchObject({ code: 'agent-idle' })
		const name = agentSessionName('my nt')
		await tmux(sshd, 'new-session', '-d', '-s', name, 'cat')
		const pty = await open('my nt')
		await until(async () => (await tmux(sshd, 'list-clients', '-F', '#S')) === name)
		expect(await detach(pty)).toMatchObject({ code: 0 })
	})
})
