import { loginAsks, whyNoLink as whyNot } from '../contract/link-words.ts'
import type { WorkstationState } from '../contract/state.ts'
import { duration, shorten } from './words.ts'

/** Why nothing can be done there now, as short as a menu wants it; null: it can. */
export function whyNoLink(workstation: WorkstationState): string | null {
	const why = whyNot(workstation)
	return why === null ? null : shorten(why)
}

/** Where the link to a workstation stands: `SSH 4 h · 12 ms direct`. */
export function linkLine({ link, peer }: WorkstationState, now: number): string {
	switch (link.status) {
		case 'off':
			return 'not connected'
		case 'waiting':
			return 'waits for a network'
		case 'dialling':
			return [
				link.attempt > 1 ? `connecting, try ${link.attempt}` : 'connecting',
				...(link.problem ? [link.problem.title] : []),
			].join(' · ')
		case 'host-key':
			return link.question ? 'its host key waits for an answer' : 'its host key is being checked'
		case 'login':
			return link.question ? loginAsks[link.question.kind] : 'logging in'
		case 'up': {
			const latency = link.latencyMs === null ? [] : [`${milliseconds(link.latencyMs)} ms`]
			const path = peer === null ? [] : [peer.path === 'tunneled' ? 'relayed over TCP' : peer.path]
			const parts = [`SSH ${duration(now - link.since)}`, [...latency, ...path].join(' ')]
			if (link.through.length > 0) parts.push(`over ${link.through.map(withoutPort22).join(', ')}`)
			if (link.transport.kind === 'openssh') parts.push('through the system’s ssh')
			return parts.filter((part) => part !== '').join(' · ')
		}
		case 'lost':
			return `no path for ${duration(now - link.since)}, tries again by itself`
		case 'stopped':
			return 'stopped, waits for you'
	}
}

const withoutPort22 = (endpoint: string) => endpoint.replace(/:22$/, '')

/** Under ten, one digit after the point still says something. */
const milliseconds = (ms: number) => (ms < 10 ? String(Math.round(ms * 10) / 10) : String(Math.round(ms)))
