import type { ParentPort } from 'electron'
import type { z } from 'zod'
import { type Keychain, keychainLimitMs } from '../engine/keychain.ts'
import { type EngineRequest, type KeychainRequest, keychainAnswers } from './engine-messages.ts'

type Answer = Extract<EngineRequest, { kind: 'keychain' }>
type Question = KeychainRequest extends infer R
	? R extends KeychainRequest
		? Omit<R, 'kind' | 'id'>
		: never
	: never

/** The keychain of the main process, asked from the engine's. */
export interface KeychainClient extends Keychain {
	/** Takes in an answer; one that nobody waits for (any more) is dropped. */
	hear(answer: Answer): void
}

/** Every call rejects when the main process does not answer within the keychain's limit. */
export function keychainClient(parent: Pick<ParentPort, 'postMessage'>): KeychainClient {
	const waiting = new Map<number, (answer: Answer['answer']) => void>()
	let last = 0
	const ask = <T>(question: Question, schema: z.ZodType<T>) =>
		new Promise<T>((resolve, reject) => {
			const id = ++last
			const end = () => {
				clearTimeout(timer)
				waiting.delete(id)
			}
			const timer = setTimeout(() => {
				end()
				reject(new Error('the keychain does not answer'))
			}, keychainLimitMs)
			waiting.set(id, (answer) => {
				end()
				const value = answer.ok ? schema.safeParse(answer.value) : null
				if (value?.success) resolve(value.data)
				else reject(new Error('the keychain refused'))
			})
			parent.postMessage({ kind: 'keychain', id, ...question } satisfies KeychainRequest)
		})
	return {
		available: () => ask({ ask: 'available' }, keychainAnswers.available),
		seal: (secret) => ask({ ask: 'seal', secret }, keychainAnswers.seal),
		open: (sealed) => ask({ ask: 'open', sealed }, keychainAnswers.open),
		hear: ({ id, answer }) => waiting.get(id)?.(answer),
	}
}
