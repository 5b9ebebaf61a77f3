import { type Rung, rungIds } from '../../src/contract/state.ts'
import { minutes, now, seconds } from './moments.ts'

type Passed = Pick<Rung, 'title' | 'finding' | 'facts'>
const passed: Record<Rung['id'], Passed> = {
	network: {
		title: 'Network',
		finding: 'en0',
		facts: { gateway: '192.168.1.1', address: '192.168.1.23' },
	},
	'zerotier-service': {
		title: 'ZeroTier',
		finding: 'online, 1.16.0',
		facts: { 'node id': '8a5c1e9f02' },
	},
	'zerotier-network': {
		title: 'ZeroTier network',
		finding: 'OK',
		facts: {
			network: '8056c2e21c000001',
			addresses: ['10.147.17.8/24', 'fd80:56c2:e21c::1/40'],
			interface: 'feth2819',
		},
	},
	'zerotier-peer': {
		title: 'ZeroTier peer',
		finding: 'direct, 12 ms',
		facts: { 'node id': '1d4f8b7c66', heard: '2 s ago', path: '203.0.113.9/21014' },
	},
	port: { title: 'SSH port', finding: '10.147.17.5 answers', facts: {} },
	'host-key': { title: 'Host key', finding: 'known', facts: { type: 'ED25519' } },
	login: { title: 'Login', finding: 'logged in', facts: { user: 'ada', by: 'the agent’s key' } },
	tools: {
		title: 'Tools',
		finding: '6 of 6',
		facts: {
			shell: '/bin/bash',
			git: '2.43.0',
			rsync: '3.2.7',
			tmux: '3.4',
			python: '3.12.3',
			flock: '2.39',
		},
	},
	gpu: { title: 'GPU', finding: 'NVIDIA GeForce RTX 4090', facts: { driver: '580.95.05' } },
	disk: { title: 'Disk and clock', finding: '412 GiB free', facts: { 'clock off by': '0.1 s' } },
}

type Changes = Partial<Record<Rung['id'], Partial<Rung>>>

/** What was not found has no facts, unless it is given some. */
function rung(id: Rung['id'], change: Partial<Rung> = {}): Rung {
	const { title, finding, facts } = passed[id]
	const found = change.verdict === undefined || change.verdict === 'ok'
	return {
		id,
		title,
		verdict: 'ok',
		finding,
		facts: found ? facts : {},
		problem: null,
		at: now - seconds(40),
		...change,
	}
}

/** All rungs passed but those that are named otherwise. */
export const rungs = (changes: Changes = {}): Rung[] => rungIds.map((id) => rung(id, changes[id]))

export const neverProbed: Partial<Rung> = { verdict: 'unknown', finding: 'not checked yet', at: null }
export const noRungs = () => rungIds.map((id) => rung(id, neverProbed))

const unused: Partial<Rung> = { verdict: 'unused', finding: 'not used' }
export const noZeroTier: Changes = {
	'zerotier-service': unused,
	'zerotier-network': unused,
	'zerotier-peer': unused,
}

const behind = (id: Rung['id']): Partial<Rung> => ({
	verdict: 'unknown',
	finding: `waits for ${passed[id].title}`,
	at: now - minutes(3),
})

/** The rungs when this one is as given and what comes after it cannot be known. */
export function brokenAt(id: Rung['id'], change: Partial<Rung>, before: Changes = {}): Rung[] {
	const after = rungIds.slice(rungIds.indexOf(id) + 1)
	return rungs({ ...before, [id]: change, ...Object.fromEntries(after.map((other) => [other, behind(id)])) })
}

/** The same, and it was never got any further. */
export function neverPast(id: Rung['id'], change: Partial<Rung> = {}, before: Changes = {}): Rung[] {
	const after = rungIds.slice(rungIds.indexOf(id) + 1)
	return rungs({ ...before, [id]: change, ...Object.fromEntries(after.map((other) => [other, neverProbed])) })
}
