import type { Problem } from '../contract/problem.ts'
import type { State, WorkstationState } from '../contract/state.ts'
import type { ZeroTierNetwork, ZeroTierPeer, ZeroTierReading } from '../contract/zerotier.ts'
import { judgeNetwork } from '../engine/zerotier/network-verdict.ts'
import { closedProblem, serviceProblem } from '../engine/zerotier/reading-problem.ts'
import type { Io } from './io.ts'
import { ago, type Colours, coloursFor, columns, count, pathWords, plain } from './words.ts'

/** All that is wrong here, the worst first; of the networks only `network`, where one is named. */
export function readingProblems(
	reading: ZeroTierReading,
	interfaces: readonly string[],
	network?: string,
): Problem[] {
	const service = reading.status === 'locked' ? closedProblem(reading) : serviceProblem(reading)
	if (service || reading.status !== 'read') return service ? [service] : []
	const { node, version, networks } = reading
	const verdicts = networks
		.filter(({ id }) => network === undefined || id === network)
		.map((one) => judgeNetwork(one, { node, version, interfaces }))
	const problems = (kind: 'broken' | 'waiting') =>
		verdicts.flatMap((verdict) => (verdict.kind === kind ? verdict.problem : []))
	return [...problems('broken'), ...problems('waiting')]
}

/** What the service says, in words. Pure but for the clock and the width of `io`. */
export function zerotierText(reading: ZeroTierReading, state: State, io: Io): string {
	const colours = coloursFor(io.stdout, io.env)
	const lines = [headText(reading, colours)]
	if (reading.status === 'read') {
		if (reading.networks.length > 0) lines.push(networksText(reading.networks, colours))
		else lines.push('  no network is joined')
		lines.push(`  ${peersText(reading.peers)}`)
	}
	lines.push(...Object.values(state.workstations).flatMap((one) => workstationText(one, io.now())))
	return lines.join('\n')
}

function headText(reading: ZeroTierReading, colours: Colours): string {
	const online = (is: boolean | null) =>
		is === null ? 'runs' : is ? `${colours.green('●')} online` : `${colours.red('✕')} offline`
	switch (reading.status) {
		case 'not-installed':
			return 'ZeroTier · not installed'
		case 'not-running':
			return 'ZeroTier · not running'
		case 'garbled':
			return 'ZeroTier · not understood'
		case 'locked': {
			const version = reading.version === null ? '' : ` ${plain(reading.version)}`
			return `ZeroTier${version} · ${online(reading.online)} · its networks cannot be read`
		}
		case 'read': {
			const tunneled = reading.tunneled ? ' · only by TCP through a relay' : ''
			return `ZeroTier ${plain(reading.version)} · ${online(reading.online)}${tunneled} · this node is ${plain(reading.node)}`
		}
	}
}

function networksText(networks: readonly ZeroTierNetwork[], colours: Colours): string {
	return columns(
		networks.map(({ id, name, status, addresses, device }) => [
			`  ${status === 'OK' ? colours.green('●') : colours.red('✕')} ${plain(id)}`,
			plain(name) || '–',
			plain(status) || 'unknown',
			addresses.map(plain).join(', ') || 'no address',
			plain(device),
		]),
	)
}

/** Roots are no peers of anybody: they are counted apart. */
function peersText(peers: readonly ZeroTierPeer[]): string {
	const leaves = peers.filter(({ role }) => role === 'LEAF')
	const by = (path: ZeroTierPeer['path']) => leaves.filter((peer) => peer.path === path).length
	const paths = (['direct', 'relayed', 'tunneled'] as const)
		.filter((path) => by(path) > 0)
		.map((path) => `${by(path)} ${pathWords[path]}`)
	const roots = peers.length - leaves.length
	return [count(leaves.length, 'peer'), ...paths, roots > 0 ? count(roots, 'root') : '']
		.filter(Boolean)
		.join(' · ')
}

function workstationText({ name, peer }: WorkstationState, now: number): string[] {
	if (!peer) return []
	const facts = [
		pathWords[peer.path],
		peer.latencyMs === null ? '' : `${Math.round(peer.latencyMs)} ms`,
		peer.heardAt === null ? 'never heard' : `heard ${ago(peer.heardAt, now)}`,
	]
	return [`  ${plain(name)}: ${facts.filter(Boolean).join(' · ')}`]
}
