import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { restartDelay, superviseEngine } from '../../src/app/engine-supervisor.ts'
import type { Channel } from '../../src/contract/client.ts'
import * as electron from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

beforeAll(() => electron.app.becomeReady())
beforeEach(() => {
	electron.utilityProcess.children = []
})
afterEach(() => {
	vi.useRealTimers()
})

describe('the engine’s process', () => {
	const start = { entry: '/engine.mjs', args: ['/data'], env: Promise.resolve({ PATH: '/mine' }) }
	/** With its environment known. */
	const supervise = async () => {
		const supervisor = superviseEngine(start)
		await vi.waitFor(() => expect(electron.utilityProcess.children).toHaveLength(1))
		return supervisor
	}
	test('waits for its environment, and those who open it wait with it', async () => {
		const env = Promise.withResolvers<NodeJS.ProcessEnv>()
		const supervisor = superviseEngine({ ...start, env: env.promise })
		const opening = supervisor.open()
		await turn()
		expect(electron.utilityProcess.children).toEqual([])
		env.resolve({ PATH: '/mine' })
		await opening
		const [child] = electron.utilityProcess.children
		expect([child?.options.env, child?.requests.length]).toEqual([{ PATH: '/mine' }, 1])
	})
	test('is never started when the app quits before its environment is known', async () => {
		const env = Promise.withResolvers<NodeJS.ProcessEnv>()
		const supervisor = superviseEngine({ ...start, env: env.promise })
		const opening = expect(supervisor.open()).rejects.toThrow('quitting')
		await supervisor.stop()
		await opening
		env.resolve({})
		await turn()
		expect(electron.utilityProcess.children).toEqual([])
	})
	test('is started again with a growing wait; what was open is closed, what waits gets the next one', async () => {
		vi.useFakeTimers()
		const supervisor = await supervise()
		const channel: Channel = await supervisor.open()
		const closed = vi.fn()
		channel.onClose(closed)
		const [first] = electron.utilityProcess.children
		expect(first?.requests).toMatchObject([{ message: { kind: 'face' } }])
		first?.happen('exit', 1)
		expect(closed).toHaveBeenCalledOnce()
		const next = supervisor.open()
		expect(electron.utilityProcess.children).toHaveLength(1)
		await vi.advanceTimersByTimeAsync(restartDelay(1))
		await next
		expect(electron.utilityProcess.children).toHaveLength(2)
		expect(electron.utilityProcess.children[1]?.requests).toHaveLength(1)
		electron.utilityProcess.children[1]?.happen('exit', 1)
		await vi.advanceTimersByTimeAsync(restartDelay(1))
		expect(electron.utilityProcess.children).toHaveLength(2)
		await vi.advanceTimersByTimeAsync(restartDelay(2))
		expect(electron.utilityProcess.children).toHaveLength(3)
	})
	test('one that V8 gives up in is started again too, and is no error here', async () => {
		vi.useFakeTimers()
		const supervisor = await supervise()
		const [child] = electron.utilityProcess.children
		child?.happen('error', 'FatalError', 'v8::Allocate', '{}')
		child?.happen('exit', 1)
		await vi.advanceTimersByTimeAsync(restartDelay(1))
		expect(electron.utilityProcess.children).toHaveLength(2)
		const stopped = supervisor.stop()
		electron.utilityProcess.children[1]?.happen('exit', 0)
		await stopped
	})
	test('waits never grow beyond half a minute', () => {
		expect([1, 2, 3, 8, 100].map(restartDelay)).toEqual([250, 500, 1000, 30_000, 30_000])
	})
	test('is asked to stop, is ended when it does not, and is not started again', async () => {
		vi.useFakeTimers()
		const supervisor = await supervise()
		const [child] = electron.utilityProcess.children
		const stopped = supervisor.stop()
		expect(child?.requests.at(-1)?.message).toEqual({ kind: 'stop' })
		await vi.advanceTimersByTimeAsync(5000)
		await stopped
		expect(child?.killed).toBe(true)
		await vi.advanceTimersByTimeAsync(60_000)
		expect(electron.utilityProcess.children).toHaveLength(1)
		await expect(supervisor.open()).rejects.toThrow('quitting')
	})
})
