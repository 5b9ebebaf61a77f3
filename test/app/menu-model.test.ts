import { describe, expect, test } from 'vitest'
import { menuModel, menuWithoutEngine, tomorrowMorning } from '../../src/app/menu-model.ts'
import { menuTemplate } from '../../src/app/menu-template.ts'
import { localNetworkSettings } from '../../src/contract/problem.ts'
import { find, lines, menu } from './menu-text.ts'
import { minute, now, operation, problemOf, project, run, stateOf, workstation } from './states.ts'

test('a line that holds: the whole menu', () => {
	const ended = run('r1', {
		startedAt: now - 90 * minute,
		outcome: { status: 'succeeded', endedAt: now - 52 * minute },
	})
	expect(menu(stateOf({ runs: [ended] }))).toEqual([
		'· The line holds',
		'—',
		'· nt',
		'Sync and validate',
		'Up',
		'Back',
		'Preview…',
		'Undo…',
		'Open tmux…',
		'· 2 commits to send, 2 changed files and 1 new',
		'—',
		'· lab: SSH 4 h · 12 ms',
		'· RTX 4090 96 % · 17/24 GiB',
		'Open a shell…',
		'—',
		'nt · succeeded after 38 min · 52 min ago',
		'—',
		'Pause for an hour',
		'Pause until tomorrow',
		'Check again',
		'Copy report',
		'Open Hawser',
		'Settings…',
		'—',
		'Quit Hawser (runs go on)',
	])
})

test('entries carry what a click does', () => {
	const state = stateOf({ runs: [run('r1')] })
	expect(find(stateOf(), 'Sync and validate')).toMatchObject({
		accelerator: 'CmdOrCtrl+Shift+G',
		action: { do: 'command', wish: { name: 'go', input: { project: 'nt' } } },
	})
	expect(find(state, 'Up').action).toEqual({ do: 'command', wish: { name: 'up', input: { project: 'nt' } } })
	expect(find(state, 'Back').action).toEqual({
		do: 'command',
		wish: { name: 'back', input: { project: 'nt' } },
	})
	expect(find(state, 'nt · running').action).toEqual({ do: 'open-window', place: { run: 'r1' } })
	expect(find(state, 'Open a shell').action).toEqual({
		do: 'command',
		wish: { name: 'openTerminal', input: { what: 'shell', workstation: 'lab' } },
	})
	expect(find(state, 'Open tmux').action).toEqual({
		do: 'command',
		wish: { name: 'openTerminal', input: { what: 'tmux', project: 'nt' } },
	})
	expect(find(state, 'Pause for').action).toEqual({
		do: 'command',
		wish: { name: 'pause', input: { until: now + 60 * minute } },
	})
	expect(find(state, 'Settings…').action).toEqual({ do: 'open-settings' })
	expect(find(state, 'Quit').action).toEqual({ do: 'quit' })
})

test('a report is of the workstation that the summary is about, else of the first', () => {
	expect(find(stateOf(), 'Copy report').action).toEqual({ do: 'copy-report', workstation: null })
	const summary = { ...stateOf().summary, workstation: 'lab' }
	expect(find(stateOf({ summary }), 'Copy report').action).toEqual({ do: 'copy-report', workstation: 'lab' })
})

describe('projects', () => {
	test('while an operation goes on, its step is the reason', () => {
		const shown = menu(stateOf({ operations: { 1: operation() } }))
		expect(shown).toContain('Sync and validate ✗ Sync and validate: Push master')
		const ended = operation({ endedAt: now })
		expect(menu(stateOf({ operations: { 1: ended } }))).toContain('Sync and validate')
		const cancelling = operation({ cancelling: true })
		expect(menu(stateOf({ operations: { 1: cancelling } }))).toContain(
			'Up ✗ Sync and validate: being cancelled',
		)
	})
	test('another project’s operation is no reason', () => {
		expect(menu(stateOf({ operations: { 1: operation({ project: 'other' }) } }))).toContain(
			'Sync and validate',
		)
	})
	test('a run that goes on keeps a second one from starting', () => {
		const shown = menu(stateOf({ runs: [run('r1')] }))
		expect(shown).toContain('Sync and validate ✗ a run is still going')
		expect(shown).toContain('Back')
		expect(shown).toContain('nt · running 12 min · epoch 31/50')
		expect(shown).toContain('Quit Hawser (1 run will go on)')
	})
	test('a workstation that is not there', () => {
		expect(menu(stateOf({ workstations: [] }))).toEqual(
			expect.arrayContaining([
				'Up ✗ no workstation named lab',
				'Check again ✗ no workstation yet',
				'Copy report ✗ no workstation yet',
			]),
		)
	})
	test('none yet', () => {
		expect(menu(stateOf({ projects: [] }))).toContain('· No project yet: open Hawser to add one')
	})
	test('several: a submenu each, one set of keys', () => {
		const state = stateOf({ projects: [project(), project({ name: 'other', strategy: 'files' })] })
		const shown = menu(state)
		expect(shown).toContain('nt · 2 commits to send, 2 changed files and 1 new ▸')
		expect(shown).toContain('  Sync and validate')
		expect(shown.filter((line) => line === '  Up')).toHaveLength(2)
		expect(JSON.stringify(menuModel(state, now)).match(/Shift\+G/g)).toHaveLength(1)
	})
	test('what is pending is said, and unknown is not nothing', () => {
		const read = project().pending
		if (read.status !== 'read') throw new Error('not read')
		const shown = (pending: ReturnType<typeof project>['pending']) =>
			menu(stateOf({ projects: [project({ pending })] }))
		const clean = { ...read, changedFiles: [], changedCount: 0, untrackedFiles: [], untrackedCount: 0 }
		const none = { count: 0, commits: [] }
		expect(shown({ status: 'unknown' })).toContain('· Pending: not read yet')
		expect(
			shown({ status: 'unreadable', at: now, problem: problemOf('There is no git repository at ~/nt') }),
		).toContain('· Pending: unknown · There is no git repository at ~/nt')
		expect(shown({ ...clean, toHub: none, toWorkstation: none })).toContain('· Nothing pending')
		expect(shown({ ...clean, toWorkstation: null, toHub: none, toLaptop: null })).toContain(
			'· Nothing changed here; the workstation was not read yet',
		)
		expect(
			shown({ ...clean, toHub: none, toWorkstation: none, toLaptop: { count: 1, commits: [] } }),
		).toContain('· 1 commit to bring back')
	})
})

describe('GPU', () => {
	const shown = (gpu: ReturnType<typeof workstation>['gpu']) =>
		menu(stateOf({ workstations: [workstation({ gpu })] }))
	const { gpu } = workstation()
	if (gpu.status !== 'read') throw new Error('not read')
	test('a late reading shows its age, a simulated one says so', () => {
		expect(shown({ ...gpu, at: now - 3 * minute })).toContain('· RTX 4090 96 % · 17/24 GiB · 3 min ago')
		expect(shown({ ...gpu, simulated: true })).toContain('· RTX 4090 96 % · 17/24 GiB · simulated')
	})
	test('what is missing is not zero', () => {
		const devices = gpu.devices.map((device) => ({
			...device,
			utilisation: { missing: 'N/A' },
			memoryUsedMiB: { missing: 'N/A' },
		}))
		expect(shown({ ...gpu, devices })).toContain('· RTX 4090 use unknown · memory unknown')
		expect(shown({ status: 'unknown' })).toContain('· GPU: not read yet')
		expect(
			shown({ status: 'absent', at: now, problem: problemOf('No nvidia-smi on the workstation') }),
		).toContain('· No nvidia-smi on the workstation')
	})
})

describe('the summary’s next step', () => {
	const state = (next: Parameters<typeof problemOf>[1], workstation: string | null = 'lab') =>
		stateOf({
			summary: {
				glyph: 'attention',
				line: 'Something waits',
				problem: problemOf('It waits', next),
				workstation,
			},
		})
	test.each([
		[
			{ kind: 'copy', label: 'Copy it', text: 'ssh-add' } as const,
			'Copy it',
			{ do: 'copy', text: 'ssh-add' },
		],
		[
			{ kind: 'retry', label: 'Try now' } as const,
			'Try now',
			{ do: 'command', wish: { name: 'retry', input: { workstation: 'lab' } } },
		],
		[
			{ kind: 'accept-host-key', label: 'Accept this key' } as const,
			'Accept this key…',
			{ do: 'open-window', place: null },
		],
		[{ kind: 'answer-login', label: 'Answer' } as const, 'Answer…', { do: 'open-window', place: null }],
		[
			{ kind: 'restart-zerotier', label: 'Restart it' } as const,
			'Restart it',
			{ do: 'command', wish: { name: 'restartZeroTier', input: {} } },
		],
		[
			{ kind: 'open-url', label: 'Log in', url: 'https://sso.example.org/' } as const,
			'Log in',
			{ do: 'open-url', url: 'https://sso.example.org/' },
		],
		[
			{ kind: 'open-url', label: 'Open the setting', url: localNetworkSettings } as const,
			'Open the setting',
			{ do: 'open-url', url: localNetworkSettings },
		],
		[
			{ kind: 'open', label: 'Open settings', target: 'config' } as const,
			'Open settings',
			{ do: 'open-settings' },
		],
	])('%o', (next, label, action) => {
		expect(menu(state(next)).slice(0, 3)).toEqual(['· Something waits', label, '—'])
		expect(find(state(next), label).action).toEqual(action)
	})
	test.each(['http://sso.example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'not an address'])(
		'an address that is not safe is greyed: %s',
		(url) => {
			expect(menu(state({ kind: 'open-url', label: 'Log in', url }))[1]).toBe(
				'Log in ✗ its address is not a safe one',
			)
		},
	)
	test('to try again without a workstation is to check again', () => {
		expect(find(state({ kind: 'retry', label: 'Try now' }, null), 'Try now').action).toEqual({
			do: 'command',
			wish: { name: 'check', input: {} },
		})
	})
})

test('runs: all that go on, then the three that ended last, with how they ended', () => {
	const at = (ago: number) => now - ago * minute
	const ended = [
		run('a', { startedAt: at(100), outcome: { status: 'failed', endedAt: at(90), exitCode: 3 } }),
		run('b', {
			startedAt: at(100),
			outcome: { status: 'killed', endedAt: at(20), signal: 'KILL', cause: 'signal' },
		}),
		run('c', { startedAt: at(100), outcome: { status: 'lost', endedAt: at(30), reason: 'restarted' } }),
		run('d', { startedAt: at(100), outcome: { status: 'cancelled', endedAt: at(600) } }),
	]
	const shown = menu(stateOf({ runs: [...ended, run('e', { progress: null })] })).filter((line) =>
		/^nt ·/.test(line),
	)
	expect(shown).toEqual([
		'nt · running 12 min · loss 0.1',
		'nt · killed by KILL after 1 h 20 min · 20 min ago',
		'nt · lost in a restart after 1 h 10 min · 30 min ago',
		'nt · failed with exit code 3 after 10 min · 1 h 30 min ago',
	])
})

test('paused: one entry that ends it; a pause that is over is none', () => {
	const app = stateOf().app
	const paused = menu(stateOf({ app: { ...app, pausedUntil: now + 30 * minute } }))
	expect(paused.find((line) => line.startsWith('Resume (paused until'))).toBeDefined()
	expect(paused).not.toContain('Pause for an hour')
	expect(menu(stateOf({ app: { ...app, pausedUntil: now - 1 } }))).toContain('Pause for an hour')
})

test('tomorrow begins at six, also seen from the small hours', () => {
	const late = new Date(2026, 4, 31, 23, 50).getTime()
	expect(tomorrowMorning(late)).toBe(new Date(2026, 5, 1, 6).getTime())
	const early = new Date(2026, 4, 31, 0, 10).getTime()
	expect(tomorrowMorning(early)).toBe(new Date(2026, 5, 1, 6).getTime())
})

test('without an engine there is still a way to the window and out', () => {
	expect(lines(menuWithoutEngine())).toEqual([
		'· Hawser is starting',
		'—',
		'Open Hawser',
		'Quit Hawser (runs go on)',
	])
})

test('the native template greys, explains, and hands over the action', () => {
	const performed: unknown[] = []
	const disconnected = stateOf({ workstations: [workstation({ link: { status: 'off' } })] })
	const template = menuTemplate(menuModel(disconnected, now), (action) => performed.push(action))
	const up = template.find((item) => item.label?.startsWith('Up'))
	expect(up).toMatchObject({ label: 'Up (lab is not connected)', enabled: false })
	const check = template.find((item) => item.label === 'Check again')
	const click = check?.click as unknown as () => void
	click()
	expect(performed).toEqual([{ do: 'command', wish: { name: 'check', input: {} } }])
	expect(menuTemplate([{ kind: 'text', label: 'A & B' }], () => {})[0]?.label).toBe('A && B')
})
