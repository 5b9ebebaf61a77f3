import { beforeAll, expect, test, vi } from 'vitest'
import { relayPages } from '../../src/app/ipc.ts'
import { ProblemError } from '../../src/contract/client.ts'
import type { State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import * as electron from './electron-stand-in.ts'
import { standInEngine } from './engine-stand-in.ts'
import { stateOf } from './states.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

interface Bridge {
	command(name: string, input: unknown): Promise<unknown>
	watch(listener: (state: State) => void): () => void
	onLog(listener: (chunk: unknown) => void): () => void
	onClose(listener: () => void): () => void
}

beforeAll(async () => {
	await import('../../src/preload.ts')
})
const bridge = () => electron.contextBridge.exposed.hawser as Bridge

test('exposes four functions under one name, and nothing of Electron', () => {
	expect(Object.keys(electron.contextBridge.exposed)).toEqual(['hawser'])
	expect(Object.keys(bridge()).toSorted()).toEqual(['command', 'onClose', 'onLog', 'watch'])
})

test('a page watches, commands, hears refusals as answers, and finds the next engine after one is gone', async () => {
	const refusal = problem('run-unknown', { run: 'r9' })
	const engine = standInEngine(stateOf(), (name) => {
		if (name === 'lookRun') throw new ProblemError(refusal)
		return {}
	})
	const stop = relayPages(engine.open)
	const seen: State[] = []
	const closed = vi.fn()
	bridge().watch((state) => seen.push(state))
	bridge().onClose(closed)
	await vi.waitFor(() => expect(seen).toHaveLength(1))
	expect(seen[0]).toEqual(stateOf())
	engine.change({ slice: 'summary', value: { ...stateOf().summary, line: 'Else' } })
	await vi.waitFor(() => expect(seen.at(-1)?.summary.line).toBe('Else'))
	expect(await bridge().command('retry', { workstation: 'lab' })).toEqual({ ok: true, output: {} })
	expect(await bridge().command('lookRun', { run: 'r9' })).toEqual({ ok: false, problem: refusal })
	expect(engine.channels).toHaveLength(1)

	engine.channels[0]?.close()
	await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
	const again: State[] = []
	bridge().watch((state) => again.push(state))
	await vi.waitFor(() => expect(again.at(-1)?.summary.line).toBe('Else'))
	expect(engine.channels).toHaveLength(2)
	stop()
})

test('a command that the engine’s end overtakes rejects', async () => {
	const engine = standInEngine(stateOf(), () => new Promise(() => {}))
	const stop = relayPages(engine.open)
	const command = bridge().command('check', {})
	const rejected = expect(command).rejects.toThrow()
	await vi.waitFor(() => expect(engine.asked).toEqual([['check', {}]]))
	for (const channel of engine.channels) channel.close()
	await rejected
	stop()
})
