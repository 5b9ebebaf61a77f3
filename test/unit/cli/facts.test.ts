import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { stateSchema, type WorkstationState } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey, linkAsksForLogin, linkUp } from '../states.ts'
import { finished, now } from './call.ts'
import { commit, project, run, rung, state, workstation } from './states.ts'

const refused = problem('login-refused', { host: 'lab', user: 'me', tried: 'agent', port: 22 })
const silent = problem('port-silent', { host: 'lab', port: 22, seconds: 5 })

describe('status', () => {
	test('fits a glance', async () => {
		const engine = new FakeEngine({}, state({ runs: { r: run() } }))
		const { code, text, error } = await finished(engine, ['status'])
		expect(text).toMatchInlineSnapshot(`
			"● The line holds

			lab · connected for 4 h · 12 ms · me@lab:22
			  laptop ── ● ── ● ── ● ── GPU
			  NVIDIA GeForce RTX 4090 · 96 % · 17.2 of 24.0 GiB · 61 °C · N/A of 450 W · 1 min 30 s ago

			nt → lab: 2 commits for the hub, 12 commits to send, unknown to bring back, 1 result file to bring back, 2 changed files · 3 min ago

			●  20261123T101500Z-nt-3f9c  1 min 5 s  epoch 3/7
			"
		`)
		expect(error).toBe('')
		expect(code).toBe(0)
	})

	test('shows where the line breaks, and nothing green beyond it', async () => {
		const broken = workstation({
			link: { status: 'lost', problem: silent, since: now, nextTryAt: now + 4000 },
			rungs: [
				rung('network'),
				rung('port', { verdict: 'failing', finding: 'no answer in 5 s', problem: silent }),
				rung('login', { verdict: 'unknown', finding: '' }),
			],
			gpu: { status: 'unknown' },
		})
		const summary = { glyph: 'down' as const, line: silent.title, problem: silent, workstation: 'lab' }
		const engine = new FakeEngine({}, state({ workstations: { lab: broken }, projects: {}, summary }))
		const { text } = await finished(engine, ['status'])
		expect(text).toContain('laptop ── ● ── ✕    ○    GPU')
		expect(text).toContain('✕ port: no answer in 5 s')
		expect(text).toContain('GPU unknown')
		expect(text).toContain('next try in 4.0 s')
	})

	test('draws nothing as found behind a link that is off, and no gap before one that is up', async () => {
		const idle = rung('zerotier-peer', { verdict: 'unknown', finding: 'idle for 6 min' })
		const none = rung('gpu', { verdict: 'failing', finding: 'none' })
		const drawn = async (link: WorkstationState['link']) => {
			const lab = workstation({ link, rungs: [rung('network'), idle, rung('port'), rung('login'), none] })
			return (await finished(new FakeEngine({}, state({ workstations: { lab } })), ['status'])).text
		}
		expect(await drawn(linkUp())).toContain('laptop ── ● ── ○ ── ● ── ● ── ✕    GPU')
		const off = await drawn({ status: 'off' })
		expect(off).toContain('laptop ── ● ── ○    ○    ○    ○    GPU')
		expect(off).not.toContain('✕')
	})

	test('names the lowest broken rung as the cause of a lost link', async () => {
		const offline = problem('zerotier-offline', {})
		const lab = workstation({
			link: { status: 'lost', problem: silent, since: now, nextTryAt: now + 4000 },
			rungs: [rung('network'), rung('zerotier-service', { verdict: 'failing', problem: offline })],
		})
		const { text } = await finished(new FakeEngine({}, state({ workstations: { lab } })), ['status'])
		expect(text).toContain('lab · ZeroTier is offline; next try in 4.0 s')
	})

	test('says which command asks what the line waits for', async () => {
		const asked = problem('login-asks', { host: 'lab', what: 'the password of me' })
		const summary = { glyph: 'attention' as const, line: asked.title, problem: asked, workstation: 'my lab' }
		const { text } = await finished(new FakeEngine({}, state({ summary })), ['status'])
		expect(text).toContain("  → hawser connect 'my lab'\n")
	})

	test.each<[string, Partial<WorkstationState>, string]>([
		[
			'relayed, through jump hosts',
			{
				link: linkUp({ since: now - 60_000, latencyMs: 31.6, through: ['jump:22', 'inner:2222'] }),
				peer: { path: 'relayed', latencyMs: 40, heardAt: now },
			},
			'connected for 1 min · 32 ms relayed · lab:22 · through jump:22, inner:2222',
		],
		[
			'by the system’s ssh',
			{
				link: linkUp({
					since: now,
					latencyMs: null,
					transport: { kind: 'openssh', reason: 'The key id_sk is on a \u001b[2Jhardware token' },
				}),
			},
			'connected for 0.0 s · lab:22\n  by the system’s own ssh: The key id_sk is on a hardware token\n',
		],
		['off', { link: { status: 'off' } }, 'not connected'],
		['waiting', { link: { status: 'waiting', since: now - 12_000 } }, 'waiting for a network for 12 s'],
		[
			'dialling',
			{ link: { status: 'dialling', since: now, attempt: 1, problem: null } },
			'connecting for 0.0 s',
		],
		[
			'the key is checked',
			{ link: { status: 'host-key', since: now, question: null } },
			'checking its host key',
		],
		['the key is asked about', { link: linkAsksForKey }, 'its host key is not known: SHA256:abc'],
		['the login', { link: { status: 'login', since: now, question: null } }, 'logging in'],
		[
			'a passphrase',
			{ link: linkAsksForLogin({ file: '~/.ssh/\u001b[2Jid' }) },
			'The key ~/.ssh/id needs its passphrase',
		],
		[
			'lost',
			{ link: { status: 'lost', problem: silent, since: now, nextTryAt: now + 4000 } },
			'lab does not answer on port 22; next try in 4.0 s',
		],
		['stopped', { link: { status: 'stopped', problem: refused, since: now } }, 'lab did not let me in'],
	])('says how the link is: %s', async (_what, change, words) => {
		const engine = new FakeEngine({}, state({ workstations: { lab: workstation(change) } }))
		const { text } = await finished(engine, ['status'])
		expect(text).toContain(`lab · ${words}`)
	})

	test('is what hawser alone does, and options may stand anywhere', async () => {
		const engine = new FakeEngine({}, state())
		const alone = await finished(engine, [])
		expect(alone.text).toBe((await finished(engine, ['status'])).text)
		const json = await finished(engine, ['--json'])
		expect(stateSchema.parse(JSON.parse(json.text))).toEqual(engine.current)
		expect((await finished(engine, ['--home', '/x', 'status', '--json'])).text).toBe(json.text)
		expect((await finished(engine, ['status', '--json', '--home', '/x'])).text).toBe(json.text)
	})

	test('of an engine just made probes first; what fails is in the state', async () => {
		const checked: string[] = []
		const engine = new FakeEngine(
			{
				check: ({ workstation: name }) => {
					checked.push(name ?? '')
					engine.say('probed')
					return { workstation: name ?? '', holds: true, rungs: [] }
				},
				readPending: () => {
					throw new ProblemError(silent)
				},
			},
			state(),
		)
		const { text, code } = await finished(engine, ['status'], { hosted: true })
		expect(checked).toEqual(['lab'])
		expect(text).toContain('probed')
		expect(code).toBe(0)
	})

	test('text from outside cannot move the cursor', async () => {
		const summary = { glyph: 'ok' as const, line: 'a\u001b[2Jb\nc\u202ed', problem: null, workstation: null }
		const { text } = await finished(new FakeEngine({}, state({ summary })), ['status'], { tty: true })
		expect(text.split('\n')[0]).toBe('● ab c d')
	})
})

describe('check', () => {
	const answer = (holds: boolean, rungs = [rung('network'), rung('gpu')]) =>
		new FakeEngine({ check: ({ workstation: name }) => ({ workstation: name ?? '', holds, rungs }) }, state())

	test('done only when the line holds', async () => {
		const good = await finished(answer(true), ['check'])
		expect(good.code).toBe(0)
		expect(good.text).toContain('The line holds.')
		const bad = await finished(answer(false), ['check'])
		expect(bad.code).toBe(1)
		expect(bad.text).toContain('The line does not hold.')
	})

	test.each([
		['not reachable', silent, 3],
		['waits for a person', refused, 4],
		['failed', problem('gpu-none', {}), 1],
	])('exit code of a rung that is broken: %s', async (_what, found, expected) => {
		const rungs = [rung('network'), rung('login', { verdict: 'failing', finding: 'no', problem: found })]
		const { code, error } = await finished(answer(false, rungs), ['check'])
		expect(code).toBe(expected)
		expect(error).toContain(found.title)
	})

	test('--json is one document of a stable shape', async () => {
		const { text } = await finished(answer(true), ['check', '--json'])
		expect(JSON.parse(text)).toMatchObject({
			holds: true,
			workstations: [{ workstation: 'lab', holds: true, rungs: [{ id: 'network' }, { id: 'gpu' }] }],
		})
	})

	test('what else was found stands under its rung, and in --json', async () => {
		const facts = {
			'node id': '1a2b3c4d5e',
			git: '2.39.5',
			'old \u001b[2J': true,
			missing: ['rsync', 'tmux'],
		}
		const { code, text } = await finished(answer(true, [rung('tools', { facts })]), ['check'])
		expect(text).toContain(
			'  ● tools: fine\n      node id 1a2b3c4d5e · git 2.39.5 · old  true · missing rsync, tmux\n',
		)
		expect(code).toBe(0)
		const json = await finished(answer(true, [rung('tools', { facts })]), ['check', '--json'])
		expect(JSON.parse(json.text)).toMatchObject({ workstations: [{ rungs: [{ facts }] }] })
	})

	test('--report prints a text for a colleague', async () => {
		const engine = answer(true)
		engine.handlers.report = ({ workstation: name }) => ({ text: `Hawser 0.1.0\n${name}\u001b[2J: holds\n` })
		const { code, text } = await finished(engine, ['check', 'lab', '--report'])
		expect(text).toBe('Hawser 0.1.0\nlab: holds\n')
		expect(code).toBe(0)
		// It tells of what was just found.
		expect(engine.asked.map(({ name }) => name).slice(-2)).toEqual(['check', 'report'])
		const json = await finished(engine, ['check', '--report', '--json'])
		expect(JSON.parse(json.text)).toEqual({ text: 'Hawser 0.1.0\nundefined\u001b[2J: holds\n' })
	})

	test('an unknown workstation is wrong use', async () => {
		const { code, error } = await finished(answer(true), ['check', 'nowhere'])
		expect(code).toBe(2)
		expect(error).toContain('There is no workstation named nowhere')
	})
})

describe('gpu', () => {
	test('words stand for numbers that are not there', async () => {
		const engine = new FakeEngine({ readGpu: () => workstation() }, state())
		const { text, code } = await finished(engine, ['gpu'])
		expect(text).toMatchInlineSnapshot(`
			"lab · read 1 min 30 s ago
			  NVIDIA GeForce RTX 4090 · 96 % · 17.2 of 24.0 GiB · 61 °C · N/A of 450 W
			     4242  17000 MiB  python
			"
		`)
		expect(code).toBe(0)
	})

	test('none there fails, with its reason', async () => {
		const gpu = { status: 'absent' as const, at: now, problem: problem('gpu-no-tool', {}) }
		const engine = new FakeEngine({ readGpu: () => workstation({ gpu }) }, state())
		const { code, error } = await finished(engine, ['gpu', 'lab'])
		expect(code).toBe(1)
		expect(error).toContain('No nvidia-smi')
		const json = await finished(engine, ['gpu', '--json'])
		expect(JSON.parse(json.text)).toEqual({ workstations: [{ name: 'lab', builtIn: false, gpu }] })
	})

	test('a workstation that stays away is not reachable', async () => {
		const lost = workstation({ link: { status: 'lost', problem: silent, since: now, nextTryAt: now + 1000 } })
		const engine = new FakeEngine(
			{
				retry: () => {
					const since = now + 1
					const link = { status: 'lost' as const, problem: silent, since, nextTryAt: since }
					engine.change({ slice: 'workstations', key: 'lab', value: { ...lost, link } })
					return {}
				},
			},
			state({ workstations: { lab: lost } }),
		)
		const { code, error } = await finished(engine, ['gpu'])
		expect(code).toBe(3)
		expect(error).toContain('does not answer on port 22')
	})
})

describe('pending', () => {
	test('says what goes which way, and what is not known', async () => {
		const engine = new FakeEngine({ readPending: () => ({}) }, state())
		const { text, code } = await finished(engine, ['pending'])
		expect(text).toMatchInlineSnapshot(`
			"nt → lab: 2 commits for the hub, 12 commits to send, unknown to bring back, 1 result file to bring back, 2 changed files · 3 min ago
			  Up, to the hub
			    aa110000 Change aa11
			    bb220000 Change bb22
			  Up, to the workstation
			    aa110000 Change aa11
			    bb220000 Change bb22
			    and 10 more
			  Results on the workstation, not committed
			    results/metrics.json
			  Changed on the laptop, not committed
			    a b.py
			    ü.py
			"
		`)
		expect(code).toBe(0)
	})

	test('what needs care comes first; then laptop, hub, workstation', async () => {
		const read = project().pending
		if (read.status !== 'read' || !read.remote) throw new Error('not read')
		const calm = read.standing
		const lock = { path: '/home/p/nt/.git/index.lock', owner: 'vim\u001b[31m (process 42)' }
		const pending = {
			...read,
			standing: { ...calm, ongoing: 'patch series', detached: true, stashes: 1, lock },
			fromHub: { count: 1, commits: [commit('cc33')] },
			remote: {
				...read.remote,
				standing: { detached: true, ongoing: 'rebase', stashes: 2, lock: { path: '/l', owner: null } },
				changedFiles: ['train.py'],
				changedCount: 1,
				untrackedFiles: ['a\nb'],
				untrackedCount: 100_001,
			},
		}
		const engine = new FakeEngine(
			{ readPending: () => ({}) },
			state({ projects: { nt: project({ pending }) } }),
		)
		expect((await finished(engine, ['pending'])).text).toMatchInlineSnapshot(`
			"nt → lab: a patch series is in progress on the laptop, no branch is checked out on the laptop, git is locked on the laptop by vim (process 42), a rebase is in progress on the workstation, git is locked on the workstation, 2 commits for the hub, 1 commit to take from the hub, 12 commits to send, unknown to bring back, 1 result file to bring back, 2 changed files, 1 changed file and 100001 new on the workstation · 3 min ago
			  Needs care
			    A patch series is in progress on the laptop. Finish or abort it there, then start again.
			    No branch is checked out on the laptop. A commit made there is on no branch. Check one out before you go on.
			    Git is locked on the laptop by vim (process 42). Let it finish, or end it. /home/p/nt/.git/index.lock
			    A rebase is in progress on the workstation. Finish or abort it there, then start again.
			    Git is locked on the workstation. It is not known by what. When no git is at work there, remove this file. /l
			  Up, to the hub
			    aa110000 Change aa11
			    bb220000 Change bb22
			  Up, to the workstation
			    aa110000 Change aa11
			    bb220000 Change bb22
			    and 10 more
			  Back, from the hub
			    cc330000 Change cc33
			  Results on the workstation, not committed
			    results/metrics.json
			  Changed on the laptop, not committed
			    a b.py
			    ü.py
			  Changed on the workstation, not committed
			    train.py
			  New on the workstation, not committed
			    a b
			    and 100000 more
			  Stashed
			    1 stash on the laptop, 2 on the workstation
			"
		`)
		const { projects } = JSON.parse((await finished(engine, ['pending', '--json'])).text)
		expect(projects[0].pending).toEqual(pending)
	})

	test('a repository that cannot be read waits for a person', async () => {
		const found = problem('repository-missing', { path: '~/nt', side: 'This laptop' })
		const projects = { nt: project({ pending: { status: 'unreadable', at: now, problem: found } }) }
		const engine = new FakeEngine({ readPending: () => ({}) }, state({ projects }))
		const { code, error } = await finished(engine, ['pending', 'nt'])
		expect(code).toBe(4)
		expect(error).toContain('There is no git repository at ~/nt')
		expect(JSON.parse((await finished(engine, ['pending', '--json'])).text)).toEqual({
			projects: [projects.nt],
		})
	})

	test('an unknown project is wrong use', async () => {
		expect((await finished(new FakeEngine({}, state()), ['pending', 'x'])).code).toBe(2)
	})
})
