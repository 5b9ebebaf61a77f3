import { describe, expect, test } from 'vitest'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { operation, outcome, run, state } from './states.ts'

const ended = run({ outcome: { status: 'succeeded', endedAt: now } })
const blank = { detail: '', startedAt: null, endedAt: null }
const looks = (engine: FakeEngine) => engine.asked.filter(({ name }) => name === 'lookAt')

function engine(): FakeEngine {
	const made: FakeEngine = new FakeEngine(
		{
			readLog: () => ({ text: '', end: 0, size: 0 }),
			followLog: (_input, face) => {
				face.log({ run: ended.id, from: 0, text: '', ended: true })
				return {}
			},
			run: () => {
				made.change({ slice: 'runs', key: ended.id, value: ended })
				return { operation: 'op-run' }
			},
			waitOperation: async ({ operation: id }) => {
				if (id === 'op-go') {
					const steps = [{ id: 'validate', title: 'Validate', status: 'running' as const, ...blank }]
					made.change({ slice: 'operations', key: id, value: operation('go', { steps }) })
					await new Promise((settle) => setTimeout(settle, 50))
				}
				return outcome({ run: { id: ended.id, exitCode: 0, durationMs: null } })
			},
			go: () => ({ operation: 'op-go' }),
		},
		state({ runs: { [run().id]: run() }, operations: { 'op-go': operation('go') } }),
	)
	return made
}

describe('a terminal that follows a run is somebody who looks at it', () => {
	test.each([
		['log', run().id, '-f'],
		['run', '--wait'],
		['go', '--wait'],
	])('hawser %s %s %s', async (...words) => {
		const argv = words.filter((word) => word !== undefined)
		const shown = engine()
		await finished(shown, argv, { tty: true })
		expect(looks(shown)).toEqual([{ name: 'lookAt', input: { run: ended.id } }])
		// Into a file or a pipe nobody looks.
		const piped = engine()
		await finished(piped, argv)
		expect(looks(piped)).toEqual([])
	})
})
