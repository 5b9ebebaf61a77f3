import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import type { StepRunner } from '../../src/engine/operation.ts'
import { type OperationResult, Operations } from '../../src/engine/operations.ts'
import { problem } from '../../src/engine/problems.ts'
import { Store } from '../../src/engine/store.ts'
import { emptyState, startedAt } from './states.ts'

const execute = promisify(execFile)

function setUp() {
	const store = new Store(emptyState(), (state) => state.summary)
	const operations = new Operations(store, () => startedAt)
	const start = (work: (runner: StepRunner, result: OperationResult) => Promise<void>, project = 'nt') =>
		operations.start({
			kind: 'go',
			project,
			workstation: 'lab',
			steps: [
				{ id: 'one', title: 'One' },
				{ id: 'two', title: 'Two' },
			],
			work,
		})
	const steps = (id: string) => store.state.operations[id]?.steps.map((step) => step.status)
	return { store, operations, start, steps }
}

describe('operations', () => {
	test('steps go from waiting to done, with their details', async () => {
		const { store, operations, start, steps } = setUp()
		const gate = Promise.withResolvers<void>()
		const id = start(async (runner) => {
			await runner.step('one', async (say) => {
				say('half way')
				await gate.promise
			})
			await runner.step('two', async () => {})
		})
		expect(steps(id)).toEqual(['running', 'waiting'])
		expect(store.state.operations[id]?.steps[0]?.detail).toBe('half way')
		gate.resolve()
		expect(await operations.wait(id)).toMatchObject({ status: 'succeeded', problem: null })
		expect(steps(id)).toEqual(['done', 'done'])
	})

	test.each([
		['tree-dirty', 'stopped'],
		['remote-failed', 'failed'],
		['run-cancelled', 'cancelled'],
		['operation-cancelled', 'cancelled'],
	] as const)('a problem %s ends it as %s, the rest skipped', async (code, status) => {
		const { operations, start, steps } = setUp()
		const id = start((runner) =>
			runner.step('one', async () => {
				throw new ProblemError(problem(code, {}))
			}),
		)
		expect(await operations.wait(id)).toMatchObject({ status, problem: { code } })
		expect(steps(id)).toEqual(['failed', 'skipped'])
	})

	test('what was learned before a stop is in the outcome', async () => {
		const { operations, start } = setUp()
		const id = start(async (_runner, result) => {
			result.run = { id: 'r1', exitCode: 3, durationMs: 10 }
			throw new ProblemError(problem('run-failed', { exitCode: 3, lastLine: '' }))
		})
		expect(await operations.wait(id)).toMatchObject({ status: 'failed', run: { id: 'r1', exitCode: 3 } })
	})

	test('one at a time per project; another project goes on', async () => {
		const { operations, start } = setUp()
		const gate = Promise.withResolvers<void>()
		const first = start(() => gate.promise)
		expect(() => start(async () => {})).toThrow(ProblemError)
		const other = start(async () => {}, 'other')
		expect(await operations.wait(other)).toMatchObject({ status: 'succeeded' })
		gate.resolve()
		await operations.wait(first)
		await operations.wait(start(async () => {}))
	})

	test('cancel reaches the step under way and no further one starts', async () => {
		const { operations, start, steps } = setUp()
		const id = start(async (runner) => {
			await runner.step(
				'one',
				() => new Promise<void>((resolve) => runner.signal.addEventListener('abort', () => resolve())),
			)
			await runner.step('two', async () => {})
		})
		operations.cancel(id)
		expect(await operations.wait(id)).toMatchObject({ status: 'cancelled' })
		expect(steps(id)).toEqual(['done', 'skipped'])
	})

	test.each([
		['throws its reason', async ({ signal }: StepRunner) => signal.throwIfAborted()],
		['tells it by a program', async ({ signal }: StepRunner) => void (await execute('true', { signal }))],
	])('cancelled or left, a piece of work that %s was cancelled', async (_, piece) => {
		for (const end of ['cancel', 'dispose'] as const) {
			const { store, operations, start } = setUp()
			const gate = Promise.withResolvers<void>()
			const id = start(async (runner) => {
				await runner.step('one', async () => {
					await gate.promise
					await piece(runner)
				})
			})
			const left = end === 'cancel' ? operations.cancel(id) : operations.dispose()
			gate.resolve()
			await left
			await operations.wait(id)
			expect(store.state.operations[id]?.outcome).toMatchObject({
				...{ status: 'cancelled', problem: { code: 'operation-cancelled' } },
			})
		}
	})

	test('an exception that nobody foresaw is a failure in words', async () => {
		const { operations, start } = setUp()
		const id = start(async () => {
			throw new TypeError('x is not a function')
		})
		expect(await operations.wait(id)).toMatchObject({ status: 'failed', problem: { code: 'internal' } })
	})
})
