import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '../../contract/client.ts'
import type { Rung } from '../../contract/state.ts'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import type { StepRunner } from '../operation.ts'
import type { Operations } from '../operations.ts'
import { problem } from '../problems.ts'
import { judgeNetwork, ownAddress } from './network-verdict.ts'
import { closedProblem, serviceProblem } from './reading-problem.ts'
import { lineNow, wordsForRestart } from './restart-words.ts'
import type { ZeroTier } from './zerotier.ts'

/** How long each wait may last, and how often is looked meanwhile, ms. */
export interface Pace {
	/** Until the service is online again. */
	onlineMs: number
	/** Until the line holds after that: the network's configuration and the peer come later. */
	settleMs: number
	/** For one look at the line. */
	lookMs: number
	/** Until a network that was joined is OK. */
	joinMs: number
	pollMs: number
}

const usualPace: Pace = { onlineMs: 45_000, settleMs: 20_000, lookMs: 60_000, joinMs: 20_000, pollMs: 500 }

export interface RestartNeeds {
	operations: Pick<Operations, 'start'>
	zerotier: Pick<ZeroTier, 'read' | 'restart'>
	/** All of them; those that do not use ZeroTier are left out by what their rungs say. */
	workstations: readonly { name: string; check(): Promise<Rung[]> }[]
	pace?: Partial<Pace>
}

/** Settles as `work` does, which ends with the signal by itself; then it was cancelled, whatever it says. */
async function unlessCancelled<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
	try {
		const value = await work
		if (!signal.aborted) return value
	} catch (error) {
		if (!signal.aborted) throw error
	}
	throw new ProblemError(problem('operation-cancelled', {}))
}

/** Asks again and again until `enough`, at most `forMs`. Answers with the last of it. */
async function until<T>(
	ask: () => Promise<T>,
	enough: (value: T) => boolean,
	forMs: number,
	pace: Pace,
	signal: AbortSignal,
): Promise<T> {
	const end = performance.now() + forMs
	for (;;) {
		const value = await unlessCancelled(signal, ask())
		if (enough(value) || performance.now() + pace.pollMs > end) return value
		await unlessCancelled(signal, sleep(pace.pollMs, undefined, { signal }))
	}
}

const isOnline = (reading: ZeroTierReading) =>
	(reading.status === 'read' || reading.status === 'locked') && reading.online !== false

/** What keeps the line of each workstation that uses ZeroTier from its port; null: nothing. */
async function look(
	{ workstations }: RestartNeeds,
	pace: Pace,
	signal: AbortSignal,
): Promise<Map<string, string | null>> {
	const ends = new AbortController()
	const ending = AbortSignal.any([signal, ends.signal])
	const late = sleep(pace.lookMs, 'its check does not end', { signal: ending }).catch(() => '')
	const found = await Promise.all(
		workstations.map(async ({ name, check }) => {
			const line = check().then(lineNow, () => 'it could not be checked')
			return [name, await Promise.race([line, late])] as const
		}),
	)
	ends.abort()
	return new Map(found.filter((one): one is readonly [string, string | null] => one[1] !== 'unused'))
}

/**
 * Restarts ZeroTier's service and says whether that helped. Answers with the operation's id.
 * @throws ProblemError `operation-busy`
 */
export function startZeroTierRestart(needs: RestartNeeds): string {
	const pace = { ...usualPace, ...needs.pace }
	return needs.operations.start({
		kind: 'zerotier-restart',
		project: '',
		workstation: '',
		steps: [
			{ id: 'before', title: 'Look at the line' },
			{ id: 'restart', title: 'Restart ZeroTier' },
			{ id: 'online', title: 'Wait until it is online' },
			{ id: 'after', title: 'Look at the line again' },
		],
		work: (runner) => restart(needs, pace, runner),
	})
}

async function restart(needs: RestartNeeds, pace: Pace, { signal, step }: StepRunner): Promise<void> {
	const { zerotier } = needs
	const before = await step('before', async (say) => {
		const line = await unlessCancelled(signal, look(needs, pace, signal))
		const lacking = [...line].filter(([, lack]) => lack !== null)
		say(lacking.map(([name, lack]) => `${name}: ${lack}`).join('; ') || 'Nothing is broken')
		return line
	})
	await step('restart', async (say) => {
		say('The system may ask for an administrator’s password')
		await zerotier.restart(signal)
		say('')
	})
	const reading = await step('online', async (say) => {
		const last = await until(() => zerotier.read(signal), isOnline, pace.onlineMs, pace, signal)
		say(serviceProblem(last)?.title ?? 'It is online')
		return last
	})
	await step('after', async (say) => {
		const holds = (line: Map<string, string | null>) => [...line.values()].every((lack) => lack === null)
		const after = await until(
			() => look(needs, pace, signal),
			// A service that stays away will not carry a line.
			(line) => !isOnline(reading) || holds(line),
			pace.settleMs,
			pace,
			signal,
		)
		const found = serviceProblem(reading)
		say(wordsForRestart(before, after, found?.title ?? null))
		if (found) throw new ProblemError(found)
	})
}

/**
 * Joins a network and waits until its controller has said what becomes of it. Answers with the operation's id.
 * @throws ProblemError `operation-busy`
 */
export function startZeroTierJoin(
	needs: {
		operations: Pick<Operations, 'start'>
		zerotier: Pick<ZeroTier, 'read' | 'join'>
		pace?: Partial<Pace>
	},
	network: string,
): string {
	const pace = { ...usualPace, ...needs.pace }
	return needs.operations.start({
		kind: 'zerotier-join',
		project: '',
		workstation: '',
		steps: [
			{ id: 'join', title: `Join ${network}` },
			{ id: 'wait', title: 'Wait for its controller' },
		],
		work: async ({ signal, step }) => {
			await step('join', () => unlessCancelled(signal, needs.zerotier.join(network, signal)))
			await step('wait', (say) => waitForNetwork(needs.zerotier, network, pace, signal, say))
		},
	})
}

async function waitForNetwork(
	zerotier: Pick<ZeroTier, 'read'>,
	id: string,
	pace: Pace,
	signal: AbortSignal,
	say: (detail: string) => void,
): Promise<void> {
	const state = async () => {
		const reading = await zerotier.read(signal)
		if (reading.status !== 'read') throw new ProblemError(closedProblem(reading))
		const network = reading.networks.find((one) => one.id === id)
		// Whether its interface is there is for the ladder: it comes a moment after the address.
		const own = { node: reading.node, version: reading.version, interfaces: network ? [network.device] : [] }
		const verdict = network ? judgeNetwork(network, own) : null
		say(verdict?.finding ?? 'asks for its configuration')
		return { network, verdict, node: reading.node }
	}
	const { network, verdict } = await until(
		state,
		({ network: one, verdict: now }) =>
			now?.kind === 'ok' || (now?.kind === 'broken' && one !== undefined && one.status !== 'OK'),
		pace.joinMs,
		pace,
		signal,
	)
	if (network && verdict?.kind === 'ok') return say(ownAddress(network) ?? verdict.finding)
	if (verdict && 'problem' in verdict) throw new ProblemError(verdict.problem)
	const reason = network
		? `it ${verdict?.finding ?? 'says nothing'}`
		: 'it took the network in, and does not list it'
	throw new ProblemError(problem('zerotier-join-failed', { network: id, reason }))
}
