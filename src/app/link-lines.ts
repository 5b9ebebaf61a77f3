import type { LoginQuestion, WorkstationState } from '../contract/state.ts'
import { duration, shorten } from './words.ts'

/** What a login waits for, after the name of its workstation. */
const asks: Record<LoginQuestion['kind'], string> = {
	passphrase: 'waits for a passphrase',
	password: 'waits for a password',
	prompts: 'asks something before it lets you in',
	confirm: 'waits for a yes or no',
	touch: 'waits for a touch of your hardware key',
}

/** Why nothing can be done there now; null: it can. */
export function whyNoLink({ name, link }: WorkstationState): string | null {
	switch (link.status) {
		case 'up':
			return null
		case 'off':
			return `${name} is not connected`
		case 'waiting':
			return 'this laptop has no network'
		case 'dialling':
			return link.problem ? shorten(link.problem.title) : `${name} is being connected`
		case 'host-key':
			return link.question
				? `the host key of ${name} waits for an answer`
				: `the host key of ${name} is being checked`
		case 'login':
			return link.question ? `${name} ${asks[link.question.kind]}` : `${name} is being logged in to`
		case 'lost':
		case 'stopped':
			return shorten(link.problem.title)
	}
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
			return link.question ? asks[link.question.kind] : 'logging in'
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
