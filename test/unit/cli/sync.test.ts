import { describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import type { OperationOutcome, Run, Step } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import type { Face } from '../../../src/engine/rpc/served-engine.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey } from '../states.ts'
import { type CallOptions, call, finished, jsonLines, now } from './call.ts'
import { commit, operation, outcome, run, state, workstation } from './states.ts'

const step = (id: string, status: Step['status'], detail = ''): Step => ({
	id,
	title: `Step ${id}`,
	status,
	detail,
	startedAt: status === 'waiting' ? null : now - 1000,
	endedAt: status === 'done' || status === 'failed' ? now : null,
})

const succeeded = outcome({
	run: { id: run().id, exitCode: 0, durationMs: 12_300 },
	commits: { up: [commit('aa'), commit('bb')], back: [commit('cc')] },
	metrics: { mase: 0.8312345, rows: 12 },
})

/** An engine on which `go` shows its steps and a run's log, then ends as told. */
function going(ended: OperationOutcome | (() => Promise<OperationOutcome>)) {
	let face: Face | null = null
	const put = (steps: Step[]) =>
		engine.change({ slice: 'operations', key: 'op-go', value: operation('go', { steps }) })
	const engine: FakeEngine = new FakeEngine(
		{
			go: () => {
				put([step('connect', 'running'), step('validate', 'waiting')])
				return { operation: 'op-go' }
			},
			followLog: (_input, own) => {
				face = own
				return {}
			},
			waitOperation: async () => {
				await new Promise(setImmediate)
				put([step('connect', 'done', 'direct'), step('validate', 'running')])
				engine.change({ slice: 'runs', key: run().id, value: run() })
				await vi.waitFor(() => expect(face).not.toBeNull(), { timeout: 300 }).catch(() => {})
				face?.log({ run: run().id, from: 0, text: 'epoch 1\nepoch', ended: false })
				face?.log({ run: run().id, from: 13, text: ' 2\n\u001b[31mred\u001b[0m\n', ended: false })
				put([step('connect', 'done', 'direct'), step('validate', 'done')])
				face?.log({ run: run().id, from: 30, text: 'last', ended: true })
				return typeof ended === 'function' ? await ended() : ended
			},
		},
		state(),
	)
	return engine
}

describe('go --wait', () => {
	test('a line for every step and every line of the log, then what came of it', async () => {
		const { code, text, error } = await finished(going(succeeded), ['go', '--wait'])
		expect(text).toMatchInlineSnapshot(`
			"→ Step connect…
			✓ Step connect · direct (1.0 s)
			→ Step validate…
			  │ epoch 1
			  │ epoch 2
			  │ red
			✓ Step validate (1.0 s)
			  │ last
			Done: ran 12 s, 2 commits up, 1 commit back, mase 0.8312, rows 12
			"
		`)
		expect(error).toBe('')
		expect(code).toBe(0)
	})

	test('--json: progress as lines, the outcome as the last', async () => {
		const { code, text } = await finished(going(succeeded), ['go', '--wait', '--json'])
		const lines = jsonLines(text)
		expect(lines.at(-1)).toEqual({
			outcome: 'succeeded',
			run: { id: run().id, exitCode: 0, durationMs: 12_300 },
			commits: { up: [commit('aa'), commit('bb')], back: [commit('cc')] },
			metrics: { mase: 0.8312345, rows: 12 },
		})
		expect(lines.slice(0, -1).map(({ event }) => event)).toContain('step')
		expect(lines.flatMap((line) => (line.event === 'log' ? [line.text] : [])).join('')).toContain(
			'epoch 1\nepoch 2',
		)
		expect(code).toBe(0)
	})

	test.each([
		['failed', problem('run-failed', { exitCode: 3, lastLine: 'boom' }), 1],
		['failed', problem('link-lost', { host: 'lab', reason: 'It went' }), 3],
		['stopped', problem('tree-dirty', { side: 'The laptop', files: ['a'] }), 4],
		['stopped', problem('port-silent', { host: 'lab', port: 22, seconds: 5 }), 3],
		['cancelled', problem('operation-cancelled', {}), 1],
	] as const)('%s by %o', async (status, found, expected) => {
		const ended = outcome({ status, problem: found })
		const { code, error } = await finished(going(ended), ['go', '--wait'])
		expect(code).toBe(expected)
		expect(error).toContain(found.title)
		const json = await finished(going(ended), ['go', '--wait', '--json'])
		expect(jsonLines(json.text).at(-1)).toMatchObject({ outcome: status, problem: { code: found.code } })
		expect(json.code).toBe(expected)
	})

	test('on a terminal the steps change in place, and what is left standing is the end', async () => {
		const engine = going(succeeded)
		const running = call(engine, ['go', '--wait'], { tty: true })
		expect(await running.done).toBe(0)
		const out = running.out()
		expect(out).toMatch(/\u001b\[2A\r\u001b\[J/)
		const last = out.slice(out.lastIndexOf('\u001b[J'))
		expect(last).toContain('Step connect')
		expect(last).not.toContain('epoch 3/7')
		expect(out).toContain('epoch 3/7')
		expect(engine.asked.map(({ name }) => name)).not.toContain('followLog')
	})

	test('Ctrl-C leaves the run going and says how to follow it', async () => {
		const engine = going(() => new Promise(() => {}))
		const running = call(engine, ['go', '--wait'])
		await vi.waitFor(() => expect(running.out()).toContain('epoch 1'))
		running.interrupt()
		expect(await running.done).toBe(130)
		expect(running.err()).toContain(`hawser log ${run().id} -f`)
		const asked = engine.asked.map(({ name }) => name)
		expect(asked).not.toContain('cancelOperation')
		expect(asked).not.toContain('cancelRun')
		expect(running.attachment.closed).toBe(true)
	})

	test('run --wait waits for the run it started', async () => {
		const engine = new FakeEngine(
			{
				run: () => {
					engine.change({ slice: 'runs', key: run().id, value: run() })
					return { operation: 'op-run' }
				},
				waitOperation: () => {
					setTimeout(() => {
						const failed: Run['outcome'] = { status: 'failed', endedAt: now, exitCode: 7 }
						engine.change({ slice: 'runs', key: run().id, value: run({ outcome: failed }) })
					}, 20)
					return outcome({ run: { id: run().id, exitCode: null, durationMs: null } })
				},
				followLog: () => {
					throw new ProblemError(problem('remote-failed', {}))
				},
			},
			state(),
		)
		const { code, text } = await finished(engine, ['run', 'nt', '--wait', '--json'])
		expect(jsonLines(text).at(-1)).toMatchObject({
			outcome: 'failed',
			run: { id: run().id, exitCode: 7, durationMs: 65_000 },
		})
		expect(code).toBe(1)
	})
})

describe('without --wait', () => {
	test('an app that is there goes on with it', async () => {
		const engine = new FakeEngine({ go: () => ({ operation: 'o' }) }, state())
		const { code, text } = await finished(engine, ['go'])
		expect(code).toBe(0)
		expect(text).toMatch(/^Started/)
		expect(engine.asked).toContainEqual({ name: 'go', input: {} })
		const json = await finished(engine, ['go', 'nt', '--json'])
		expect(JSON.parse(json.text)).toEqual({ outcome: 'started', operation: 'o' })
	})

	const hosting = (sent: OperationOutcome) =>
		new FakeEngine(
			{
				up: () => ({ operation: 'op-up' }),
				run: () => ({ operation: 'op-run' }),
				waitOperation: ({ operation: id }) =>
					id === 'op-up' ? sent : outcome({ run: { id: run().id, exitCode: null, durationMs: null } }),
			},
			state(),
		)
	const hosted: CallOptions = { hosted: true }

	test('with no app: go sends the code, starts the run, says so and leaves', async () => {
		const engine = hosting(outcome({ commits: { up: [commit('aa')], back: [] } }))
		const { code, text, error } = await finished(engine, ['go', '--json'], hosted)
		expect(code).toBe(0)
		expect(error).toContain('not running')
		expect(jsonLines(text).at(-1)).toMatchObject({
			outcome: 'started',
			run: { id: run().id },
			commits: { up: [commit('aa')] },
		})
		const words = await finished(engine, ['go'], hosted)
		expect(words.text).toContain(`hawser log ${run().id} -f`)
		expect(words.text).toContain('hawser back')
	})

	test('with no app: nothing is started when the code could not be sent', async () => {
		const found = problem('diverged', { branch: 'master', side: 'a', other: 'b' })
		const engine = hosting(outcome({ status: 'stopped', problem: found }))
		const { code, error } = await finished(engine, ['go'], hosted)
		expect(code).toBe(4)
		expect(error).toContain(found.title)
		expect(engine.asked.map(({ name }) => name)).not.toContain('run')
	})
})

describe('which project', () => {
	test('the engine says what is wrong with a name', async () => {
		const engine = new FakeEngine(
			{
				up: ({ project: name }) => {
					throw new ProblemError(problem('project-unknown', { name: name ?? '', known: ['nt'] }))
				},
			},
			state(),
		)
		const { code, error } = await finished(engine, ['up', 'other', '--wait'])
		expect(code).toBe(2)
		expect(error).toContain('There is no project named other')
	})
})

describe('an unknown host key', () => {
	const asking = () => {
		const engine: FakeEngine = new FakeEngine(
			{
				go: () => ({ operation: 'o' }),
				answerHostKey: ({ workstation: name, accept }) => {
					if (accept) engine.change({ slice: 'workstations', key: name, value: workstation() })
					return {}
				},
			},
			state({ workstations: { lab: workstation({ link: linkAsksForKey }) } }),
		)
		return engine
	}
	const terminal = {} as CallOptions['terminal']

	test('with nobody to ask waits for a person, showing the fingerprint', async () => {
		const engine = asking()
		const { code, error, questions } = await finished(engine, ['go'])
		expect(code).toBe(4)
		expect(error).toContain('SHA256:abc')
		expect(questions).toEqual([])
		expect(engine.asked.map(({ name }) => name)).not.toContain('answerHostKey')
	})

	test('is asked about on a terminal; yes goes on', async () => {
		const engine = asking()
		const { code, error, questions } = await finished(engine, ['go'], { terminal, answer: true })
		expect(questions).toHaveLength(1)
		expect(error).toContain('SHA256:abc')
		expect(engine.asked).toContainEqual({
			name: 'answerHostKey',
			input: { workstation: 'lab', fingerprint: 'SHA256:abc', accept: true },
		})
		expect(code).toBe(0)
	})

	test('check asks too, and shows the ladder whatever the answer', async () => {
		for (const answer of [true, false]) {
			const engine = asking()
			engine.handlers.check = () => ({ workstation: 'lab', holds: answer, rungs: [] })
			const { text, questions } = await finished(engine, ['check'], { terminal, answer })
			expect(questions).toHaveLength(1)
			expect(text).toContain(answer ? 'The line holds.' : 'The line does not hold.')
		}
	})

	test('anything but yes accepts nothing', async () => {
		const engine = asking()
		const { code } = await finished(engine, ['go'], { terminal, answer: false })
		expect(code).toBe(4)
		expect(engine.asked.map(({ name }) => name)).not.toContain('answerHostKey')
	})
})

describe('demo', () => {
	test('sets up, then goes once on the demo project', async () => {
		const demo = { ...state().projects.nt, name: 'demo', workstation: 'built-in' }
		const engine: FakeEngine = new FakeEngine(
			{
				setUpDemo: () => {
					const steps = [step('demo', 'done')]
					engine.change(
						{
							slice: 'workstations',
							key: 'built-in',
							value: workstation({ name: 'built-in', builtIn: true }),
						},
						{ slice: 'projects', key: 'demo', value: demo },
						{ slice: 'operations', key: 'op-demo', value: operation('demo', { steps }) },
					)
					return { operation: 'op-demo' }
				},
				go: () => ({ operation: 'op-go' }),
				waitOperation: ({ operation: id }) => (id === 'op-demo' ? outcome() : succeeded),
			},
			state({ workstations: {}, projects: {} }),
		)
		const { code, text } = await finished(engine, ['demo', '--json'], { hosted: true })
		expect(code).toBe(0)
		expect(engine.asked).toContainEqual({ name: 'go', input: { project: 'demo' } })
		expect(jsonLines(text).at(-1)).toMatchObject({ outcome: 'succeeded', metrics: { rows: 12 } })
	})
})
