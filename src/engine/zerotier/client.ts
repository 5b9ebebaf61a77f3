import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import { readPlainFile } from '../plain-file.ts'
import { parseHealth } from './answers.ts'
import { type Answer, ask } from './http.ts'
import type { Places } from './places.ts'
import { readToken } from './token-file.ts'

export interface Limits {
	/** For each question to the service. */
	timeoutMs: number
	/** Of one answer. A service with thousands of peers says less. */
	mostBytes: number
}

export const usualLimits: Limits = { timeoutMs: 3000, mostBytes: 4 * 1024 * 1024 }

/** Why the service cannot be asked; each is a reading of its own. */
export type Closed = Exclude<ZeroTierReading, { status: 'read' }>

/** The service as it was found: its port, a token it takes, and its answers. */
export interface Opened {
	status: 'opened'
	port: number
	token: string
	/** The bodies, in the order of the paths; each came with 200. */
	answers: string[]
}

const exists = (path: string) =>
	stat(path).then(
		() => true,
		// One that may not be looked at is there.
		(error: NodeJS.ErrnoException) => error.code === 'EACCES' || error.code === 'EPERM',
	)

/** The port file may outlive the service that wrote it. */
async function portsOf(places: Places): Promise<number[]> {
	const text = await readPlainFile(join(places.service, 'zerotier-one.port'), 64).then(String, () => '')
	const port = /^\d{1,5}$/.test(text.trim()) ? Number(text.trim()) : 0
	const ports = [
		...(port > 0 && port < 65_536 ? [port] : []),
		...(places.defaultPort ? [places.defaultPort] : []),
	]
	return [...new Set(ports)]
}

/**
 * Asks the service all `paths` together, with the first token that it takes. Never rejects, but for an abort of `signal`.
 */
export async function knock(
	places: Places,
	paths: readonly string[],
	limits: Limits,
	signal?: AbortSignal,
): Promise<Opened | Closed> {
	const ports = await portsOf(places)
	let found: Closed | null = null
	for (const port of ports) {
		const outcome = await knockAt(port, places, paths, limits, signal)
		if (outcome.status === 'opened' || outcome.status === 'locked') return outcome
		// Something that is not understood tells more than nothing at all.
		if (found?.status !== 'garbled') found = outcome
	}
	if (found?.status === 'garbled') return found
	const traces = await Promise.all([places.service, ...places.programs].map(exists))
	return traces.includes(true)
		? { status: 'not-running', port: ports[0] ?? 9993 }
		: { status: 'not-installed' }
}

async function knockAt(
	port: number,
	places: Places,
	paths: readonly string[],
	limits: Limits,
	signal?: AbortSignal,
): Promise<Opened | Closed> {
	const question = (path: string, token: string | null) => ask({ port, path, token, ...limits, signal })
	let reason: 'missing' | 'unreadable' | 'wrong' = 'missing'
	let path = places.tokens[0] ?? places.source
	/** The worst that can be told of any copy is told: one that exists and does not work, before one that is not there. */
	const lacks = (why: 'unreadable' | 'wrong', where: string) => {
		if (reason === 'wrong' || reason === why) return
		reason = why
		path = where
	}
	for (const file of places.tokens) {
		const read = await readToken(file)
		if (read.kind === 'unreadable') lacks('unreadable', file)
		if (read.kind === 'useless') lacks('wrong', file)
		if (read.kind !== 'token') continue
		const answers = await Promise.all(paths.map((one) => question(one, read.token)))
		const verdict = judge(answers, paths, port)
		if (verdict === 'refused-token') lacks('wrong', file)
		else if (Array.isArray(verdict)) return { status: 'opened', port, token: read.token, answers: verdict }
		else return verdict
	}
	const health = await question('/health', null)
	if (health.kind === 'refused') return { status: 'not-running', port }
	if (health.kind === 'garbled') return { status: 'garbled', reason: health.reason }
	const parsed = health.status === 200 ? parseHealth(health.text) : null
	// Older services have no `/health`, and refuse it as they refuse everything without a token.
	if (!parsed?.ok && health.status !== 401)
		return { status: 'garbled', reason: parsed ? parsed.reason : `it answered with ${health.status}` }
	const told = parsed?.ok ? parsed.value : null
	return { status: 'locked', reason, path, online: told?.online ?? null, version: told?.version || null }
}

function judge(
	answers: Answer[],
	paths: readonly string[],
	port: number,
): string[] | Closed | 'refused-token' {
	const texts: string[] = []
	for (const [index, answer] of answers.entries()) {
		if (answer.kind === 'refused') return { status: 'not-running', port }
		if (answer.kind === 'garbled') return { status: 'garbled', reason: answer.reason }
		if (answer.status === 401) return 'refused-token'
		if (answer.status !== 200)
			return { status: 'garbled', reason: `it answered ${paths[index]} with ${answer.status}` }
		texts.push(answer.text)
	}
	return texts
}
