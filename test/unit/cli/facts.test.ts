import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { stateSchema } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { project, run, rung, state, workstation } from './states.ts'

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

			nt → lab: 12 commits to send, unknown to bring back, 1 result file there, 2 changed files here · 3 min ago

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
			"nt → lab: 12 commits to send, unknown to bring back, 1 result file there, 2 changed files here · 3 min ago
			  Up
			    aa110000 Change aa11
			    bb220000 Change bb22
			    and 10 more
			  Results not yet committed
			    results/metrics.json
			  Changed here, not committed
			    a b.py
			    ü.py
			"
		`)
		expect(code).toBe(0)
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
