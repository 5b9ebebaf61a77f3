import type { Rung, WorkstationState } from '../src/contract/state.ts'
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
	['zerotier', ['zerotier']],
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

/** The line from this laptop to the GPU: where it holds, and where it breaks. */
export function lineOf(
	workstation: WorkstationState,
	laptop: string,
	now: number,
): { stops: Stop[]; ropes: Rope[] } {
	const { link, rungs } = workstation
	let reached = true
	let broken = false
	const stops = stopRungs.map(([id, ids]): Stop => {
		const own = rungs.filter((rung) => (ids as readonly string[]).includes(rung.id))
		let verdict: StopVerdict = worst(own)
		if (id === 'ssh' && reached) {
			if (link.status === 'asking') verdict = 'asking'
			else if (link.status === 'dialling' && verdict !== 'failing') verdict = 'trying'
			else if (link.status === 'lost' || link.status === 'stopped') verdict = broken ? 'unknown' : 'failing'
			else if (link.status === 'off') verdict = 'unknown'
		}
		// What lies behind a break cannot be known now, whatever was found before.
		if (!reached && verdict !== 'unused') verdict = 'unknown'
		const stop = {
			id,
			title: id === 'laptop' ? laptop : titles[id],
			verdict,
			note: noteOf(id, verdict, own, workstation, now),
		}
		if (verdict === 'failing') broken = true
		// Tools and GPU are found out independently of each other; the way there is not.
		if (id === 'ssh' ? verdict !== 'ok' : broken && id !== 'tools') reached = false
		return stop
	})
	return { stops, ropes: ropesOf(stops) }
}

function ropesOf(stops: Stop[]): Rope[] {
	let holds = true
	return stops.slice(0, -1).map((stop, index): Rope => {
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
	if (id === 'ssh' && link.status !== 'up') {
		if (verdict === 'asking') return 'new key'
		if (verdict === 'trying') return 'connecting'
		if (link.status === 'off') return 'off'
		if (verdict === 'failing' && link.status === 'stopped') return 'waits for you'
		return verdict === 'failing' ? fitting(shown?.finding, 'no answer') : 'waits'
	}
	if (verdict === 'failing') return fitting(shown?.finding, 'failing')
	if (verdict === 'unknown') {
		const at = shown?.at ?? null
		return at === null ? 'unknown' : ago(at, now)
	}
	if (id === 'ssh' && link.status === 'up') return duration(now - link.since)
	if (id === 'zerotier' && link.status === 'up' && link.latencyMs !== null)
		return `${Math.round(link.latencyMs)} ms`
	if (id === 'gpu' && workstation.gpu.status === 'read') {
		return workstation.gpu.simulated ? 'simulated' : count(workstation.gpu.devices.length, 'device')
	}
	return fitting(shown?.finding, id === 'tools' ? 'ready' : 'up')
}
