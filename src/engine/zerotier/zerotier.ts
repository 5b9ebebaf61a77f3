import { homedir } from 'node:os'
import { ProblemError } from '../../contract/client.ts'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import { expandHome } from '../link/settings.ts'
import { problem } from '../problems.ts'
import { parseNetworks, parsePeers, parseStatus } from './answers.ts'
import { knock, type Limits, usualLimits } from './client.ts'
import { ask } from './http.ts'
import { type Places, type PlacesOptions, zerotierPlaces } from './places.ts'
import { closedProblem } from './reading-problem.ts'
import { restartService } from './service-restart.ts'

/** This laptop's ZeroTier service. */
export interface ZeroTier {
	/** Never rejects, but for an abort of `signal`, with its reason. At most some seconds. */
	read(signal?: AbortSignal): Promise<ZeroTierReading>
	/**
	 * Asks the service to join a network; whether its controller lets it in shows later in `read()`.
	 * @throws ProblemError `zerotier-join-failed`, and what closes the service (`zerotier-not-running`, …)
	 */
	join(network: string, signal?: AbortSignal): Promise<void>
	/**
	 * Settles when the system has restarted it; `read()` says when it is there again. The system may ask for an
	 * administrator's password meanwhile.
	 * @throws ProblemError `zerotier-restart-failed`, `operation-cancelled`
	 */
	restart(signal?: AbortSignal): Promise<void>
}

export interface ZeroTierOptions extends PlacesOptions {
	/** Instead of the usual ones. */
	places?: Places
	/** Token files named in the settings, asked for at each use; tried first. */
	tokenFiles?: () => readonly string[]
	limits?: Partial<Limits>
	/** Of the person; 0: may restart it without being asked. */
	uid?: number
	now?: () => number
}

/** It holds nothing open: every reading connects anew, and closes what it opened. */
export function createZeroTier(options: ZeroTierOptions = {}): ZeroTier {
	const limits = { ...usualLimits, ...options.limits }
	const { now = Date.now, platform = process.platform, env = process.env } = options
	// Made at each use: the environment may have been completed from the login shell meanwhile.
	const places = () => {
		const usual = options.places ?? zerotierPlaces(options)
		const named = (options.tokenFiles?.() ?? []).map((path) => expandHome(path, options.home ?? homedir()))
		return { ...usual, tokens: [...new Set([...named, ...usual.tokens])] }
	}

	const read = async (signal?: AbortSignal): Promise<ZeroTierReading> => {
		const outcome = await knock(places(), ['/status', '/network', '/peer'], limits, signal)
		if (outcome.status !== 'opened') return outcome
		const [status = '', network = '', peer = ''] = outcome.answers
		const node = parseStatus(status)
		if (!node.ok) return { status: 'garbled', reason: node.reason }
		const networks = parseNetworks(network)
		if (!networks.ok) return { status: 'garbled', reason: networks.reason }
		const peers = parsePeers(peer)
		if (!peers.ok) return { status: 'garbled', reason: peers.reason }
		return { status: 'read', at: now(), ...node.value, networks: networks.value, peers: peers.value }
	}

	const join = async (network: string, signal?: AbortSignal): Promise<void> => {
		const at = places()
		const outcome = await knock(at, ['/status'], limits, signal)
		if (outcome.status !== 'opened') throw new ProblemError(closedProblem(outcome, at))
		const { port, token } = outcome
		// It may answer `{}` for the first network of all: only `/network` tells what became of it.
		const answer = await ask({
			port,
			token,
			path: `/network/${network}`,
			method: 'POST',
			body: {},
			...limits,
			signal,
		})
		if (answer.kind === 'answer' && answer.status === 200) return
		const reason =
			answer.kind === 'answer'
				? `it answered with ${answer.status}`
				: answer.kind === 'refused'
					? 'it is not running any more'
					: answer.reason
		throw new ProblemError(problem('zerotier-join-failed', { network, reason }))
	}

	return {
		read,
		join,
		restart: (signal) =>
			restartService({ platform, env, uid: options.uid ?? process.getuid?.() ?? -1, signal }),
	}
}
