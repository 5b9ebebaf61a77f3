import { describe, expect, test } from 'vitest'
import { applyChange } from '../../src/contract/changes.ts'
import type { Change, State } from '../../src/contract/state.ts'
import { Store } from '../../src/engine/store.ts'
import { emptyState, someRun, workstation } from './states.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the store', () => {
	test('changes of one turn are told together, and replaying them gives the same state', async () => {
		const store = new Store(emptyState(), (state) => ({
			...state.summary,
			line: `${Object.keys(state.runs).length} runs`,
		}))
		const batches: Change[][] = []
		let mirror: State = store.state
		store.onChanges((_state, changes) => {
			batches.push(changes)
			mirror = (JSON.parse(JSON.stringify(changes)) as Change[]).reduce(applyChange, mirror)
		})
		store.put('workstations', 'lab', workstation())
		store.put('runs', 'r1', someRun())
		store.put('runs', 'r2', someRun({ id: 'r2' }))
		store.put('runs', 'r1', undefined)
		await turn()
		expect(batches).toHaveLength(1)
		expect(mirror).toEqual(store.state)
		expect(store.state.summary.line).toBe('1 runs')
	})

	test('nothing is told when nothing changed', async () => {
		const store = new Store(emptyState(), (state) => state.summary)
		const run = someRun()
		store.put('runs', 'r1', run)
		await turn()
		let told = 0
		store.onChanges(() => {
			told += 1
		})
		store.put('runs', 'r1', run)
		store.update('runs', 'missing', (old) => ({ ...old, looked: true }))
		await turn()
		expect(told).toBe(0)
	})
})
