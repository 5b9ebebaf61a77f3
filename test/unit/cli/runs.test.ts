import { describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { problem } from '../../../src/engine/problems.ts'
import type { Face } from '../../../src/engine/rpc/served-engine.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { call, finished, jsonLines, now } from './call.ts'
import { run, state, workstation } from './states.ts'

const ended = run({
	id: '20261123T090000Z-nt-0001',
	startedAt: now - 3_600_000,
	outcome: { status: 'succeeded', endedAt: now - 3_400_000 },
	metrics: { mase: 0.83123, rows: 12 },
	change: { mase: -0.0217, rows: 0 },
})
const broken = run({
	id: '20261122T090000Z-nt-0000',
	startedAt: now - 90_000_000,
	outcome: { status: 'failed', endedAt: now - 89_999_000, exitCode: 3 },
})

test('runs are a table, newest first', async () => {
	const engine = new FakeEngine({ listRuns: () => ({ runs: [broken, ended, run()] }) }, state())
	const { code, text } = await finished(engine, ['runs'])
	expect(text).toMatchInlineSnapshot(`
		"RUN                       PROJECT  STARTED        TOOK        OUTCOME
		20261123T101500Z-nt-3f9c  nt       1 min 5 s ago  1 min 5 s   running                  epoch 3/7
		20261123T090000Z-nt-0001  nt       1 h ago        3 min 20 s  succeeded                mase 0.8312 (−0.0217), rows 12
		20261122T090000Z-nt-0000  nt       25 h ago       1.0 s       failed with exit code 3
		"
	`)
	expect(code).toBe(0)
	const json = await finished(engine, ['runs', '--json'])
	expect(JSON.parse(json.text)).toEqual({ runs: [broken, ended, run()] })
})

describe('log', () => {
	const whole = 'epoch 1 ü\nepoch 2\n'
	const engineWith = (over: ConstructorParameters<typeof FakeEngine>[0] = {}) =>
		new FakeEngine(
			{
				// Ten bytes at a time, as a log longer than one reading comes.
				readLog: ({ from }) => {
					const bytes = Buffer.from(whole)
					const end = Math.min(bytes.length, from + 10)
					return { text: bytes.subarray(from, end).toString(), end, size: bytes.length }
				},
				...over,
			},
			state({ runs: { [ended.id]: ended } }),
		)

	test('is printed as it is, to its end', async () => {
		const { code, text } = await finished(engineWith(), ['log', ended.id])
		expect(text).toBe(whole)
		expect(code).toBe(0)
	})

	test('--search prints the lines that hold a text, as they are found', async () => {
		const asked: unknown[] = []
		const engine = engineWith({
			searchLog: (input) => {
				asked.push(input)
				return input.from === 0
					? { hits: [{ line: 2, offset: 11, text: 'epoch 2 \u001b[2J' }], next: 19 }
					: { hits: [{ line: 9, offset: 99, text: 'epoch 9' }], next: null }
			},
		})
		const { code, text } = await finished(engine, ['log', ended.id, '--search', '-e.*', '--exact'])
		expect(text).toBe('2: epoch 2 \n9: epoch 9\n')
		expect(code).toBe(0)
		expect(asked).toEqual([
			{ run: ended.id, text: '-e.*', exact: true, from: 0, most: 1000 },
			{ run: ended.id, text: '-e.*', exact: true, from: 19, most: 1000 },
		])
		const json = await finished(engine, ['log', ended.id, '--search', 'epoch', '--json'])
		expect(JSON.parse(json.text)).toMatchObject({
			run: ended.id,
			hits: [{ line: 2 }, { line: 9 }],
			next: null,
		})
		const none = engineWith({ searchLog: () => ({ hits: [], next: null }) })
		expect(await finished(none, ['log', ended.id, '--search', 'x'])).toMatchObject({ code: 0, text: '' })
		expect((await finished(none, ['log', ended.id, '--search', 'x', '-f'])).code).toBe(2)
	})

	test('--json is one document', async () => {
		const engine = engineWith({ readLog: () => ({ text: whole, end: 19, size: 19 }) })
		const { text } = await finished(engine, ['log', ended.id, '--json'])
		expect(JSON.parse(text)).toEqual({ run: ended.id, size: 19, text: whole })
	})

	test('-f reads what is there and follows from there until the run has ended', async () => {
		const asked: number[] = []
		let face: Face | null = null
		const engine = engineWith({
			readLog: () => ({ text: whole, end: 19, size: 19 }),
			followLog: ({ from }, own) => {
				asked.push(from)
				face = own
				return {}
			},
		})
		const running = call(engine, ['log', ended.id, '-f'])
		await vi.waitFor(() => expect(face).not.toBeNull())
		const own = face as unknown as Face
		own.log({ run: 'another', from: 0, text: 'no', ended: true })
		own.log({ run: ended.id, from: 19, text: 'epoch 3\n', ended: false })
		await vi.waitFor(() => expect(running.out()).toContain('epoch 3'))
		own.log({ run: ended.id, from: 27, text: 'done\n', ended: true })
		expect(await running.done).toBe(0)
		expect(asked).toEqual([19])
		expect(running.out()).toBe(`${whole}epoch 3\ndone\n`)
		expect(running.err()).toContain('The run succeeded after 3 min 20 s.')
	})

	test('-f --json ends with the run’s outcome', async () => {
		const engine = engineWith({
			readLog: () => ({ text: whole, end: 19, size: 19 }),
			followLog: (_input, face) => {
				face.log({ run: ended.id, from: 19, text: '', ended: true })
				return {}
			},
		})
		const { text } = await finished(engine, ['log', ended.id, '-f', '--json'])
		expect(jsonLines(text)).toEqual([
			{ event: 'log', run: ended.id, text: whole },
			{ event: 'ended', run: ended.id, outcome: ended.outcome },
		])
	})

	test('of a run that is not there is wrong use', async () => {
		const engine = engineWith({
			readLog: ({ run: id }) => {
				throw new ProblemError(problem('run-unknown', { run: id }))
			},
		})
		expect((await finished(engine, ['log', 'x'])).code).toBe(2)
		expect((await finished(engine, ['log', 'x', '-f'])).code).toBe(2)
	})
})

test('cancel says what stays', async () => {
	const engine = new FakeEngine({ listRuns: () => ({ runs: [] }), cancelRun: () => ({}) }, state())
	const { code, text } = await finished(engine, ['cancel', 'r1'])
	expect(code).toBe(0)
	expect(text).toContain('Its log')
	expect(engine.asked).toContainEqual({ name: 'cancelRun', input: { run: 'r1' } })
	expect(JSON.parse((await finished(engine, ['cancel', 'r1', '--json'])).text)).toEqual({
		run: 'r1',
		cancelled: true,
	})
})

test('cancel of a run that has ended changes nothing and says so', async () => {
	const engine = new FakeEngine(
		{ listRuns: () => ({ runs: [ended] }) },
		state({ runs: { [ended.id]: ended } }),
	)
	const { code, text } = await finished(engine, ['cancel', ended.id])
	expect(code).toBe(0)
	expect(text).toBe('Nothing to cancel. The run succeeded after 3 min 20 s.\n')
	expect(JSON.parse((await finished(engine, ['cancel', ended.id, '--json'])).text)).toEqual({
		run: ended.id,
		cancelled: false,
	})
	expect(engine.asked.map(({ name }) => name)).not.toContain('cancelRun')
})

describe('with a workstation that is out of reach', () => {
	const refused = problem('port-refused', { host: 'lab', port: 22 })
	const lost = workstation({
		link: { status: 'lost', problem: refused, since: now - 60_000, nextTryAt: now + 9000 },
	})
	const engine = () =>
		new FakeEngine(
			{
				listRuns: () => ({ runs: [ended] }),
				readLog: ({ run: id }) => {
					throw new ProblemError(problem('run-unknown', { run: id }))
				},
			},
			state({ workstations: { lab: lost }, runs: { [ended.id]: ended } }),
		)

	test('runs are those that are known, and it says what it could not read', async () => {
		const { code, text, error } = await finished(engine(), ['runs'])
		expect(text).toContain(ended.id)
		expect(error).toContain(refused.title)
		expect(code).toBe(3)
	})

	test('nobody claims that a run is not there', async () => {
		for (const command of ['log', 'cancel']) {
			const { code, error } = await finished(engine(), [command, 'elsewhere'])
			expect(error).toContain(refused.title)
			expect(code).toBe(3)
		}
	})
})

test('how a run ended is a sentence', async () => {
	const over = run({ outcome: { status: 'cancelled', endedAt: now }, startedAt: now - 6000 })
	const engine = new FakeEngine({ listRuns: () => ({ runs: [over] }) }, state({ runs: { [over.id]: over } }))
	const { text } = await finished(engine, ['cancel', over.id])
	expect(text).toBe('Nothing to cancel. The run was cancelled after 6.0 s.\n')
})
