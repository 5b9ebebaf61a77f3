import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { agentSessionName } from '../../src/engine/terminals/tmux-name.ts'
import { startEngine } from './engine.ts'
import { cleanups, codeOf } from './linked.ts'
import { git } from './repositories.ts'
import { until } from './run-home.ts'
import { sshdMissing } from './sshd.ts'
import { agentBed, becomes, install, shows } from './stand-in-agent.ts'

if (sshdMissing) console.warn(`skipped: coding agents, for want of a server: ${sshdMissing}`)

const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', ref)
/** One that is only not buried yet is gone. */
const isAlive = (pid: number) => {
	const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
	return stdout.trim() !== '' && !stdout.startsWith('Z')
}
const reads = (bed: Awaited<ReturnType<typeof agentBed>>) => bed.engine.call('checkAgent', {})

describe.skipIf(sshdMissing)('a coding agent', () => {
	test('is found with its version, starts in a worktree and on a branch of its own, and is adopted', async () => {
		const bed = await agentBed()
		// By itself, once the link is up.
		await becomes(bed, 'idle')
		expect(bed.present()).toMatchObject({ version: '9.9.9 (stand-in)', loggedIn: false, since: null })
		const before = await head(bed.clone)
		await bed.engine.call('startAgent', {})
		expect(bed.present()).toMatchObject({ status: 'running', commits: 0, changedCount: 0, exitCode: null })
		await shows(bed, `at work in ${bed.tree}`)
		expect(await git(bed.tree, 'branch', '--show-current')).toBe('agent')
		expect([await head(bed.clone), await head(bed.tree)]).toEqual([before, before])
		expect(await git(bed.clone, 'for-each-ref', 'refs/hawser/safety')).toContain('worktree-add')

		const { since } = bed.present()
		await bed.engine.call('startAgent', {})
		expect((await bed.tmux('list-sessions', '-F', '#S')).trim()).toBe(agentSessionName('nt'))
		expect(bed.present().since).toBe(since)

		await bed.type('commit one.txt')
		await bed.type('touch two.txt')
		await shows(bed, 'left two.txt')
		// Read by the watch.
		await until(() => bed.present().commits === 1 && bed.present().changedCount === 1)
		expect(bed.present().lastLine).toBe('left two.txt')
		// Nothing of it is anywhere else.
		expect([await head(bed.clone), await head(bed.laptop)]).toEqual([before, before])
		expect(await git(bed.hub, 'for-each-ref', 'refs/heads/agent')).toBe('')
	})

	test('waits when it has asked something and is quiet; a word later it goes on', async () => {
		const bed = await agentBed()
		await bed.engine.call('startAgent', {})
		await bed.type('ask')
		await becomes(bed, 'waits')
		const { since, lastLine } = bed.present()
		expect(lastLine).toBe('2. No')
		// What the workstation knows: the same after a restart.
		const again = await startEngine({ dataFolder: bed.dataFolder })
		cleanups.push(() => again.dispose())
		await again.until((state) => state.projects.nt?.agent?.status === 'waits')
		expect(again.state().projects.nt?.agent).toMatchObject({ since })
		await again.dispose()
		await bed.type('more')
		await becomes(bed, 'running')
	}, 90_000)

	test('waits after its bell, and no longer when it goes on by itself', async () => {
		const bed = await agentBed()
		await bed.engine.call('startAgent', {})
		await bed.type('bell')
		await becomes(bed, 'waits')
		await bed.type('more')
		await becomes(bed, 'running')
		// Quiet again for longer than a bell would need, as later readings see it.
		const { at } = bed.present()
		await until(() => bed.present().at > at + 8000)
		expect(bed.present().status).toBe('running')
	}, 60_000)

	test('its end and its exit code are read, and it starts again where it was', async () => {
		const bed = await agentBed()
		await bed.engine.call('startAgent', {})
		await bed.type('commit one.txt')
		await shows(bed, 'wrote one.txt')
		await bed.type('exit 3')
		await becomes(bed, 'ended')
		expect(bed.present()).toMatchObject({ exitCode: 3, commits: 1, lastLine: 'exit 3' })
		const { since } = bed.present()
		await reads(bed)
		expect(bed.present()).toMatchObject({ status: 'ended', since })
		await bed.engine.call('startAgent', {})
		expect(bed.present()).toMatchObject({ status: 'running', exitCode: null, commits: 1 })
		// A start says nothing of the end before it.
		await bed.type('commit two.txt')
		await until(() => bed.present().commits === 2)
	})

	test('stopped, it is gone, though it hears no signal; its branch and files stay', async () => {
		const bed = await agentBed()
		await bed.engine.call('startAgent', {})
		await bed.type('commit one.txt')
		await bed.type('touch two.txt')
		await bed.type('deaf')
		await shows(bed, 'deaf as ')
		const pid = Number(/deaf as (\d+);/.exec(await bed.screen())?.[1])
		expect(isAlive(pid)).toBe(true)
		await bed.engine.call('stopAgent', {})
		expect(bed.present()).toMatchObject({ status: 'idle', since: null, commits: 1, changedCount: 1 })
		expect(isAlive(pid)).toBe(false)
		await bed.engine.call('stopAgent', {})
		await bed.engine.call('startAgent', {})
		expect(bed.present()).toMatchObject({ status: 'running', commits: 1, changedCount: 1 })
	})

	test('a session that somebody ended there has ended, without an exit code', async () => {
		const bed = await agentBed()
		await bed.engine.call('startAgent', {})
		await bed.tmux('kill-server')
		await becomes(bed, 'ended')
		expect(bed.present()).toMatchObject({ exitCode: null, lastLine: '' })
	})

	test('killed between the worktree and the session, it starts all the same', async () => {
		const bed = await agentBed()
		const path = '~/nt-agent'
		await bed.engine.call('addWorktree', { machine: 'workstation', path, branch: 'agent', from: 'master' })
		await writeFile(join(bed.tree, 'left.txt'), 'left\n')
		await bed.engine.call('startAgent', {})
		expect(bed.present()).toMatchObject({ status: 'running', changedCount: 1 })
		await shows(bed, `at work in ${bed.tree}`)
	})

	test('what is in the way of its worktree is left alone', async () => {
		const bed = await agentBed()
		await mkdir(bed.tree)
		await writeFile(join(bed.tree, 'mine.txt'), 'mine\n')
		expect(await codeOf(bed.engine.call('startAgent', {}))).toBe('folder-in-the-way')
		expect(bed.present().status).toBe('idle')
		await expect(bed.tmux('list-sessions')).rejects.toThrow()
	})

	test.each([
		{ project: '-x', clone: `it's a "tree"`, worktree: '-a b#(touch x);' },
		{ project: 'nt.2:1 =', clone: 'ö ü', worktree: "o'h #S" },
	])('names with blanks, quotes and dashes: %j', async (names) => {
		const bed = await agentBed({
			...names,
			agent: { command: `FOO='a b' "my claude" --say 'it'"'"'s' 'a  b';` },
		})
		await install(bed.sshd, 'my claude')
		await bed.engine.call('startAgent', {})
		expect(bed.present()).toMatchObject({ status: 'running', version: '9.9.9 (stand-in)', loggedIn: null })
		await shows(bed, `with --say it's a  b`)
		expect(await bed.tmux('list-panes', '-a', '-F', '#{pane_current_path}')).toBe(`${bed.tree}\n`)
		await bed.type('exit 0')
		await becomes(bed, 'ended')
		await bed.engine.call('startAgent', {})
		expect(await bed.tmux('list-panes', '-a', '-F', '#{pane_current_path}')).toBe(`${bed.tree}\n`)
		await bed.engine.call('stopAgent', {})
	})
})
