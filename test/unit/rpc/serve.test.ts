import { describe, expect, test, vi } from 'vitest'
import { type Channel, createClient, ProblemError } from '../../../src/contract/client.ts'
import type { LogChunk } from '../../../src/contract/commands.ts'
import type { Change, State } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import { mostBacklog } from '../../../src/engine/rpc/channel.ts'
import { channelPair } from '../../../src/engine/rpc/memory.ts'
import { serveEngine } from '../../../src/engine/rpc/serve.ts'
import type { Face } from '../../../src/engine/rpc/served-engine.ts'
import { FakeEngine } from './fake-engine.ts'

function joined(engine: FakeEngine) {
	const [own, engineSide] = channelPair({ strict: true })
	const dispose = serveEngine(engine, engineSide)
	return { client: createClient(own), channel: own, engineSide, dispose }
}

const problemOfCall = async (call: Promise<unknown>) => {
	const error = await call.then(
		() => null,
		(thrown: unknown) => thrown,
	)
	expect(error).toBeInstanceOf(ProblemError)
	return (error as ProblemError).problem
}

describe('state', () => {
	test('a face gets the whole state, then every change', async () => {
		const engine = new FakeEngine()
		const { client } = joined(engine)
		const lines: string[] = []
		client.watch((state) => lines.push(state.summary.line))
		await vi.waitFor(() => expect(lines).toEqual(['Nothing is connected']))
		engine.say('one')
		await vi.waitFor(() => expect(lines).toEqual(['Nothing is connected', 'one']))
	})

	test('a change between asking and the snapshot is not lost, nor undone by the snapshot', async () => {
		const engine = new FakeEngine()
		const { client } = joined(engine)
		const states: State[] = []
		client.watch((state) => states.push(state))
		// The engine answers in a later turn: this lies between the two.
		const take = engine.state.bind(engine)
		engine.state = () => {
			const snapshot = take()
			queueMicrotask(() => engine.say('in between'))
			return snapshot
		}
		await vi.waitFor(() => expect(states.at(-1)?.summary.line).toBe('in between'))
	})

	test('a second listener of a face hears the state at once', async () => {
		const engine = new FakeEngine()
		const { client } = joined(engine)
		await new Promise<void>((heard) => client.watch(() => heard()))
		let line = ''
		client.watch((state) => {
			line = state.summary.line
		})
		expect(line).toBe('Nothing is connected')
	})

	test('an entry that is taken away is gone at the face', async () => {
		const engine = new FakeEngine()
		const { client } = joined(engine)
		let state: State | null = null
		client.watch((next) => {
			state = next
		})
		const notice = { id: 'n', title: 't', body: 'b', run: null, at: 1 }
		engine.change({ slice: 'notices', key: 'n', value: notice })
		await vi.waitFor(() => expect(state?.notices).toEqual({ n: notice }))
		engine.change({ slice: 'notices', key: 'n', value: undefined })
		await vi.waitFor(() => expect(state?.notices).toEqual({}))
	})

	test('the answer to a command comes after the changes that led to it', async () => {
		const engine = new FakeEngine({
			pause: () => {
				engine.say('paused')
				return {}
			},
		})
		const { client } = joined(engine)
		let line = ''
		await new Promise<void>((heard) =>
			client.watch((state) => {
				line = state.summary.line
				heard()
			}),
		)
		await client.call('pause', { until: null })
		expect(line).toBe('paused')
	})
})

describe('commands', () => {
	test('the input is parsed and the output comes back', async () => {
		const engine = new FakeEngine({ claimNotice: () => ({ first: true }) })
		const { client } = joined(engine)
		expect(await client.call('claimNotice', { notice: 'run:1' })).toEqual({ first: true })
		expect(engine.asked).toEqual([{ name: 'claimNotice', input: { notice: 'run:1' } }])
	})

	test.each([
		['up', { project: 7 }, /project/],
		['up', { project: 'nt', force: true }, /force/],
		['readLog', { run: 'r', from: -1, most: 10 }, /from/],
		['up', null, /up/],
		['rm -rf', {}, /no such command/],
		['constructor', {}, /no such command/],
		['__proto__', {}, /no such command/],
	])('%s with %j is refused in words and reaches no handler', async (name, input, words) => {
		const engine = new FakeEngine({ up: () => ({ operation: 'o' }) })
		const { client } = joined(engine)
		const found = await problemOfCall(client.call(name as 'up', input as { project: string }))
		expect(found.code).toBe('input-invalid')
		expect(found.meaning).toMatch(words)
		expect(engine.asked).toEqual([])
	})

	test('a refusal arrives with its words, and any other failure as one of ours', async () => {
		const refused = problem('project-unknown', { name: 'x', known: ['nt'] })
		const engine = new FakeEngine({
			up: () => {
				throw new ProblemError(refused)
			},
			back: () => {
				throw new TypeError('x is not a function')
			},
		})
		const { client } = joined(engine)
		expect(await problemOfCall(client.call('up', {}))).toEqual(refused)
		expect((await problemOfCall(client.call('back', {}))).code).toBe('internal')
	})

	test('what is no call at all is passed over', async () => {
		const engine = new FakeEngine({ claimNotice: () => ({ first: false }) })
		const { client, channel } = joined(engine)
		for (const odd of [null, 7, 'q', [], {}, { t: 'q' }, { t: 'q', m: 'command', a: 'x' }, { t: 's' }])
			channel.post(odd)
		channel.post({ t: 'q', m: 'toString', a: [], i: 'own' })
		expect(await client.call('claimNotice', { notice: 'n' })).toEqual({ first: false })
	})

	test('an engine that goes ends the calls that wait', async () => {
		const engine = new FakeEngine({ waitOperation: () => new Promise(() => {}) })
		const { client, engineSide } = joined(engine)
		let gone = false
		client.onClose(() => {
			gone = true
		})
		const call = client.call('waitOperation', { operation: 'o' })
		await vi.waitFor(() => expect(engine.asked).toHaveLength(1))
		engineSide.close()
		await expect(call).rejects.toThrow('gone')
		expect(gone).toBe(true)
	})
})

describe('following a log', () => {
	const following = () => {
		const faces: Face[] = []
		const ended: string[] = []
		const engine = new FakeEngine({
			followLog: ({ run }, face) => {
				faces.push(face)
				face.onClose(() => ended.push(run))
				return {}
			},
		})
		return { engine, faces, ended }
	}
	const chunk = (text: string): LogChunk => ({ run: 'r', from: 0, text, ended: false })

	test('chunks go to the face that follows and to no other', async () => {
		const { engine, faces } = following()
		const first = joined(engine)
		const second = joined(engine)
		const heard: string[] = []
		first.client.onLog(({ text }) => heard.push(`first ${text}`))
		second.client.onLog(({ text }) => heard.push(`second ${text}`))
		await second.client.call('followLog', { run: 'r', from: 0 })
		faces[0]?.log(chunk('a'))
		await vi.waitFor(() => expect(heard).toEqual(['second a']))
	})

	test('a face that goes while following is told to the engine once, and hears nothing more', async () => {
		const { engine, faces, ended } = following()
		const { client, channel } = joined(engine)
		let state: State | null = null
		client.watch((next) => {
			state = next
		})
		await client.call('followLog', { run: 'r', from: 0 })
		await vi.waitFor(() => expect(state).not.toBeNull())
		expect(engine.listeners.size).toBe(1)
		channel.close()
		expect(ended).toEqual(['r'])
		expect(engine.listeners.size).toBe(0)
		faces[0]?.log(chunk('late'))
		await faces[0]?.ready()
		const late = vi.fn()
		faces[0]?.onClose(late)
		await vi.waitFor(() => expect(late).toHaveBeenCalledOnce())
	})

	test('the disposer ends it as well', async () => {
		const { engine, ended } = following()
		const { client, dispose } = joined(engine)
		await client.call('followLog', { run: 'r', from: 0 })
		dispose()
		dispose()
		expect(ended).toEqual(['r'])
	})
})

describe('a slow face', () => {
	/** A face's channel that takes what is posted and says how much it holds back. */
	function slow() {
		const posted: { m?: string; a?: unknown[] }[] = []
		let listener: (message: unknown) => void = () => {}
		let backlog = 0
		let closed = false
		const channel: Channel & { backlog(): number; close(): void } = {
			post: (message) => void posted.push(message as { m?: string; a?: unknown[] }),
			onMessage(next) {
				listener = next
				return () => {}
			},
			onClose: () => () => {},
			backlog: () => backlog,
			close() {
				closed = true
			},
		}
		const changes = () => posted.filter(({ m }) => m === 'changes').map(({ a }) => a?.[0] as Change[])
		return {
			channel,
			posted,
			changes,
			send: (message: unknown) => listener(message),
			hold: (bytes: number) => {
				backlog = bytes
			},
			isClosed: () => closed,
		}
	}

	test('is sent the last value of an entry once it has room, not every one', async () => {
		const engine = new FakeEngine()
		const { channel, changes, send, hold, posted } = slow()
		const dispose = serveEngine(engine, channel)
		send({ t: 'q', i: '1', m: 'subscribe', a: [] })
		await vi.waitFor(() => expect(posted).toHaveLength(1))
		hold(mostBacklog - 1)
		for (let count = 0; count < 1000; count++) engine.say(`line ${count}`)
		engine.change({ slice: 'notices', key: 'n', value: { id: 'n' } })
		await new Promise((resolve) => setTimeout(resolve, 100))
		expect(changes()).toEqual([])
		hold(0)
		await vi.waitFor(() => expect(changes()).toHaveLength(1))
		expect(changes()[0]?.map(({ slice }) => slice)).toEqual(['summary', 'notices'])
		expect(changes()[0]?.[0]?.value).toMatchObject({ line: 'line 999' })
		dispose()
	})

	test('that takes nothing while a log is pushed is dropped', async () => {
		let face: Face | null = null
		const engine = new FakeEngine({
			followLog: (_, own) => {
				face = own
				return {}
			},
		})
		const { channel, send, hold, isClosed } = slow()
		serveEngine(engine, channel)
		send({ t: 'q', i: '1', m: 'command', a: ['followLog', { run: 'r', from: 0 }] })
		await vi.waitFor(() => expect(face).not.toBeNull())
		hold(mostBacklog + 1)
		const gone = vi.fn()
		;(face as Face | null)?.onClose(gone)
		;(face as Face | null)?.log({ run: 'r', from: 0, text: 'x', ended: false })
		expect(gone).toHaveBeenCalledOnce()
		expect(isClosed()).toBe(true)
	})
})

test('the strict pair refuses what would not survive a wire', () => {
	const [one] = channelPair({ strict: true })
	for (const odd of [new Map(), new Date(), { a: [Number.NaN] }, { a: () => 1 }, 1n])
		expect(() => one.post(odd)).toThrow(TypeError)
	expect(() => one.post({ a: [1, null, { b: undefined }] })).not.toThrow()
})
