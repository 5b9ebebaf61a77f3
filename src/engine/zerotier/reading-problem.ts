import type { Problem } from '../../contract/problem.ts'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import { problem } from '../problems.ts'
import type { Closed } from './client.ts'
import { grantFacts, type Places, zerotierPlaces } from './places.ts'

const tokenCodes = {
	missing: 'zerotier-token-missing',
	unreadable: 'zerotier-token-unreadable',
	wrong: 'zerotier-token-wrong',
} as const

/** Why nothing more can be read of the service. */
export function closedProblem(closed: Closed, places: Places = zerotierPlaces()): Problem {
	switch (closed.status) {
		case 'not-installed':
			return problem('zerotier-not-installed', {})
		case 'not-running':
			return problem('zerotier-not-running', { port: closed.port })
		case 'garbled':
			return problem('zerotier-garbled', { reason: closed.reason })
		case 'locked':
			return problem(tokenCodes[closed.reason], grantFacts(places, closed.path))
	}
}

/** What is wrong with the service itself; null: nothing, or nothing that it told. */
export function serviceProblem(reading: ZeroTierReading): Problem | null {
	if (reading.status !== 'read' && reading.status !== 'locked') return closedProblem(reading)
	return reading.online === false ? problem('zerotier-offline', {}) : null
}
