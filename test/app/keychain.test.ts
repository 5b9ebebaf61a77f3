import { EventEmitter } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EngineRequest } from '../../src/app/engine-messages.ts'
import { keychainClient } from '../../src/app/keychain-client.ts'
import { serveKeychain } from '../../src/app/keychain-server.ts'
import { safeKeychain } from '../../src/app/safe-keychain.ts'
import { type Keychain, keychainLimitMs } from '../../src/engine/keychain.ts'
import * as electron from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

const { safeStorage } = electron
beforeEach(() => {
	Object.assign(safeStorage, {
		asked: [],
		available: true,
		backend: 'gnome_libsecret',
		key: 'key 1',
		formerKeys: [],
	})
})
afterEach(() => {
	vi.useRealTimers()
})

describe('the system’s keychain', () => {
	test('seals so that it opens again, and the sealed text is base64', async () => {
		const keychain = safeKeychain('darwin')
		const sealed = await keychain.seal('hunter2 ü\n')
		expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/)
		expect(sealed).not.toContain('hunter2')
		expect(await keychain.open(sealed)).toEqual({ secret: 'hunter2 ü\n', renewed: null })
	})
	test.each(['basic_text', 'unknown'] as const)(
		'a Linux desktop with %s has none, and nothing is sealed or opened there',
		async (backend) => {
			const sealed = await safeKeychain('linux').seal('hunter2')
			Object.assign(safeStorage, { backend, asked: [] })
			const keychain = safeKeychain('linux')
			expect(await keychain.available()).toBe(false)
			await expect(keychain.seal('hunter2')).rejects.toThrow('no keychain')
			await expect(keychain.open(sealed)).rejects.toThrow('no keychain')
			expect(safeStorage.asked).toEqual([])
		},
	)
	test.each(['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'] as const)('%s is one', async (backend) => {
		safeStorage.backend = backend
		expect(await safeKeychain('linux').available()).toBe(true)
		safeStorage.available = false
		expect(await safeKeychain('linux').available()).toBe(false)
	})
	test('macOS has no such choice', async () => {
		safeStorage.backend = 'unknown'
		expect(await safeKeychain('darwin').available()).toBe(true)
	})
	test('what a former key sealed is sealed anew, and then opens as it is', async () => {
		const keychain = safeKeychain('darwin')
		const old = await keychain.seal('hunter2')
		Object.assign(safeStorage, { key: 'key 2', formerKeys: ['key 1'] })
		const { secret, renewed } = await keychain.open(old)
		expect([secret, renewed === old]).toEqual(['hunter2', false])
		safeStorage.formerKeys = []
		await expect(keychain.open(old)).rejects.toThrow()
		expect(await keychain.open(renewed ?? '')).toEqual({ secret: 'hunter2', renewed: null })
	})
})

/** Both sides over a pair of message ends that copy, as processes do. */
function pair(keychain: Keychain) {
	const toMain: unknown[] = []
	const toEngine: EngineRequest[] = []
	const child = Object.assign(new EventEmitter(), {
		postMessage(message: EngineRequest) {
			toEngine.push(structuredClone(message))
			if (message.kind === 'keychain') queueMicrotask(() => client.hear(structuredClone(message)))
		},
	})
	const stop = serveKeychain(child as unknown as Parameters<typeof serveKeychain>[0], keychain)
	const client = keychainClient({
		postMessage(message: unknown) {
			toMain.push(message)
			queueMicrotask(() => child.emit('message', structuredClone(message)))
		},
	})
	return { client, child, stop, toMain, toEngine }
}

describe('between the engine’s process and the main process', () => {
	test('every call arrives and is answered, also many at once', async () => {
		const { client, stop } = pair(safeKeychain('darwin'))
		expect(await client.available()).toBe(true)
		const secrets = Array.from({ length: 20 }, (_, one) => `secret ${one}`)
		const sealed = await Promise.all(secrets.map((secret) => client.seal(secret)))
		const opened = await Promise.all(sealed.toReversed().map((one) => client.open(one)))
		expect(opened.map(({ secret }) => secret)).toEqual(secrets.toReversed())
		stop()
	})
	test('a refusal says nothing of what was refused', async () => {
		const { client, toEngine, stop } = pair(safeKeychain('darwin'))
		await expect(client.open(Buffer.from('another machine’s').toString('base64'))).rejects.toThrow(
			'the keychain refused',
		)
		expect(toEngine).toEqual([{ kind: 'keychain', id: 1, answer: { ok: false } }])
		safeStorage.available = false
		await expect(client.seal('hunter2')).rejects.toThrow('the keychain refused')
		expect(JSON.stringify(toEngine)).not.toContain('hunter2')
		stop()
	})
	test.each([
		null,
		'keychain',
		{ kind: 'keychain', id: 1 },
		{ kind: 'keychain', id: 'x', ask: 'available' },
		{ kind: 'keychain', id: 1, ask: 'export' },
		{ kind: 'keychain', id: 1, ask: 'seal' },
		{ kind: 'keychain', id: 1, ask: 'seal', secret: 'x'.repeat(10_001) },
		{ kind: 'keychain', id: 1, ask: 'open', sealed: 'not base64!' },
		{ kind: 'keychain', id: 1, ask: 'available', more: 1 },
	])('what is no request is not heard: %j', async (message) => {
		const { child, toEngine, stop } = pair(safeKeychain('darwin'))
		child.emit('message', message)
		await turn()
		expect([toEngine, safeStorage.asked]).toEqual([[], []])
		stop()
	})
	test('an answer that is none, a second one and one to nobody do no harm', async () => {
		const asked: unknown[] = []
		const client = keychainClient({ postMessage: (message) => asked.push(message) })
		const opening = client.open('YQ==')
		client.hear({ kind: 'keychain', id: 99, answer: { ok: true, value: true } })
		client.hear({ kind: 'keychain', id: 1, answer: { ok: true, value: 'only text' } })
		await expect(opening).rejects.toThrow('the keychain refused')
		client.hear({ kind: 'keychain', id: 1, answer: { ok: true, value: { secret: 's', renewed: null } } })
		expect(asked).toEqual([{ kind: 'keychain', id: 1, ask: 'open', sealed: 'YQ==' }])
	})
	test('a main process that never answers is given up, and its late answer is dropped', async () => {
		vi.useFakeTimers()
		const client = keychainClient({ postMessage: () => {} })
		const asked = expect(client.available()).rejects.toThrow('does not answer')
		await vi.advanceTimersByTimeAsync(keychainLimitMs)
		await asked
		client.hear({ kind: 'keychain', id: 1, answer: { ok: true, value: true } })
		expect(vi.getTimerCount()).toBe(0)
	})
	test('no timer is left after an answer', async () => {
		vi.useFakeTimers()
		const { client, stop } = pair(safeKeychain('darwin'))
		await client.available()
		expect(vi.getTimerCount()).toBe(0)
		stop()
	})
	test('more than a login could need are refused while others are under way', async () => {
		const never = new Promise<never>(() => {})
		const hanging: Keychain = { available: () => never, seal: () => never, open: () => never }
		const { child, toEngine, stop } = pair(hanging)
		for (let id = 1; id <= 40; id += 1) child.emit('message', { kind: 'keychain', id, ask: 'available' })
		expect(toEngine).toHaveLength(8)
		stop()
	})
	test('once stopped nobody is heard and nobody is answered', async () => {
		const { promise, resolve } = Promise.withResolvers<boolean>()
		const { child, stop, toEngine } = pair({ ...safeKeychain('darwin'), available: () => promise })
		child.emit('message', { kind: 'keychain', id: 1, ask: 'available' })
		stop()
		resolve(true)
		await turn()
		child.emit('message', { kind: 'keychain', id: 2, ask: 'available' })
		await turn()
		expect(toEngine).toEqual([])
		expect(child.listenerCount('message')).toBe(0)
	})
})
