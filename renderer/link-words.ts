import type { LinkState, LoginQuestion } from '../src/contract/state.ts'
import { ago, duration } from './words.ts'

/** The link in one sentence, without its capital and full stop. */
export function linkWords(link: LinkState, now: number): string {
	switch (link.status) {
		case 'off':
			return 'not connected'
		case 'waiting':
			return `waits for a network, for ${duration(now - link.since)}`
		case 'dialling':
			return `connecting, try ${link.attempt}, for ${duration(now - link.since)}`
		case 'host-key':
			return link.question ? 'its host key waits for your answer' : 'checking the host key'
		case 'login':
			return link.question ? `the login waits for you: ${askedFor[link.question.kind]}` : 'logging in'
		case 'up': {
			const through = link.through.length === 0 ? '' : ` through ${inOrder(link.through)}`
			const trip = link.latencyMs === null ? '' : `, ${Math.round(link.latencyMs)} ms`
			return `connected to ${link.endpoint}${through} for ${duration(now - link.since)}${trip}`
		}
		case 'lost':
			return `not reachable for ${duration(now - link.since)}, next try ${link.nextTryAt <= now ? 'now' : `in ${duration(link.nextTryAt - now)}`}`
		case 'stopped':
			return `stopped ${ago(link.since, now)}, waits for you`
	}
}

/** What speaks SSH, and why, when it is not Hawser itself; null when it is. */
export function transportWords(link: LinkState): string | null {
	if (link.status !== 'up' || link.transport.kind !== 'openssh') return null
	const { reason } = link.transport
	return `Through the system’s ssh${reason === '' ? '' : `: ${reason}`}.`
}

const askedFor: Record<LoginQuestion['kind'], string> = {
	passphrase: 'a passphrase',
	password: 'a password',
	prompts: 'an answer',
	confirm: 'a yes or no',
	touch: 'a touch of your security key',
}

/** `a`, `a, then b`, `a, then b, then c`: the order is the way. */
const inOrder = (hosts: string[]) => hosts.join(', then ')
