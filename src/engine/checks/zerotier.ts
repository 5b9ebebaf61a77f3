import { z } from 'zod'
import { problem } from '../problems.ts'
import type { Check } from './check.ts'

/** ZeroTier One's local service; `/health` needs no token. */
const defaultPort = 9993
const healthSchema = z.object({ online: z.boolean(), version: z.string().optional() })

/** The most of an answer that is read: it is a few dozen bytes. */
const mostBytes = 65_536

async function readHealth(port: number): Promise<unknown> {
	const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(3000) })
	let text = ''
	const decoder = new TextDecoder()
	for await (const part of response.body ?? []) {
		text += decoder.decode(part, { stream: true })
		if (text.length > mostBytes) break
	}
	return JSON.parse(text)
}

/** The service runs and reaches its roots. */
export function zerotierOn(port: number): Check {
	return {
		id: 'zerotier',
		title: 'ZeroTier',
		dependsOn: ['network'],
		async check({ workstation }) {
			if (!workstation.zerotier) return { verdict: 'unused', finding: 'not used' }
			let answer: unknown
			try {
				answer = await readHealth(port)
			} catch (error) {
				if (error instanceof SyntaxError)
					return { verdict: 'unknown', finding: 'its answer is not understood' }
				return {
					verdict: 'failing',
					finding: 'not running',
					problem: problem('zerotier-not-running', { port }),
				}
			}
			const health = healthSchema.safeParse(answer)
			if (!health.success) return { verdict: 'unknown', finding: 'its answer is not understood' }
			if (!health.data.online)
				return { verdict: 'failing', finding: 'offline', problem: problem('zerotier-offline', {}) }
			return { verdict: 'ok', finding: health.data.version ? `online, ${health.data.version}` : 'online' }
		},
	}
}

export const zerotier = zerotierOn(defaultPort)
