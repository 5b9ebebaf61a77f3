import type { ProblemCode } from '../src/contract/problem.ts'
import type { LinkState, Rung, WorkstationState } from '../src/contract/state.ts'
import { loginNote } from './login-words.ts'
import { ago, count, duration } from './words.ts'

export type StopVerdict = 'ok' | 'failing' | 'asking' | 'trying' | 'unknown' | 'unused'
export interface Stop {
	id: string
	title: string
	verdict: StopVerdict
	/** A few words under it. */
	note: string
}
/** The piece between a stop and the next. */
export type Rope = 'ok' | 'broken' | 'unknown'

const stopRungs = [
	['laptop', ['network']],
	['zerotier', ['zerotier-service', 'zerotier-network', 'zerotier-peer']],
	['ssh', ['port', 'host-key', 'login']],
	['tools', ['tools', 'disk']],
	['gpu', ['gpu']],
] as const
type StopId = (typeof stopRungs)[number][0]

const titles: Record<Exclude<StopId, 'laptop'>, string> = {
	zerotier: 'ZeroTier',
	ssh: 'SSH',
	tools: 'Tools',
	gpu: 'GPU',
}

/** The worst of some rungs; one never probed is unknown. */
function worst(rungs: Rung[]): 'ok' | 'failing' | 'unknown' | 'unused' {
	if (rungs.some((rung) => rung.verdict === 'failing')) return 'failing'
	const used = rungs.filter((rung) => rung.verdict !== 'unused')
	if (used.length === 0) return rungs.length === 0 ? 'unknown' : 'unused'
	return used.some((rung) => rung.verdict === 'unknown') ? 'unknown' : 'ok'
}

/** What the link itself says of the SSH stop, where the way there is not known to be broken. */
function sshVerdict(link: LinkState, rungs: StopVerdict): StopVerdict {
	switch (link.status) {
		case 'up':
			return 'ok'
		case 'off':
		case 'waiting':
			return 'unknown'
		case 'dialling':
			return rungs === 'failing' ? 'failing' : 'trying'
		case 'host-key':
		case 'login':
			return link.question ? 'asking' : 'trying'
		case 'lost':
		case 'stopped':
			return 'failing'
	}
}

/** The line from this laptop to the GPU: where it holds, and where it breaks. */
export function lineOf(
	workstation: WorkstationState,
	laptop: string,
	now: number,
): { stops: Stop[]; ropes: Rope[] } {
	const { link, rungs } = workstation
	// A link that is up is the proof of the way there, whatever a check below says of itself.
	const proven = link.status === 'up'
	let reached = true
	const stops = stopRungs.map(([id, ids]): Stop => {
		const own = rungs.filter((rung) => (ids as readonly string[]).includes(rung.id))
		let verdict: StopVerdict = worst(own)
		if (id === 'ssh' && (reached || proven)) verdict = sshVerdict(link, verdict)
		// What lies behind a break cannot be known now, whatever was found before.
		if (!reached && verdict !== 'unused') verdict = 'unknown'
		const stop = {
			id,
			title: id === 'laptop' ? laptop : titles[id],
			verdict,
			note: noteOf(id, verdict, own, workstation, now),
		}
		// Tools and GPU are found out independently of each other; the way there is not.
		if (!proven && (id === 'ssh' || (verdict === 'failing' && id !== 'tools'))) reached = false
		return stop
	})
	return { stops, ropes: ropesOf(stops, proven) }
}

/** With a proven way, what lies before SSH holds: its packets pass. */
function ropesOf(stops: Stop[], proven: boolean): Rope[] {
	const ssh = stops.findIndex(({ id }) => id === 'ssh')
	let holds = true
	return stops.slice(0, -1).map((stop, index): Rope => {
		if (proven && index < ssh) return 'ok'
		if (stop.verdict !== 'ok' && stop.verdict !== 'unused') holds = false
		if (stop.verdict === 'failing') return 'broken'
		return holds && stops[index + 1]?.verdict !== 'unknown' ? 'ok' : 'unknown'
	})
}

/** Letters that fit under a stop. */
const room = 12

/** What was found, or its first part, when it fits under a stop; the whole of it is in the ladder. */
function fitting(finding: string | undefined, otherwise: string): string {
	const parts = [finding, finding?.split(',')[0]]
	return parts.find((part) => part && part.length <= room) ?? otherwise
}

/** Where a finding is too long to fit, what it comes down to. */
const codeNotes: Record<string, string> = {
	'captive-portal': 'wants login',
	'zerotier-not-installed': 'missing',
	'zerotier-peer-silent': 'peer silent',
	'zerotier-authentication': 'wants login',
	'zerotier-denied': 'not let in',
	'zerotier-not-joined': 'not joined',
	'zerotier-requesting': 'requesting',
	'zerotier-no-address': 'no address',
	'local-network-denied': 'kept back',
	'ssh-settings-unreadable': 'settings',
} satisfies Partial<Record<ProblemCode, string>>
const shortReason = (rung: Rung | undefined, otherwise: string) =>
	codeNotes[rung?.problem?.code ?? ''] ?? otherwise

function noteOf(
	id: StopId,
	verdict: StopVerdict,
	rungs: Rung[],
	workstation: WorkstationState,
	now: number,
): string {
	const { link } = workstation
	const shown = rungs.find((rung) => rung.verdict === verdict) ?? rungs[0]
	if (verdict === 'unused') return 'not used'
	if (id === 'ssh' && link.status !== 'up') return sshNote(link, verdict, shown)
	if (verdict === 'failing') return fitting(shown?.finding, shortReason(shown, 'failing'))
	if (verdict === 'unknown') {
		const at = shown?.at ?? null
		return at === null ? 'unknown' : ago(at, now)
	}
	if (id === 'ssh' && link.status === 'up') return duration(now - link.since)
	if (id === 'zerotier') {
		const way = peerNote(workstation)
		if (way !== null) return way
	}
	if (id === 'gpu' && workstation.gpu.status === 'read') {
		return workstation.gpu.simulated ? 'simulated' : count(workstation.gpu.devices.length, 'device')
	}
	return fitting(shown?.finding, id === 'tools' ? 'ready' : 'up')
}

/** How ZeroTier reaches it, in what fits; null when nothing is known. */
function peerNote({ link, peer }: WorkstationState): string | null {
	if (peer?.path === 'relayed') return 'relayed'
	if (peer?.path === 'tunneled') return 'TCP relay'
	const latency = peer ? peer.latencyMs : link.status === 'up' ? link.latencyMs : null
	if (latency !== null) return `${Math.round(latency)} ms`
	return peer ? 'direct' : null
}

function sshNote(link: LinkState, verdict: StopVerdict, shown: Rung | undefined): string {
	if (verdict === 'asking')
		return link.status === 'login' && link.question ? loginNote(link.question) : 'new key'
	if (verdict === 'trying') {
		if (link.status === 'host-key') return 'checking key'
		return link.status === 'login' ? 'logging in' : 'connecting'
	}
	if (link.status === 'off') return 'off'
	if (verdict === 'failing' && link.status === 'stopped') return 'waits for you'
	if (verdict !== 'failing') return 'waits'
	// The link can know of a loss before the checks do: what they found before is no reason then.
	return shown?.verdict === 'failing' ? fitting(shown.finding, shortReason(shown, 'no answer')) : 'no answer'
}
