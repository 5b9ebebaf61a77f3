import type { Facts, Problem } from '../../contract/problem.ts'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import { serviceProblem } from '../zerotier/reading-problem.ts'
import type { Check, Finding } from './check.ts'

export const notUsed: Finding = { verdict: 'unused', finding: 'not used' }

/** ZeroTier's service on this laptop runs and reaches its roots. */
export const zerotierService: Check = {
	id: 'zerotier-service',
	title: 'ZeroTier',
	dependsOn: ['network'],
	async check({ workstation, zerotier }) {
		return workstation.zerotier ? judgeService(await zerotier()) : notUsed
	},
}

const brief: Partial<Record<Problem['code'], string>> = {
	'zerotier-not-installed': 'not installed',
	'zerotier-not-running': 'not running',
	'zerotier-garbled': 'not understood',
	'zerotier-offline': 'offline',
}

/** Pure. */
export function judgeService(reading: ZeroTierReading): Finding {
	const facts = factsOf(reading)
	const found = serviceProblem(reading)
	if (found) {
		const finding = brief[found.code] ?? found.title
		// Something else may listen on its port while ZeroTier is well: that is no proof of a fault.
		return { verdict: reading.status === 'garbled' ? 'unknown' : 'failing', finding, facts, problem: found }
	}
	if (reading.status === 'read') {
		const how = reading.tunneled ? 'online by TCP relay' : 'online'
		return { verdict: 'ok', finding: [how, reading.version].filter(Boolean).join(', '), facts }
	}
	if (reading.status === 'locked' && reading.online)
		return { verdict: 'ok', finding: ['online', reading.version].filter(Boolean).join(', '), facts }
	return { verdict: 'unknown', finding: 'runs, and tells no more', facts }
}

function factsOf(reading: ZeroTierReading): Facts {
	if (reading.status === 'read')
		return {
			'node id': reading.node,
			...(reading.version ? { version: reading.version } : {}),
			...(reading.tunneled ? { 'TCP relay': 'yes' } : {}),
		}
	return reading.status === 'locked' && reading.version ? { version: reading.version } : {}
}
