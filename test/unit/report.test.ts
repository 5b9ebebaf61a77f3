import { describe, expect, test } from 'vitest'
import { type Facts, problemCodes } from '../../src/contract/problem.ts'
import type { LinkState, State, WorkstationState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { reportText } from '../../src/engine/report.ts'
import {
	emptyState,
	linkAsksForKey,
	linkAsksForLogin,
	linkUp,
	rung,
	someOperation,
	someRun,
	startedAt,
	workstation,
} from './states.ts'

const now = startedAt + 5 * 60_000
const system = 'macOS 26.1 arm64, Node 24.1.0'

function stateWith(change: Partial<WorkstationState>, more: Partial<State> = {}): State {
	return { ...emptyState(), workstations: { lab: workstation(change) }, ...more }
}
const report = (change: Partial<WorkstationState>, more: Partial<State> = {}) =>
	reportText(stateWith(change, more), system, now)

describe('a report', () => {
	test('can be read by a colleague', () => {
		const text = report({
			link: linkUp({ endpoint: '10.1.2.3:22', through: ['gate:22'], latencyMs: 12.4 }),
			peer: { path: 'relayed', latencyMs: 80, heardAt: now - 3000 },
			rungs: [
				rung('network', {
					title: 'Network',
					finding: 'en0',
					facts: { interface: 'en0', addresses: ['192.168.1.20/24'] },
				}),
				rung('zerotier-service', {
					title: 'ZeroTier',
					finding: 'online, 1.14.2',
					facts: { 'node id': 'a1b2c3d4e5' },
				}),
				rung('host-key', {
					title: 'Host key',
					finding: 'known',
					facts: { fingerprint: 'SHA256:ab/cd+/ef/ghi', 'key type': 'ssh-ed25519' },
				}),
				rung('gpu', { title: 'GPU', verdict: 'failing', finding: 'none', problem: problem('gpu-none', {}) }),
				rung('disk', { title: 'Disk and clock', verdict: 'unknown', finding: 'not checked yet', at: null }),
			],
			gpu: {
				status: 'read',
				at: now - 4000,
				simulated: false,
				processes: [],
				devices: [
					{
						index: 0,
						uuid: 'GPU-1',
						name: 'NVIDIA GeForce RTX 4090',
						driver: '550.54.15',
						utilisation: { value: 7 },
						memoryUsedMiB: { value: 1 },
						memoryTotalMiB: { value: 2 },
						temperature: { value: 50 },
						power: { value: 50 },
						powerLimit: { value: 50 },
					},
				],
			},
		})
		expect(text).toBe(`Hawser 0.0.0, 2023-11-14T22:18:20.000Z
macOS 26.1 arm64, Node 24.1.0
Summary: off, 

lab: connected to 10.1.2.3:22 through gate:22 for 5 min, by ssh2, round trip 12 ms
  over ZeroTier: relayed, 80 ms, heard 3 s ago
  Network: ok, en0 (5 min ago)
    interface: en0
    addresses: 192.168.1.20/24
  ZeroTier: ok, online, 1.14.2 (5 min ago)
    node id: a1b2c3d4e5
  Host key: ok, known (5 min ago)
    fingerprint: SHA256:ab/cd+/ef/ghi
    key type: ssh-ed25519
  GPU: failing, none (5 min ago)
    problem: gpu-none: The workstation has no GPU that its driver can see
      nvidia-smi runs, but lists no device.
  Disk and clock: unknown, not checked yet (never probed)
  GPU 0: NVIDIA GeForce RTX 4090, driver 550.54.15, 7 % (4 s ago)
`)
	})

	test.each<[LinkState, string]>([
		[{ status: 'off' }, 'not connected'],
		[{ status: 'waiting', since: startedAt }, 'waits for a network for 5 min'],
		[{ status: 'dialling', since: now - 2000, attempt: 3, problem: null }, 'connecting, try 3, for 2 s'],
		[{ status: 'host-key', since: now, question: null }, 'its host key is being checked'],
		[linkAsksForKey, 'its host key (ssh-ed25519 SHA256:abc) waits for an answer'],
		[{ status: 'login', since: now, question: null }, 'logging in'],
		[linkAsksForLogin(), 'its login waits for a person (passphrase)'],
		[
			linkUp({ transport: { kind: 'openssh', reason: 'The key lives in hardware' }, latencyMs: null }),
			'connected to lab:22 for 5 min, by the system’s ssh (The key lives in hardware)',
		],
		[
			{ status: 'lost', problem: problem('port-silent', {}), since: startedAt, nextTryAt: now + 7000 },
			'not reachable for 5 min, next try in 7 s',
		],
		[{ status: 'stopped', problem: problem('login-refused', {}), since: startedAt }, 'stopped 5 min ago'],
	])('the link in one sentence: %j', (link, words) => {
		expect(report({ link })).toContain(`lab: ${words}`)
	})

	test('what is wrong comes with its code, what it means and what to do', () => {
		const silent = problem('port-silent', { host: '10.1.2.3', port: 22, seconds: 10 })
		const text = report({ link: { status: 'lost', problem: silent, since: startedAt, nextTryAt: now } })
		expect(text).toContain('problem: port-silent: 10.1.2.3 does not answer on port 22')
		expect(text).toContain('Nothing came back within 10 s.')
		expect(text).toContain('next: Try now')
		const denied = problem('zerotier-denied', { network: '8056c2e21c000001', node: 'a1b2c3d4e5' })
		expect(report({ rungs: [rung('zerotier-network', { verdict: 'failing', problem: denied })] })).toContain(
			'has to authorise the node a1b2c3d4e5',
		)
	})

	test('a mistake in the settings is told by its place in them', () => {
		const mistake = problem('config-invalid', {
			path: 'workstations.0.ssh.port',
			message: 'hunter2 is no port',
			file: '/Users/andi/config.json',
		})
		const text = report({}, { config: { path: '/Users/andi/config.json', problem: mistake } })
		expect(text).toContain('The settings have a mistake at workstations.0.ssh.port')
		expect(text).not.toMatch(/hunter2|andi/)
	})

	test('nothing in it can make lines of its own', () => {
		const text = report({
			name: 'lab\nGPU: ok',
			rungs: [rung('tools', { facts: { sh: 'dash\r\n\u2028x\u001b[31m' } })],
		})
		expect(text).not.toMatch(/[\u001b\r\u2028]/)
		expect(text).not.toContain('\nGPU: ok')
	})

	test('without a workstation there is still something to send', () => {
		expect(reportText(emptyState(), system, now)).toContain('Hawser 0.0.0')
	})
})

describe('what must not be in it', () => {
	const planted = [
		'hunter2',
		'AAAAC3NzaC1lZDI1NTE5',
		'andi',
		'/Users/andi/My Keys/id_ed25519',
		'~/.ssh/id_rsa',
		'/home/andi',
	]
	const secret = planted.join(' ')

	function facts(): Facts {
		const names = [
			'file',
			'path',
			'user',
			'reason',
			'stderr',
			'message',
			'what',
			'why',
			'tried',
			'known',
			'lookup',
			'url',
		]
		const more = [
			'args',
			'program',
			'command',
			'source',
			'copy',
			'script',
			'code',
			'name',
			'files',
			'found',
			'side',
		]
		return Object.fromEntries([...names, ...more].map((name) => [name, secret]))
	}

	const hidden = (text: string) => planted.filter((one) => text.includes(one))

	test.each(problemCodes)('the facts of %s', (code) => {
		const found = problem(code, facts())
		const inAll = {
			link: { status: 'stopped' as const, problem: found, since: startedAt },
			rungs: [rung('tools', { verdict: 'failing' as const, finding: found.title, problem: found })],
			gpu: { status: 'absent' as const, at: startedAt, problem: found },
		}
		const summary = { glyph: 'attention' as const, line: found.title, problem: found, workstation: 'lab' }
		const text = report(inAll, { summary, config: { path: secret, problem: found } })
		expect(text).toContain(code)
		expect(hidden(text)).toEqual([])
	})

	test.each(['host', 'device', 'network', 'node', 'version', 'tool', 'disables', 'age', 'lack', 'free'])(
		'a path, or somebody’s address, in the fact %s',
		(name) => {
			for (const value of [
				'/Users/andi/x',
				'~/.ssh/id_rsa',
				'andi@lab',
				'is /home/andi',
				'../andi',
				'C:\\andi',
			]) {
				for (const code of problemCodes) {
					const found = problem(code, { [name]: value })
					expect(hidden(report({ rungs: [rung('tools', { problem: found })] }))).toEqual([])
				}
			}
		},
	)

	test('paths, commands, code and output of everything else', () => {
		const text = reportText(
			{
				...emptyState(),
				app: { version: '1.0.0', dataFolder: secret, startedAt, pausedUntil: null },
				config: { path: secret, problem: null },
				summary: { glyph: 'working', line: 'Validating nt · 3/9', problem: null, workstation: null },
				workstations: {
					lab: workstation({
						link: linkAsksForLogin({
							user: secret,
							file: secret,
							title: secret,
							prompts: [{ text: secret, hidden: true }],
						}),
						rungs: [
							rung('disk', {
								finding: 'full at /home/andi',
								facts: { mount: '/home/andi', 'log of': ['~/.ssh/id_rsa', '/Users/andi/My Keys/id_ed25519'] },
							}),
							rung('port', { facts: { 'jump hosts': ['andi@gate:22', 'inner:22'] } }),
							rung('zerotier-network', { facts: { 'log in at': 'https://sso.test/login?token=hunter2' } }),
						],
						gpu: {
							status: 'read',
							at: startedAt,
							simulated: false,
							devices: [],
							processes: [{ pid: 1, name: secret, gpu: 'GPU-1', memoryMiB: { value: 1 } }],
						},
					}),
				},
				projects: {
					nt: {
						name: 'nt',
						workstation: 'lab',
						strategy: 'git',
						files: null,
						local: secret,
						remote: secret,
						hub: secret,
						base: secret,
						validation: secret,
						command: secret,
						parameters: { secret },
						directions: {},
						runner: 'tmux',
						agent: null,
						pending: { status: 'unreadable', at: startedAt, problem: problem('git-failed', facts()) },
					},
				},
				runs: { r1: someRun({ command: secret, lastLine: secret, branch: secret }) },
				operations: { o1: someOperation({ project: secret }) },
				notices: {
					n1: {
						id: 'n1',
						kind: 'run-ended',
						title: secret,
						body: secret,
						run: null,
						project: null,
						workstation: null,
						covers: [],
						at: startedAt,
					},
				},
			},
			system,
			now,
		)
		expect(hidden(text)).toEqual([])
		expect(text).toContain('jump hosts: …@gate:22, inner:22')
		expect(text).toContain('log in at: https://sso.test')
		expect(text).toContain('Validating nt · 3/9')
	})
})
