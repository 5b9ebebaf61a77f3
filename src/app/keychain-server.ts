import type { UtilityProcess } from 'electron'
import type { Keychain } from '../engine/keychain.ts'
import { type EngineRequest, type KeychainRequest, keychainRequestSchema } from './engine-messages.ts'

/** Requests under way at once; more than a login could need are refused. */
const mostAtOnce = 32

/**
 * Serves the keychain to the engine's process, and to nobody else: only what comes from that child is heard.
 * Returns the disposer; what is still under way is then answered to nobody.
 */
export function serveKeychain(
	engine: Pick<UtilityProcess, 'on' | 'off' | 'postMessage'>,
	keychain: Keychain,
): () => void {
	let served = true
	let underWay = 0
	const answer = (id: number, answer: Extract<EngineRequest, { kind: 'keychain' }>['answer']) => {
		const message: EngineRequest = { kind: 'keychain', id, answer }
		if (served) engine.postMessage(message)
	}
	const hear = (raw: unknown) => {
		const parsed = keychainRequestSchema.safeParse(raw)
		if (!parsed.success) return
		const request = parsed.data
		if (underWay >= mostAtOnce) return answer(request.id, { ok: false })
		underWay += 1
		// The keychain's own words stay here: nothing but the person's secret goes with an answer.
		perform(keychain, request)
			.then(
				(value) => answer(request.id, { ok: true, value }),
				() => answer(request.id, { ok: false }),
			)
			.finally(() => {
				underWay -= 1
			})
	}
	engine.on('message', hear)
	return () => {
		served = false
		engine.off('message', hear)
	}
}

async function perform(keychain: Keychain, request: KeychainRequest): Promise<unknown> {
	switch (request.ask) {
		case 'available':
			return await keychain.available()
		case 'seal':
			return await keychain.seal(request.secret)
		case 'open':
			return await keychain.open(request.sealed)
	}
}
