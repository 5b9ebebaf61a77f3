import type { Facts, Problem, ProblemCode } from '../../contract/problem.ts'
import type { LinkState } from '../../contract/state.ts'
import type { Check, CheckContext, Finding } from './check.ts'

/** The rungs that one attempt of the link learns, from the bottom up. */
const order = ['port', 'host-key', 'login'] as const
type Reached = (typeof order)[number]

interface Meaning {
	rung: Reached
	/** A few words. */
	finding: string
	/** Nothing is broken as far as is known: it was not tried, or the laptop's own network is what is missing. */
	untried?: true
	/** It was found before anything was sent: the rungs below were not tried. */
	before?: true
}

/** What a link's problem says of these rungs. Any other problem says nothing of them. */
const meanings: Partial<Record<ProblemCode, Meaning>> = {
	'network-down': { rung: 'port', finding: 'waits for a network', untried: true },
	'network-no-route': { rung: 'port', finding: 'waits for a network', untried: true },
	'captive-portal': { rung: 'port', finding: 'waits for a network', untried: true },
	'link-off': { rung: 'port', finding: 'not connected', untried: true },
	'link-closed': { rung: 'port', finding: 'not connected', untried: true },
	'operation-cancelled': { rung: 'port', finding: 'not connected', untried: true },
	'ssh-settings-unreadable': { rung: 'port', finding: 'settings cannot be read' },
	'host-not-found': { rung: 'port', finding: 'no address' },
	'port-refused': { rung: 'port', finding: 'refused' },
	'port-silent': { rung: 'port', finding: 'silent' },
	'port-unreachable': { rung: 'port', finding: 'no way there' },
	'local-network-denied': { rung: 'port', finding: 'kept back by macOS' },
	'link-lost': { rung: 'port', finding: 'lost' },
	'ssh-protocol': { rung: 'host-key', finding: 'no SSH agreed' },
	'known-hosts-unreadable': { rung: 'host-key', finding: 'known hosts cannot be read', before: true },
	'known-hosts-unwritable': { rung: 'host-key', finding: 'could not be kept', before: true },
	'host-key-unknown': { rung: 'host-key', finding: 'waits for you' },
	'host-key-changed': { rung: 'host-key', finding: 'changed' },
	'host-key-revoked': { rung: 'host-key', finding: 'revoked' },
	'login-refused': { rung: 'login', finding: 'refused' },
	'login-key-unusable': { rung: 'login', finding: 'key cannot be used' },
	'login-key-locked': { rung: 'login', finding: 'key is locked' },
	'login-asks': { rung: 'login', finding: 'waits for you' },
	'login-unanswered': { rung: 'login', finding: 'not answered' },
	'openssh-missing': { rung: 'login', finding: 'needs the system’s ssh', before: true },
}

/** The rung that is being climbed, by the state of a link that asks nobody. */
const underWay: Partial<Record<LinkState['status'], { rung: Reached; finding: string }>> = {
	waiting: { rung: 'port', finding: 'waits for a network' },
	'host-key': { rung: 'host-key', finding: 'being checked' },
	login: { rung: 'login', finding: 'logging in' },
}

const asksPerson = (link: LinkState) =>
	(link.status === 'host-key' || link.status === 'login') && link.question !== null

/** Whether the link's state says that the host's SSH port has answered: then the network lets SSH through. */
export function portAnswered(link: LinkState): boolean {
	if (link.status === 'up' || link.status === 'host-key' || link.status === 'login') return true
	const problem = 'problem' in link ? link.problem : null
	const meaning = problem && meanings[problem.code]
	return !!meaning && meaning.rung !== 'port' && !meaning.before
}

const oks: Record<Reached, string> = { port: 'answers', 'host-key': 'known', login: 'logged in' }

/** What the link's one attempt says of one of its three rungs; `found` is why it is not up, null: it is. Pure. */
function findingFor(id: Reached, found: Problem | null, link: LinkState): Finding {
	const ok: Finding = { verdict: 'ok', finding: oks[id] }
	if (!found) return ok
	const above = (rung: Reached) => order.indexOf(id) - order.indexOf(rung)
	const ongoing = asksPerson(link) ? undefined : underWay[link.status]
	if (ongoing) {
		// Still on its way after all the time it was given; the problem is that of a try before it, if any.
		if (above(ongoing.rung) < 0) return ok
		return { verdict: 'unknown', finding: above(ongoing.rung) === 0 ? ongoing.finding : 'not reached yet' }
	}
	const meaning = meanings[found.code]
	// Something else altogether, told once, on the lowest.
	if (!meaning)
		return id === 'port'
			? { verdict: 'unknown', finding: found.title, problem: found }
			: { verdict: 'unknown', finding: 'not reached' }
	const { rung, finding, untried } = meaning
	if (above(rung) > 0) return { verdict: 'unknown', finding: untried ? finding : 'not reached' }
	if (above(rung) < 0) return meaning.before ? { verdict: 'unknown', finding: 'not tried' } : ok
	return { verdict: untried ? 'unknown' : 'failing', finding, problem: found }
}

/** Where it connects to, as far as that is known. */
async function addressFacts({ link, settings }: CheckContext): Promise<Facts> {
	if (link.state.status === 'up') return lineFacts(link.state)
	try {
		const { host, port: number, jumps } = await settings()
		// Without the users in front.
		const hosts = jumps.map((jump) => jump.replace(/^(ssh:\/\/)?[^@]*@/, ''))
		return { endpoint: endpointOf(host, number), ...(hosts.length > 0 ? { 'jump hosts': hosts } : {}) }
	} catch {
		return {}
	}
}

const endpointOf = (host: string, number: number) =>
	host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`

function lineFacts(link: LinkState): Facts {
	if (link.status !== 'up') return {}
	const { endpoint, through, latencyMs } = link
	return {
		endpoint,
		...(through.length > 0 ? { 'jump hosts': through } : {}),
		...(latencyMs === null ? {} : { 'round trip': `${Math.round(latencyMs)} ms` }),
	}
}

/** The key that is asked about, or that the problem is about. */
function keyFacts(found: Problem | null): Facts {
	const { keyType, fingerprint } = found?.facts ?? {}
	return { ...(keyType ? { 'key type': keyType } : {}), ...(fingerprint ? { fingerprint } : {}) }
}

function loginFacts(link: LinkState): Facts {
	if (link.status !== 'up') return {}
	const { kind, reason } = link.transport
	return { transport: kind === 'ssh2' ? kind : `the system’s ssh${reason ? `: ${reason}` : ''}` }
}

/** A link that is up has come through all three, whatever lies below says of itself. */
const onceUp = (id: Reached, factsOf: (link: LinkState) => Facts) => (context: CheckContext) =>
	context.link.state.status === 'up'
		? { verdict: 'ok' as const, finding: oks[id], facts: factsOf(context.link.state) }
		: null

/** The TCP port, the host key and the login are learned by one attempt of the link. */
export const port: Check = {
	id: 'port',
	title: 'SSH port',
	dependsOn: ['network', 'zerotier-service', 'zerotier-network', 'zerotier-peer'],
	known: onceUp('port', lineFacts),
	async check(context) {
		const found = await context.reach()
		return { ...findingFor('port', found, context.link.state), facts: await addressFacts(context) }
	},
}

export const hostKey: Check = {
	id: 'host-key',
	title: 'Host key',
	dependsOn: ['port'],
	known: onceUp('host-key', () => ({})),
	async check({ reach, link }) {
		const found = await reach()
		return { ...findingFor('host-key', found, link.state), facts: keyFacts(found) }
	},
}

export const login: Check = {
	id: 'login',
	title: 'Login',
	dependsOn: ['host-key'],
	known: onceUp('login', loginFacts),
	async check({ reach, link }) {
		return { ...findingFor('login', await reach(), link.state), facts: loginFacts(link.state) }
	},
}
