import type { Problem, ProblemCode } from '../../contract/problem.ts'
import type { Rung } from '../../contract/state.ts'
import type { Check, Finding } from './check.ts'

/** Which rung a link's problem belongs to; the rungs before it held. Any other problem is the login's. */
const rungOfProblem: Partial<Record<ProblemCode, Rung['id']>> = {
	'host-not-found': 'port',
	'port-refused': 'port',
	'port-silent': 'port',
	'port-unreachable': 'port',
	'local-network-denied': 'port',
	'link-lost': 'port',
	'link-off': 'port',
	'ssh-settings-unreadable': 'port',
	'ssh-protocol': 'host-key',
	'host-key-unknown': 'host-key',
	'host-key-changed': 'host-key',
	'host-key-revoked': 'host-key',
}

/** What the link's one attempt says of one of its three rungs. Pure. */
function findingFor(id: Rung['id'], found: Problem | null, ok: string): Finding {
	const broken = found ? (rungOfProblem[found.code] ?? 'login') : null
	if (found && broken === id)
		return { verdict: 'failing', finding: shortly[found.code] ?? 'failed', problem: found }
	return { verdict: 'ok', finding: ok }
}

const shortly: Partial<Record<ProblemCode, string>> = {
	'host-not-found': 'no address',
	'port-refused': 'refused',
	'port-silent': 'silent',
	'port-unreachable': 'no way there',
	'link-lost': 'lost',
	'link-off': 'not connected',
	'host-key-unknown': 'not known yet',
	'host-key-changed': 'changed',
	'login-refused': 'refused',
	'login-key-locked': 'key is locked',
}

/** The TCP port, the host key and the login are learned by one attempt of the link. */
export const port: Check = {
	id: 'port',
	title: 'SSH port',
	dependsOn: ['network', 'zerotier'],
	async check({ workstation, reach }) {
		return findingFor('port', await reach(), `${workstation.ssh.host} answers`)
	},
}

export const hostKey: Check = {
	id: 'host-key',
	title: 'Host key',
	dependsOn: ['port'],
	async check({ reach }) {
		return findingFor('host-key', await reach(), 'known')
	},
}

export const login: Check = {
	id: 'login',
	title: 'Login',
	dependsOn: ['host-key'],
	async check({ reach }) {
		return findingFor('login', await reach(), 'logged in')
	},
}
